"""Zoho's arithmetic: what a document will come to, before it is sent. Pure; exact fractions, rounded where Zoho rounds.

A line is quantity times rate less its discount, rounded half up to the currency's decimals. Every tax of a line, each
member of a tax group by itself, is rounded on its own: a percentage of the line, or the part of it that is tax where
prices include tax. A discount on the whole document before tax lowers what each line is taxed on by the same share; one
after tax is taken off the sum. Shipping charge and adjustment are added last, untaxed.

Fields: zoho.com/books/api/v3/invoices; what is not published there is explained in docs/arithmetic.md.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class TaxPart:
    """One tax of a line: `percentage` of it, or `amount` where no percentage is known."""

    name: str
    percentage: Decimal | None = None
    amount: Decimal = ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedLine:
    """What a line is computed from; `discount` is an amount off the whole line."""

    name: str
    quantity: Decimal
    rate: Decimal
    discount: Decimal = ZERO
    taxes: tuple[TaxPart, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What holds for the whole document; its discount is `discount` plus `discount_percentage` of the sum."""

    precision: int
    is_inclusive_tax: bool = False
    discount: Decimal = ZERO
    discount_percentage: Decimal = ZERO
    is_discount_before_tax: bool = True
    shipping_charge: Decimal = ZERO
    adjustment: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class TaxAmount:
    """What one tax of a line comes to."""

    name: str
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class LineTotals:
    """A line as priced: `amount` after its discount, `net` without any tax in it."""

    line: PricedLine
    amount: Decimal
    net: Decimal
    taxes: tuple[TaxAmount, ...] = ()

    @property
    def tax_total(self) -> Decimal:
        """All taxes of the line."""
        return _sum(tax.amount for tax in self.taxes)

    @property
    def total(self) -> Decimal:
        """The line with its taxes."""
        return self.net + self.tax_total


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """The parts add up: sub_total - discount_total + tax_total + shipping_charge + adjustment = total."""

    lines: tuple[LineTotals, ...]
    sub_total: Decimal
    discount_total: Decimal
    tax_total: Decimal
    shipping_charge: Decimal
    adjustment: Decimal

    @property
    def total(self) -> Decimal:
        """What is to be paid."""
        return self.sub_total - self.discount_total + self.tax_total + self.shipping_charge + self.adjustment


def compute(lines: Sequence[PricedLine], terms: Terms) -> Totals:
    """Every total of a document, with the currency's number of decimals."""
    amounts = [_amount(line, terms.precision) for line in lines]
    base = sum((Fraction(amount) for amount in amounts), Fraction(0))
    early = _discount(terms, base) if terms.is_discount_before_tax else ZERO
    share = 1 - Fraction(early) / base if base else Fraction(1)
    computed = tuple(_line_totals(line, amount, share, terms) for line, amount in zip(lines, amounts, strict=True))
    sub_total = _sum(line.net for line in computed)
    tax_total = _sum(line.tax_total for line in computed)
    late = ZERO if terms.is_discount_before_tax else _discount(terms, Fraction(sub_total + tax_total))
    return Totals(
        lines=computed,
        sub_total=_exactly(sub_total, terms.precision),
        discount_total=_exactly(early + late, terms.precision),
        tax_total=_exactly(tax_total, terms.precision),
        shipping_charge=_exactly(terms.shipping_charge, terms.precision),
        adjustment=_exactly(terms.adjustment, terms.precision),
    )


def rounded(value: Fraction, precision: int) -> Decimal:
    """The nearest amount with exactly `precision` decimals, halves away from zero."""
    doubled = abs(value) * 2 * 10**precision
    units = (doubled.numerator + doubled.denominator) // (2 * doubled.denominator)
    return Decimal(f"{'-' if value < 0 else ''}{units}e{-precision}")


def smallest_unit(precision: int) -> Decimal:
    """The smallest amount of a currency: 0.01, 1 for the yen."""
    return Decimal((0, (1,), -precision))


def _amount(line: PricedLine, precision: int) -> Decimal:
    return rounded(Fraction(line.quantity) * Fraction(line.rate) - Fraction(line.discount), precision)


def _discount(terms: Terms, base: Fraction) -> Decimal:
    return rounded(Fraction(terms.discount) + base * Fraction(terms.discount_percentage) / 100, terms.precision)


def _line_totals(line: PricedLine, amount: Decimal, share: Fraction, terms: Terms) -> LineTotals:
    """A line of `amount`, taxed on the `share` of it that a discount on the whole document leaves."""
    percentages = sum((Fraction(tax.percentage) for tax in line.taxes if tax.percentage is not None), Fraction(0))
    divisor = 100 + (percentages if terms.is_inclusive_tax else 0)
    per_percent = Fraction(amount) * share / divisor
    taxes = tuple(TaxAmount(tax.name, _tax(tax, per_percent, terms.precision)) for tax in line.taxes)
    included = _sum(tax.amount for tax in taxes) if terms.is_inclusive_tax else ZERO
    return LineTotals(line=line, amount=amount, net=amount - included, taxes=taxes)


def _tax(tax: TaxPart, per_percent: Fraction, precision: int) -> Decimal:
    if tax.percentage is None:
        return _exactly(tax.amount, precision)
    return rounded(per_percent * Fraction(tax.percentage), precision)


def _exactly(amount: Decimal, precision: int) -> Decimal:
    is_exact = amount.as_tuple().exponent == -precision
    return amount if is_exact else rounded(Fraction(amount), precision)


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, ZERO)
