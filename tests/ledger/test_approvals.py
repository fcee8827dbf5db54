"""What people decide, as the ledger keeps it."""

import threading

import pytest

from ledger.arrivals import Arrival
from ledger.ledger import Ledger


@pytest.fixture
def ledger(redis, clock) -> Ledger:
    return Ledger(redis, clock=clock)


def arrive(ledger: Ledger, body: bytes = b"{}", *, late: bool = False, event_id: str | None = None) -> str:
    arrival = Arrival(
        connection="slack",
        source="slack",
        organization="1",
        topic="/expense",
        delivery=None,
        headers={},
        body=body,
        event_id=event_id,
    )
    return (ledger.events.record_late if late else ledger.events.record)(arrival).event_id


def hold(ledger: Ledger, *submitted_by: str) -> str:
    """The id of an event that waits for approval."""
    event_id = arrive(ledger)
    _, lease = ledger.events.begin(event_id, process="p")
    assert ledger.approvals.hold(event_id, lease, submitted_by=submitted_by, summary="1 EUR, Meals")
    return event_id


def test_an_event_that_is_held_is_worked_on_by_nobody(ledger, clock):
    event_id = hold(ledger, "U1")
    clock.advance(86_400 * 30)

    assert ledger.events.wake() == []
    assert ledger.events.begin(event_id, process="p") is None
    assert ledger.events.backlog("1") == 0
    assert ledger.events.counts()["awaiting_approval"] == 1


def test_only_whoever_has_the_lease_holds_an_event(ledger):
    event_id = arrive(ledger)
    ledger.events.begin(event_id, process="p")

    assert not ledger.approvals.hold(event_id, "another", submitted_by=(), summary="")
    assert ledger.events.get(event_id).state == "working"
    assert ledger.approvals.get(event_id) is None


def test_what_was_asked_is_on_record_before_anybody_decides(ledger, clock):
    approval = ledger.approvals.get(hold(ledger, "U1", "jo"))

    assert (approval.submitted_by, approval.summary, approval.verdict) == (("U1", "jo"), "1 EUR, Meals", None)
    assert approval.held_at.timestamp() == clock()


@pytest.mark.parametrize("name", ["U1", "u1", " Jo ", "JO"])
def test_whoever_has_one_of_the_submitters_names_does_not_decide(ledger, name):
    event_id = hold(ledger, "U1", "jo")

    decided = ledger.approvals.decide(event_id, verdict="approve", by=("boss", name))

    assert decided.obstacle == "Nobody decides about an expense of their own."
    assert ledger.events.get(event_id).state == "awaiting_approval"


@pytest.mark.parametrize(
    "name",
    [
        "Jose\u0301 Müller",
        "JOSÉ  MÜLLER",
        "ＪＯＳÉ Mu\u0308ller",
        "josé\u00a0müller",
        "jo\u200bsé mü\u2060ller",
        "josé mü\ufe0fller",
    ],
    ids=["composed", "two spaces", "full width", "a hard space", "invisible characters", "a variation selector"],
)
def test_another_spelling_of_a_name_is_the_same_name(ledger, name):
    event_id = hold(ledger, "José Müller")

    assert ledger.approvals.decide(event_id, verdict="approve", by=(name,)).obstacle is not None
    assert ledger.approvals.decide(event_id, verdict="approve", by=("Josefa Müller",)).obstacle is None


def test_nobody_is_the_submitter_of_what_names_none(ledger):
    assert ledger.approvals.decide(hold(ledger), verdict="approve", by=("mara",)).obstacle is None


@pytest.mark.parametrize("state", ["queued", "parked"])
def test_what_does_not_wait_for_approval_cannot_be_decided(ledger, state):
    event_id = arrive(ledger)
    if state == "parked":
        _, lease = ledger.events.begin(event_id, process="p")
        ledger.events.finish(event_id, lease, "parked")

    decided = ledger.approvals.decide(event_id, verdict="approve", by=("mara",))

    assert decided.obstacle == f"It is {state}; only what waits for approval can be decided."
    assert ledger.events.get(event_id).state == state


def test_there_is_nothing_to_say_of_an_event_that_does_not_exist(ledger):
    assert (
        ledger.approvals.decide("ev_none0000", verdict="reject", by=("m",)).obstacle == "There is no event ev_none0000."
    )


def test_the_id_of_a_repeat_means_the_first_event(ledger):
    event_id = hold(ledger, "U1")
    arrive(ledger, late=True, event_id="ev_repeat00")

    decided = ledger.approvals.decide("ev_repeat00", verdict="approve", by=("mara",))

    assert (decided.event_id, decided.obstacle) == (event_id, None)
    assert ledger.events.get(event_id).state == "queued"


def test_of_many_who_decide_at_once_exactly_one_counts(ledger):
    event_id = hold(ledger, "U1")
    ready, obstacles = threading.Barrier(8), []

    def decide(number: int) -> None:
        ready.wait()
        verdict = "approve" if number % 2 else "reject"
        obstacles.append(ledger.approvals.decide(event_id, verdict=verdict, by=(f"m{number}",)).obstacle)

    threads = [threading.Thread(target=decide, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert obstacles.count(None) == 1
    assert (
        ledger.events.get(event_id).state
        == {"approve": "queued", "reject": "rejected"}[ledger.approvals.get(event_id).verdict]
    )


def test_a_note_is_one_line_of_a_reasonable_length(ledger):
    event_id = hold(ledger)

    ledger.approvals.decide(event_id, verdict="approve", by=("mara",), note=" within\nthe  budget " + "x" * 9000)

    assert ledger.approvals.get(event_id).note.startswith("within the budget xxx")
    assert len(ledger.approvals.get(event_id).note) == 500
