"""An event becomes drafts: values are selected by the plan, then checked and built by the schemas.

Every error names its field as a path in the draft (`invoice.lines[2].rate`, lines counted from 0), the expression it is
written as, and the reason, never a value of the body.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from marshmallow import Schema, ValidationError

from drafts import ContactDraft, Document, Drafts
from errors import MappingError
from mappings import conversions
from mappings.conversions import NOTHING, NOTHING_THERE, Unfit
from mappings.expressions import Expression, Interpreter, Scope
from mappings.grammar import Block, Blocks, Event
from mappings.schemas import ContactSchema, ExpenseSchema, InvoiceSchema, first_complaint

WALK_IN = "Walk-in customer"
_LONGEST_KEY = 200
_CONTACT, _INVOICE, _EXPENSE = ContactSchema(), InvoiceSchema(), ExpenseSchema()
_REMEDY = (
    "Compare this field of the mapping with what the sender sent (the raw body is kept); "
    "correct the order or the mapping, then retry the event."
)
_INSIDE_EACH = "inside each the item is the root; use root('…') for the rest of the body"


@dataclass(frozen=True)
class Options:
    """What a connection decides about its drafts.

    `time_zone` (IANA name) dates moments that name no place; the others are account names in Zoho, `accounts` by
    category word in lower case.
    """

    time_zone: str = "UTC"
    paid_through: str | None = None
    default_account: str | None = None
    accounts: Mapping[str, str] = field(default_factory=dict)


def failure(path: str, reason: str, expression: str | None = None, **more: str) -> MappingError:
    """The error for one field, its expression named."""
    written = f" (written as {expression})" if expression else ""
    return MappingError(f"{path}: {reason}{written}.", **{"remedy": _REMEDY, "field": path, **more})


def run(expression: Expression, interpreter: Interpreter, value: object, path: str) -> object:
    """The expression's value. Raises MappingError."""
    try:
        return expression.run(interpreter, value)
    except Unfit as error:
        raise failure(path, _reason(str(error), interpreter, value, expression), expression.text) from None


def _reason(reason: str, interpreter: Interpreter, item: object, expression: Expression) -> str:
    """The reason; where nothing is there for an item of a list, also how to reach what is outside of the item."""
    is_inside_each = item is not interpreter.scope.root
    if reason == NOTHING_THERE and is_inside_each and "root(" not in expression.text:
        return f"{reason}; {_INSIDE_EACH}"
    return reason


def enter(event: Event, scope: Scope) -> Interpreter:
    """An interpreter that knows the event's named values. Raises MappingError."""
    named: dict[str, object] = {}
    interpreter = Interpreter(Scope(scope.root, scope.headers, scope.time_zone, named, scope.facts))
    for let in event.lets:
        named[let.name] = run(let.expression, interpreter, scope.root, f"let.{let.name}")
    return interpreter


def business_key(event: Event, interpreter: Interpreter) -> str:
    """What names the thing in the real world. Raises MappingError."""
    try:
        key = event.once_per.fill_completely(interpreter, interpreter.scope.root)
        tidy = conversions.text(key)
    except Unfit as error:
        raise failure("once_per", str(error)) from None
    if not key or len(key) > _LONGEST_KEY:
        raise failure("once_per", f"must give 1 to {_LONGEST_KEY} characters")
    if key != tidy:  # tidied, two keys could become one
        raise failure("once_per", "has spaces at its ends or in a row, or control characters")
    return key


def render_event(event: Event, scope: Scope, options: Options) -> Drafts:
    """The drafts of an event. Raises MappingError."""
    interpreter = enter(event, scope)
    once_per = business_key(event, interpreter)
    if event.invoice is None or event.contact is None:
        return Drafts(once_per=once_per, document=_expense(event, interpreter, options))
    contact = _contact(event.contact, interpreter)
    return Drafts(once_per=once_per, document=_invoice(event.invoice, interpreter), contact=contact)


def _contact(block: Block, interpreter: Interpreter) -> ContactDraft:
    draft = _Draft(interpreter)
    values = draft.values(block, interpreter.scope.root, "contact", may_lack=frozenset({"name"}))
    if "name" not in values and not {"email", "customer_id"} & set(values):
        values["name"] = WALK_IN
    contact: ContactDraft = draft.build(_CONTACT, values, "contact")
    return contact


def _invoice(block: Block, interpreter: Interpreter) -> Document:
    draft = _Draft(interpreter)
    invoice: Document = draft.build(_INVOICE, draft.values(block, interpreter.scope.root, "invoice"), "invoice")
    return invoice


