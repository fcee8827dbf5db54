"""What an event is, as far as it shows before anything is made of it."""

from dataclasses import dataclass

from errors import MappingError, NeedsAttention
from mappings import conversions, times
from mappings.conversions import Unfit
from mappings.drafting import holds
from mappings.expressions import Expression, Interpreter
from mappings.grammar import Block, Event
from mappings.rendering import glance, name_order
from mappings.scopes import Scope
from mappings.templates import Template

_LONGEST_NAME = 200


@dataclass(frozen=True)
class Identity:
    """What an event is: its topic ("" if it has none), its delivery, and what names its order or expense.

    `once_per` is not there where only the sender's API knows it. `version` is when the order was last changed, in unix
    seconds, if that can be read. `ignored` says why it is not for us; `problem` is what a person must see to, as far as
    it shows here: what is not asked for is not read. One that `may_recur` names no delivery and has more fetched: the
    same request again may be news.
    """

    topic: str
    delivery: str | None = None
    once_per: str | None = None
    version: float | None = None
    ignored: str | None = None
    problem: NeedsAttention | None = None
    may_recur: bool = False


def identify_event(event: Event, scope: Scope, topic: str, delivery: str | None) -> Identity:
    """What an event of a mapped topic is."""
    interpreter = glance(event, scope)
    may_recur = bool(event.fetches) and delivery is None
    try:
        ignored = why_ignored(event, interpreter, late=False)
        once_per = None if ignored or event.is_named_late else name_order(event, interpreter)
        version = times.moment(attempt(event.version, interpreter)) if event.version else None
    except MappingError as error:
        return Identity(topic, delivery, problem=error, may_recur=may_recur)
    return Identity(topic, delivery, once_per, version, ignored, may_recur=may_recur)


def why_ignored(event: Event, interpreter: Interpreter, *, late: bool) -> str | None:
    """Why it is not for us, by the rules that need what was fetched (`late`) or by the others. Raises MappingError."""
    for rule in event.ignore_if:
        if rule.is_late == late and holds(rule.when, interpreter, interpreter.scope.root, "ignore_if"):
            return word(_fill(rule.because, interpreter)) or rule.when.text
    return None


def find_references(event: Event, interpreter: Interpreter) -> dict[str, str]:
    """What people search an event for: `order_number` and `email`, as far as there are any."""
    refund = event.refunds.blocks[0] if event.refunds else None
    found = {
        "order_number": _first_word(event.invoice or event.expense or refund, "reference_number", interpreter),
        "email": _first_word(event.contact, "email", interpreter),
    }
    return {name: word for name, word in found.items() if word}


def _first_word(block: Block | None, name: str, interpreter: Interpreter) -> str | None:
    """What the field holds, in a block that repeats what it holds for the first item."""
    wanted = block.field(name) if block else None
    if block is None or wanted is None:
        return None
    items = [interpreter.scope.root] if block.each is None else attempt(block.each, interpreter)
    return word(attempt(wanted.expression, interpreter, items[0])) if isinstance(items, list) and items else None


def attempt(expression: Expression, interpreter: Interpreter, *item: object) -> object:
    """The value of an expression; nothing where it does not fit."""
    try:
        return expression.run(interpreter, item[0] if item else interpreter.scope.root)
    except Unfit:
        return None


def word(value: object) -> str | None:
    """The value as one line of text; nothing where it is none."""
    try:
        return conversions.text(value, _LONGEST_NAME)
    except Unfit:
        return None


def _fill(template: Template, interpreter: Interpreter) -> str:
    try:
        return template.fill(interpreter, interpreter.scope.root)
    except Unfit:
        return ""
