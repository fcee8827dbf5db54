"""Draft → what will be sent and what Zoho will make of it, compared with the sender's total before anything is sent.

A difference of cents becomes an adjustment with its reason; a larger one is for a person. Explained in
docs/arithmetic.md; fields: zoho.com/books/api/v3/{invoices,credit-notes}.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from config.options import ConnectionOptions, Language
from drafts import InvoiceDraft, Line, RefundDraft
from errors import MappingError, TaxDiffers, TotalDiffers
from zoho.arithmetic import Terms, Totals, compute, rounded, smallest_unit
from zoho.bodies import TEXT_LIMIT, Body, currency, name_text, plain, present
from zoho.names import Names
from zoho.taxation import Carried, CarriedLine, all_taxes, carry, carry_line
from zoho.wording import say

NOTHING = Decimal(0)
Charged = InvoiceDraft | RefundDraft


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a request says of amounts, without its customer and marker, and the totals Zoho will compute from it.

    `adjustment` is what is added after tax, the sender's own and the cents of rounding, and `reason` says why.
    `control_tax` is the sender's tax where Zoho computes one, and `tax_leeway` how far Zoho's may be from it.
    """

    fields: Body
    totals: Totals
    adjustment: Decimal
    reason: str | None
    control_tax: Decimal | None = None
    tax_leeway: Decimal | None = None


@dataclass(frozen=True, slots=True)
class _Sum:
    """The lines of a draft as they are carried, what they come to, and the cents that are missing."""

    draft: Charged
    carried: Carried
    terms: Terms
    computed: Totals
    rounding: Decimal
    language: Language

    @property
    def adjustment(self) -> Decimal:
        return self.draft.adjustment + self.rounding

    @property
    def has_tax_of_zoho(self) -> bool:
        """Whether Zoho computes a tax, or the prices hold one, so that it is to be compared with the sender's."""
        return self.carried.is_inclusive_tax or any(line.priced.taxes for line in self.carried.lines)

    @property
    def tax(self) -> Decimal:
        return sum((tax.amount for tax in all_taxes(self.draft.lines)), NOTHING)

    @property
    def tax_leeway(self) -> Decimal:
        """Each tax of a line is rounded once, there and here."""
        return smallest_unit(self.terms.precision) * len(all_taxes(self.draft.lines))


def plan_invoice(draft: InvoiceDraft, names: Names, options: ConnectionOptions) -> Plan:
    """The invoice of a draft, its total the sender's to the cent.

    Raises `TotalDiffers` or `TaxDiffers` when more than rounding is between the two, `MappingError` for a total with
    more decimals than the currency has, and what `zoho.taxation.carry` raises.
    """
    summed = _sum_up(draft, names, options)
    fields = present(
        **currency(names, draft.currency_code, draft.exchange_rate),
        date=draft.date.isoformat(),
        due_date=draft.due_date.isoformat() if draft.due_date else None,
        is_inclusive_tax=summed.carried.is_inclusive_tax,
        **_discounts(draft.lines),
        line_items=[line.item for line in summed.carried.lines],
        adjustment=plain(summed.adjustment) if summed.adjustment else None,
        adjustment_description=_describe(summed) if summed.adjustment else None,
        notes=draft.notes,
    )
    return _plan(summed, fields, summed.carried.lines, replace(summed.terms, adjustment=summed.adjustment))


def plan_credit_note(draft: RefundDraft, names: Names, options: ConnectionOptions) -> Plan:
    """The credit note of a refund with lines; raises what `plan_invoice` raises.

    A credit note has no adjustment: what is added after tax becomes a line without tax. Nor is it known to have
    discounts: a discounted line is credited as one piece.
    """
    precision = names.precision(draft.currency_code)
    lines = tuple(_as_one_piece(line, precision, options.language) for line in draft.lines)
    summed = _sum_up(replace(draft, lines=lines), names, options)
    items = (*summed.carried.lines, *_added(summed, names))
    fields = {"is_inclusive_tax": summed.carried.is_inclusive_tax, "line_items": [line.item for line in items]}
    return _plan(summed, fields, items, replace(summed.terms, adjustment=NOTHING))


