"""Fix once, retry all: what failures ask, and what is done about many events at once, by the pages and a worker."""

import json

import pytest

from errors import Question
from ledger.bulks import LEASE_SECONDS
from mappings import patch_source
from tests.console.conftest import ORDER, order
from tests.scene import example
from worker.bulk import MOST_AT_ONCE, do_pieces

TAX = "State Tax of Nowhere"
EMPTY = {"line_items": [], "shipping_lines": []}
RETRY = {"state": "parked", "deed": "retry"}


def taxed(number, name=TAX):
    lines = json.loads(ORDER.body)["line_items"]
    for line in lines:
        for tax in line["tax_lines"]:
            tax["title"] = name
    return order(number, line_items=lines)


@pytest.fixture
def deliver(hooks, worker, clock):
    """Delivers and works on events; gives their ids."""

    def deliver(*sent):
        clock.advance(1)
        ids = [hooks.deliver(each).json["event_id"] for each in sent]
        worker.drain()
        return ids

    return deliver


@pytest.fixture
def finish(worker):
    """Does what was asked for in bulk, and then what that led to."""

    def finish():
        while do_pieces(worker.desk):
            pass
        worker.drain()

    return finish


@pytest.fixture
def states(worker):
    return lambda ids: [worker.event(each).state for each in ids]


def bulk_of(page) -> dict:
    """What the page of a bulk tells."""
    return page.json["bulk"]


def ask(browser, form, *, path="/bulk"):
    """Sends a form that begins a bulk; the address of its twin."""
    answer = browser.send(path, form, token=browser.token)
    assert answer.status_code == 303, answer.text
    return f"{answer.location}.json"


def test_an_unknown_tax_is_named_once_and_every_order_that_asks_is_posted(browse, deliver, finish, states, sandbox):
    asking, other = deliver(*(taxed(number) for number in range(3))), deliver(taxed(7, "Another Tax"))
    operator = browse("operator")
    first, second = operator.get("/failures.json").json["groups"]
    assert (first["count"], first["question"]["word"], second["question"]["word"]) == (3, TAX, "Another Tax")
    assert "State Tax" in first["question"]["names"]
    assert "Save and retry all 3" in operator.get("/failures").text

    bulk = ask(operator, {"event_id": asking[0], "name": "State Tax"}, path="/failures/answer")
    finish()

    assert states(asking) == ["posted"] * 3
    assert states(other) == ["parked"]
    assert len(sandbox.invoices) == 3
    told = bulk_of(operator.get(bulk))
    assert (told["state"], told["done"], told["left"], told["refused"]) == ("done", 3, 0, {})
    deeds = browse("admin").get("/audit.json").json["deeds"]
    assert [deed["subject"] for deed in deeds if deed["action"] == "answered"] == ["shopify"]


def test_the_page_of_a_parked_event_asks_too(browse, deliver):
    [event_id] = deliver(taxed(1))

    assert "Save and retry all that ask this" in browse("operator").get(f"/events/{event_id}").text
    assert "Save and retry" not in browse("viewer").get(f"/events/{event_id}").text
    assert browse("viewer").get(f"/events/{event_id}.json").json["question"]["about"] == "tax"


@pytest.mark.parametrize("name", ["", "No Such Tax", "<script>"])
def test_only_what_zoho_has_is_an_answer(browse, deliver, ledger, name):
    [event_id] = deliver(taxed(1))

    page = browse("operator").post("/failures/answer", {"event_id": event_id, "name": name})

    assert "that we know of" in page.text
    assert ledger.answers.of("shopify") == []
    assert ledger.bulks.newest(1) == []


def test_a_tax_that_was_made_meanwhile_can_be_chosen_once_the_list_is_read(browse, deliver, sandbox):
    deliver(taxed(1))
    operator = browse("operator")
    sandbox.have_tax("10000001", "Brand New", 6)

    page = operator.post("/failures/names", {"kind": "tax", "organization": "10000001"})

    assert "as Zoho has them now" in page.text
    assert "<option>Brand New</option>" in page.text


def test_a_list_that_is_not_kept_is_read_when_somebody_asks_for_it(browse, deliver, redis):
    deliver(taxed(1))
    redis.delete("bh:lookup:10000001:taxes")
    operator = browse("operator")

    page = operator.get("/failures").text

    assert "has to be read from Zoho first" in page
    assert "Read the taxes from Zoho" in page


