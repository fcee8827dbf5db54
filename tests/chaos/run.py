"""One run: the stage is set, everything is sent, killed and broken, and when all has ended the books are counted."""

import statistics
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from redis.exceptions import RedisError

from ledger.ledger import Ledger
from tests.chaos import faults
from tests.chaos.killer import Killer
from tests.chaos.plan import Plan, draw
from tests.chaos.recovery import Recovery
from tests.chaos.sender import Sender
from tests.chaos.stage import Stage, set_stage
from tests.chaos.verdict import Doubts, Verdict, judge_books, judge_events, measure_doubts, read_records, tell

EVENTS_A_SECOND = 22.0
ENDING_SECONDS = 120.0
# An event is at work again within this after its worker was killed, and a doubtful write is looked for.
RECOVERY_SECONDS = 30.0
POLL_SECONDS = 0.25
TELL_SECONDS = 10.0
LINES_SHOWN = 40
ORGANIZATION = "10000001"


@dataclass
class Run:
    """What is sent on which stage, and what kills it."""

    stage: Stage
    plan: Plan
    sender: Sender
    killer: Killer
    recovery: Recovery
    ledger: Ledger
    begun_at: float = field(default_factory=time.monotonic)
    told_at: float = 0.0
    retried: int = 0

    def poll(self) -> tuple[int, int]:
        """How many events are recorded and how many have not ended; as last known while Redis is away."""
        try:
            recorded = sum(self.ledger.events.counts().values())
            self.sender.backlog = self.ledger.events.backlog(ORGANIZATION)
        except RedisError:
            return 0, self.sender.backlog
        self._tell(recorded)
        return recorded, self.sender.backlog

    def retry_suspects(self) -> int:
        """Has events that were killed with their worker three times, alone, tried once more, as a person would."""
        parked = self.ledger.events.list(state="parked")
        suspects = [event.event_id for event in parked if event.error and event.error.code == "poison"]
        for event_id in suspects:
            self.ledger.events.requeue(event_id)
        self.retried += len(suspects)
        return len(suspects)

    def _tell(self, recorded: int) -> None:
        if time.monotonic() - self.told_at < TELL_SECONDS:
            return
        self.told_at = time.monotonic()
        print(
            f"  {self.told_at - self.begun_at:4.0f} s: {self.sender.acknowledged} of {len(self.plan.deliveries)} "
            f"deliveries acknowledged, {recorded} events, {self.sender.backlog} open, "
            f"{self.killer.kills.total()} kills",
            flush=True,
        )


def run(seed: int, events: int, folder: Path, *, code: Path) -> bool:
    """Whether everything came out right; tells what happened and what is wrong."""
    with set_stage(folder, code=code) as stage, stage.client() as redis:
        now = _prepare(stage, seed, events, Ledger(redis))
        with ThreadPoolExecutor() as pool:
            try:
                futures = [pool.submit(job) for job in (now.recovery.watch, now.killer.supervise)]
                _break_everything(now, pool, seed)
                has_ended = _wait_for_the_end(now, futures)
            finally:
                for end in (now.sender.stop.set, now.killer.calm_down, now.killer.end, now.recovery.end):
                    end()
        return _judge(now, has_ended=has_ended)


def _prepare(stage: Stage, seed: int, events: int, ledger: Ledger) -> Run:
    plan = draw(seed, events)
    recovery = Recovery(stage.client)
    killer = Killer(stage, recovery, Random(seed))
    sender = Sender(plan, stage.web_urls, stage.sandbox_url, events / EVENTS_A_SECOND, threading.Event())
    return Run(stage, plan, sender, killer, recovery, ledger)


def _break_everything(now: Run, pool: ThreadPoolExecutor, seed: int) -> None:
    """Sends it all, killing and failing meanwhile; afterwards everything works again."""
    now.stage.control("POST", "limits", {"token_requests": 10})
    now.stage.control("POST", "faults", faults.orders(seed))
    killing, sending = pool.submit(now.killer.kill_on), pool.submit(now.sender.send_all)
    while not sending.done() and not killing.done():
        time.sleep(POLL_SECONDS)
        now.poll()
    now.killer.calm_down()
    killing.result()
    now.stage.control("DELETE", "faults")
    sending.result()


