"""Events on pages: what is listed, what one page tells, what buttons do."""

import pytest

from tests.console.conftest import ORDER, order
from tests.scene import example


@pytest.fixture
def parked(hooks, worker, sandbox) -> str:
    """An order without lines."""
    event_id = hooks.deliver(order(7, line_items=[], shipping_lines=[])).json["event_id"]
    worker.drain()
    return event_id


def test_the_first_screen_counts_what_needs_somebody(browse, parked, posted):
    told = browse("viewer").get("/index.json").json

    assert (told["counts"]["parked"], told["counts"]["posted"]) == (1, 1)
    assert [group["count"] for group in told["groups"]] == [1]
    assert {event["event_id"] for event in told["events"]} == {parked, posted}
    assert told["organizations"][0]["minute_limit"] > 0


def test_the_first_screen_draws_the_last_day_by_the_hour(browse, hooks, worker, clock):
    for number in range(3):
        hooks.deliver(order(number))
    clock.advance(2 * 3600)
    hooks.deliver(order(7, line_items=[], shipping_lines=[]))
    worker.drain()

    hours = browse("viewer").get("/index.json").json["hours"]
    shown = browse("viewer").get("/").text
    followed = browse("viewer").get("/", headers={"HX-Request": "true"}).text

    assert len(hours) == 24
    assert [(each["posted"], each["parked"]) for each in hours[-3:]] == [("3", "0"), ("0", "0"), ("0", "1")]
    assert {(each["posted"], each["parked"]) for each in hours[:-3]} == {("0", "0")}
    assert "3 posted, 0 need a person" in shown
    assert "The last 24 hours" not in followed


def test_one_event_shows_its_document_with_both_totals_and_a_link(browse, posted):
    told = browse("viewer").get(f"/events/{posted}.json").json
    page = browse("viewer").get(f"/events/{posted}").text

    invoice = next(each for each in told["documents"] if each["kind"] == "invoice")
    assert invoice["total"] == invoice["control_total"]
    assert invoice["url"] in page
    assert told["timeline"][0]["step"] == "received"


def test_what_came_is_hidden_until_somebody_looks_which_is_noted(browse, posted):
    hidden = browse("operator").get(f"/events/{posted}")
    shown = browse("operator").get(f"/events/{posted}?reveal=yes")
    for_a_viewer = browse("viewer").get(f"/events/{posted}?reveal=yes")
    deeds = browse("admin").get("/audit.json").json["deeds"]

    assert "jane" not in hidden.text.casefold().replace("jane's", "")
    assert '"email"' in shown.text
    assert "(text)" in for_a_viewer.text
    assert [deed["subject"] for deed in deeds if deed["action"] == "revealed"] == [posted]


def test_every_call_is_on_the_page_with_private_values_hidden_until_somebody_looks(browse, posted):
    def post(told):
        return next(call for call in told["calls"] if (call["method"], call["path"]) == ("POST", "/contacts"))

    hidden = browse("operator").get(f"/events/{posted}.json").json
    shown = browse("operator").get(f"/events/{posted}.json?reveal=yes").json
    page = browse("viewer").get(f"/events/{posted}?reveal=yes").text

    assert [post(hidden)["body"]["contact_name"], post(hidden)["answer"]["contact"]["status"]] == ["(text)", "active"]
    assert post(shown)["body"]["contact_name"] == "Mara Lindqvist"
    [searched] = [call for call in hidden["calls"] if call["path"] == "/contacts" and call["method"] == "GET"]
    assert (searched["params"]["email"], searched["answer"]) == ("(text)", {"contacts": 0})
    assert "The invoice has been created. (code 0)" in page
    assert "lindqvist" not in page.casefold()


@pytest.mark.parametrize("term", ["#1001", "1001"])
def test_events_are_found_by_order_number(browse, posted, term):
    found = browse("viewer").get("/events.json", query_string={"find": term}).json["events"]

    assert ([event["event_id"] for event in found] == [posted]) is (term == "#1001")


def test_events_are_found_by_words_of_their_trouble_and_by_filters(browse, parked, posted):
    def found(**asked: str) -> list[str]:
        events = browse("viewer").get("/events.json", query_string=asked).json["events"]
        return [event["event_id"] for event in events]

    assert found(find="no lines") == [parked]
    assert found(state="parked") == [parked]
    assert found(kind="invoice") == [posted]
    assert found(connection="slack") == []
    assert found(find=posted) == [posted]


