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


TOKEN = {"Authorization": "Bearer xoxb-1"}


def ask(client: FlaskClient, method: str, **body: Any) -> dict[str, Any]:
    answer: dict[str, Any] = client.post(f"/_sandbox/apis/slack.com/api/{method}", json=body, headers=TOKEN).json
    return answer


def plain(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}


def test_the_page_of_slack_shows_messages_as_they_read_now_and_forms(client: FlaskClient) -> None:
    text = {
        "type": "mrkdwn",
        "text": "*42.50 EUR* by <@U1> &lt;b&gt;\n<https://example.com/1|EXP-1> <script>alert(1)</script>",
    }
    sent = ask(client, "chat.postMessage", channel="C1", text="42.50 EUR", blocks=[{"type": "section", "text": text}])
    element = {"type": "static_select", "options": [{"text": plain("meals"), "value": "meals"}]}
    field = {"type": "input", "block_id": "a", "label": plain("Category"), "element": element}
    ask(
        client,
        "views.open",
        trigger_id="1",
        view={"type": "modal", "title": plain("An expense"), "submit": plain("Send"), "blocks": [field]},
    )
    client.post("/_sandbox/slack", json={"text": "Recorded."})

    page = client.get("/slack").text

    assert sent["ok"]
    assert "<strong>42.50 EUR</strong> by <b>@U1</b> &lt;b&gt;<br>" in page
    assert '<a href="https://example.com/1" rel="noreferrer">EXP-1</a>' in page
    assert "&lt;script&gt;alert(1)" in page
    assert "<option>meals</option>" in page
    assert "Recorded." in page


def test_slack_refuses_in_its_own_words(client: FlaskClient) -> None:
    view = {"type": "modal", "title": plain("An expense"), "blocks": []}
    sent = ask(client, "chat.postMessage", channel="C1", text="a")

    assert client.post("/_sandbox/apis/slack.com/api/chat.update", json={}).json == {"ok": False, "error": "not_authed"}
    assert ask(client, "views.open", trigger_id="1", view=view)["ok"]
    assert ask(client, "views.open", trigger_id="1", view=view)["error"] == "exchanged_trigger_id"
    assert ask(client, "views.open", view=view)["error"] == "invalid_trigger_id"
    assert (
        ask(client, "views.open", trigger_id="2", view={**view, "title": plain("a" * 25)})["error"]
        == "invalid_arguments"
    )
    assert ask(client, "chat.postMessage", channel="#general", text="a")["error"] == "channel_not_found"
    assert ask(client, "chat.postMessage", channel="C1")["error"] == "no_text"
    assert ask(client, "chat.update", channel="C2", ts=sent["ts"], text="b")["error"] == "message_not_found"
    assert ask(client, "chat.update", channel="C1", ts=sent["ts"], text="b")["ok"]
    assert ask(client, "users.info")["error"] == "unknown_method"
    [message] = client.get("/_sandbox/records").json["slack_messages"]
    assert (message["text"], message["changes"]) == ("b", 1)
