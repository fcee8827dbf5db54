"""What the ledger must hold after what has happened: each event in one state and at one place, as plain values."""

from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from ledger.events import LEASE_SECONDS, LOST_JOB_SECONDS, MOST_CRASHES, MOST_SHARED_CRASHES, SWEEP_SECONDS

OPEN = ("queued", "working", "waiting")
RANKS_APART = 1e11
ALIVE_SECONDS = 9


@dataclass
class Expected:
    """An event; `place` is where it waits: ready, handed or due, or None once it has ended."""

    organization: str
    received_at: float
    state: str
    place: str | None = None
    priority: int = 1
    handed_at: float = 0.0
    has_job: bool = False
    due_at: float = 0.0
    lease: str = ""
    lease_until: float = 0.0
    process: str = ""
    is_alone: bool = False
    is_suspect: bool = False
    crashes: int = 0
    shared_crashes: int = 0

    @property
    def rank(self) -> float:
        """Its rank among those that are ready."""
        return self.priority * RANKS_APART + self.received_at

    @property
    def is_lost(self) -> bool:
        """Whether RQ was given it and has it no more, and nobody works on it."""
        return self.state == "queued" and self.place == "handed" and not self.has_job

    def is_tried(self, now: float) -> bool:
        """Whether RQ was given it just now, or its worker has renewed its lease when that was due."""
        lease_until = self.lease_until if self.state == "working" else self.handed_at + LEASE_SECONDS
        return lease_until - now > ALIVE_SECONDS

    def stop(self, state: str, place: str | None) -> None:
        """It is nobody's any more."""
        self.state, self.place, self.lease, self.process, self.is_alone = state, place, "", "", False

    def end(self, state: str, place: str | None = None) -> None:
        """Its worker or a person has decided on it: nothing is held against it."""
        self.stop(state, place)
        self.is_suspect, self.crashes, self.shared_crashes = False, 0, 0

    def wait_until(self, due_at: float) -> None:
        """Its worker lets it wait."""
        self.end("waiting", "due")
        self.due_at = due_at

    def crash(self) -> None:
        """Its worker is gone: after the second time in company it is tried alone, after the third time alone parked."""
        was_alone = self.is_alone
        self.crashes += was_alone
        self.shared_crashes += not was_alone
        if self.crashes >= MOST_CRASHES:
            self.end("parked")
        else:
            self.stop("queued", "ready")
            self.is_suspect |= was_alone or self.shared_crashes >= MOST_SHARED_CRASHES


@dataclass
class Grip:
    """An event in the hands of a worker, who may not know that the lease is lost."""

    event_id: str
    lease: str
    process: str
    kept: AbstractContextManager[None]


@dataclass
class Books:
    """All events, and how many of each organization may be handed out."""

    events: dict[str, Expected] = field(default_factory=dict)
    at_once: dict[str, int] = field(default_factory=dict)
    paused_until: dict[str, float] = field(default_factory=dict)
    swept_at: float = 0.0

    @property
    def has_jobs(self) -> bool:
        """Whether RQ has anything."""
        return any(event.has_job for event in self.events.values())

    def ready(self, organization: str) -> list[str]:
        """Who is ready, in the order of their turns."""
        found = [
            (event.rank, event_id)
            for event_id, event in self.events.items()
            if event.organization == organization and event.place == "ready"
        ]
        return [event_id for _, event_id in sorted(found)]

    def room(self, organization: str, now: float) -> int:
        """How many more may be handed over."""
        events = self.events.values()
        handed = [event for event in events if event.organization == organization and event.place == "handed"]
        until = self.paused_until.get(organization)
        if until is not None and until > now:
            return 0
        free = self.at_once.get(organization, 4) - len(handed)
        if until is not None:
            free = min(free, 1 - sum(event.is_tried(now) for event in handed))
        return max(free, 0)

    def hand(self, event_id: str, now: float) -> None:
        """RQ is given the event."""
        event = self.events[event_id]
        event.place, event.state, event.handed_at, event.has_job = "handed", "queued", now, True

    def begin(self, event_id: str, *, process: str, lease: str, now: float) -> None:
        """A process works on the event; those that share a process at any time are not alone."""
        event = self.events[event_id]
        event.state, event.process, event.lease, event.handed_at = "working", process, lease, now
        event.lease_until = now + LEASE_SECONDS
        company = self.company(process)
        for each in company:
            each.is_alone = len(company) == 1

    def company(self, process: str) -> list[Expected]:
        """Everything at work in a process."""
        return [event for event in self.events.values() if event.process == process]

    def wake(self, now: float) -> list[str]:
        """What is due, crashed or lost becomes ready; gives the ids."""
        before = set(self.ids_at("ready"))
        sweeps = now - self.swept_at >= SWEEP_SECONDS
        self.swept_at = now if sweeps else self.swept_at
        for event in self.events.values():
            if event.place == "due" and event.due_at <= now:
                event.stop("queued", "ready")
            elif event.state == "working" and event.lease_until <= now:
                event.crash()
            elif sweeps and event.is_lost and event.handed_at < now - LOST_JOB_SECONDS:
                event.stop("queued", "ready")
        return sorted(set(self.ids_at("ready")) - before)

    def ids_at(self, place: str) -> list[str]:
        """Who is at a place."""
        return [event_id for event_id, event in self.events.items() if event.place == place]

    def lists(self) -> dict[str, dict[str, float]]:
        """Every list the ledger must hold, with its members and their scores; sets have the score 0."""
        lists: dict[str, dict[str, float]] = {}
        for event_id, event in self.events.items():
            for name, score in _places(event):
                lists.setdefault(name, {})[event_id] = score
        return lists


def _places(event: Expected) -> list[tuple[str, float]]:
    places = [(f"bh:events:c:{event.state}", event.received_at)]
    if event.state in OPEN:
        places.append((f"bh:open:{event.organization}", event.received_at))
    if event.place == "ready":
        places.append((f"bh:ready:{event.organization}", event.rank))
    if event.place == "handed":
        places.append((f"bh:handed:{event.organization}", event.handed_at))
    if event.place == "due":
        places.append(("bh:due", event.due_at))
    if event.state == "working":
        places += [("bh:working", event.lease_until), (f"bh:process:{event.process}", 0)]
    return places