def test_what_was_answered_is_listed_changed_and_taken_back(browse, deliver, finish):
    [event_id] = deliver(taxed(1))
    operator = browse("operator")
    ask(operator, {"event_id": event_id, "name": "State Tax"}, path="/failures/answer")
    [kept] = operator.get("/answers.json").json["connections"]["shopify"]
    assert (kept["word"], kept["name"], kept["by"]) == (TAX, "State Tax", "operator")

    page = operator.post("/answers/shopify", {"key": kept["key"], "name": "Sales Tax"})
    assert "next event on" in page.text
    [changed] = operator.get("/answers.json").json["connections"]["shopify"]
    assert changed["name"] == "Sales Tax"

    assert "taken back" in operator.post("/answers/shopify", {"key": kept["key"], "take_back": "yes"}).text
    assert operator.get("/answers.json").json["connections"] == {}
    assert operator.send("/answers/shopify", {"key": kept["key"]}, token=operator.token).status_code == 404
    actions = [deed["action"] for deed in browse("admin").get("/audit.json").json["deeds"]]
    assert [each for each in actions if "answer" in each] == ["answer_taken_back", "answered", "answered"]


def test_an_answer_that_the_settings_overrule_says_so(browse, ledger):
    ledger.answers.give("slack", Question(about="category", word="meals"), name="Travel Expense", by="ann")

    page = browse("viewer").get("/answers").text

    assert "It does not count: the settings say “Meals and Entertainment” themselves." in page


def test_all_of_one_cause_are_retried_in_pieces_that_can_be_followed(browse, deliver, worker, states):
    ids = deliver(*(order(number, **EMPTY) for number in range(MOST_AT_ONCE + 10)))
    [other] = deliver(taxed(9000))
    operator = browse("operator")
    group = operator.get("/failures.json").json["groups"][0]

    bulk = ask(operator, {"state": "parked", "failure": group["key"], "deed": "retry"})
    assert bulk_of(operator.get(bulk))["state"] == "choosing"
    do_pieces(worker.desk)
    chosen = bulk_of(operator.get(bulk))
    do_pieces(worker.desk)
    half_way = bulk_of(operator.get(bulk))

    assert (chosen["state"], chosen["total"]) == ("running", len(ids))
    assert (half_way["done"], half_way["left"], half_way["is_over"]) == (MOST_AT_ONCE, 10, False)
    assert states(ids).count("queued") == MOST_AT_ONCE
    assert states([other]) == ["parked"]


def test_a_bulk_is_cancelled_where_it_has_come_to(browse, deliver, worker, finish, states):
    ids = deliver(*(order(number, **EMPTY) for number in range(MOST_AT_ONCE + 10)))
    operator = browse("operator")
    bulk = ask(operator, RETRY)
    do_pieces(worker.desk)

    page = operator.post(f"{bulk.removesuffix('.json')}/cancel")
    while do_pieces(worker.desk):
        pass

    assert "stays as it is" in page.text
    told = bulk_of(operator.get(bulk))
    assert (told["state"], told["cancelled_by"], told["done"], told["left"]) == (
        "cancelled",
        "operator",
        MOST_AT_ONCE,
        10,
    )
    assert states(ids).count("parked") == 10
    assert "over before" in operator.post(f"{bulk.removesuffix('.json')}/cancel").text


def test_a_page_of_what_was_cancelled_follows_what_a_worker_may_still_count(browse, deliver, clock):
    deliver(order(1, **EMPTY))
    operator = browse("operator")
    bulk = ask(operator, RETRY).removesuffix(".json")

    cancelled = operator.post(f"{bulk}/cancel").text
    clock.advance(LEASE_SECONDS)

    assert 'hx-trigger="every 1s"' in cancelled
    assert 'hx-trigger="every 1s"' not in operator.get(bulk).text


def test_a_cause_with_other_numbers_in_it_is_told_as_that_of_the_newest(browse, deliver):
    deliver(order(1, total_price="1.00"), order(2, total_price="2.00"), order(3, **EMPTY), order(4, **EMPTY))

    [one, other] = browse("viewer").get("/failures.json").json["groups"]

    assert {one["code"]: one["varies"], other["code"]: other["varies"]} == {
        "total_differs": True,
        "mapping_failed": False,
    }
    assert browse("viewer").get("/failures").text.count("the others say other numbers") == 1


def test_the_same_is_not_begun_twice_at_once(browse, deliver, finish):
    deliver(order(1, **EMPTY))
    operator = browse("operator")
    form = {"state": "parked", "deed": "retry"}

    first, second = ask(operator, form), ask(operator, form)
    finish()

    assert first == second
    assert ask(operator, form) != first


def test_what_a_person_did_meanwhile_is_refused_with_its_reason(browse, deliver, finish):
    done, *_ = deliver(*(order(number, **EMPTY) for number in range(3)))
    operator = browse("operator")
    bulk = ask(operator, RETRY)
    operator.post(f"/events/{done}/end", {"note": "booked by hand"})

    finish()

    told = bulk_of(operator.get(bulk))
    assert (told["done"], told["refused"]) == (2, {"It is ignored.": 1})


