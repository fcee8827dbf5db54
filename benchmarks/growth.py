"""What an event takes up when it has ended, and what the next costs when there are a million of them.

Two Redis servers side by side: one with a thousand events, one with a million. The first thousand of each come the
whole way, through the door and a worker to the sandbox; the rest of the million are copies of one of them with ids,
order and times of their own, made inside Redis, with everything the ledger keeps of an event. Then each step is taken
here and there in turn, so that whatever else the machine does meets both. Neither writes to disk.
"""

import statistics
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, cast

from redis import Redis

from benchmarks.orders import Orders, Request
from benchmarks.place import SHOPIFY_SECRET, Place, set_place
from benchmarks.table import Row, at_most
from cli.deployment import read_deployment
from cli.desk import open_desk
from cli.ledgers import ledger_of
from ingest.app import create_app
from ingest.door import Door
from ingest.intake import Intake
from ingest.spool import Spool
from ledger.ledger import Ledger
from worker.desk import Desk
from worker.work import work

FEW, MANY = 1_000, 1_000_000
FEW_IF_QUICK, MANY_IF_QUICK = 100, 5_000
TRIES, TRIES_IF_QUICK = 400, 20
AT_ONCE = 1_000
BUYERS = 50
COPY = (Path(__file__).parent / "copy_events.lua").read_text()


@dataclass
class Shop:
    """A ledger with its door and its worker, in one process."""

    ledger: Ledger
    desk: Desk
    client: Any
    orders: Orders

    @property
    def redis(self) -> Redis:
        """The Redis of the ledger."""
        return self.ledger.redis

    def deliver(self) -> str:
        """The id of the event that the door makes of the next order."""
        return self.send(self.orders.next())

    def send(self, request: Request) -> str:
        """The id of the event that the door makes of the request."""
        headers = request.signed(SHOPIFY_SECRET, timestamp=time.time())
        answer = self.client.post("/hooks/shopify", data=request.body, headers=headers)
        assert answer.status_code == 202, answer.text
        return str(answer.json["event_id"])

    def post(self, event_id: str) -> None:
        """Works on the event here, without RQ, whose job is left behind."""
        work(self.desk, event_id)

    def park(self, request: Request) -> str:
        """The id of the event of a request that needs a person."""
        event_id = self.send(request)
        self.post(event_id)
        event = self.ledger.events.get(event_id)
        assert event is not None
        assert event.state == "parked", event
        return event_id

    def live(self, events: int) -> list[str]:
        """So many orders come, are posted and put into the archive; gives their ids."""
        ids = [self.deliver() for _ in range(events)]
        for event_id in ids:
            self.post(event_id)
        assert self.ledger.events.counts()["posted"] == events, [
            each.reason for each in self.ledger.events.list(state="waiting", newest=3)
        ]
        while self.ledger.archive.tidy():
            pass
        self.redis.delete("rq:queue:bookhook", *self.redis.keys("rq:job:*"))
        return ids


def run(*, quick: bool) -> list[Row]:
    """Bytes an event, costs at a million to those at a thousand, and what expiry holds up."""
    few, many = (FEW_IF_QUICK, MANY_IF_QUICK) if quick else (FEW, MANY)
    with _open_shop() as small, _open_shop() as large:
        small.live(few)
        before = _used(large.redis)
        [*_, model] = large.live(few)
        by_living = (_used(large.redis) - before) / few
        copy_ended(large, model, many - few)
        by_copying = (_used(large.redis) - before) / many
        assert sum(large.ledger.events.counts().values()) == many
        rows = [*_sizes(large, by_living, by_copying, many)]
        rows += _costs(small, large, TRIES_IF_QUICK if quick else TRIES, f"{many:,} events, to {few:,}")
        rows.append(_expiry(small, few))
    return rows


@contextmanager
def _open_shop() -> Iterator[Shop]:
    with ExitStack() as opened:
        place = opened.enter_context(set_place())
        place.start_sandbox()
        yield open_shop(place, opened.enter_context(place.redis()))


def open_shop(place: Place, redis: Redis) -> Shop:
    redis.config_set("appendonly", "no")
    deployment = read_deployment(place.environ, posts=True)
    ledger = ledger_of(deployment, redis)
    desk = open_desk(deployment, ledger, report=_fail)
    door, intake = Door(deployment.configured, deployment.connections), Intake(ledger, Spool(place.folder / "spool"))
    app = create_app(door, intake, max_body_bytes=deployment.settings.max_body_bytes)
    return Shop(ledger, desk, app.test_client(), Orders(buyers=BUYERS))


