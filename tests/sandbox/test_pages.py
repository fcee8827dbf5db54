from typing import Any

from flask.testing import FlaskClient


def test_an_empty_sandbox_says_so(client: FlaskClient) -> None:
    page = client.get("/")

    assert page.status_code == 200
    assert page.text.count("None yet.") == 7


def test_the_page_lists_what_is_held(client: FlaskClient, zoho: Any) -> None:
    customer = zoho.contact("Ann Smith", contact_persons=[{"email": "ann@x.com"}])
    zoho.billed(customer, reference_number="#1001")
    zoho.expense(description="client lunch")
    client.post("/_sandbox/slack", json={"text": "Recorded."})

    page = client.get("/").text

    for words in (
        "INV-000001",
        "Ann Smith",
        "#1001",
        "10.00 USD",
        "draft",
        "client lunch",
        "Recorded.",
        "POST /invoices",
    ):
        assert words in page


def test_the_page_shows_what_became_of_an_order(client: FlaskClient, zoho: Any) -> None:
    customer = zoho.contact("Ann Smith")
    invoice_id = zoho.sent(customer)["invoice_id"]
    zoho.pay(customer, 7.25, (invoice_id, 7.25), reference_number="bh-paid")
    note_id = zoho.credited(customer, {"name": "Shirt", "rate": 5})["creditnote_id"]
    applied = {"invoices": [{"invoice_id": invoice_id, "amount_applied": 1}]}
    zoho.post(f"/creditnotes/{note_id}/invoices", applied)
    body = {"date": "2026-11-21", "amount": 2.5, "from_account_id": zoho.account("Checking")}
    zoho.post(f"/creditnotes/{note_id}/refunds", body)

    page = client.get("/").text

    for words in (
        "partially_paid",
        "bh-paid",
        "7.25 of INV-000001",
        "Undeposited Funds",
        "CN-00001",
        "1.00 against INV-000001",
        "2.50 paid back from Checking",
        "open",
    ):
        assert words in page


def test_a_document_link_leads_to_its_row(client: FlaskClient, zoho: Any) -> None:
    invoice = zoho.billed(zoho.contact())
    path, fragment = invoice["invoice_url"].removeprefix("http://localhost").split("#")

    page = client.get(path).text

    assert f'<tr id="{fragment}">' in page


def test_the_page_of_an_organization_shows_no_other(client: FlaskClient, zoho: Any) -> None:
    zoho.contact("Ann Smith")

    assert "Ann Smith" not in client.get("/app/10000002").text
    assert client.get("/app/10000009").status_code == 404


def test_names_from_outside_are_escaped(client: FlaskClient, zoho: Any) -> None:
    zoho.contact("<script>alert(1)</script>")

    page = client.get("/")

    assert "<script" not in page.text
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]


def test_the_stylesheet_comes_with_the_package(client: FlaskClient) -> None:
    with client.get("/static/sandbox.css") as stylesheet:
        assert stylesheet.status_code == 200
        assert "color-scheme: light dark" in stylesheet.text