def test_what_was_undone_is_not_posted_anew_in_bulk(browse, deliver, finish, states, sandbox):
    [event_id] = deliver(ORDER)
    operator = browse("operator")
    plan = operator.get(f"/events/{event_id}/undo.json").json["steps"]
    operator.post(f"/events/{event_id}/undo", {"business_key": [step["business_key"] for step in plan]})
    assert states([event_id]) == ["parked"]

    bulk = ask(operator, RETRY)
    finish()

    assert states([event_id]) == ["parked"]
    [reason] = bulk_of(operator.get(bulk))["refused"]
    assert reason.startswith("It was undone")


def test_all_of_one_cause_end_by_hand_with_a_note(browse, deliver, finish, states, worker):
    ids = deliver(*(order(number, **EMPTY) for number in range(3)))
    operator = browse("operator")
    [group] = operator.get("/failures.json").json["groups"]
    form = {"state": "parked", "failure": group["key"], "deed": "end"}
    assert "Say why, or what was done" in operator.post("/bulk", {**form, "note": " "}).text

    ask(operator, {**form, "note": "booked as one sum"})
    finish()

    assert states(ids) == ["ignored"] * 3
    steps = worker.desk.ledger.events.timeline(ids[0])
    assert steps[-1].detail == "seen to by operator: booked as one sum"


def test_what_has_ended_is_run_again_and_posts_nothing_twice(browse, deliver, finish, states, sandbox, worker):
    ids = deliver(ORDER, order(5))
    before = sandbox.records()
    operator = browse("operator")

    bulk = ask(operator, {"state": "posted", "deed": "replay"})
    finish()

    assert bulk_of(operator.get(bulk))["done"] == 2
    assert states(ids) == ["posted", "posted"]
    assert [worker.event(each).attempts for each in ids] == [2, 2]
    after = sandbox.records()
    assert {kind: after[kind] for kind in ("invoices", "customerpayments", "contacts")} == {
        kind: before[kind] for kind in ("invoices", "customerpayments", "contacts")
    }


def test_what_a_mapping_ignored_is_posted_when_it_runs_again_after_a_change(
    browse, hooks, worker, finish, sandbox, states, tmp_path
):
    event_id = hooks.deliver(order(3, test=True)).json["event_id"]
    assert states([event_id]) == ["ignored"]
    (patch := tmp_path / "tests_too.yaml").write_text("events: {orders/paid: {ignore_if: cancelled_at}}")
    shopify = patch_source(worker.desk.sources["shopify"], patch)
    object.__setattr__(worker.desk, "sources", {**worker.desk.sources, "shopify": shopify})
    worker.desk.ledger.archive.tidy()
    ask(browse("operator"), {"state": "ignored", "deed": "replay"})
    finish()

    assert states([event_id]) == ["posted"]
    assert len(sandbox.invoices) == 1


def test_what_the_mapping_still_ignores_is_ignored_when_it_runs_again(browse, hooks, worker, finish, sandbox):
    sent = (
        order(3, test=True),
        *map(example, ("stripe/test_mode", "slack/unreadable_amount", "standard/order_opened")),
    )
    ids = [next(iter(worker.desk.ledger.events.list())).event_id for each in sent if hooks.deliver(each)]
    reasons = [worker.desk.ledger.events.timeline(each)[-1] for each in ids]

    ask(browse("operator"), {"state": "ignored", "deed": "replay"})
    finish()

    told = [worker.desk.ledger.events.timeline(each)[-1] for each in ids]
    assert [(step.step, step.detail) for step in told] == [("ignored", step.detail) for step in reasons]
    assert sandbox.invoices == sandbox.expenses == sandbox.contacts == []


def test_what_was_seen_to_by_hand_is_not_run_again(browse, deliver, finish, states):
    [event_id] = deliver(order(1, **EMPTY))
    operator = browse("operator")
    operator.post(f"/events/{event_id}/end", {"note": "booked by hand"})

    bulk = ask(operator, {"state": "ignored", "deed": "replay"})
    finish()

    assert states([event_id]) == ["ignored"]
    assert bulk_of(operator.get(bulk))["refused"] == {"It is seen to by hand.": 1}


@pytest.mark.parametrize(("sent", "form"), [(ORDER, {"state": "posted", "deed": "replay"}), (order(1, **EMPTY), RETRY)])
def test_what_is_done_in_bulk_waits_behind_what_comes_in(browse, deliver, hooks, worker, redis, sent, form):
    [old] = deliver(sent)
    ask(browse("operator"), form)
    while do_pieces(worker.desk):
        pass
    new = hooks.deliver(order(2)).json["event_id"]

    assert [each.decode() for each in redis.zrange("bh:ready:10000001", 0, -1)] == [new, old]