def found(browse, **asked: str) -> list[str]:
    return [event["event_id"] for event in browse("viewer").get("/events.json", query_string=asked).json["events"]]


def test_a_search_keeps_to_the_filters_beside_it(browse, posted):
    assert found(browse, find="#1001", state="posted", kind="invoice", connection="shopify") == [posted]
    for other in ({"state": "parked"}, {"kind": "expense"}, {"connection": "slack"}, {"to": "2020-01-01"}):
        assert found(browse, find="#1001", **other) == []


@pytest.mark.parametrize("term", ["#1047", "jane.mapped@example.com", "order:47", "47"])
def test_what_could_not_be_mapped_is_found_like_any_other(browse, hooks, worker, term):
    event_id = hooks.deliver(order(47, name="#1047", email="jane.mapped@example.com", currency=None)).json["event_id"]
    worker.drain()

    assert browse("viewer").get(f"/events/{event_id}.json").json["state"] == "parked"
    assert found(browse, find=term) == [event_id]


def test_what_waits_is_found_by_what_it_waits_for(browse, hooks, worker, sandbox):
    sandbox.fault(on="POST /invoices", times=1, do="answer_429_1070")
    event_id = hooks.deliver(ORDER).json["event_id"]
    worker.drain()
    told = browse("viewer").get(f"/events/{event_id}.json").json

    assert told["state"] == "waiting"
    assert found(browse, find=told["error"]["code"]) == [event_id]
    assert found(browse, find=told["error"]["message"]) == [event_id]


def test_while_its_organization_is_paused_the_page_says_what_to_do_and_no_time_is_promised(browse, hooks, services):
    event_id = hooks.deliver(ORDER).json["event_id"]
    services.ledger.dispatch.pause("10000001", reason="The grant was withdrawn.", seconds=60)

    viewer = browse("viewer")
    page, home = viewer.get(f"/events/{event_id}").text, viewer.get("/")

    assert "Its organization is paused: The grant was withdrawn." in page
    assert "To the connections with Zoho" in page
    [told] = viewer.get("/index.json").json["organizations"]
    assert (told["backlog"], told["clears_at"]) == (1, None)
    assert "waits until the pause is over" in home.text


def test_an_event_is_found_by_the_number_of_its_credit_note(browse, hooks, worker, sandbox):
    refund = example("standard/refund")
    for sent in (*(example(f"standard/{case}") for case in refund.expected["after"]), refund):
        event_id = hooks.deliver(sent).json["event_id"]
        worker.drain()
    [note] = sandbox.creditnotes

    found = browse("viewer").get("/events.json", query_string={"find": note["creditnote_number"]}).json["events"]

    assert [event["event_id"] for event in found] == [event_id]


def test_an_event_is_found_by_the_number_of_its_payment(browse, posted, sandbox):
    [payment] = sandbox.customerpayments

    found = browse("viewer").get("/events.json", query_string={"find": payment["payment_number"]}).json["events"]

    assert [event["event_id"] for event in found] == [posted]


def test_a_list_says_what_became_of_each_event(browse, parked, posted, sandbox):
    told = {event["event_id"]: event for event in browse("viewer").get("/events.json").json["events"]}
    page = browse("viewer").get("/events").text

    [invoice] = sandbox.invoices
    assert told[posted]["document"]["kind"] == "invoice"
    assert told[posted]["document"]["number"] == invoice["invoice_number"]
    assert told[parked]["document"] is None
    assert f">{invoice['invoice_number']}</a>" in page
    assert "114.38 USD" in page


def test_older_events_are_on_the_next_page(browse, hooks, clock):
    for number in range(60):
        clock.advance(1)
        hooks.deliver(order(number))
    first = browse("viewer").get("/events.json").json
    second = browse("viewer").get("/events.json", query_string={"before": first["older"]}).json

    assert (len(first["events"]), len(second["events"])) == (50, 10)
    assert not {e["event_id"] for e in first["events"]} & {e["event_id"] for e in second["events"]}
    assert second["older"] is None


@pytest.mark.parametrize("kind", ["", "invoice"])
def test_events_of_some_days_are_on_pages_of_their_own(browse, hooks, worker, clock, kind):
    """One order each half day, from 2026-05-28 20:26:40 UTC on, which is where the clock stands."""
    for number in range(8):
        hooks.deliver(order(number))
        clock.advance(43_200)
    worker.drain()

    def days(**asked: str) -> list[str]:
        events = browse("viewer").get("/events.json", query_string={**asked, "kind": kind}).json["events"]
        return [event["received_at"][8:13] for event in events]

    assert days(**{"from": "2026-05-29", "to": "2026-05-30"}) == ["30T20", "30T08", "29T20", "29T08"]
    assert days(to="2026-05-28") == ["28T20"]
    assert days(**{"from": "2026-06-01", "state": "posted"}) == ["01T08"]
    assert days(**{"from": "2026-06-01", "state": "parked"}) == []


