"""Expenses that a person must approve, from the command to the books."""

import json
from dataclasses import replace
from decimal import Decimal

import pytest

from tests.scene import example

SUBMITTER, APPROVER, STRANGER = ("U0JONAS", "jonas"), ("U0MARA", "mara"), ("U0EVE", "eve")
CONNECTIONS = """
connections:
  slack:
    expenses: {{{expenses}}}
  standard:
    expenses: {{approval: always}}
"""


@pytest.fixture
def expenses(request) -> str:
    """What the Slack connection decides about expenses."""
    return getattr(request, "param", "approval: always, approvers: [U0MARA, U0JONAS]")


@pytest.fixture
def environ(environ, expenses, tmp_path):
    file = tmp_path / "connections.yaml"
    file.write_text(CONNECTIONS.format(expenses=expenses))
    return {**environ, "BOOKHOOK_CONNECTIONS": str(file)}


@pytest.fixture
def say(hooks, worker):
    """Says something by the command a second later; gives the event's id once all is done."""
    said = []

    def say(text: str, who: tuple[str, str] = SUBMITTER) -> str:
        hooks.clock.advance(1)
        said.append(text)
        fields = {"text": text, "user_id": who[0], "user_name": who[1], "trigger_id": f"{len(said)}.1"}
        assert hooks.deliver(example("slack/expense").with_fields(fields)).status_code == 200
        worker.drain()
        [newest] = worker.desk.ledger.events.list(newest=1)
        return newest.event_id

    return say


def heard(sandbox) -> list[str]:
    return [message["body"]["text"] for message in sandbox.slack]


def test_nothing_is_in_the_books_before_somebody_approves(say, worker, sandbox):
    event_id = say("1.234,56 EUR meals client lunch")

    assert worker.event(event_id).state == "awaiting_approval"
    assert sandbox.expenses == []
    assert heard(sandbox) == [
        f"It waits for approval: 1234.56 EUR, meals. An approver listed for this connection writes "
        f"`/expense approve {event_id}`, or somebody runs `bookhook approve {event_id}`."
    ]


def test_what_is_approved_is_posted_and_who_when_and_why_are_kept(say, worker, sandbox, clock):
    event_id = say("42.50 EUR meals client lunch")
    say(f"approve {event_id} within budget", APPROVER)

    approval = worker.desk.ledger.approvals.get(event_id)
    assert worker.event(event_id).state == "posted"
    assert [expense["total"] for expense in sandbox.expenses] == [42.5]
    assert (approval.verdict, approval.decided_by, approval.note) == ("approve", APPROVER, "within budget")
    assert approval.decided_at.timestamp() == clock()
    assert approval.summary == "42.50 EUR, Meals and Entertainment"
    steps = {step.step: step.detail for step in worker.desk.ledger.events.timeline(event_id)}
    assert steps["approved"] == "by mara: within budget"
    assert any(
        text.startswith("42.50 EUR, Meals and Entertainment: approved by mara at 2026-") for text in heard(sandbox)
    )
    assert any(text.startswith("Recorded in Zoho Books: 42.50 EUR, meals.") for text in heard(sandbox))


def test_what_is_rejected_is_never_posted_and_its_submitter_is_told_why(say, worker, sandbox):
    event_id = say("42.50 EUR meals client lunch")
    say(f"reject {event_id} too much", APPROVER)
    worker.desk.ledger.events.requeue(event_id)
    worker.drain()

    assert worker.event(event_id).state == "rejected"
    assert sandbox.expenses == []
    [told] = [text for text in heard(sandbox) if text.startswith("It will not be recorded")]
    assert "42.50 EUR, meals. It was rejected by mara at 2026-" in told
    assert told.endswith(": too much.")


def test_nobody_approves_an_expense_of_their_own(say, worker, sandbox):
    event_id = say("42.50 EUR meals")
    decision = say(f"approve {event_id}", SUBMITTER)

    assert worker.event(event_id).state == "awaiting_approval"
    assert worker.event(decision).state == "rejected"
    assert "Not done. Nobody decides about an expense of their own." in heard(sandbox)


def test_a_name_in_another_case_is_still_ones_own(say, worker):
    event_id = say("42.50 EUR meals")

    decided = worker.desk.ledger.approvals.decide(event_id, verdict="approve", by=(" Jonas ",))

    assert decided.obstacle == "Nobody decides about an expense of their own."


@pytest.mark.parametrize("who", [STRANGER, ("U0EVE", "U0MARA")])
def test_only_listed_ids_approve_and_a_name_is_no_id(say, worker, sandbox, who):
    event_id = say("42.50 EUR meals")
    say(f"approve {event_id}", who)

    assert worker.event(event_id).state == "awaiting_approval"
    assert any("may not approve expenses here" in text for text in heard(sandbox))


@pytest.mark.parametrize("expenses", ["approval: always"], indirect=True)
def test_nobody_approves_by_command_unless_the_connection_lists_them(say, worker):
    event_id = say("42.50 EUR meals")
    decision = say(f"approve {event_id}", APPROVER)

    assert (worker.event(event_id).state, worker.event(decision).state) == ("awaiting_approval", "rejected")


def test_an_approver_decides_about_events_of_the_own_connection_only(say, hooks, worker, sandbox):
    event_id = hooks.deliver(example("standard/expense")).json["event_id"]
    worker.drain()
    say(f"approve {event_id}", APPROVER)

    assert worker.event(event_id).state == "awaiting_approval"
    assert f"Not done. There is no event {event_id}." in heard(sandbox)


