from typing import Any

import pytest
from flask.testing import FlaskClient

GRANT = {
    "grant_type": "refresh_token",
    "client_id": "any",
    "client_secret": "sandbox-secret",
    "refresh_token": "sandbox-refresh",
}


@pytest.mark.parametrize(
    ("action", "status", "code"),
    [
        ("answer_429_44", 429, 44),
        ("answer_429_45", 429, 45),
        ("answer_429_1070", 429, 1070),
        ("answer_500", 500, 1000),
    ],
)
def test_a_fault_answers_in_zohos_place_and_saves_nothing(
    zoho: Any, control: Any, action: str, status: int, code: int
) -> None:
    control("faults", {"on": "POST /contacts", "do": action})

    response = zoho.post("/contacts", {"contact_name": "Ann"})

    assert (response.status_code, response.json["code"]) == (status, code)
    assert control("records")["contacts"] == []
    assert zoho.post("/contacts", {"contact_name": "Ann"}).status_code == 201


def test_a_gateway_answers_in_html(zoho: Any, control: Any) -> None:
    control("faults", {"on": "*", "do": "answer_html_502"})

    response = zoho.call("GET", "/items")

    assert (response.status_code, response.mimetype) == (502, "text/html")


def test_faked_refusals_are_counted_like_real_ones(zoho: Any, control: Any) -> None:
    control("faults", {"on": "*", "do": "answer_429_45", "times": 2})
    zoho.get("/items")
    zoho.get("/items")

    assert control("records")["refused"] == {"45": 2}


def test_a_refusal_says_when_to_come_again_only_if_it_was_told(zoho: Any, control: Any) -> None:
    control("faults", [{"on": "*", "do": "answer_429_44", "seconds": 2}, {"on": "*", "do": "answer_429_44"}])

    assert [zoho.call("GET", "/items").headers.get("Retry-After") for _ in range(3)] == ["2", None, None]


def test_the_calls_that_met_a_fault_are_counted(zoho: Any, control: Any) -> None:
    control("faults", [{"on": "GET /items", "do": "answer_500", "times": 2}, {"on": "*", "do": "expire_tokens"}])
    for _ in range(4):
        zoho.call("GET", "/items")

    assert control("records")["faults"] == {"answer_500": 2, "expire_tokens": 1}


def test_a_fault_happens_as_often_as_it_says(zoho: Any, control: Any) -> None:
    assert control("faults", {"on": "GET /items", "do": "answer_500", "times": 2}) == [
        {"on": "GET /items", "do": "answer_500", "times": 2, "seconds": 5.0}
    ]

    assert [zoho.call("GET", "/items").status_code for _ in range(3)] == [500, 500, 200]
    assert control("faults") == []


def test_a_fault_meets_only_its_call(zoho: Any, control: Any) -> None:
    control("faults", {"on": "GET /contacts/{contact_id}", "do": "answer_500", "times": 5})
    contact_id = zoho.contact()

    assert zoho.call("GET", "/contacts").status_code == 200
    assert zoho.call("PUT", f"/contacts/{contact_id}", json={}).status_code == 400
    assert zoho.call("GET", f"/contacts/{contact_id}").status_code == 500


def test_a_fault_may_name_a_step_of_a_document(zoho: Any, control: Any) -> None:
    control("faults", {"on": "POST /invoices/{invoice_id}/status/sent", "do": "answer_500", "times": 2})
    path = f"/invoices/{zoho.billed(zoho.contact())['invoice_id']}/status"

    assert [zoho.post(f"{path}/sent").status_code, zoho.post(f"{path}/void").status_code] == [500, 200]
    assert control("records")["calls"]["POST /invoices/:id/status/sent"] == 1


def test_a_share_is_a_chance_that_repeats_with_its_seed(zoho: Any, control: Any) -> None:
    def statuses() -> list[int]:
        control("faults", {"on": "*", "do": "answer_500", "share": 0.5, "seed": 7})
        seen = [zoho.call("GET", "/items").status_code for _ in range(40)]
        control("reset", {})
        zoho.renew()
        return seen

    first = statuses()

    assert statuses() == first
    assert set(first) == {200, 500}