@pytest.mark.parametrize("day", ["2026-02-30", "10000-01-01", "yesterday"])
def test_a_day_that_is_none_is_said_so(browse, day):
    answer = browse("viewer").get("/events", query_string={"to": day})

    assert answer.status_code == 400
    assert "no day" in answer.text


def test_the_last_day_of_the_calendar_is_a_day_like_others(browse, parked):
    asked, operator = {"to": "9999-12-31", "state": "parked"}, browse("operator")

    events = operator.get("/events.json", query_string=asked).json["events"]

    assert [event["event_id"] for event in events] == [parked]
    assert operator.get("/bulk/new", query_string=asked).status_code == 200


def test_pages_lose_no_event_where_many_were_received_at_one_moment(browse, hooks):
    ids = {hooks.deliver(order(number)).json["event_id"] for number in range(120)}
    browser, seen, older = browse("viewer"), [], ""
    while older is not None:
        told = browser.get("/events.json", query_string={"before": older}).json
        seen += [event["event_id"] for event in told["events"]]
        older = told["older"]

    assert len(seen) == len(ids)
    assert set(seen) == ids


def test_a_parked_event_is_retried_or_ended_and_that_is_noted(browse, parked, worker):
    operator = browse("operator")

    assert "handed to the workers" in operator.post(f"/events/{parked}/retry").text
    worker.drain()
    assert "Say what was done" in operator.post(f"/events/{parked}/end", {"note": " "}).text
    assert "It has ended" in operator.post(f"/events/{parked}/end", {"note": "booked by hand"}).text

    assert operator.get(f"/events/{parked}.json").json["state"] == "ignored"
    deeds = browse("admin").get("/audit.json").json["deeds"]
    assert [deed["action"] for deed in deeds if deed["subject"] == parked] == ["ended", "retried"]


def test_a_screen_that_follows_events_in_another_tab_takes_no_notice_away(browse, parked):
    operator = browse("operator")
    operator.send(f"/events/{parked}/retry", token=operator.token)

    followed = operator.get("/", headers={"HX-Request": "true"})

    assert "handed to the workers" not in followed.text
    assert "handed to the workers" in operator.get(f"/events/{parked}").text


def test_an_event_is_undone_after_its_plan_was_shown(browse, posted, sandbox):
    operator = browse("operator")
    plan = operator.get(f"/events/{posted}/undo.json").json["steps"]
    assert sandbox.invoices

    assert "Undo…" in operator.get(f"/events/{posted}").text
    page = operator.post(f"/events/{posted}/undo", {"business_key": [step["business_key"] for step in plan]})

    assert {step["kind"] for step in plan if step["changes"]} >= {"invoice"}
    assert "invoice" in page.text
    assert [invoice["status"] for invoice in sandbox.invoices] in ([], ["void"])
    assert "Undo…" not in page.text


def test_what_was_not_agreed_to_stays(browse, posted, sandbox):
    before = sandbox.records()["invoices"]

    page = browse("operator").post(f"/events/{posted}/undo", {"business_key": ["shopify/invoice/order:other"]})

    assert "Nothing was undone" in page.text
    assert sandbox.records()["invoices"] == before


def test_an_event_that_is_not_there_is_said_so(browse):
    answer = browse("viewer").get("/events/ev_unknown")

    assert answer.status_code == 404
    assert "There is no event" in answer.text


def test_nothing_from_a_payload_runs_as_html(browse, hooks, worker):
    evil = "<script>alert(1)</script>"
    event_id = hooks.deliver(order(8, name=evil, line_items=[], shipping_lines=[])).json["event_id"]
    worker.drain()

    for path in (f"/events/{event_id}?reveal=yes", "/events", "/failures", "/", f"/events?find={evil}"):
        assert evil not in browse("operator").get(path).text


@pytest.mark.parametrize("before", ["nan", "inf", "x", "1e400", "-1"])
def test_an_odd_page_is_no_error(browse, before):
    assert browse("viewer").get("/events", query_string={"before": before}).status_code == 200
