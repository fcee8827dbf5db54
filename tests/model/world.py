"""A small world to break: a real Redis, the real sandbox, workers that come and go, and time that passes when told.

The clock of a test is not Redis's. What Redis itself lets expire is therefore deleted when time passes: the leases on
documents and the lock on the token, which nobody renews any more by then.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from random import Random
from typing import Any

from redis import Redis

from cli.deployment import Deployment
from cli.desk import open_desk
from cli.ledgers import ledger_of
from config.options import ConnectionOptions
from ledger.records import DocumentRecord, Event
from tests.model.effects import Actor, as_actor
from tests.orders import Figures, figures
from tests.scene import Clock, Hooks, Sandbox, example
from worker.desk import Desk
from worker.dispatch import dispatch
from worker.work import work

ORDER, EXPENSE, COMMAND, RECEIPT = (
    example("shopify/paid_order"),
    example("standard/expense_to_account"),
    example("slack/expense"),
    example("standard/expense_with_receipt"),
)
ZERO, PRICE = Decimal(0), Decimal(json.loads(ORDER.body)["total_price"])
PAID = Figures(net=PRICE, cash=PRICE, owed=ZERO, credit=ZERO)
KNOWN_BUYER = "t9999"
QUEUE = "rq:queue:bookhook"
KINDS = ("invoices", "expenses", "contacts", "customerpayments", "creditnotes", "emails", "slack")
KNOWN = ("bh:lookup:*", "bh:token:*:access", "bh:document:*/contact/*")
EXPIRING = ("bh:lease:*", "bh:token:*:lock")
# The event's lease and its job have ended; a contact's name may be tried again; what is absent has settled, twice over.
PASSES = (16.0, 6.0, 130.0, 130.0, 130.0)
MOST_JOBS = 20
BEGUN_ANEW = 20
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


@dataclass(frozen=True, kw_only=True)
class Ending:
    """What must stand once all is done, of what bears the tag; without `books` no order is asked for.

    Answers and e-mails are told at most so often.
    """

    kind: str = "invoice"
    documents: int = 1
    contacts: int = 1
    payments: int = 1
    credit_notes: int = 0
    receipts: int = 0
    emails: int = 0
    answers: int = 0
    books: Figures | None = PAID


EXPENSE_ENDS = Ending(kind="expense", payments=0, books=None)


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
        self.ledger = ledger_of(self.deployment, self.redis, clock=self.clock)
        self.began_at = self.clock()
        self.begun = 0
        self.options: dict[str, ConnectionOptions] = {}

    def begin(self) -> None:
        """Forgets everything but the token, the names and the buyer that a worker has come to know before."""
        self.clock.now = self.began_at
        self.options.clear()
        if self.begun % BEGUN_ANEW == 0:
            self._begin_anew()
        self.begun += 1
        self.redis.flushall()
        for key, value in self.kept.items():
            self.redis.restore(key, 0, value)

    def _begin_anew(self) -> None:
        """Clears the sandbox, which takes longer with all that it holds, and has a worker post once."""
        self.sandbox.reset()
        self.redis.flushall()
        for request in (order(KNOWN_BUYER), expense(KNOWN_BUYER)):
            self.deliver(request)
        self.drain(self.worker())
        self.kept = {key: self.redis.dump(key) for pattern in KNOWN for key in self.redis.scan_iter(pattern)}

    def worker(self) -> Desk:
        """A worker process that has just started."""
        ledger = ledger_of(self.deployment, self.redis, clock=self.clock)
        desk = open_desk(self.deployment, ledger, report=_raise, random=Random(1))
        told = {name: replace(desk.connections[name], options=options) for name, options in self.options.items()}
        return replace(desk, connections={**desk.connections, **told})

    def deliver(self, request: Any) -> str:
        """The id of the event that the door makes of a request."""
        before = set(self.event_ids())
        answer = self.hooks.deliver(request)
        assert answer.status_code < 300, answer.json
        [event_id] = set(self.event_ids()) - before
        return event_id

    def event_ids(self) -> list[str]:
        return [event.event_id for event in self.ledger.events.list()][::-1]

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

    def has_job(self) -> bool:
        return bool(self.redis.exists(QUEUE))

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

    def find_wrongs(self, records: Any, tag: str, ending: Ending) -> list[str]:
        """What is not as it must be once all is done; everything that stands is known to the ledger."""
        found = {kind: [each for each in records[kind] if tag in json.dumps(each)] for kind in KINDS}
        wrongs = list(_miscounts(found, ending))
        if ending.books and (books := figures(found, "")) != ending.books:
            wrongs.append(f"the books say {books}")
        events = [self.event(event_id) for event_id in self.event_ids()]
        wrongs += [f"{event.event_id} is {event.state}: {event.error}" for event in events if event.state != "posted"]
        wrongs += self._find_unknown("contact", [each["contact_id"] for each in found["contacts"]])
        wrongs += self._find_unknown(ending.kind, [each[f"{ending.kind}_id"] for each in found[f"{ending.kind}s"]])
        return wrongs + [f"left behind: {key.decode()}" for pattern in TRACES for key in self.redis.keys(pattern)]

    def _find_unknown(self, kind: str, ids: list[str]) -> list[str]:
        """Where what the ledger knows of the documents of a kind is not what was found in Zoho."""
        records = [record for event_id in self.event_ids() for record in self.ledger.documents.of(event_id)]
        known = {(record.state, record.zoho_id) for record in records if record.kind == kind}
        expected = {("posted", zoho_id) for zoho_id in ids}
        return [f"the ledger knows {known}, Zoho has {ids}"] if ids and known != expected else []


def _miscounts(found: dict[str, list[Any]], ending: Ending) -> Iterator[str]:
    wanted = {
        f"{ending.kind}s": ending.documents,
        "contacts": ending.contacts,
        "customerpayments": ending.payments,
        "creditnotes": ending.credit_notes,
    }
    for kind, count in wanted.items():
        if len(found[kind]) != count:
            yield f"{len(found[kind])} {kind}"
    uploads = sum(each["receipt_uploads"] for each in found["expenses"])
    if uploads != ending.receipts:
        yield f"{uploads} receipts"
    for kind, most in (("emails", ending.emails), ("slack", ending.answers)):
        if len(found[kind]) > most:
            yield f"{len(found[kind])} {kind}"


def _raise(error: BaseException) -> None:
    raise error


def order(tag: str, *, buyer: str | None = None, **changes: Any) -> Any:
    """An order with the tag in its number, of a buyer with that word in name and address: a new one unless given."""
    body, buyer = json.loads(ORDER.body), buyer or tag
    email = f"{buyer}@example.com"
    customer = {**body["customer"], "id": int(buyer[1:]), "email": email, "first_name": buyer}
    own = {"id": int(tag[1:]), "name": f"#{tag}", "email": email, "contact_email": email, "customer": customer}
    headers = {name: value for name, value in ORDER.headers.items() if "Id" not in name}
    return replace(ORDER, body=json.dumps({**body, **own, **changes}).encode(), headers=headers)


def expense(tag: str) -> Any:
    """An expense paid to a new vendor."""
    body = json.loads(EXPENSE.body)
    data = {**body["data"], "id": tag, "vendor": f"Vendor {tag}", "description": tag}
    headers = {**EXPENSE.headers, "webhook-id": f"msg_{tag}"}
    return replace(EXPENSE, body=json.dumps({**body, "data": data}).encode(), headers=headers)


def expense_with_receipt(tag: str) -> Any:
    """An expense whose receipt comes with it."""
    body = RECEIPT.body.replace(b"exp-2204", tag.encode()).replace(
        b'"category"', b'"description": "%s", "category"' % tag.encode()
    )
    return replace(RECEIPT, body=body, headers={**RECEIPT.headers, "webhook-id": f"msg_{tag}"})


def command(tag: str) -> Any:
    """An expense said in Slack, which is answered there."""
    return replace(COMMAND.with_fields({"trigger_id": tag, "text": f"42.50 EUR meals {tag}"}), case=tag)
