"""What will happen, drawn from a seed: who buys what, what is sent when, and what must come of it. No I/O.

The number of events is the number of different requests; each is delivered one to three times, out of order.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from random import Random

from tests.chaos.things import CENT, Change, Expense, Item, Order, Person, Thing

SHOPS = ("shopify", "shopify", "woocommerce", "standard")
CURRENCIES = ("USD",) * 7 + ("EUR", "GBP")
FIRST_NAMES = (
    "Ada",
    "Bo",
    "Chiara",
    "Dmitri",
    "Elif",
    "Femi",
    "Greta",
    "Hana",
    "Iker",
    "Jun",
    "Kofi",
    "Lena",
    "Mara",
    "Noor",
)
LAST_NAMES = (
    "Okafor",
    "Lindqvist",
    "O'Neill",
    "Nair",
    "Schäfer",
    "Sato",
    "Dubois",
    "Kowalski",
    "Silva",
    "Haddad",
    "Berg",
)
VENDORS = ("City Cabs", "Harbour Hotel", "Paper & Pens Ltd.", "North Air", "Corner Café")
# What is sent for one thing comes within this share of the whole time.
SPREAD = 0.08
REQUEST_COUNTS = (1,) * 15 + (2, 2, 2, 2, 3)
DELIVERY_COUNTS = (1,) * 13 + (2, 2, 2, 2, 2, 3, 3)


@dataclass(frozen=True, slots=True)
class Request:
    """One event to be: the version of the thing it tells of, and the states it may end in."""

    thing: Thing
    ends: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Delivery:
    """One sending of a request, at a share (0 to 1) of the whole time."""

    at: float
    request: int


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that will be sent, deliveries in order of time."""

    requests: tuple[Request, ...]
    deliveries: tuple[Delivery, ...]


def draw(seed: int, events: int) -> Plan:
    """The plan of this seed with exactly so many events."""
    dice = Random(seed)
    requests: list[Request] = []
    deliveries: list[Delivery] = []
    for spread, versions in _things(dice, events):
        for request in versions[: events - len(requests)]:
            deliveries += [Delivery(at, len(requests)) for at in _times(dice, spread)]
            requests.append(request)
        if len(requests) == events:
            break
    return Plan(tuple(requests), tuple(sorted(deliveries, key=lambda delivery: delivery.at)))


def _times(dice: Random, spread: tuple[float, float]) -> list[float]:
    """When a request is sent: anywhere between two instants, or all at the first where they are the same."""
    return [dice.uniform(*spread) for _ in range(dice.choice(DELIVERY_COUNTS))]


