"""`bookhook retry` where a total in Zoho is not the sender's: compare, accept, void, post anew."""

import pytest

from tests.scene import example

ORDER = example("standard/order_paid")


@pytest.fixture
def differing(hooks, worker, sandbox) -> str:
    """An event whose invoice a bookkeeper changed while Zoho's answer was lost."""
    sandbox.fault(on="POST /invoices", times=1, do="reset_after_saving")
    event_id = hooks.deliver(ORDER).json["event_id"]
    worker.drain()
    [invoice] = sandbox.invoices
    sandbox.correct_invoice(invoice, adjustment=-3)
    worker.desk.ledger.clock.advance(5)
    worker.drain()
    assert (worker.event(event_id).state, worker.event(event_id).error.code) == ("parked", "total_differs")
    return event_id


def test_a_plain_retry_compares_again(run, differing, worker, sandbox):
    [invoice] = sandbox.invoices
    run("retry", differing)
    worker.drain()
    assert worker.event(differing).error.code == "total_differs"

    sandbox.correct_invoice(invoice, adjustment=0.02)
    run("retry", differing)
    worker.drain()

    assert worker.event(differing).state == "posted"


def test_an_accepted_total_goes_on_with_what_follows(run, differing, worker, sandbox):
    result = run("retry", differing, "--accept", "--by", "Ann")
    worker.drain()

    assert result.exit_code == 0
    assert "accepted by Ann" in result.stdout
    record = worker.documents(differing)["invoice"]
    assert (record.accepted_by, record.accepted_total) == ("Ann", record.total)
    steps = {step.step: step.detail for step in worker.desk.ledger.events.timeline(differing)}
    assert steps["total_accepted"].endswith("by Ann")
    assert "sent" in worker.documents(differing)


def test_what_stands_in_books_that_are_not_set_up_any_more_is_said(run, differing, environ):
    moved = {**environ, "ZOHO_ORGANIZATION_ID": "10000002"}

    result = run("retry", differing, "--accept", env=moved)

    assert result.exit_code == 1
    assert "The organization 10000001 is no longer configured. Set it up again" in result.stderr


def test_void_takes_it_back_and_leaves_it_at_that(run, differing, worker, sandbox):
    result = run("retry", differing, "--void", "--yes")

    assert result.exit_code == 0
    assert sandbox.invoices == []
    assert worker.event(differing).error.code == "undone"


def test_anew_takes_it_back_and_posts_it_once_more(run, differing, worker, sandbox):
    result = run("retry", differing, "--anew", "--yes")
    worker.drain()

    assert result.exit_code == 0
    assert worker.event(differing).state == "posted"
    [invoice] = sandbox.invoices
    assert invoice["invoice_number"] == "INV-000002"
    assert str(invoice["total"]) == "23.5"


def test_without_a_yes_nothing_is_taken_back(run, differing, worker, sandbox):
    result = run("retry", differing, "--anew")

    assert result.exit_code == 1
    assert [invoice["invoice_number"] for invoice in sandbox.invoices] == ["INV-000001"]
    assert worker.event(differing).error.code == "total_differs"


@pytest.mark.parametrize("way", ["--accept", "--void"])
def test_where_nothing_differs_there_is_nothing_to_decide(run, hooks, worker, way):
    event_id = hooks.deliver(example("standard/order_without_identity")).json["event_id"]
    worker.drain()

    result = run("retry", event_id, way)

    assert result.exit_code == 1
    assert "nothing of it stands in Zoho with a total that differs" in result.stderr


def test_what_never_stood_is_simply_retried_anew(run, hooks, worker):
    event_id = hooks.deliver(example("standard/order_without_identity")).json["event_id"]
    worker.drain()

    assert run("retry", event_id, "--anew").exit_code == 0

    assert worker.event(event_id).state == "queued"


def test_a_decision_is_for_single_events(run):
    assert run("retry", "--state", "parked", "--accept").exit_code == 2


def test_at_a_terminal_it_is_asked_what_is_to_become_of_it(run, differing, worker):
    result = run("retry", differing, typed="a\n")

    assert result.exit_code == 0
    assert "20.48 in Zoho, 23.50 at the sender" in result.stdout
    assert worker.documents(differing)["invoice"].accepted_total is not None


def test_at_a_terminal_nothing_is_asked_where_nothing_differs(run, hooks, worker):
    event_id = hooks.deliver(example("standard/order_without_identity")).json["event_id"]
    worker.drain()

    result = run("retry", event_id, typed="")

    assert result.stdout == "1 handed to the workers\n"


@pytest.fixture
def parked(hooks, worker) -> str:
    """An event that can never become a document."""
    event_id = hooks.deliver(example("standard/order_without_identity")).json["event_id"]
    worker.drain()
    return event_id


def test_what_was_seen_to_by_hand_ends_with_who_and_what(run, parked, worker, redis):
    result = run("retry", parked, "--done", "--by", "Ann", "--note", "invoiced by\nhand")

    assert result.exit_code == 0
    event = worker.event(parked)
    assert (event.state, event.error) == ("ignored", None)
    last = worker.desk.ledger.events.timeline(parked)[-1]
    assert (last.step, last.detail) == ("ignored", "seen to by Ann: invoiced by hand")
    assert 0 < redis.ttl(f"bh:event:{parked}") == redis.ttl(f"bh:timeline:{parked}")
    assert [each.event_id for each in worker.desk.ledger.events.list(state="parked")] == []


def test_what_was_seen_to_is_never_posted(run, differing, worker, sandbox):
    run("retry", differing, "--done", "--note", "left as it is")

    again = run("retry", differing)
    worker.drain()

    assert again.exit_code == 1
    assert "it is ignored" in again.stderr
    assert [str(invoice["total"]) for invoice in sandbox.invoices] == ["20.48"]


def test_only_what_is_parked_can_be_seen_to(run, hooks, worker):
    event_id = hooks.deliver(ORDER).json["event_id"]
    worker.drain()

    result = run("retry", event_id, "ev_none", "--done", "--note", "by hand")

    assert result.exit_code == 1
    assert f"{event_id}: it is posted" in result.stderr
    assert "ev_none: there is no such event" in result.stderr
    assert worker.event(event_id).state == "posted"


@pytest.mark.parametrize(
    "words",
    [
        *(["--accept", "--void"], ["--anew", "--void"], ["--done", "--anew", "--note", "x"]),
        *(["--done"], ["--done", "--note", " "], ["--note", "x"], ["--done", "--note", "x", "--by", " "]),
    ],
    ids=" ".join,
)
def test_words_that_do_not_go_together_are_a_wrong_use(run, parked, worker, words):
    assert run("retry", parked, *words).exit_code == 2
    assert worker.event(parked).state == "parked"
