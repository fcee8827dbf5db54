"""What became of the orders: every payment recorded once, every refund credited and paid back once, to the cent.

An order is compared as a bookkeeper would: what it is worth, what was received for it, and nothing open both ways.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from ledger.marks import marker
from tests.chaos.plan import Plan
from tests.chaos.things import Change, Order
from tests.orders import figures

ZERO = Decimal(0)
Record = dict[str, Any]
ByMarker = dict[str, list[Record]]
Wrongs = tuple[list[str], list[str], list[str]]


@dataclass
class Life:
    """An order and all that happened to it; where its versions contradict each other, nobody knows its amounts."""

    order: Order
    changes: list[Change] = field(default_factory=list)
    is_disputed: bool = False

    @property
    def payments(self) -> dict[str, Decimal]:
        """What must be recorded as received, by marker."""
        if self.order.source != "standard":
            return {marker(f"{self.order.source}/payment/payment:{self.order.name}", 1): self.order.total}
        return {marker(each.business_key, 1): each.amount for each in self._all("payment")}

    @property
    def later_payments(self) -> list[str]:
        """The markers of what a newer version says was paid more."""
        key = f"{self.order.source}/payment/payment:{self.order.name}#2"
        return [marker(key, 1)] if self.is_disputed else []

    @property
    def credit_notes(self) -> dict[str, Decimal]:
        """What the refunds must be credited as, by marker; once it is cancelled, one note may be over several."""
        return {marker(each.business_key, 1): each.amount for each in self._all("refund")}

    @property
    def payouts(self) -> dict[str, Decimal]:
        """What must be paid back, by marker."""
        kind = "/credit_note/", "/payout/"
        return {marker(each.business_key.replace(*kind), 1): each.amount for each in self._all("refund")}

    @property
    def cancellation(self) -> str | None:
        """The marker of a credit note over the whole order, if it may have one."""
        return next((marker(each.business_key, 1) for each in self._all("cancel")), None)

    @property
    def books(self) -> tuple[Decimal, Decimal]:
        """What it is worth in the end, and what is left of what was received."""
        taken_off, received = sum(self.credit_notes.values(), ZERO), sum(self.payments.values(), ZERO)
        return ZERO if self.cancellation else self.order.total - taken_off, received - taken_off

    def _all(self, what: str) -> list[Change]:
        return [each for each in self.changes if each.what == what]


def judge_lives(plan: Plan, records: Mapping[str, list[Record]]) -> Wrongs:
    """What is missing, doubled or wrong in the payments and credit notes of all orders, one line each."""
    missing, duplicate, wrong = list[str](), list[str](), list[str]()
    shelves = Shelves.of(records)
    for key, life in lives(plan).items():
        own = shelves.take(key, life)
        missing += [f"{key}: no {what}" for what in own.missing(life)]
        duplicate += [f"{key}: {count} times {what}" for what, count in own.doubled()]
        wrong += [] if life.is_disputed else [f"{key}: {what}" for what in own.wrong(life)]
    duplicate += [f"nobody asked for the payment or credit note {mark}" for mark in shelves.left()]
    return missing, duplicate, wrong


def lives(plan: Plan) -> dict[str, Life]:
    """Every order and what happened to it, by the business key of its invoice."""
    found: dict[str, Life] = {}
    for request in (request for request in plan.requests if "posted" in request.ends):
        thing = request.thing
        if isinstance(thing, Order):
            life = found.setdefault(thing.business_key, Life(thing))
            life.is_disputed |= "parked:conflict" in request.ends
        elif isinstance(thing, Change):
            found.setdefault(thing.order.business_key, Life(thing.order)).changes.append(thing)
    return found


@dataclass
class Own:
    """What stands of one order: payments, credit notes and payouts by marker."""

    invoices: list[Record]
    payments: ByMarker
    notes: ByMarker
    payouts: ByMarker

    def missing(self, life: Life) -> Iterator[str]:
        yield from (f"payment of {amount}" for mark, amount in life.payments.items() if not self.payments[mark])
        yield from (f"payout of {amount}" for mark, amount in life.payouts.items() if not self.payouts[mark])
        if life.cancellation is None:
            yield from (f"credit note of {total}" for mark, total in life.credit_notes.items() if not self.notes[mark])

    def doubled(self) -> Iterator[tuple[str, int]]:
        for what, found in (("a payment", self.payments), ("a credit note", self.notes), ("a payout", self.payouts)):
            yield from ((f"{what}, {mark}", len(records)) for mark, records in found.items() if len(records) > 1)

    def wrong(self, life: Life) -> Iterator[str]:
        """Amounts that are not what was told, and an order's figures."""
        for found, wanted in ((self.payments, life.payments), (self.payouts, life.payouts)):
            for mark, records in found.items():
                amounts = [Decimal(record["amount"]) for record in records]
                yield from (f"{amount}, not {wanted[mark]}" for amount in amounts if amount != wanted[mark])
        books = figures(
            {"invoices": self.invoices, "customerpayments": _all(self.payments), "creditnotes": _all(self.notes)}, ""
        )
        if self.invoices and (books.net, books.cash) != life.books:
            yield f"worth {books.net}, of which {books.cash} received; not {life.books}"
        if books.owed > 0 and books.credit > 0:
            yield f"{books.owed} is owed while {books.credit} is credit"


@dataclass
class Shelves:
    """All documents by marker; what is taken is there no more."""

    invoices: ByMarker
    payments: ByMarker
    notes: ByMarker
    payouts: ByMarker

    @classmethod
    def of(cls, records: Mapping[str, list[Record]]) -> "Shelves":
        return cls(
            invoices=_by_marker(records["invoices"]),
            payments=_by_marker(records["customerpayments"]),
            notes=_by_marker(records["creditnotes"]),
            payouts=_by_marker(refund for note in records["creditnotes"] for refund in note["refunds"]),
        )

    def take(self, key: str, life: Life) -> Own:
        marks = filter(None, (*life.credit_notes, life.cancellation))
        return Own(
            invoices=self.invoices.get(marker(key, 1), []),
            payments={mark: self.payments.pop(mark, []) for mark in (*life.payments, *life.later_payments)},
            notes={mark: self.notes.pop(mark, []) for mark in marks},
            payouts={mark: self.payouts.pop(mark, []) for mark in life.payouts},
        )

    def left(self) -> Iterator[str]:
        """What nobody has taken."""
        yield from (*self.payments, *self.notes, *self.payouts)


def _by_marker(records: Iterable[Record]) -> ByMarker:
    found: ByMarker = defaultdict(list)
    for record in records:
        found[str(record["reference_number"]).rpartition(" ")[2]].append(record)
    return found


def _all(found: ByMarker) -> list[Record]:
    return [record for records in found.values() for record in records]