def _sum_up(draft: Charged, names: Names, options: ConnectionOptions) -> _Sum:
    precision = names.precision(draft.currency_code)
    carried = carry(draft.lines, names, options, is_inclusive_tax=draft.is_inclusive_tax)
    terms = Terms(precision=precision, is_inclusive_tax=carried.is_inclusive_tax, adjustment=draft.adjustment)
    computed = compute([line.priced for line in carried.lines], terms)
    refuse_too_precise(draft.control_total, draft.currency_code, precision)
    rounding = draft.control_total - computed.total
    if abs(rounding) > _tolerance(draft, precision):
        raise TotalDiffers(
            total=computed.total,
            control_total=draft.control_total,
            currency_code=draft.currency_code,
            is_sent=False,
            computed=computed,
        )
    summed = _Sum(draft, carried, terms, computed, rounding, options.language)
    _refuse_other_tax(summed)
    return summed


def _plan(summed: _Sum, fields: Body, lines: Sequence[CarriedLine], terms: Terms) -> Plan:
    is_as_summed = (lines, terms) == (summed.carried.lines, summed.terms)
    return Plan(
        fields=fields,
        totals=summed.computed if is_as_summed else compute([line.priced for line in lines], terms),
        adjustment=summed.adjustment,
        reason=_reason(summed),
        control_tax=summed.tax if summed.has_tax_of_zoho else None,
        tax_leeway=summed.tax_leeway if summed.has_tax_of_zoho else None,
    )


def _tolerance(draft: Charged, precision: int) -> Decimal:
    """The smallest unit of the currency for each line and each tax of a line: what rounding can make."""
    return smallest_unit(precision) * (len(draft.lines) + len(all_taxes(draft.lines)))


def refuse_too_precise(amount: Decimal, currency_code: str, precision: int) -> None:
    """Raises MappingError for an amount with more decimals than Zoho keeps in the currency."""
    if amount % smallest_unit(precision):
        raise MappingError(
            f"The sender's amount is {amount} {currency_code}, but Zoho Books keeps {precision} decimals in that "
            "currency.",
            field="control_total",
            remedy="Check how the mapping reads amounts (minor units?), or the decimals of the currency in Zoho Books "
            "(Settings > Currencies), then retry.",
        )


def _refuse_other_tax(summed: _Sum) -> None:
    """A wrong rate may hide inside the prices, or in the cents that rounding is allowed."""
    if summed.has_tax_of_zoho and abs(summed.tax - summed.computed.tax_total) > summed.tax_leeway:
        raise TaxDiffers(
            tax_total=summed.computed.tax_total,
            control_tax=summed.tax,
            currency_code=summed.draft.currency_code,
            is_sent=False,
            computed=summed.computed,
        )


def _discounts(lines: Iterable[Line]) -> Body:
    if not any(line.discount for line in lines):
        return {}
    return {"discount_type": "item_level", "is_discount_before_tax": True}


def _as_one_piece(line: Line, precision: int, language: Language) -> Line:
    """A discounted line as one piece at what was charged for it; the description says how that came about."""
    if not line.discount:
        return line
    charged = rounded(Fraction(line.quantity) * Fraction(line.rate) - Fraction(line.discount), precision)
    told = say(
        "{quantity} x {rate} less a discount of {discount}",
        language,
        quantity=line.quantity,
        rate=line.rate,
        discount=line.discount,
    )
    return replace(line, quantity=Decimal(1), rate=charged, discount=NOTHING, description=told)


def _added(summed: _Sum, names: Names) -> list[CarriedLine]:
    draft = summed.draft
    rounding = say("Rounding", summed.language)
    pieces = {_own_words(summed): draft.adjustment}
    pieces[rounding] = pieces.get(rounding, NOTHING) + summed.rounding
    lines = [Line(name=name_text(name), quantity=Decimal(1), rate=amount) for name, amount in pieces.items() if amount]
    return [carry_line(line, {}, names=names) for line in lines]


def _describe(summed: _Sum) -> str:
    """What the adjustment is, as it stands on the invoice."""
    own, amount, language = _own_words(summed), summed.draft.adjustment, summed.language
    if not amount:
        return say("Rounding", language)
    if not summed.rounding:
        return own[:TEXT_LIMIT]
    told = say("{own} {amount}, rounding {rounding}", language, own=own, amount=amount, rounding=summed.rounding)
    return told[:TEXT_LIMIT]


def _own_words(summed: _Sum) -> str:
    """What the sender's own adjustment is."""
    return summed.draft.adjustment_description or say("Adjustment", summed.language)


def _reason(summed: _Sum) -> str | None:
    draft, found = summed.draft, []
    if draft.adjustment:
        found.append(f"{draft.adjustment_description or 'Adjustment'} of {draft.adjustment} by the sender")
    if summed.rounding:
        found.append(
            f"rounding of {summed.rounding}: the lines come to {summed.computed.total} {draft.currency_code} in Zoho, "
            f"the sender's total is {draft.control_total}"
        )
    return "; ".join(found) or None