def test_a_bulk_is_for_what_its_filters_let_through(browse, deliver, hooks, worker, finish, clock, states):
    [early] = deliver(order(1, **EMPTY))
    clock.advance(86_400)
    [late] = deliver(order(2, **EMPTY))
    operator = browse("operator")
    asked = {"state": "parked", "connection": "shopify", "to": "2026-05-28"}
    assert operator.get("/bulk/new.json", query_string=asked).json["count"] == 1

    ask(operator, {**asked, "deed": "end", "note": "old"})
    finish()

    assert states([early, late]) == ["ignored", "parked"]


def test_a_bulk_by_kind_is_for_events_that_led_to_such_a_document(browse, deliver, hooks, worker, finish):
    deliver(ORDER)
    hooks.deliver(example("slack/expense"))
    worker.drain()
    operator = browse("operator")

    bulk = ask(operator, {"state": "posted", "kind": "expense", "deed": "replay"})
    finish()

    assert bulk_of(operator.get(bulk))["done"] == 1


def test_another_worker_goes_on_where_one_died(browse, deliver, worker, redis, states):
    ids = deliver(*(order(number, **EMPTY) for number in range(3)))
    bulk = ask(browse("operator"), RETRY)
    bulks = worker.desk.ledger.bulks
    [taken] = bulks.take("dead")
    worker.desk.ledger.events.requeue(bulks.piece(taken, 1)[0])  # done, and it died before it was counted

    assert not do_pieces(worker.desk)
    redis.delete(f"bh:bulk:{taken.id}:worker")  # as when its lease has ended
    while do_pieces(worker.desk):
        pass

    told = bulk_of(browse("operator").get(bulk))
    assert (told["done"], told["refused"]) == (2, {"It is queued.": 1})
    assert states(ids) == ["queued"] * 3


def test_an_event_that_cannot_be_read_keeps_nobody_from_the_others(browse, deliver, finish, worker, redis, states):
    ids = deliver(*(order(number, **EMPTY) for number in range(3)))
    redis.hset(f"bh:event:{ids[1]}", "body", b"no zlib")
    bulk = ask(browse("operator"), RETRY)

    while do_pieces(worker.desk):
        pass

    told = bulk_of(browse("operator").get(bulk))
    assert (told["done"], told["refused"]) == (2, {"Something unexpected happened, which has been reported.": 1})
    assert [type(error).__name__ for error in worker.reported] == ["error"]
    worker.reported.clear()


@pytest.mark.parametrize(
    "form",
    [
        {"deed": "retry"},
        {"deed": "retry", "state": "posted"},
        {"deed": "replay", "state": "parked"},
        {"deed": "drop", "state": "parked"},
        {"deed": "retry", "state": "parked", "from": "never"},
    ],
    ids=str,
)
def test_what_cannot_be_done_about_events_is_refused(browse, ledger, form):
    operator = browse("operator")

    assert operator.send("/bulk", form, token=operator.token).status_code == 400
    assert ledger.bulks.newest(1) == []


@pytest.mark.parametrize("role", ["viewer", "approver"])
def test_only_who_may_operate_does_things_in_bulk(browse, role):
    browser = browse(role)

    for path in ("/bulk", "/bulk/bk_1/cancel", "/failures/answer", "/failures/names", "/answers/shopify"):
        assert browser.send(path, {"state": "parked", "deed": "retry"}, token=browser.token).status_code == 403
    assert browser.get("/bulk/new").status_code == 403
    assert browser.get("/bulk").status_code == 200


def test_a_bulk_that_is_not_there_is_said_so(browse):
    assert browse("viewer").get("/bulk/bk_unknown").status_code == 404


def test_a_bulk_of_nothing_is_over_at_once(browse):
    operator = browse("operator")

    told = bulk_of(operator.get(ask(operator, RETRY)))

    assert (told["state"], told["total"]) == ("done", 0)


def test_the_page_of_an_event_shows_what_an_answer_makes_of_it(browse, deliver, ledger, worker):
    [event_id] = deliver(taxed(1))
    ledger.answers.give("shopify", worker.event(event_id).error.question, name="State Tax", by="ann")

    would_be_sent = browse("operator").get(f"/events/{event_id}.json?reveal=yes").json["bodies"]["now"]

    assert "State Tax" in json.dumps(would_be_sent)
    assert TAX not in json.dumps(would_be_sent)


def test_an_address_that_nobody_gave_is_no_trouble_of_redis(browse, deliver):
    deliver(order(7, **EMPTY))
    admin = browse("admin")
    begun = admin.send("/bulk", {"state": "parked", "deed": "retry"}, token=admin.token).location

    assert admin.get(f"{begun}:left").status_code == 404
    assert admin.get("/audit.json?before=x").json == admin.get("/audit.json").json