def _things(dice: Random, events: int) -> Iterator[tuple[tuple[float, float], list[Request]]]:
    """Orders and expenses without end: between which instants they are sent, and all their requests."""
    people = _People(dice)
    numbers = iter(range(1_000_001, 10_000_000))
    for rush in range(3):
        # One new buyer orders much at once.
        person, start = people.new(), 0.1 + 0.3 * rush
        for _ in range(min(50, events // 20)):
            order = _order(dice, next(numbers), person, source="shopify", currency_code="USD")
            yield (start, start), [Request(order, ("posted",))]
    while True:
        start = dice.random() * (1 - SPREAD)
        if dice.random() < 0.2:
            yield (start, start + SPREAD), [Request(_expense(dice, next(numbers), people), ("posted",))]
            continue
        person, source = people.buyer()
        order = _order(dice, next(numbers), person, source=source, currency_code=dice.choice(CURRENCIES))
        # Some orders are told of in several bodies at the same instant.
        is_pile = dice.random() < 0.03
        versions = _requests(dice, order, versions=6 if is_pile else None)
        yield (start, start if is_pile else start + SPREAD), versions + _changes(dice, order, versions, numbers)


def _requests(dice: Random, order: Order, *, versions: int | None) -> list[Request]:
    """The bodies sent for one order: mostly one; else the same in what counts, unpaid before, or contradicting."""
    if versions is None and dice.random() < 0.012:
        more = replace(order.items[0], quantity=order.items[0].quantity + 1)
        other = replace(order, items=(more, *order.items[1:]), version=2)
        return [Request(version, ("posted", "parked:conflict")) for version in (order, other)]
    if versions is None and order.source == "woocommerce" and dice.random() < 0.15:
        return [Request(replace(order, is_paid=False), ("ignored",)), Request(replace(order, version=2), ("posted",))]
    count = versions or dice.choice(REQUEST_COUNTS)
    return [Request(replace(order, version=1 + number), ("posted",)) for number in range(count)]


def _changes(dice: Random, order: Order, versions: list[Request], numbers: Iterator[int]) -> list[Request]:
    """What happens to an order later; nothing to one whose versions contradict each other."""
    if any("parked:conflict" in version.ends for version in versions):
        return []
    drawn = {"shopify": _refund_or_none, "woocommerce": _refund_or_cancel, "standard": _life}[order.source]
    return [
        Request(change, ("posted", "ignored")[: 1 + is_ignorable(change)]) for change in drawn(dice, order, numbers)
    ]


def is_ignorable(change: Change) -> bool:
    """Whether it says nothing more where it comes before its order: the order is then void from the start."""
    return change.source == "standard" and change.what == "cancel"


def _refund_or_none(dice: Random, order: Order, numbers: Iterator[int]) -> list[Change]:
    return [_refund(dice, order, numbers) for _ in range(dice.choice((0, 0, 0, 1, 2)))]


def _refund_or_cancel(dice: Random, order: Order, numbers: Iterator[int]) -> list[Change]:
    chance = dice.random()
    if chance < 0.15:
        return [Change(order=order, what="cancel")]
    return [_refund(dice, order, numbers)] if chance < 0.4 else []


def _life(dice: Random, order: Order, numbers: Iterator[int]) -> list[Change]:
    """Paid in one or two parts, then perhaps refunded; or cancelled, however far it was paid."""
    deposit = (order.total / 3).quantize(CENT)
    parts = dice.choice(((), (order.total,), (order.total,), (deposit,), (deposit, order.total - deposit)))
    changes = [Change(order=order, what="payment", number=next(numbers), amount=amount) for amount in parts]
    if sum(parts, Decimal(0)) == order.total and dice.random() < 0.5:
        changes.append(_refund(dice, order, numbers))
    if dice.random() < 0.25:
        changes.append(Change(order=order, what="cancel"))
    return changes


def _refund(dice: Random, order: Order, numbers: Iterator[int]) -> Change:
    """Up to two fifths of the order, so that there may be two."""
    amount = (order.total * dice.randint(1, 4) / 10).quantize(CENT)
    return Change(order=order, what="refund", number=next(numbers), amount=amount)


def _order(dice: Random, number: int, person: Person, *, source: str, currency_code: str) -> Order:
    if person.email and dice.random() < 0.1:
        person = replace(person, email=person.email.upper())
    items = tuple(_item(dice, line) for line in range(dice.choice((1, 1, 2, 3))))
    return Order(source=source, number=number, person=person, currency_code=currency_code, items=items)


def _item(dice: Random, line: int) -> Item:
    price, quantity = _amount(dice, 100, 20_000), dice.randint(1, 3)
    discount = (price * quantity / 10).quantize(CENT) if dice.random() < 0.2 else Decimal(0)
    return Item(f"Thing {line + 1}", price, quantity, discount, dice.random() < 0.7)


def _expense(dice: Random, number: int, people: "_People") -> Expense:
    source = dice.choice(("slack", "standard"))
    vendor = None
    if source == "standard" and dice.random() < 0.4:
        # Now and then a vendor has the name of a customer.
        vendor = people.buyer()[0].name if dice.random() < 0.1 else dice.choice(VENDORS)
    return Expense(
        source=source,
        number=number,
        amount=_amount(dice, 500, 30_000),
        currency_code=dice.choice(CURRENCIES),
        vendor=vendor,
    )


def _amount(dice: Random, least_cents: int, most_cents: int) -> Decimal:
    return Decimal(dice.randint(least_cents, most_cents)) * CENT


class _People:
    """The buyers so far; new ones keep coming, some with a name that somebody else has already."""

    def __init__(self, dice: Random) -> None:
        self._dice = dice
        self._known: list[tuple[Person, str | None]] = []

    def new(self) -> Person:
        """Somebody with an e-mail address of their own."""
        first, last, number = self._dice.choice(FIRST_NAMES), self._dice.choice(LAST_NAMES), len(self._known)
        if not self._known or self._dice.random() > 0.05:
            last = f"{last}-{number}"
        elif self._known:
            namesake = self._dice.choice(self._known)[0]
            first, last = namesake.first_name, namesake.last_name
        person = Person(first, last, email=f"buyer{number}@example.com", customer_id=700_000 + number)
        self._known.append((person, None))
        return person

    def buyer(self) -> tuple[Person, str]:
        """Whoever orders next, and where."""
        chance = self._dice.random()
        if chance < 0.02:
            return Person("Somebody", "Passing"), "woocommerce"
        if chance < 0.06:
            return self._unaddressed()
        if chance < 0.35 or not self._known:
            return self.new(), self._dice.choice(SHOPS)
        person, source = self._dice.choice(self._known)
        return person, source or self._dice.choice(SHOPS)

    def _unaddressed(self) -> tuple[Person, str]:
        """Somebody new without an e-mail address, whom only one shop knows, by an id."""
        number = len(self._known)
        person, source = Person("Walter", f"Wall-{number}", customer_id=700_000 + number), self._dice.choice(SHOPS)
        self._known.append((person, source))
        return person, source
