"""The arithmetic of a document, as Zoho Books does it: rounded half up, line by line and tax by tax.

A line is quantity times rate less its discount, rounded. Each tax of a line (each member of a tax group) is rounded by
itself. With inclusive tax the rounded line already holds its taxes, so the total never depends on them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, localcontext

Discount = Decimal | str
HUNDRED = Decimal(100)
WORKING_DIGITS = 80


@dataclass(frozen=True, slots=True)
class TaxRate:
    """One tax as it applies to a line; `percentage` is 6 for six percent."""

    tax_id: str
    tax_name: str
    percentage: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class LineInput:
    """What a line is computed from; `discount` is an amount off the whole line, or a text such as "10%"."""

    quantity: Decimal
    rate: Decimal
    discount: Discount = Decimal(0)
    taxes: tuple[TaxRate, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What holds for the document as a whole; `precision` is the currency's number of decimals."""

    precision: int
    is_inclusive_tax: bool = False
    discount: Discount = Decimal(0)
    is_discount_before_tax: bool = True
    shipping_charge: Decimal = Decimal(0)
    adjustment: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class TaxAmount:
    """What one tax came to."""

    tax_id: str
    tax_name: str
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class LineTotals:
    """`gross` before and `amount` after the discount; `item_total` is the amount without any included tax."""

    gross: Decimal
    amount: Decimal
    item_total: Decimal
    taxes: tuple[TaxAmount, ...]

    @property
    def tax_total(self) -> Decimal:
        return sum((tax.amount for tax in self.taxes), Decimal(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """The parts add up: sub_total - discount_total + tax_total + shipping_charge + adjustment = total."""

    lines: tuple[LineTotals, ...]
    sub_total: Decimal
    discount_total: Decimal
    tax_total: Decimal
    shipping_charge: Decimal
    adjustment: Decimal
    total: Decimal
    taxes: tuple[TaxAmount, ...]


def compute(lines: Sequence[LineInput], terms: Terms) -> Totals:
    """Every total of a document, in the currency's decimals."""
    with localcontext(prec=WORKING_DIGITS):
        amounts = [_line_amount(line, terms.precision) for line in lines]
        base = sum(amounts, Decimal(0))
        early_discount = _entity_discount(terms, base) if terms.is_discount_before_tax else Decimal(0)
        totals = tuple(
            _line_totals(line, terms, amount=amount, base=base, left=base - early_discount)
            for line, amount in zip(lines, amounts, strict=True)
        )
        return _document_totals(totals, terms, early_discount)


def _line_amount(line: LineInput, precision: int) -> Decimal:
    gross = line.quantity * line.rate
    return rounded(gross - discount_off(line.discount, gross), precision)


def _entity_discount(terms: Terms, base: Decimal) -> Decimal:
    return rounded(discount_off(terms.discount, base), terms.precision)


def _line_totals(line: LineInput, terms: Terms, *, amount: Decimal, base: Decimal, left: Decimal) -> LineTotals:
    """A line taxed on its share of what an entity discount before tax has left of the document (`left` of `base`)."""
    taxable, whole = (amount * left, base) if base else (amount, Decimal(1))
    divisor = HUNDRED + sum(tax.percentage for tax in line.taxes) if terms.is_inclusive_tax else HUNDRED
    taxes = tuple(
        TaxAmount(tax.tax_id, tax.tax_name, rounded(taxable * tax.percentage / (whole * divisor), terms.precision))
        for tax in line.taxes
    )
    included = sum((tax.amount for tax in taxes), Decimal(0)) if terms.is_inclusive_tax else Decimal(0)
    gross = rounded(line.quantity * line.rate, terms.precision)
    return LineTotals(gross=gross, amount=amount, item_total=amount - included, taxes=taxes)


def _document_totals(lines: tuple[LineTotals, ...], terms: Terms, early_discount: Decimal) -> Totals:
    zero = rounded(Decimal(0), terms.precision)
    sub_total = sum((line.item_total for line in lines), zero)
    tax_total = sum((line.tax_total for line in lines), zero)
    late_discount = zero if terms.is_discount_before_tax else _entity_discount(terms, sub_total + tax_total)
    discount_total = rounded(early_discount + late_discount, terms.precision)
    shipping_charge = rounded(terms.shipping_charge, terms.precision)
    adjustment = rounded(terms.adjustment, terms.precision)
    return Totals(
        lines=lines,
        sub_total=sub_total,
        discount_total=discount_total,
        tax_total=tax_total,
        shipping_charge=shipping_charge,
        adjustment=adjustment,
        total=sub_total - discount_total + tax_total + shipping_charge + adjustment,
        taxes=_by_tax(lines),
    )


def _by_tax(lines: tuple[LineTotals, ...]) -> tuple[TaxAmount, ...]:
    sums: dict[tuple[str, str], Decimal] = {}
    for tax in (tax for line in lines for tax in line.taxes):
        key = (tax.tax_id, tax.tax_name)
        sums[key] = sums.get(key, Decimal(0)) + tax.amount
    return tuple(TaxAmount(tax_id, name, amount) for (tax_id, name), amount in sums.items())


def discount_off(discount: Discount, base: Decimal) -> Decimal:
    """What a discount takes off `base`, unrounded: "10%" of it, or the amount itself."""
    if isinstance(discount, str) and discount.endswith("%"):
        return base * Decimal(discount[:-1]) / HUNDRED
    return Decimal(discount)


def rounded(amount: Decimal, precision: int) -> Decimal:
    """The amount with exactly `precision` decimals, halves away from zero."""
    return amount.quantize(Decimal(1).scaleb(-precision), rounding=ROUND_HALF_UP)
