"""The record of events and their turns against a small model: every event is at one place, and none is ever lost.

The machine is all that touches a ledger: the door, worker processes that live, stand still and die, people who retry,
RQ that forgets, and the sweep. After every step all lists of the ledger are compared with those of the model.
"""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)
from redis import Redis

from ledger.archive import ENDED
from ledger.arrivals import Arrival
from ledger.events import LEASE_SECONDS, Suspect
from ledger.ledger import Ledger
from ledger.records import STATES, Trouble
from tests.model.expected import OPEN, Books, Expected, Grip
from tests.model.lists import Said, look
from tests.model.machines import try_machine
from tests.scene import Clock

ORGANIZATIONS = ("10000001", "10000002")
QUEUE = "rq:queue:bookhook"
ARRIVAL = Arrival(connection="c", source="s", organization="", topic="t", delivery=None, headers={}, body=b"")
TROUBLE = Trouble(code="zoho_unavailable", message="Zoho is away.")
MOST_ROUNDS = 60


class LedgerMachine(RuleBasedStateMachine):
    """A ledger and the model it is compared with."""

    def __init__(self, redis: Redis) -> None:
        super().__init__()
        redis.flushall()
        self.redis, self.clock, self.books = redis, Clock(1_780_000_000.0), Books()
        self.ledger = Ledger(redis, clock=self.clock)
        self.arrivals = 0
        self.first_ids: dict[tuple[str, int], str] = {}
        self.grips: list[Grip] = []
        self.ledgers: dict[str, Ledger] = {}
        self.processes = [self._start_process() for _ in range(2)]

    def _start_process(self) -> str:
        name = f"p{len(self.ledgers)}"
        self.ledgers[name] = Ledger(self.redis, clock=self.clock)
        return name

    @initialize()
    def record_some(self) -> None:
        for number in range(6):
            self.record(ORGANIZATIONS[number % 3 // 2], number)

    @rule(organization=st.sampled_from(ORGANIZATIONS), number=st.integers(0, 12))
    def record(self, organization: str, number: int) -> None:
        """The last number of each organization is ignored."""
        ignored = "a test" if number == 12 else None
        body = f"{organization} {number}".encode()
        self.arrivals += 1  # made-up ids, for a random one would decide who goes first
        arrival = replace(ARRIVAL, organization=organization, body=body, event_id=f"ev_{self.arrivals:06}")
        recorded = self.ledger.events.record(replace(arrival, ignored=ignored))
        first_id = self.first_ids.setdefault((organization, number), recorded.event_id)
        assert recorded.event_id == first_id
        assert (recorded.status == "duplicate") == (first_id in self.books.events)
        if recorded.status == "queued":
            goes_on = not self.books.ready(organization) and self.books.room(organization, self.clock())
            self.books.events[first_id] = Expected(organization, self.clock(), "queued", "ready")
            if goes_on:
                self.books.hand(first_id, self.clock())
        elif recorded.status == "ignored":
            self.books.events[first_id] = Expected(organization, self.clock(), "ignored")

    @rule(organization=st.sampled_from(ORGANIZATIONS), at_once=st.sampled_from([1, 4]))
    def give_turn(self, organization: str, at_once: int) -> None:
        self.books.at_once[organization] = at_once
        offered = list(self.ledger.dispatch.offer(organization, at_once=at_once))
        assert offered == self.books.ready(organization)[: self.books.room(organization, self.clock())]
        assert self.ledger.dispatch.hand(organization, dict.fromkeys(offered, ("ticket",))) == offered
        assert self.ledger.dispatch.hand(organization, dict.fromkeys(offered, ("ticket",))) == []
        for event_id in offered:
            self.books.hand(event_id, self.clock())

    @rule(organization=st.sampled_from(ORGANIZATIONS), seconds=st.sampled_from([10, 100]))
    def pause(self, organization: str, seconds: int) -> None:
        is_new = self.ledger.dispatch.pause(organization, reason="The grant is revoked.", seconds=seconds)
        assert is_new == (organization not in self.books.paused_until)
        self.books.paused_until[organization] = self.clock() + seconds

    @rule()
    def tidy(self) -> None:
        """What has ended goes into the archive; nothing else is seen of that."""
        self.ledger.archive.tidy()

    @rule()
    def rq_forgets_everything(self) -> None:
        self.redis.delete(*self.redis.keys("rq:*"), "rq:none")
        for event in self.books.events.values():
            event.has_job = False

    @precondition(lambda self: self.books.has_jobs)
    @rule()
    def die_between_rq_and_the_ledger(self) -> None:
        self._pop_job()

    def _pop_job(self) -> str | None:
        job = self.redis.lpop(QUEUE)
        if job is None:
            return None
        event_id = job.decode().rsplit("-", 1)[0]
        self.books.events[event_id].has_job = False
        return event_id

    @precondition(lambda self: self.books.has_jobs)
    @rule(which=st.integers(0, 1), events=st.integers(1, 3))
    def begin_some(self, which: int, events: int) -> None:
        for _ in range(events):
            self._begin(which)

    def _begin(self, which: int) -> None:
        """Begins the event of the next job; nobody else gets it then."""
        event_id, process = self._pop_job(), self.processes[which]
        if event_id is None:
            return
        events, is_suspect = self.ledgers[process].events, self.books.events[event_id].is_suspect
        if is_suspect:
            with pytest.raises(Suspect):
                events.begin(event_id, process=process, in_company=True)
        begun = events.begin(event_id, process=process, in_company=not is_suspect)
        assert begun is not None
        assert self.ledger.events.begin(event_id, process="another") is None
        _, lease = begun
        self.books.begin(event_id, process=process, lease=lease, now=self.clock())
        grip = Grip(event_id, lease, process, self.ledgers[process].leases.event(event_id, lease))
        grip.kept.__enter__()
        self.grips.append(grip)

    @precondition(lambda self: self.grips)
    @rule(pick=st.integers(0, 9), state=st.sampled_from(["posted", "parked", "rejected", "awaiting_approval"]))
    def finish(self, pick: int, state: str) -> None:
        self._decide(pick, lambda *grip: self.ledger.events.finish(*grip, state), lambda event: self._end(event, state))

    def _end(self, event: Expected, state: str) -> None:
        """That its work came to an end shows that its organization can be worked for."""
        event.end(state)
        self.books.paused_until.pop(event.organization, None)

    @precondition(lambda self: self.grips)
    @rule(pick=st.integers(0, 9), seconds=st.sampled_from([1, 30, 600]))
    def wait(self, pick: int, seconds: int) -> None:
        self._decide(
            pick,
            lambda *grip: self.ledger.events.wait(*grip, seconds=seconds, trouble=TROUBLE),
            lambda event: event.wait_until(self.clock() + seconds),
        )

    @precondition(lambda self: self.grips)
    @rule(pick=st.integers(0, 9))
    def wait_for_turn(self, pick: int) -> None:
        self._decide(
            pick,
            lambda *grip: self.ledger.events.wait(*grip, needs=2, seconds=5, trouble=TROUBLE),
            lambda event: event.end("waiting", "ready"),
        )

    @precondition(lambda self: self.grips)
    @rule(pick=st.integers(0, 9))
    def hand_back(self, pick: int) -> None:
        self._decide(pick, self.ledger.events.hand_back, lambda event: event.stop("queued", "ready"))

    def _decide(self, pick: int, decide: Callable[..., int], then: Callable[[Expected], object]) -> None:
        """A worker ends its work; that changes something only where the lease is still its own."""
        grip = self.grips.pop(pick % len(self.grips))
        event = self.books.events[grip.event_id]
        grip.kept.__exit__(None, None, None)
        is_its = event.lease == grip.lease
        assert bool(decide(grip.event_id, grip.lease)) == is_its
        if is_its:
            then(event)

    @rule(which=st.integers(0, 1))
    def renew(self, which: int) -> None:
        process = self.processes[which]
        self.ledgers[process].leases.renew()
        for grip in self.grips:
            event = self.books.events[grip.event_id]
            if grip.process == process and event.lease == grip.lease:
                event.lease_until = self.clock() + LEASE_SECONDS

    @rule(which=st.integers(0, 1))
    def crash(self, which: int) -> None:
        """A process dies with all it has at work; another is started."""
        dead, self.processes[which] = self.processes[which], self._start_process()
        self.grips = [grip for grip in self.grips if grip.process != dead]

    @rule(seconds=st.sampled_from([1, 13, 16]))
    def time_passes(self, seconds: int) -> None:
        self.clock.advance(seconds)

    @rule()
    def wake(self) -> None:
        assert sorted(self.ledger.events.wake()) == self.books.wake(self.clock())

    @rule(seconds=st.sampled_from([1, 16, 60, 600]))
    def sweep(self, seconds: int) -> None:
        """As the housekeeping does all the time."""
        self.time_passes(seconds)
        self.wake()
        for organization in ORGANIZATIONS:
            self.give_turn(organization, 4)

    @precondition(lambda self: self.books.has_jobs)
    @rule(which=st.integers(0, 1), outcome=st.sampled_from(["finish", "wait", "wait_for_turn", "hand_back"]))
    def begin_and_end(self, which: int, outcome: str) -> None:
        self._begin(which)
        details = {"finish": ("parked",), "wait": (30,)}.get(outcome, ())
        getattr(self, outcome)(len(self.grips) - 1, *details)

    @rule(which=st.integers(0, 1), times=st.integers(1, 3))
    def crash_again_and_again(self, which: int, times: int) -> None:
        for _ in range(times):
            self._begin(which)
            self.crash(which)
            self.sweep(16)

    @precondition(lambda self: self.books.events)
    @rule(pick=st.integers(0, 25))
    def requeue(self, pick: int) -> None:
        event_id = sorted(self.books.events)[pick % len(self.books.events)]
        event = self.books.events[event_id]
        answer = self.ledger.events.requeue(event_id)
        if event.state in ("parked", "waiting"):
            assert answer is None
            event.end("queued", "ready")
            event.priority = 0
        else:
            assert answer == event.state

    @invariant()
    def every_event_is_where_it_must_be(self) -> None:
        lists, events = look(self.redis)
        turns = lists.pop("bh:turns", {})
        assert lists == self.books.lists()
        assert turns.keys() >= {event.organization for event in self.books.events.values() if event.place == "ready"}
        for event_id, event in self.books.events.items():
            expected = Said(event.state, event.lease, event.is_suspect, event.crashes, event.is_alone)
            told = self.ledger.events.get(event_id) if event_id not in events else None
            assert events.get(event_id, expected) == expected
            assert told is None or (told.state == event.state and told.state in ENDED)

    @invariant()
    def rq_has_one_job_for_each_event_it_was_given(self) -> None:
        jobs = [job.decode().rsplit("-", 1)[0] for job in self.redis.lrange(QUEUE, 0, -1)]
        assert sorted(jobs) == sorted(event_id for event_id, event in self.books.events.items() if event.has_job)

    @invariant()
    def what_is_told_of_all_events_is_true(self) -> None:
        events = self.books.events.values()
        assert self.ledger.events.counts() == {state: sum(each.state == state for each in events) for state in STATES}
        for organization in ORGANIZATIONS:
            of_its = [event for event in events if event.organization == organization]
            assert self.ledger.events.backlog(organization) == sum(event.state in OPEN for event in of_its)
            assert self.ledger.dispatch.waiting(organization) == sum(event.place == "ready" for event in of_its)

    def teardown(self) -> None:
        """With workers that neither die nor stand still everything comes to its end."""
        for which in range(2):
            self.crash(which)
        for organization in ORGANIZATIONS:
            self.books.paused_until.pop(organization, None)
            self.redis.hdel(f"bh:organization:{organization}", "paused_until", "pause_reason")
        for _ in range(MOST_ROUNDS):
            if not any(event.state in OPEN for event in self.books.events.values()):
                return
            self.sweep(60)
            while self.redis.exists(QUEUE):
                self._begin(0)
                self.finish(0, "posted")
            self.every_event_is_where_it_must_be()
        raise AssertionError("something never comes to its end")


def test_every_event_is_at_one_place_and_none_is_lost(redis):
    try_machine(lambda: LedgerMachine(redis), examples=80, steps=50)
