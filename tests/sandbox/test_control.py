from typing import Any

import pytest
from flask.testing import FlaskClient


def test_records_are_whole_and_say_whose_they_are(zoho: Any, zoho_eu: Any, control: Any) -> None:
    zoho.billed(zoho.contact("Ann"))
    zoho_eu.expense()

    records = control("records")
    foreign = control("records?organization_id=10000002")

    assert [row["organization_id"] for row in records["organizations"]] == ["10000001", "10000002"]
    assert [(row["organization_id"], len(row["line_items"])) for row in records["invoices"]] == [("10000001", 1)]
    assert [row["contact_name"] for row in records["contacts"]] == ["Ann"]
    assert (len(foreign["invoices"]), len(foreign["expenses"])) == (0, 1)
    assert foreign["calls"] == {"GET /chartofaccounts": 2, "POST /expenses": 1}


def test_an_unknown_organization_is_named(client: FlaskClient) -> None:
    response = client.get("/_sandbox/records?organization_id=5")

    assert (response.status_code, response.json) == (
        400,
        {"error": "no such organization; there are: 10000001, 10000002"},
    )


def test_a_reset_forgets_records_faults_and_tokens(zoho: Any, control: Any) -> None:
    first = zoho.contact("Ann")
    control("faults", {"on": "*", "do": "answer_500", "share": 1})

    assert control("reset", {}) == {"status": "reset"}

    records = control("records")
    assert all(records[kind] == [] for kind in ("contacts", "invoices", "expenses", "slack"))
    assert (records["calls"], control("faults")) == ({}, [])
    assert zoho.call("GET", "/items").status_code == 401
    zoho.renew()
    assert zoho.contact("Ann") == first


def test_an_organization_is_given_taxes_groups_and_accounts(zoho: Any, zoho_eu: Any, control: Any) -> None:
    organization = {"organization_id": "10000001"}
    control("taxes", organization | {"tax_name": "City Tax", "tax_percentage": 1.5})
    control("taxes", organization | {"tax_name": "State + City", "members": ["State Tax", "City Tax"]})
    control("accounts", organization | {"account_name": "Deposits", "account_type": "other_current_liability"})

    invoice = zoho.billed(
        zoho.contact(),
        {"name": "Mug", "rate": 100, "tax_id": zoho.tax("State + City"), "account_id": zoho.account("Deposits")},
    )

    assert [(tax["tax_name"], str(tax["tax_amount"])) for tax in invoice["taxes"]] == [
        ("State Tax", "6.00"),
        ("City Tax", "1.50"),
    ]
    assert "City Tax" not in {row["tax_name"] for row in zoho_eu.get("/settings/taxes", per_page=200)["taxes"]}


@pytest.mark.parametrize(
    ("path", "order", "words"),
    [
        ("taxes", {"tax_name": "VAT", "tax_percentage": 20}, "there is a tax named VAT already"),
        ("taxes", {"tax_name": "City Tax", "tax_percentage": "1"}, '"tax_percentage"'),
        ("taxes", {"tax_name": "City Tax"}, '"tax_percentage"'),
        ("taxes", {"tax_name": " ", "tax_percentage": 1}, '"tax_name"'),
        ("taxes", {"tax_name": "Both", "members": ["VAT", "Nil"]}, '"members" must be two or more of: State Tax'),
        ("taxes", {"tax_nme": "City Tax"}, "send a JSON object with organization_id, tax_name"),
        ("taxes", {"organization_id": "5", "tax_name": "City Tax"}, "no such organization"),
        ("accounts", {"account_name": "sales", "account_type": "income"}, "there is an account named sales already"),
        ("accounts", {"account_name": "Deposits", "account_type": "money"}, '"account_type" must be one of: cash'),
    ],
)
def test_an_addition_that_makes_no_sense_is_refused_with_a_reason(
    client: FlaskClient, path: str, order: dict[str, Any], words: str
) -> None:
    response = client.post(f"/_sandbox/{path}", json={"organization_id": "10000001"} | order)

    assert (response.status_code, words in response.json["error"]) == (400, True)


def test_a_reset_forgets_what_was_paid_credited_mailed_and_added(zoho: Any, control: Any) -> None:
    zoho.pay(zoho.contact(), 10)
    zoho.credited(zoho.contact("Ben"))
    zoho.billed(zoho.contact("Cat", contact_persons=[{"email": "cat@x.com"}]), send=True)
    control("taxes", {"organization_id": "10000001", "tax_name": "City Tax", "tax_percentage": 1})
    kinds = ("customerpayments", "creditnotes", "emails")
    before = control("records")

    control("reset", {})

    after = control("records")
    assert [(len(before[kind]), len(after[kind])) for kind in kinds] == [(1, 0)] * 3
    zoho.renew()
    assert "City Tax" not in {row["tax_name"] for row in zoho.get("/settings/taxes", per_page=200)["taxes"]}


def test_slack_messages_are_kept_with_path_and_time(client: FlaskClient, control: Any, clock: Any) -> None:
    response = client.post("/_sandbox/slack/commands/T1", json={"text": "Recorded."})

    assert (response.status_code, response.text) == (200, "ok")
    assert control("records")["slack"] == [
        {"path": "/_sandbox/slack/commands/T1", "time": clock.now, "body": {"text": "Recorded."}}
    ]


def test_slack_hears_only_json(client: FlaskClient, control: Any) -> None:
    assert client.post("/_sandbox/slack", data=b"hello").status_code == 400
    assert control("records")["slack"] == []
