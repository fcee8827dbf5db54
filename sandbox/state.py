"""What the sandbox holds, in memory only: each organization's books, and what came in beside them."""

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from sandbox.answers import Record
from sandbox.faults import Faults
from sandbox.limits import Limits, Meter
from sandbox.links import Links
from sandbox.tokens import Tokens

KINDS = (
    "currency",
    "tax",
    "account",
    "item",
    "contact",
    "contact_person",
    "invoice",
    "line_item",
    "expense",
    "payment",
    "creditnote",
    "refund",
    "link",
)


@dataclass
class Books:
    """One organization: its record, its settings and its documents, each kind by id in order of creation.

    `refunds` are by the payment or credit note they are paid out of, `receipts` (name and content) by expense.
    `custom_fields` are by kind of document and API name; True for those that take no value twice.
    """

    organization: Record
    currencies: dict[str, Record] = field(default_factory=dict)
    taxes: dict[str, Record] = field(default_factory=dict)
    accounts: dict[str, Record] = field(default_factory=dict)
    items: dict[str, Record] = field(default_factory=dict)
    contacts: dict[str, Record] = field(default_factory=dict)
    invoices: dict[str, Record] = field(default_factory=dict)
    expenses: dict[str, Record] = field(default_factory=dict)
    customerpayments: dict[str, Record] = field(default_factory=dict)
    creditnotes: dict[str, Record] = field(default_factory=dict)
    refunds: dict[str, dict[str, Record]] = field(default_factory=dict)
    links: Links = field(default_factory=Links)
    receipts: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    emails: list[Record] = field(default_factory=list)
    own_numbers: set[str] = field(default_factory=set)
    hidden_until: dict[str, float] = field(default_factory=dict)
    custom_fields: dict[tuple[str, str], bool] = field(default_factory=dict)
    issued: Counter[str] = field(default_factory=Counter)

    @property
    def organization_id(self) -> str:
        return str(self.organization["organization_id"])

    def new_id(self, kind: str) -> str:
        """The next id of a kind: 18 digits (more than a float can hold), the same in every run."""
        self.issued[kind] += 1
        return f"46{int(self.organization_id) % 10_000:04}{KINDS.index(kind) + 1:03}{self.issued[kind]:09}"

    def refunds_of(self, source_id: str) -> dict[str, Record]:
        """What was paid back of a payment or a credit note, by refund id."""
        return self.refunds.setdefault(source_id, {})

    def local_time(self, now: float) -> datetime:
        """Unix seconds as the organization's own time."""
        return datetime.fromtimestamp(now, ZoneInfo(self.organization["time_zone"]))


@dataclass
class Workspace:
    """Forms that were opened, and messages by the time that names them, each as it reads now."""

    views: list[Record] = field(default_factory=list)
    messages: dict[str, Record] = field(default_factory=dict)
    triggers: set[str] = field(default_factory=set)


class World:
    """Everything one sandbox knows. `lock` guards all of it; `ended` is set when the present state is given up."""

    def __init__(self, *, clock: Callable[[], float], seed: int, plant: Callable[[], dict[str, Books]]) -> None:
        self.clock = clock
        self.seed = seed
        self.lock = threading.RLock()
        self.ended = threading.Event()
        self.meter = Meter(Limits(), clock())
        self._plant = plant
        self._begin()

    def _begin(self) -> None:
        self.books = self._plant()
        self.tokens = Tokens()
        self.faults = Faults()
        self.slack: list[Record] = []
        self.slack_workspace = Workspace()
        self.apis: dict[tuple[str, str, frozenset[tuple[str, str]]], str] = {}
        self.calls: Counter[tuple[str, str]] = Counter()
        self.refused: Counter[tuple[str, str]] = Counter()
        self.met: Counter[tuple[str, str]] = Counter()

    def reset(self) -> None:
        """As new, apart from the limits that were set; calls that are being held are cut off, unsaved."""
        self._begin()
        self.limit(self.meter.limits)
        self.ended.set()
        self.ended = threading.Event()

    def limit(self, limits: Limits) -> None:
        """Count against these limits from now on, from zero."""
        self.meter = Meter(limits, self.clock())