def _fail(error: BaseException) -> None:
    raise error


def _used(redis: Redis) -> int:
    return int(redis.info("memory")["used_memory"])


def copy_ended(shop: Shop, model: str, copies: int) -> None:
    """Fills the ledger with copies of an event that has ended."""
    script = shop.redis.register_script(COPY)
    [invoice] = [each for each in shop.ledger.documents.of(model) if each.kind == "invoice"]
    now = time.time()
    for first in range(0, copies, AT_ONCE):
        count = min(AT_ONCE, copies - first)
        script(args=[model, invoice.business_key, invoice.zoho_id, first, count, now, copies, 90 * 86400])


def _sizes(shop: Shop, by_living: float, by_copying: float, many: int) -> Iterator[Row]:
    body = len(zlib.compress(shop.orders.next().body))
    assert by_copying < by_living * 1.05, "what is copied takes up more than what came the whole way"
    told = f"{body / 1024:.2f} KB, its body as zlib compresses it"
    beyond = at_most(
        "an event that has ended, with its invoice, beyond its body", (by_copying - body) / 1024, 1.5, unit="KB"
    )
    yield Row(what=f"memory an event, of {many:,}", ours=f"{by_copying / 1024:.2f} KB", baseline=told)
    yield beyond
    yield Row(what="the same of few, where keys are shared less", ours=f"{(by_living - body) / 1024:.2f} KB")


def _costs(small: Shop, large: Shop, tries: int, named: str) -> Iterator[Row]:
    """Each step here and there in turn: the median of the large ledger's times to that of the small one's."""
    events: dict[int, list[str]] = {id(small): [], id(large): []}
    steps: dict[str, Callable[[Shop], object]] = {
        "record the next": lambda shop: events[id(shop)].append(shop.deliver()),
        "post the next": lambda shop: shop.post(events[id(shop)].pop()),
        "list the newest 20": lambda shop: list(shop.ledger.events.list(newest=20)),
        "find by order number": lambda shop: shop.ledger.search.find("#10042"),
        "count by state": lambda shop: shop.ledger.events.counts(),
    }
    for what, step in steps.items():
        times = _in_turn(small, large, step, tries)
        few, many = (statistics.median(each) * 1000 for each in times)
        ratio = many / few
        yield Row(
            what=f"{what}: {named}",
            ours=f"{many:.2f} ms",
            baseline=f"{few:.2f} ms",
            ratio=f"{ratio:.2f}",
            limit="at most 1.10",
            is_within=ratio <= 1.10,
        )


def _in_turn(small: Shop, large: Shop, step: Callable[[Shop], object], tries: int) -> tuple[list[float], list[float]]:
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(tries):
        for which in (0, 1) if number % 2 else (1, 0):
            shop = (small, large)[which]
            began = time.perf_counter()
            step(shop)
            times[which].append(time.perf_counter() - began)
    return times


def _expiry(shop: Shop, count: int) -> Row:
    """How long Redis keeps somebody waiting while so many events expire at one moment."""
    redis, keys = shop.redis, _archived(shop.redis, count)
    before, expires_at = int(redis.info("stats")["expired_keys"]), time.time() + 3
    for first in range(0, len(keys), AT_ONCE):
        with redis.pipeline(transaction=False) as pipeline:
            for key in keys[first : first + AT_ONCE]:
                pipeline.pexpireat(key, int(expires_at * 1000))
            pipeline.execute()
    assert time.time() < expires_at, "they expired before anybody looked"
    waits, deadline = [], time.monotonic() + 90
    while (gone := int(redis.info("stats")["expired_keys"]) - before) < len(keys) / 2:
        assert time.monotonic() < deadline, f"only {gone} of {len(keys)} have expired"
        began = time.perf_counter()
        redis.ping()
        waits.append(time.perf_counter() - began)
    return Row(
        what=f"the longest wait for Redis while {len(keys):,} events expire at once",
        ours=f"{max(waits) * 1000:.0f} ms",
        baseline=f"{statistics.median(waits) * 1000:.2f} ms, the median meanwhile",
        limit="at most 100 ms",
        is_within=max(waits) <= 0.1,
    )


def _archived(redis: Redis, count: int) -> list[bytes]:
    found = [key for _, key in zip(range(count), redis.scan_iter("bh:archive:*", count=10_000), strict=False)]
    Random(1).shuffle(found)
    return cast("list[bytes]", found)