def test_a_second_decision_changes_nothing_and_tells_the_first(say, worker, sandbox):
    event_id = say("42.50 EUR meals")
    say(f"approve {event_id} fine", APPROVER)
    second = worker.desk.ledger.approvals.decide(event_id, verdict="reject", by=("boss",))

    assert second.obstacle.startswith("It was already approved by mara at 2026-")
    assert worker.event(event_id).state == "posted"
    assert len(sandbox.expenses) == 1


def test_an_approver_who_says_it_twice_is_told_again(say, worker, sandbox):
    event_id = say("42.50 EUR meals")
    say(f"approve {event_id}", APPROVER)
    again = say(f"approve {event_id}", APPROVER)

    assert worker.event(again).state == "posted"
    assert len([text for text in heard(sandbox) if "approved by mara" in text]) == 2


@pytest.mark.parametrize("expenses", ["approval: none, submitters: [U0JONAS]"], indirect=True)
def test_only_listed_people_submit_where_the_connection_lists_any(say, worker, sandbox):
    mine, theirs = say("1 EUR meals", SUBMITTER), say("2 EUR meals", ("U0EVE", "U0JONAS"))

    assert (worker.event(mine).state, worker.event(theirs).state) == ("posted", "rejected")
    assert worker.event(theirs).error.code == "rejected"
    assert [expense["total"] for expense in sandbox.expenses] == [1]
    assert any(text.startswith("It will not be recorded: 2 EUR, meals. Whoever sent this") for text in heard(sandbox))


@pytest.mark.parametrize("expenses", ["approval: over(100)"], indirect=True)
@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("100 USD meals", "posted"),
        ("100.01 USD meals", "awaiting_approval"),
        ("1 EUR meals", "posted"),
        ("100 EUR meals", "awaiting_approval"),  # more than a hundred of the organization's dollars
    ],
)
def test_only_what_is_worth_more_needs_approval(say, worker, text, state):
    assert worker.event(say(text)).state == state


@pytest.fixture
def limited(environ, tmp_path):
    """The standard sender's expenses need approval above a hundred."""
    file = tmp_path / "connections.yaml"
    file.write_text("connections: {standard: {expenses: {approval: over(100)}}}")


@pytest.mark.parametrize(("rate", "currency"), [("0.001", "EUR"), ("0.001", "XPF"), ("1", "EUR")])
def test_a_rate_of_the_senders_own_does_not_make_an_expense_small(limited, hooks, worker, rate, currency):
    told = json.loads(example("standard/expense").body)
    told["data"] |= {"amount": "100.00", "currency": currency, "exchange_rate": rate}

    event_id = hooks.deliver(replace(example("standard/expense"), body=json.dumps(told).encode())).json["event_id"]
    worker.drain()

    assert worker.event(event_id).state == "awaiting_approval"


@pytest.mark.parametrize("expenses", ["approval: over(100)"], indirect=True)
def test_what_nobody_knows_the_worth_of_needs_approval(say, worker, sandbox):
    assert worker.event(say("1 XPF meals")).state == "awaiting_approval"


def test_a_parked_event_that_was_approved_stays_approved(say, worker):
    event_id = say("1 XPF meals")
    say(f"approve {event_id}", APPROVER)
    assert (worker.event(event_id).state, worker.event(event_id).error.code) == ("parked", "unknown_currency")

    worker.desk.ledger.events.requeue(event_id)
    worker.drain()

    assert worker.event(event_id).state == "parked"


def test_an_approved_event_goes_before_all_others(say, hooks, worker, redis):
    event_id = say("42.50 EUR meals")
    worker.desk.ledger.approvals.decide(event_id, verdict="approve", by=("mara",))

    [(first, _), *_] = redis.zrange("bh:ready:10000001", 0, -1, withscores=True)
    assert first.decode() == event_id


def test_an_approval_outlives_its_event(say, worker, redis):
    event_id = say("42.50 EUR meals")
    say(f"reject {event_id}", APPROVER)

    assert redis.ttl(f"bh:event:{event_id}") > 0
    assert redis.ttl(f"bh:approval:{event_id}") == -1


def test_what_was_answered_is_forgotten_in_time(say, redis):
    event_id = say("approve ev_nothing00", STRANGER)

    [answer] = redis.keys(f"bh:document:slack/answer/{event_id}:*")
    assert redis.ttl(answer) > 0
    assert redis.ttl(f"bh:documents:{event_id}") > 0


def test_what_is_kept_for_ever_holds_nothing_said_about_people(say, worker, redis):
    event_id = say("42.50 EUR meals dinner with Ada Lovelace")

    assert b"Ada" not in b"".join(redis.hvals(f"bh:approval:{event_id}"))


def test_a_decision_whose_worker_died_is_told_all_the_same(say, worker, sandbox):
    """It was written down, then the process ended: the next one says so, and does not call it a second decision."""
    event_id = say("42.50 EUR meals")
    worker.desk.ledger.approvals.decide(event_id, verdict="approve", by=APPROVER)

    decision = say(f"approve {event_id}", APPROVER)

    assert worker.event(decision).state == "posted"
    assert worker.event(event_id).state == "posted"
    assert Decimal(str(sandbox.expenses[0]["total"])) == Decimal("42.50")
