"""What a mapping file may say, and its checked form.

Every `?` at the end of a key is gone here: it became `optional`. The reading itself is in mappings.reading.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from marshmallow import Schema

from mappings.expense_schemas import DecisionSchema, ExpenseSchema, ReceiptSchema
from mappings.expressions import Expression
from mappings.schemas import (
    AddressSchema,
    CancelSchema,
    ContactSchema,
    InvoiceSchema,
    LineSchema,
    PaymentSchema,
    RefundSchema,
    TaxSchema,
)
from mappings.templates import JsonTemplate, Template

STATUSES = ("queued", "duplicate", "ignored")
OUTCOMES = ("posted", "parked", "awaiting_approval", "rejected", "decided")

SCHEMES: Mapping[str, Mapping[str, frozenset[str] | None]] = {
    "hmac": {
        "digest": frozenset({"sha256", "sha1"}),
        "encoding": frozenset({"base64", "hex"}),
        "header": None,
        "prefix?": None,
    },
    "slack": {},
    "standard_webhooks": {},
}
"""Signature schemes and their parameters; a set lists the values allowed."""

ALONE = ("expense", "decision")
PARTS = ("invoice", "edit", "payments", "refunds", "cancel", *ALONE)
"""What an event may ask for; those of `ALONE` only by themselves."""

Keys = tuple[frozenset[str], frozenset[str]]

KEYS: Mapping[str, Keys] = {
    "file": (frozenset({"source", "verify", "identify", "events"}), frozenset({"accepts", "handshakes"})),
    "identify": (frozenset({"topic"}), frozenset({"delivery", "delivery?"})),
    "handshake": (frozenset({"when"}), frozenset({"signed", "status", "text", "json"})),
    "event": (
        frozenset({"once_per"}),
        frozenset({"let", "ignore_if", "version?", "contact", *PARTS, "reply", "answer"}),
    ),
    "ignore_if": (frozenset({"when", "because"}), frozenset()),
    "reply": (frozenset({"status"}), frozenset({"text", "json"})),
    "answer": (frozenset({"url", "hosts"}), frozenset(OUTCOMES)),
    "block": (frozenset(), frozenset({"each", "each?", "when"})),
    "part": (frozenset(), frozenset({"when"})),
}
"""Required and further keys of every part of a mapping file that is not a draft."""


@dataclass(frozen=True)
class Kind:
    """Which keys a block of this kind takes; `steps` is the part of KEYS that says what else may steer it."""

    required: frozenset[str]
    optional: frozenset[str]
    one_of: tuple[str, ...] = ()
    lists: Mapping[str, str] = field(default_factory=dict)
    blocks: Mapping[str, str] = field(default_factory=dict)
    steps: str | None = None

    @property
    def keys(self) -> frozenset[str]:
        """All its keys, without `?`."""
        return self.required | self.optional


def _kind(
    schema: type[Schema],
    *,
    also: Iterable[str] = (),
    one_of: tuple[str, ...] = (),
    filled: Iterable[str] = (),
    lists: Mapping[str, str] | None = None,
    blocks: Mapping[str, str] | None = None,
    steps: str | None = None,
) -> Kind:
    known = {each.data_key or name: each.required for name, each in schema().fields.items()}
    required = frozenset(name for name, needed in known.items() if needed) - set(filled)
    return Kind(required, (frozenset(known) | set(also)) - required, one_of, lists or {}, blocks or {}, steps)


KINDS: Mapping[str, Kind] = {
    "contact": _kind(ContactSchema, blocks={"billing_address": "address"}),
    "address": _kind(AddressSchema),
    "invoice": _kind(InvoiceSchema, lists={"lines": "line"}, steps="part"),
    "line": _kind(LineSchema, one_of=("rate", "amount"), lists={"taxes": "tax"}, steps="block"),
    "tax": _kind(TaxSchema, steps="block"),
    "payment": _kind(PaymentSchema, steps="block"),
    "refund": _kind(RefundSchema, lists={"lines": "line"}, steps="block"),
    "cancel": _kind(CancelSchema, steps="part"),
    "expense": _kind(
        ExpenseSchema,
        also=("category",),
        one_of=("category", "account_name"),
        filled=("account_name", "paid_through_account_name"),
        blocks={"customer": "contact", "receipt": "receipt"},
    ),
    "receipt": _kind(ReceiptSchema, one_of=("url", "file")),
    "decision": _kind(DecisionSchema),
}


@dataclass(frozen=True)
class Field:
    """One value of a draft."""

    name: str
    expression: Expression
    optional: bool


@dataclass(frozen=True)
class Block:
    """One object of a draft, or one for each item of a list; `once_per` where it is a document of its own."""

    fields: tuple[Field, ...] = ()
    lists: tuple["Blocks", ...] = ()
    blocks: tuple["Nested", ...] = ()
    each: Expression | None = None
    each_optional: bool = False
    when: Expression | None = None
    once_per: Template | None = None

    def field(self, name: str) -> Field | None:
        """The field of that name, if the mapping gives it."""
        return next((each for each in self.fields if each.name == name), None)


@dataclass(frozen=True)
class Blocks:
    """A list of a draft, made by one block after the other."""

    name: str
    blocks: tuple[Block, ...]
    optional: bool


@dataclass(frozen=True)
class Nested:
    """An object inside a draft."""

    name: str
    block: Block
    optional: bool


@dataclass(frozen=True)
class Let:
    """A named value."""

    name: str
    expression: Expression


@dataclass(frozen=True)
class Ignore:
    """When an event is not for us, and why."""

    when: Expression
    because: Template


@dataclass(frozen=True)
class ReplyPlan:
    """An answer to the sender."""

    status: int
    content: JsonTemplate
    is_json: bool


@dataclass(frozen=True)
class HandshakePlan:
    """A request that is answered and recorded nowhere."""

    when: Expression
    signed: bool
    reply: ReplyPlan


@dataclass(frozen=True)
class AnswerPlan:
    """What is told later, and where."""

    url: Expression
    hosts: tuple[str, ...]
    bodies: Mapping[str, JsonTemplate]


@dataclass(frozen=True)
class Event:
    """How one topic becomes drafts; `invoice` is an edit's block where `is_edit`."""

    topic: str
    once_per: Template
    version: Expression | None = None
    lets: tuple[Let, ...] = ()
    ignore_if: tuple[Ignore, ...] = ()
    contact: Block | None = None
    invoice: Block | None = None
    is_edit: bool = False
    payments: Blocks | None = None
    refunds: Blocks | None = None
    cancel: Block | None = None
    expense: Block | None = None
    decision: Block | None = None
    replies: Mapping[str, ReplyPlan] = field(default_factory=dict)
    answer: AnswerPlan | None = None


@dataclass(frozen=True)
class Verify:
    """How a request proves who sent it: the scheme, the name of the secret's setting, the scheme's parameters."""

    scheme: str
    secret: str
    parameters: Mapping[str, str]


@dataclass(frozen=True)
class Plan:
    """A whole mapping file, checked."""

    name: str
    verify: Verify
    accepts: tuple[str, ...]
    handshakes: tuple[HandshakePlan, ...]
    topic: Expression
    delivery: Field | None
    events: Mapping[str, Event]
