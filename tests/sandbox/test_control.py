from typing import Any

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


def test_slack_messages_are_kept_with_path_and_time(client: FlaskClient, control: Any, clock: Any) -> None:
    response = client.post("/_sandbox/slack/commands/T1", json={"text": "Recorded."})

    assert (response.status_code, response.text) == (200, "ok")
    assert control("records")["slack"] == [
        {"path": "/_sandbox/slack/commands/T1", "time": clock.now, "body": {"text": "Recorded."}}
    ]


def test_slack_hears_only_json(client: FlaskClient, control: Any) -> None:
    assert client.post("/_sandbox/slack", data=b"hello").status_code == 400
    assert control("records")["slack"] == []
