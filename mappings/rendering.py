"""An event becomes drafts: each part it asks for, in the order things happen."""

from dataclasses import replace
from typing import Any

from marshmallow import Schema

from drafts import CancelDraft, ContactDraft, Drafts, InvoiceDraft, PaymentDraft, RefundDraft
from errors import NeedsAttention
from mappings import conversions
from mappings.conversions import NOTHING, Unfit
from mappings.drafting import Drafting, business_key, failure, holds, run
from mappings.expenses import Options, render_decision, render_expense
from mappings.expressions import Interpreter
from mappings.grammar import Block, Blocks, Event
from mappings.schemas import CancelSchema, ContactSchema, InvoiceSchema, PaymentSchema, RefundSchema
from mappings.scopes import Scope
from mappings.templates import Template

WALK_IN = "Walk-in customer"
_CONTACT, _INVOICE, _CANCEL = ContactSchema(), InvoiceSchema(), CancelSchema()
_PAYMENT, _REFUND = PaymentSchema(), RefundSchema()


class _Named(dict[str, object]):
    """The named values of an event, each read when it is first asked for. Raises MappingError."""

    def __init__(self, event: Event, scope: Scope) -> None:
        super().__init__()
        self._event = event
        self._scope = scope

    def __missing__(self, name: str) -> object:
        expression = next(let.expression for let in self._event.lets if let.name == name)
        # An interpreter that were kept here would hold the body, and be held by it, until garbage is collected.
        interpreter = Interpreter(replace(self._scope, named=self))
        self[name] = run(expression, interpreter, self._scope.root, f"let.{name}")
        return self[name]


def glance(event: Event, scope: Scope) -> Interpreter:
    """An interpreter that reads the event's named values as they are needed; then it raises MappingError."""
    return Interpreter(replace(scope, named=_Named(event, scope)))


def enter(event: Event, scope: Scope) -> Interpreter:
    """An interpreter that knows the event's named values, all of them. Raises MappingError."""
    interpreter = glance(event, scope)
    for let in event.lets:
        interpreter.scope.named[let.name]
    return interpreter


def name_order(event: Event, interpreter: Interpreter) -> str:
    """What names the event's order or expense in the real world. Raises MappingError."""
    return business_key(event.once_per, interpreter, interpreter.scope.root, "once_per")


def name_parts(event: Event, interpreter: Interpreter) -> list[tuple[str, str]]:
    """What names the event's credit notes and payments in the real world, with their kinds. Raises MappingError."""
    drafting, root = Drafting(interpreter), interpreter.scope.root
    return [
        (kind, business_key(block.once_per, interpreter, item, f"{blocks.name}.once_per"))
        for kind, blocks in (("credit_note", event.refunds), ("payment", event.payments))
        if blocks
        for block in blocks.blocks
        if block.once_per
        for item in drafting.items(block, root, blocks.name, optional=blocks.optional or block.each_optional)
    ]


def render_event(event: Event, scope: Scope, options: Options) -> Drafts:
    """The drafts of an event; those whose conditions do not hold are not there. Raises NeedsAttention."""
    _leave_to_people(event, glance(event, scope))
    interpreter = enter(event, scope)
    once_per = name_order(event, interpreter)
    if event.expense:
        return Drafts(once_per=once_per, expense=render_expense(event.expense, interpreter, options))
    if event.decision:
        return Drafts(once_per=once_per, decision=render_decision(event.decision, interpreter))
    return Drafts(once_per=once_per, **_parts(event, interpreter))


def _leave_to_people(event: Event, interpreter: Interpreter) -> None:
    """Raises NeedsAttention, in the mapping's words, for what it will not make documents of."""
    for place, rule in enumerate(event.park_if):
        path = f"park_if[{place}]"
        if holds(rule.when, interpreter, interpreter.scope.root, f"{path}.when"):
            because = _words(rule.because, interpreter, f"{path}.because")
            remedy = _words(rule.remedy, interpreter, f"{path}.remedy")
            raise NeedsAttention(f"Left to a person: {because}.", code="by_hand", remedy=remedy, field=path)


def _words(template: Template, interpreter: Interpreter, path: str) -> str:
    try:
        return template.fill(interpreter, interpreter.scope.root)
    except Unfit as error:
        raise failure(path, str(error)) from None


def _parts(event: Event, interpreter: Interpreter) -> dict[str, Any]:
    contact, invoice = _invoice(event, interpreter)
    return {
        "contact": contact,
        "invoice": invoice,
        "is_edit": event.is_edit and invoice is not None,
        "payments": _payments(event.payments, interpreter),
        "refunds": _refunds(event.refunds, interpreter),
        "cancel": _cancel(event.cancel, interpreter),
    }


def _invoice(event: Event, interpreter: Interpreter) -> tuple[ContactDraft | None, InvoiceDraft | None]:
    drafting, root = Drafting(interpreter), interpreter.scope.root
    path = "edit" if event.is_edit else "invoice"
    if event.invoice is None or not drafting.holds(event.invoice, root, path):
        return None, None
    contact = _contact(event.contact or Block(), interpreter)
    return contact, drafting.build(_INVOICE, drafting.values(event.invoice, root, path), path)


def _contact(block: Block, interpreter: Interpreter) -> ContactDraft:
    drafting = Drafting(interpreter)
    values = drafting.values(block, interpreter.scope.root, "contact", may_lack=frozenset({"name"}))
    if "name" not in values and not {"email", "customer_id"} & set(values):
        values["name"] = WALK_IN
    contact: ContactDraft = drafting.build(_CONTACT, values, "contact")
    return contact


def _payments(blocks: Blocks | None, interpreter: Interpreter) -> tuple[PaymentDraft, ...]:
    return tuple(_rows(_PaymentDrafting(interpreter), blocks, _PAYMENT))


def _refunds(blocks: Blocks | None, interpreter: Interpreter) -> tuple[RefundDraft, ...]:
    return tuple(_rows(Drafting(interpreter), blocks, _REFUND))


class _PaymentDrafting(Drafting):
    """Leaves out payments of zero: no money moved, so there is nothing to record."""

    def holds(self, block: Block, item: object, path: str) -> bool:
        return super().holds(block, item, path) and not self._is_zero(block, item, path)

    def _is_zero(self, block: Block, item: object, path: str) -> bool:
        amount = block.field("amount")
        value = run(amount.expression, self.interpreter, item, f"{path}.amount") if amount else None
        try:
            return value not in NOTHING and conversions.money(value) == 0
        except Unfit:
            return False  # which the schema explains


def _rows(drafting: Drafting, blocks: Blocks | None, schema: Schema) -> list[Any]:
    """The documents of a list, no two of one name. Raises MappingError."""
    found: dict[str, Any] = {}
    rows = drafting.rows(blocks, drafting.interpreter.scope.root, blocks.name) if blocks else []
    for place, values in enumerate(rows):
        path = f"{blocks.name if blocks else ''}[{place}]"
        if values["once_per"] in found:
            raise failure(f"{path}.once_per", "names the same as one above")
        found[values["once_per"]] = drafting.build(schema, values, path)
    return list(found.values())


def _cancel(block: Block | None, interpreter: Interpreter) -> CancelDraft | None:
    drafting, root = Drafting(interpreter), interpreter.scope.root
    if block is None or not drafting.holds(block, root, "cancel"):
        return None
    cancel: CancelDraft = drafting.build(_CANCEL, drafting.values(block, root, "cancel"), "cancel")
    return cancel
