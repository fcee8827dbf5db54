"""What a mapping file may say, and its checked form.

Every `?` at the end of a key is gone here: it became `optional`. The reading itself is in mappings.reading.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from marshmallow import Schema

from mappings.expense_schemas import DecisionSchema, ExpenseSchema, ReceiptSchema
from mappings.expressions import Expression, suggest
from mappings.fetch_grammar import FETCH_KEYS, Api, Keys, Step
from mappings.heal_grammar import HEAL_KEYS, Heal
from mappings.post_grammar import Place
from mappings.received import Shape
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
from mappings.signing import Verify
from mappings.templates import JsonTemplate, Template

METHODS = ("POST", "GET")
_LONGEST_QUOTED = 12
REPLY_KINDS = ("text", "json", "xml")
OTHERWISE = "json"
"""Where what is told stands if what was to be done is not."""
STATUSES = ("queued", "duplicate", "ignored")
APPROVALS = ("none", "always")
OUTCOMES = ("posted", "parked", "awaiting_approval", "rejected", "decided")

CHAPTERS = ("asked", "approved", "rejected", "posted", "parked")
"""What a message to approvers says: first that something waits, then what was decided and what came of it."""
ALONE = ("expense", "decision")
PARTS = ("invoice", "edit", "payments", "refunds", "cancel", *ALONE)
"""What an event may ask for; those of `ALONE` only by themselves."""

KEYS: Mapping[str, Keys] = {
    "file": (
        frozenset({"source", "verify", "identify", "events"}),
        frozenset(
            {"options", "accepts", "body", "xml_lists", "apis", "handshakes", "reply", "each_event", "approval", "heal"}
        ),
    ),
    "option": (frozenset({"meaning"}), frozenset({"default", "example", "one_of"})),
    "identify": (frozenset({"topic"}), frozenset({"delivery", "delivery?"})),
    "handshake": (frozenset({"when"}), frozenset({"method", "signed", "verify", "status", *REPLY_KINDS, "then"})),
    "then": (frozenset({"post", "json", "fault", "otherwise"}), frozenset()),
    "otherwise": (frozenset({"url", "hosts", "json"}), frozenset()),
    "event": (
        frozenset({"once_per"}),
        frozenset({"let", "fetch", "ignore_if", "park_if", "version?", "contact", *PARTS, "reply", "answer", "asks"}),
    ),
    "ignore_if": (frozenset({"when", "because"}), frozenset()),
    "park_if": (frozenset({"when", "because", "remedy"}), frozenset()),
    "reply": (frozenset({"status"}), frozenset(REPLY_KINDS)),
    "answer": (frozenset({"url", "hosts"}), frozenset({"late", *OUTCOMES})),
    "late": (frozenset({"post", "json", "fault"}), frozenset()),
    "asks": (frozenset({"post", "edit", "fault", "keep", *CHAPTERS}), frozenset()),
    "block": (frozenset(), frozenset({"each", "each?", "when"})),
    "part": (frozenset(), frozenset({"when"})),
    **FETCH_KEYS,
    **HEAL_KEYS,
}
"""Required and further keys of every part of a mapping file that is not a draft."""


@dataclass(frozen=True)
class Kind:
    """Which keys a block of this kind takes, and what they mean where their type tells.

    `steps` is the part of KEYS that says what else may steer it.
    """

    required: frozenset[str]
    optional: frozenset[str]
    one_of: tuple[str, ...] = ()
    lists: Mapping[str, str] = field(default_factory=dict)
    blocks: Mapping[str, str] = field(default_factory=dict)
    steps: str | None = None
    meanings: Mapping[str, str] = field(default_factory=dict)

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
    known = {each.data_key or name: each for name, each in schema().fields.items()}
    required = frozenset(name for name, each in known.items() if each.required) - set(filled)
    optional = (frozenset(known) | set(also)) - required
    meanings = {name: (type(each).__doc__ or "").partition("\n")[0] for name, each in known.items()}
    return Kind(required, optional, one_of, lists or {}, blocks or {}, steps, meanings)


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
    """When an event is not for us, and why; `is_late` where that shows only once something is fetched."""

    when: Expression
    because: Template
    is_late: bool = False


@dataclass(frozen=True)
class Park:
    """When an event is left to a person, why, and what that person is to do."""

    when: Expression
    because: Template
    remedy: Template


@dataclass(frozen=True)
class ReplyPlan:
    """An answer to the sender, of one of the REPLY_KINDS."""

    status: int
    content: JsonTemplate
    kind: str


@dataclass(frozen=True)
class LatePlan:
    """Where an answer is posted that its address refuses, what is laid over it there, and how a refusal is read."""

    post: Place
    content: JsonTemplate
    fault: Expression


@dataclass(frozen=True)
class AnswerPlan:
    """What is told later, and where; `late` is for what the address takes no more."""

    url: Expression
    hosts: tuple[str, ...]
    bodies: Mapping[str, JsonTemplate]
    late: LatePlan | None = None


@dataclass(frozen=True)
class AskPlan:
    """The message that asks approvers: where it is posted and edited, and what it says by CHAPTERS.

    `keep` is what is kept of the answer to the post, by the names of facts; `fault` is as in a ThenPlan.
    """

    post: Place
    edit: Place
    fault: Expression
    keep: Mapping[str, Expression]
    bodies: Mapping[str, JsonTemplate]


@dataclass(frozen=True)
class ThenPlan:
    """What is posted once a handshake is answered; `fault` reads of the answer why that was refused.

    `otherwise` is what is told then.
    """

    post: Place
    content: JsonTemplate
    fault: Expression
    otherwise: AnswerPlan


@dataclass(frozen=True)
class HandshakePlan:
    """A request that is answered and recorded nowhere: proven like an event, or by its own `verify`, or not at all."""

    when: Expression
    method: str
    signed: bool
    verify: Verify | None
    reply: ReplyPlan
    then: ThenPlan | None = None


@dataclass(frozen=True)
class Event:
    """How one topic becomes drafts; `invoice` is an edit's block where `is_edit`.

    Where `is_named_late`, what it is about shows only once something is fetched.
    """

    topic: str
    once_per: Template
    is_named_late: bool = False
    version: Expression | None = None
    lets: tuple[Let, ...] = ()
    fetches: tuple[Step, ...] = ()
    ignore_if: tuple[Ignore, ...] = ()
    park_if: tuple[Park, ...] = ()
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
    asks: AskPlan | None = None


@dataclass(frozen=True)
class OptionPlan:
    """What each connection may say for itself, in `settings`; without a default it must.

    `example` is what it is in the source's examples. Where there are words, it is `one_of` them; of these "" can only
    be the default, since a connection gives no empty text.
    """

    meaning: str
    default: str | None = None
    example: str | None = None
    one_of: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """The words to choose from, in one line; "" where any text will do."""
        return ", ".join(filter(None, self.one_of))

    @property
    def explanation(self) -> str:
        """What a person is told who has to give it."""
        return f"{self.meaning} ({self.words})" if self.words else self.meaning

    def fault(self, value: str) -> str | None:
        """What is wrong with a value, if anything is.

        One that is longer than any word is not quoted: it may be a secret in the wrong place.
        """
        if not self.one_of or value in self.one_of:
            return None
        longest = max(_LONGEST_QUOTED, *map(len, self.one_of))
        quoted = repr(value) if len(value) <= longest else "another text"
        return f"is {quoted}; it is one of {self.words}{suggest(value, self.one_of)}"


@dataclass(frozen=True)
class Plan:
    """A whole mapping file, checked; where it `holds_expenses`, they await approval unless a connection decides."""

    name: str
    options: Mapping[str, OptionPlan]
    verify: Verify
    accepts: tuple[str, ...]
    shape: Shape
    replies: Mapping[str, ReplyPlan]
    handshakes: tuple[HandshakePlan, ...]
    topic: Expression
    delivery: Field | None
    events: Mapping[str, Event]
    apis: Mapping[str, Api] = field(default_factory=dict)
    each_event: Expression | None = None
    heal: Heal = field(default_factory=Heal)
    holds_expenses: bool = False