def test_a_share_of_one_lasts_and_can_be_cleared(client: FlaskClient, zoho: Any, control: Any) -> None:
    control("faults", {"on": "*", "do": "answer_500", "share": 1})
    assert [zoho.call("GET", "/items").status_code for _ in range(3)] == [500] * 3

    assert client.delete("/_sandbox/faults").json == []

    assert zoho.call("GET", "/items").status_code == 200


def test_several_faults_are_met_in_order(zoho: Any, control: Any) -> None:
    control("faults", [{"on": "*", "do": "answer_500"}, {"on": "GET /items", "do": "answer_429_44"}])

    assert [zoho.call("GET", "/items").status_code for _ in range(3)] == [500, 429, 200]


def test_the_star_spares_the_accounts_server_but_its_name_does_not(client: FlaskClient, control: Any) -> None:
    control("faults", {"on": "*", "do": "answer_500", "share": 1})
    assert client.post("/oauth/v2/token", data=GRANT).status_code == 200

    control("faults", {"on": "POST /oauth/v2/token", "do": "answer_html_502"})

    assert client.post("/oauth/v2/token", data=GRANT).status_code == 502


def test_slack_can_fail_too(client: FlaskClient, control: Any) -> None:
    control("faults", {"on": "POST /_sandbox/slack", "do": "answer_500"})

    assert client.post("/_sandbox/slack/response/1", json={"text": "hi"}).status_code == 500
    assert control("records")["slack"] == []


def test_expired_tokens_are_refused_until_renewed(zoho: Any, control: Any) -> None:
    control("faults", {"on": "POST /contacts", "do": "expire_tokens"})

    response = zoho.post("/contacts", {"contact_name": "Ann"})

    assert (response.status_code, response.json["code"]) == (401, 57)
    assert zoho.call("GET", "/items").status_code == 401
    zoho.renew()
    assert zoho.post("/contacts", {"contact_name": "Ann"}).status_code == 201


def test_a_hidden_record_is_found_late_but_read_at_once(zoho: Any, control: Any, clock: Any) -> None:
    control("faults", {"on": "POST /contacts", "do": "hide_from_search", "seconds": 3})
    contact_id = zoho.contact("Ann")

    assert zoho.get("/contacts", contact_name="Ann")["contacts"] == []
    assert zoho.get(f"/contacts/{contact_id}")["code"] == 0
    assert zoho.post("/contacts", {"contact_name": "Ann"}).json["code"] == 3062
    assert len(control("records")["contacts"]) == 1

    clock.advance(3)

    assert len(zoho.get("/contacts", contact_name="Ann")["contacts"]) == 1


def test_a_cut_connection_reaches_an_in_process_caller_as_an_error(zoho: Any, control: Any) -> None:
    control("faults", [{"on": "*", "do": "reset"}, {"on": "*", "do": "reset_after_saving"}])

    with pytest.raises(ConnectionResetError):
        zoho.post("/contacts", {"contact_name": "Ann"})
    with pytest.raises(ConnectionResetError):
        zoho.post("/contacts", {"contact_name": "Ben"})

    assert [contact["contact_name"] for contact in control("records")["contacts"]] == ["Ben"]


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("reset", "a fault is a JSON object"),
        ({"do": "reset"}, '"on" must be'),
        ({"on": "/invoices", "do": "reset"}, '"on" must be'),
        ({"on": "*", "do": "explode"}, '"do" must be one of: answer_429_44'),
        ({"on": "*"}, '"do" must be one of'),
        ({"on": "*", "do": "reset", "times": 0}, '"times"'),
        ({"on": "*", "do": "reset", "share": 2}, '"share"'),
        ({"on": "*", "do": "reset", "seconds": "5"}, '"seconds"'),
        ({"on": "*", "do": "reset", "seed": "x"}, '"seed"'),
        ({"on": "*", "do": "reset", "time": 3}, "a fault has no time"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused_with_a_reason(client: FlaskClient, fault: Any, words: str) -> None:
    response = client.post("/_sandbox/faults", json=[{"on": "*", "do": "reset"}, fault])

    assert response.status_code == 400
    assert words in response.json["error"]
    assert client.get("/_sandbox/faults").json == []


def test_an_unreadable_order_is_refused(client: FlaskClient) -> None:
    response = client.post("/_sandbox/faults", data=b"{")

    assert (response.status_code, response.json) == (400, {"error": "the body is not JSON"})