def _expense(event: Event, interpreter: Interpreter, options: Options) -> Document:
    draft = _Draft(interpreter)
    values = draft.values(event.expense or Block(), interpreter.scope.root, "expense")
    category = values.pop("category", None)
    values.setdefault("account_name", None)
    values["account_name"] = values["account_name"] or _account(category, options)
    values.setdefault("paid_through_account_name", options.paid_through or None)
    if values["paid_through_account_name"] is None:
        raise failure(
            "expense.paid_through_account_name",
            "neither the sender nor the settings say what the expense was paid with",
            remedy="Set EXPENSE_PAID_THROUGH to the name of a bank, cash or card account in Zoho, then retry.",
        )
    expense: Document = draft.build(_EXPENSE, values, "expense")
    return expense


def _account(category: object, options: Options) -> str:
    try:
        word = (conversions.text(category) or "").casefold()
    except Unfit as error:
        raise failure("expense.category", str(error)) from None
    account = options.accounts.get(word) or options.default_account
    if account:
        return account
    known = ", ".join(sorted(options.accounts)) or "none is set up"
    raise failure(
        "expense.category",
        f"no account is set up for the category; known words: {known}",
        code="unknown_category",
        remedy="Add the word to EXPENSE_ACCOUNTS (word=Account name, …) or set EXPENSE_DEFAULT_ACCOUNT, "
        "then retry the event.",
    )


class _Draft:
    """Collects the values of one draft and remembers how each is written."""

    def __init__(self, interpreter: Interpreter) -> None:
        self.interpreter = interpreter
        self.written: dict[str, str] = {}

    def values(
        self, block: Block, item: object, path: str, *, may_lack: frozenset[str] = frozenset()
    ) -> dict[str, Any]:
        """The block's values for one item; what is optional and not there is left out. Raises MappingError."""
        values: dict[str, Any] = {}
        for each in block.fields:
            at = f"{path}.{each.name}"
            self.written[at] = each.expression.text
            value = run(each.expression, self.interpreter, item, at)
            if value not in NOTHING:
                values[each.name] = value
            elif not each.optional and each.name not in may_lack:
                raise self.missing(at, each.expression, item)
        for rows in block.lists:
            values[rows.name] = self.rows(rows, item, f"{path}.{rows.name}")
        for nested in block.blocks:
            inner = self.values(nested.block, item, f"{path}.{nested.name}")
            if not inner and not nested.optional:
                raise failure(f"{path}.{nested.name}", NOTHING_THERE)
            values[nested.name] = inner
        return values

    def rows(self, rows: Blocks, item: object, path: str) -> list[dict[str, Any]]:
        """The values of every item of every block, in order. Raises MappingError."""
        found: list[dict[str, Any]] = []
        for block in rows.blocks:
            for each in self.items(block, item, path, optional=rows.optional or block.each_optional):
                if block.when is None or self.holds(block.when, each, f"{path}[{len(found)}].when"):
                    found.append(self.values(block, each, f"{path}[{len(found)}]"))
        return found

    def items(self, block: Block, item: object, path: str, *, optional: bool) -> list[object]:
        """What the block repeats over. Raises MappingError for anything but a list without nulls."""
        if block.each is None:
            return [item]
        found = run(block.each, self.interpreter, item, path)
        if found is None and optional:
            return []
        if found is None:
            raise self.missing(path, block.each, item)
        if not isinstance(found, list):
            raise failure(path, f"{conversions.kind_of(found)} is not a list", block.each.text)
        if None in found:
            raise failure(f"{path}[{found.index(None)}]", "the item is null", block.each.text)
        return found

    def missing(self, path: str, expression: Expression, item: object) -> MappingError:
        """The error for an expression that gives nothing."""
        return failure(path, _reason(NOTHING_THERE, self.interpreter, item, expression), expression.text)

    def holds(self, condition: Expression, item: object, path: str) -> bool:
        """Whether the condition holds, in JMESPath's sense. Raises MappingError."""
        return is_true(run(condition, self.interpreter, item, path))

    def build(self, schema: Schema, values: Mapping[str, Any], path: str) -> Any:
        """The frozen draft. Raises MappingError."""
        try:
            return schema.load(values)
        except ValidationError as error:
            place, reason = first_complaint(error)
            at = f"{path}.{place}" if place else path
            raise failure(at, reason, self.written.get(at)) from None


def is_true(value: object) -> bool:
    """JMESPath's truth: everything but null, false and what is empty; 0 is true."""
    return value is not None and value is not False and value not in ("", [], {})