def _wait_for_the_end(now: Run, watching: "list[Future[None]]") -> bool:
    """Whether every event ended in time."""
    deadline = time.monotonic() + ENDING_SECONDS
    while time.monotonic() < deadline:
        for future in watching:
            if future.done():
                future.result()
        if now.poll() == (len(now.plan.requests), 0) and not now.retry_suspects():
            return True
        time.sleep(POLL_SECONDS)
    return False


def _judge(now: Run, *, has_ended: bool) -> bool:
    verdict = Verdict()
    records = read_records(now.stage.control("GET", "records").text)
    judge_books(verdict, now.plan, records)
    told, sandbox_url = now.sender.told, now.stage.sandbox_url
    events = judge_events(verdict, now.plan, now.ledger, told=told, sandbox_url=sandbox_url)
    verdict.other += [f"never acknowledged: {what}" for what in now.sender.unacknowledged] + now.killer.problems
    if not has_ended:
        verdict.other.append(f"not everything had ended {ENDING_SECONDS:.0f} seconds after the last fault")
    doubts = measure_doubts(now.ledger, events)
    verdict.other += _find_slow(now, doubts)
    _tell_measures(now, records, doubts)
    _tell_verdict(verdict, now.recovery.slowest[0])
    return not verdict.lines


def _find_slow(now: Run, doubts: Doubts) -> Iterator[str]:
    """What took longer than an event may be at rest."""
    seconds, slowest = now.recovery.slowest
    if slowest is not None and seconds > RECOVERY_SECONDS:
        lost_at = time.strftime("%H:%M:%S", time.gmtime(slowest.lost_at))
        what = f"was not at work again for {seconds:.1f} s after {slowest.cause} was lost at {lost_at}"
        yield f"{slowest.event_id} {what}\n{tell(now.ledger, slowest.event_id)}"
    seconds, event_id = max(doubts.looked, default=(0.0, ""))
    if seconds > RECOVERY_SECONDS:
        yield f"{event_id}: a doubtful write was not looked for in {seconds:.1f} s\n{tell(now.ledger, event_id)}"


def _tell_measures(now: Run, records: Mapping[str, Any], doubts: Doubts) -> None:
    calls, met = sum(records["calls"].values()), sum(records["faults"].values())
    print(f"kills: {_list(now.killer.kills)}")
    print(f"faults: {met} in {calls} calls to Zoho: {_list(records['faults'])}")
    print(f"answers at the door: {_list(now.sender.answers)}; {len(records['contacts'])} contacts")
    if now.retried:
        print(f"tried again by hand, parked as poison since they were killed three times, alone: {now.retried}")
    print(f"lost again on the way to a worker, unseen by the killer: {now.recovery.lost_again} times")
    for what, seconds in (
        ("at work again after a kill", [seconds for seconds, _ in now.recovery.recovered]),
        ("doubtful write looked for", [seconds for seconds, _ in doubts.looked]),
        ("doubtful write's event ended", [seconds for seconds, _ in doubts.finished]),
    ):
        if seconds:
            print(
                f"{what}: {len(seconds)} times, median {statistics.median(seconds):.1f} s, slowest {max(seconds):.1f} s"
            )
    if now.killer.kills["worker stopped"]:
        print(f"slowest end of a worker after SIGTERM: {now.killer.slowest_stop:.1f} s")


def _list(counted: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counted.items()))


def _tell_verdict(verdict: Verdict, recovery_seconds: float) -> None:
    for line in verdict.lines[:LINES_SHOWN]:
        print(f"  ✗ {line}")
    if len(verdict.lines) > LINES_SHOWN:
        print(f"  … and {len(verdict.lines) - LINES_SHOWN} more")
    print(
        f"{verdict.events} events, {verdict.documents} documents, {len(verdict.missing)} missing, "
        f"{len(verdict.duplicate)} duplicate, {len(verdict.wrong_total)} wrong total, "
        f"slowest recovery {recovery_seconds:.1f} s",
        flush=True,
    )
