"""How soon an event is at work again after whoever had it was killed: from the kill to its next attempt."""

import re
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import cast

from redis import Redis
from redis.exceptions import RedisError

WATCH_SECONDS = 0.1
QUEUE, INTERMEDIATE = "rq:queue:bookhook", "rq:queue:bookhook:intermediate"
AT_WORK = ("queued", "working")
JOB = re.compile(rb"(?P<event>ev_[0-9a-v]+)-[0-9]+")


@dataclass(frozen=True, slots=True)
class Stranded:
    """An event whose worker, Redis or job was lost at `lost_at` (unix seconds), in its so many-th attempt.

    `job` is RQ's, a new one each time the event is handed over; None where nobody knows.
    """

    event_id: str
    job: bytes | None
    cause: str
    lost_at: float
    attempts: int
    handed: int


@dataclass
class Recovery:
    """Watches every stranded event until it is worked on again.

    One that is handed over a second time without an attempt in between was lost again, unseen, by what it was handed
    to first: its time begins anew at that first time.
    """

    connect: Callable[[], Redis]
    recovered: list[tuple[float, Stranded]] = field(default_factory=list)
    lost_again: int = 0
    _handed: dict[str, tuple[int, float]] = field(default_factory=dict)
    _stranded: dict[str, Stranded] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _ended: threading.Event = field(default_factory=threading.Event)

    def lost_worker(self, pid: int, lost_at: float) -> None:
        """Whatever the killed process was at, or had taken from RQ's list."""
        self._lose("worker", lost_at, lambda redis: jobs_of(redis, pid))

    def lost_redis(self, lost_at: float) -> None:
        """Whatever anybody was at; most of it goes on undisturbed."""
        self._lose("redis", lost_at, lambda redis: dict.fromkeys(_members(redis, "bh:working")))

    def lost_queue(self, jobs: Iterable[bytes], lost_at: float) -> None:
        """These jobs, which RQ had and has no more."""
        self._lose("rq's keys", lost_at, lambda redis: _events_of(jobs))

    def watch(self) -> None:
        """Watches until the end."""
        while not self._ended.wait(WATCH_SECONDS):
            with suppress(RedisError), self.connect() as redis:
                while not self._ended.wait(WATCH_SECONDS):
                    self._look(redis)

    def end(self) -> None:
        """What is not at work by now has taken until now."""
        self._ended.set()
        with self._lock:
            self.recovered += [(time.time() - lost.lost_at, lost) for lost in self._stranded.values()]
            self._stranded.clear()

    @property
    def slowest(self) -> tuple[float, Stranded | None]:
        """The longest time an event took, and which."""
        return max(self.recovered, key=lambda each: each[0], default=(0.0, None))

    def _lose(self, cause: str, lost_at: float, find: Callable[[Redis], Mapping[bytes, bytes | None]]) -> None:
        with suppress(RedisError), self.connect() as redis:
            for event_id, job in find(redis).items():
                state, attempts, handed = _standing(redis, event_id.decode())
                if state in AT_WORK:
                    self._strand(Stranded(event_id.decode(), job, cause, lost_at, attempts, handed))

    def _strand(self, lost: Stranded) -> None:
        """A loss begins the event's time anew only if it had been taken up since, by another attempt or job."""
        with self._lock:
            earlier = self._stranded.get(lost.event_id)
            if earlier is None or (earlier.attempts, earlier.job) != (lost.attempts, lost.job):
                self._stranded[lost.event_id] = lost
                self._handed[lost.event_id] = lost.handed, lost.lost_at

    def _look(self, redis: Redis) -> None:
        with self._lock:
            watched = list(self._stranded.values())
        for lost in watched:
            state, attempts, handed = _standing(redis, lost.event_id)
            self._notice_handed(lost, handed)
            if attempts > lost.attempts or state not in AT_WORK:
                with self._lock:
                    current = self._stranded.get(lost.event_id)
                    if current is not None and (current.job, current.attempts) == (lost.job, lost.attempts):
                        del self._stranded[lost.event_id]
                        self.recovered.append((time.time() - current.lost_at, current))

    def _notice_handed(self, lost: Stranded, handed: int) -> None:
        with self._lock:
            before, at = self._handed[lost.event_id]
            if handed == before or self._stranded.get(lost.event_id) is not lost:
                return
            if before > lost.handed:
                self._stranded[lost.event_id] = replace(lost, lost_at=at, handed=before)
                self.lost_again += 1
            self._handed[lost.event_id] = handed, time.time()


def _standing(redis: Redis, event_id: str) -> tuple[str, int, int]:
    fields = ("state", "attempts", "handed")
    state, attempts, handed = cast("list[bytes | None]", redis.hmget(f"bh:event:{event_id}", *fields))
    return (state or b"").decode(), int(attempts or 0), int(handed or 0)


def jobs_in(redis: Redis, *lists: str) -> list[bytes]:
    """The jobs in these of RQ's lists."""
    return [job for name in lists for job in cast("list[bytes]", redis.lrange(name, 0, -1))]


def _members(redis: Redis, key: str) -> list[bytes]:
    return cast("list[bytes]", redis.zrange(key, 0, -1))


def jobs_of(redis: Redis, pid: int) -> dict[bytes, bytes | None]:
    """What a process of this id was running, or somebody had just taken from RQ's list: the job of each event."""
    jobs = jobs_in(redis, INTERMEDIATE)
    for worker in cast("set[bytes]", redis.smembers("rq:workers")):
        if redis.hget(worker.decode(), "pid") == str(pid).encode():
            jobs += cast("set[bytes]", redis.smembers(f"{worker.decode()}:executions"))
    return _events_of(jobs)


def _events_of(jobs: Iterable[bytes]) -> dict[bytes, bytes | None]:
    found = [JOB.match(job) for job in jobs]
    return {each["event"]: each.group() for each in found if each}
