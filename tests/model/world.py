"""A small world to break: a real Redis, the real sandbox, workers that come and go, and time that passes when told.

The clock of a test is not Redis's. What Redis itself lets expire is therefore deleted when time passes: the leases on
documents and the lock on the token, which nobody renews any more by then.
"""

import json
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from redis import Redis

from cli.deployment import Deployment, open_desk
from ledger import DocumentRecord, Event
from tests.model.effects import Actor, as_actor
from tests.scene import Clock, Hooks, Sandbox, example
from worker.desk import Desk
from worker.dispatch import dispatch
from worker.work import work

ORDER, EXPENSE, COMMAND = (
    example("shopify/paid_order"),
    example("standard/expense_to_account"),
    example("slack/expense"),
)
QUEUE = "rq:queue:bookhook"
EXPIRING = ("bh:lease:*", "bh:token:*:lock")
# The event's lease and its job have ended; a contact's name may be tried again; what is absent has settled, twice over.
PASSES = (16.0, 6.0, 130.0, 130.0, 130.0)
MOST_JOBS = 20
# What must be gone when all is done.
TRACES = (
    "bh:working",
    "bh:due",
    "bh:handed:*",
    "bh:ready:*",
    "bh:turns",
    "bh:open:*",
    "bh:lease:*",
    "bh:process:*",
    QUEUE,
)


@dataclass
class World:
    """Everything a test of the model touches."""

    redis: Redis
    sandbox: Sandbox
    hooks: Hooks
    clock: Clock
    deployment: Deployment
    kept: dict[bytes, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.ledger = self.deployment.ledger(self.redis, clock=self.clock)
        self.began_at = self.clock()

    def begin(self) -> None:
        """Forgets all events and documents, but not the token and the lists of names."""
        self.clock.now = self.began_at
        self.redis.flushall()
        for key, value in self.kept.items():
            self.redis.restore(key, 0, value)

    def keep_token_and_names(self) -> None:
        """Has every later beginning find what a worker has learned by now."""
        keys = [*self.redis.scan_iter("bh:lookup:*"), *self.redis.scan_iter("bh:token:*:access")]
        self.kept = {key: self.redis.dump(key) for key in keys}

    def worker(self) -> Desk:
        """A worker process that has just started."""
        ledger = self.deployment.ledger(self.redis, clock=self.clock)
        return open_desk(self.deployment, ledger, report=_raise, random=Random(1))

    def deliver(self, request: Any) -> str:
        """The id of the event that the door makes of a request."""
        before = set(self.event_ids())
        answer = self.hooks.deliver(request)
        assert answer.status_code < 300, answer.json
        [event_id] = set(self.event_ids()) - before
        return event_id

    def event_ids(self) -> list[str]:
        return [event_id.decode() for event_id in self.redis.zrange("bh:events", 0, -1)]

    def event(self, event_id: str) -> Event:
        event = self.ledger.events.get(event_id)
        assert event is not None
        return event

    def documents(self, event_id: str) -> dict[str, DocumentRecord]:
        return {record.kind: record for record in self.ledger.documents.of(event_id)}

    def pop_job(self) -> str | None:
        """The event of the next job, which RQ has then no more; as a worker does who is about to begin it."""
        job = self.redis.lpop(QUEUE)
        if job is None:
            return None
        self.redis.delete(b"rq:job:" + job)
        return job.decode().rsplit("-", 1)[0]

    def work(self, actor: Actor, *, desk: Desk | None = None) -> None:
        """Works on the next job, its effects performed by the actor; raises what ends the worker."""
        desk = desk or self.worker()
        event_id = self.pop_job()
        assert event_id is not None
        with as_actor(actor):
            work(desk, event_id)

    def give_turns(self) -> None:
        """Wakes what is due and hands over what may go."""
        desk = self.worker()
        desk.ledger.events.wake()
        dispatch(desk)

    def drain(self, desk: Desk) -> None:
        """Works until nothing is ready now."""
        desk.ledger.events.wake()
        dispatch(desk)
        for _ in range(MOST_JOBS):
            event_id = self.pop_job()
            if event_id is None:
                return
            work(desk, event_id)
            dispatch(desk)
        raise AssertionError("the same jobs come again and again")

    def wait(self, seconds: float) -> None:
        """Time passes and nobody renews anything."""
        self.clock.advance(seconds)
        self.end_leases()

    def end_leases(self) -> None:
        for pattern in EXPIRING:
            for key in self.redis.scan_iter(pattern):
                self.redis.delete(key)

    def recover(self) -> None:
        """A new worker does what is left, as time passes."""
        desk = self.worker()
        for seconds in PASSES:
            self.wait(seconds)
            self.drain(desk)
            if self.redis.keys("bh:open:*") == []:
                return

    def find_wrongs(self, records: Any, tag: str, *, kind: str = "invoice", has_contact: bool = True) -> list[str]:
        """What is not as it must be once all is done: one document and one contact with the tag, known by their ids."""
        documents = [each for each in records[kind + "s"] if tag in json.dumps(each)]
        contacts = [each for each in records["contacts"] if tag in json.dumps(each)]
        wrongs = [f"{len(documents)} {kind}s"] if len(documents) != 1 else []
        wrongs += [f"{len(contacts)} contacts"] if len(contacts) != has_contact else []
        for event_id in self.event_ids():
            wrongs += self._find_wrongs_of(event_id, kind, documents, contacts)
        return wrongs + [f"left behind: {key.decode()}" for pattern in TRACES for key in self.redis.keys(pattern)]

    def _find_wrongs_of(self, event_id: str, kind: str, documents: Any, contacts: Any) -> list[str]:
        event, known = self.event(event_id), self.documents(event_id)
        wrongs = [] if event.state == "posted" else [f"{event_id} is {event.state}: {event.error}"]
        for word, found in ((kind, documents), ("contact", contacts)):
            record = known.get(word)
            ids = [each[f"{word}_id"] for each in found]
            if ids and (record is None or record.state != "posted" or [record.zoho_id] != ids):
                wrongs.append(f"{event_id} knows {record}, there are {ids}")
        return wrongs


def _raise(error: BaseException) -> None:
    raise error


def order(tag: str, **changes: Any) -> Any:
    """An order of a new customer; the tag is in its number and in the customer's names and address."""
    body = json.loads(ORDER.body)
    email = f"{tag}@example.com"
    customer = {**body["customer"], "id": int(tag[1:]), "email": email, "first_name": tag}
    own = {"id": int(tag[1:]), "name": f"#{tag}", "email": email, "contact_email": email, "customer": customer}
    headers = {name: value for name, value in ORDER.headers.items() if "Id" not in name}
    return replace(ORDER, body=json.dumps({**body, **own, **changes}).encode(), headers=headers)


def expense(tag: str) -> Any:
    """An expense paid to a new vendor."""
    body = json.loads(EXPENSE.body)
    data = {**body["data"], "id": tag, "vendor": f"Vendor {tag}", "description": tag}
    headers = {**EXPENSE.headers, "webhook-id": f"msg_{tag}"}
    return replace(EXPENSE, body=json.dumps({**body, "data": data}).encode(), headers=headers)


def command(tag: str) -> Any:
    """An expense said in Slack, which is answered there."""
    return replace(COMMAND.with_fields({"trigger_id": tag, "text": f"42.50 EUR meals {tag}"}), case=tag)
