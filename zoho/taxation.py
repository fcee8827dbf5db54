"""How the taxes a sender charged are carried into lines of Zoho: the three tax modes, explained in docs/arithmetic.md.

zoho     each tax by a tax of the organization, several on a line by the tax group of exactly these
amounts  lines without tax, and for each tax a line of exactly its amount to a liability account
none     taxes are part of what is charged
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from config.options import ConnectionOptions, TaxMode
from drafts import Line, Tax
from errors import NeedsAttention, Question, UnknownName
from zoho.arithmetic import PricedLine, TaxPart
from zoho.bodies import Body, name_text, plain, present
from zoho.names import Fields, Names
from zoho.wording import say

NOTHING = Decimal(0)
ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class CarriedLine:
    """One line of a request, and what the model computes it from."""

    item: Body
    priced: PricedLine


@dataclass(frozen=True, slots=True)
class Carried:
    """The lines of a request, and whether their prices include the taxes they name."""

    lines: tuple[CarriedLine, ...]
    is_inclusive_tax: bool


@dataclass(frozen=True, slots=True)
class _Order:
    """The lines of one draft, and what they are carried with."""

    lines: tuple[Line, ...]
    is_inclusive_tax: bool
    names: Names
    options: ConnectionOptions

    def carried(self, line: Line, fields: Fields | None = None, parts: tuple[TaxPart, ...] = ()) -> CarriedLine:
        """The line with the tax of `fields`; its account is its purpose's."""
        account = account_of(line, self.names, self.options)
        return carry_line(line, {**account, **(fields or {})}, parts, names=self.names)

    def taxes(self) -> dict[str, Decimal]:
        """The sum of each tax by name, in the order the taxes come."""
        sums: dict[str, Decimal] = {}
        for tax in all_taxes(self.lines):
            sums[tax.name] = sums.get(tax.name, NOTHING) + tax.amount
        return {name: amount for name, amount in sums.items() if amount}


def carry(lines: tuple[Line, ...], names: Names, options: ConnectionOptions, *, is_inclusive_tax: bool) -> Carried:
    """The lines as the connection's tax mode carries them.

    Raises `UnknownName` (`unknown_tax`, `several_taxes`, `unknown_account`) and `NeedsAttention` (`account_not_set`).
    """
    return MODES[options.taxes.mode](_Order(lines, is_inclusive_tax, names, options))


def all_taxes(lines: Iterable[Line]) -> list[Tax]:
    """Every tax of every line."""
    return [tax for line in lines for tax in line.taxes]


def carry_line(line: Line, fields: Fields, parts: tuple[TaxPart, ...] = (), *, names: Names) -> CarriedLine:
    """The line as a request says it, with more `fields` such as its tax and account."""
    item = present(
        **(names.item(line.sku) if line.sku else {}),
        name=line.name,
        description=line.description,
        rate=plain(line.rate),
        quantity=plain(line.quantity),
        unit=line.unit,
        discount=plain(_discount(line)) if line.discount else None,
        **fields,
    )
    return CarriedLine(item, _priced(line, parts))


def account_of(line: Line, names: Names, options: ConnectionOptions) -> Fields:
    """`account_id` where the connection gives the line's purpose an account; a gift card sold must have one."""
    account_name = options.invoices.accounts.get(line.purpose) if line.purpose else None
    if account_name is not None:
        return names.account(options.namesakes.account(account_name))
    if line.purpose == "gift_card":
        raise NeedsAttention(
            f"“{line.name}” is a gift card sold: money owed, not earned. No account is set for it.",
            code="account_not_set",
            field="lines",
            remedy="Choose the liability account of gift cards in the console (Failures), or set it "
            "(`invoices.accounts.gift_card` of the connection), then retry.",
            question=Question(about="purpose", word=line.purpose),
        )
    return {}


def _priced(line: Line, parts: tuple[TaxPart, ...]) -> PricedLine:
    return PricedLine(name=line.name, quantity=line.quantity, rate=line.rate, discount=_discount(line), taxes=parts)


def _discount(line: Line) -> Decimal:
    """The discount, at most the line before rounding: 10.01 off 0.75 x 13.34 would leave half a cent below zero."""
    return min(line.discount, line.quantity * line.rate) if line.discount else line.discount


def _by_zoho(order: _Order) -> Carried:
    lines = [order.carried(line, *_taxes_of(line, order.names, order.options)) for line in order.lines]
    return Carried(tuple(lines), order.is_inclusive_tax)


def _as_amounts(order: _Order) -> Carried:
    """Exclusive always: what the prices include is taken out in one line and put to the liability in others."""
    taxes = order.taxes()
    account = _tax_account(order) if taxes else {}
    added = [carry_line(_piece(name, amount), account, names=order.names) for name, amount in taxes.items()]
    if order.is_inclusive_tax and taxes:
        included = say("Tax included in the prices", order.options.language)
        added.insert(0, carry_line(_piece(included, -sum(taxes.values(), NOTHING)), {}, names=order.names))
    return _untaxed(order, added)


def _as_prices(order: _Order) -> Carried:
    if order.is_inclusive_tax:
        return _untaxed(order, [])
    taxes = order.taxes().items()
    return _untaxed(order, [carry_line(_piece(name, amount), {}, names=order.names) for name, amount in taxes])


def _untaxed(order: _Order, added: list[CarriedLine]) -> Carried:
    lines = [order.carried(replace(line, taxes=())) for line in order.lines]
    return Carried((*lines, *added), is_inclusive_tax=False)


MODES: Mapping[TaxMode, Callable[[_Order], Carried]] = {"zoho": _by_zoho, "amounts": _as_amounts, "none": _as_prices}


def _piece(name: str, amount: Decimal) -> Line:
    return Line(name=name_text(name), quantity=ONE, rate=amount)


def _tax_account(order: _Order) -> Fields:
    account_name = order.options.taxes.account
    if account_name is None:
        raise NeedsAttention(
            "Taxes are carried as amounts, but no liability account is set for them.",
            code="account_not_set",
            field="taxes",
            remedy="Choose the account in Zoho Books that holds tax you owe in the console (Failures), or set it "
            "(BOOKHOOK_TAX_ACCOUNT, `taxes.account` of the connection), then retry.",
            question=Question(about="tax_account"),
        )
    return order.names.account(order.options.namesakes.account(account_name))


def _taxes_of(line: Line, names: Names, options: ConnectionOptions) -> tuple[Fields, tuple[TaxPart, ...]]:
    """What the request says of the line's taxes, and what Zoho will compute with."""
    targets = {tax: _target(tax, options) for tax in line.taxes}
    distinct = tuple(dict.fromkeys(targets.values()))
    if not distinct:
        return {}, ()
    if len(distinct) == 1:
        return names.tax(distinct[0]), _parts(distinct[0], line.taxes, names)
    _refuse_missing(targets, names)
    fields = names.tax_group(distinct)
    of_each = [_parts(target, _taxes_to(target, line, targets), names) for target in distinct]
    return fields, tuple(part for parts in of_each for part in parts)


def _target(tax: Tax, options: ConnectionOptions) -> str:
    """The organization's name for a tax: by its name, else by its rate, else the same; or what it is called there."""
    given = options.taxes.names
    by_rate = given.get(f"{format(tax.rate.normalize(), 'f')}%") if tax.rate is not None else None
    return options.namesakes.tax(given.get(tax.name.casefold()) or by_rate or tax.name)


def _taxes_to(target: str, line: Line, targets: Mapping[Tax, str]) -> tuple[Tax, ...]:
    return tuple(tax for tax in line.taxes if targets[tax] == target)


def _parts(target: str, taxes: tuple[Tax, ...], names: Names) -> tuple[TaxPart, ...]:
    """By the organization's percentages; where they are not known by the sender's, else its amounts."""
    percentages = names.tax_percentages(target)
    if percentages is None:
        return tuple(TaxPart(tax.name, tax.rate, tax.amount) for tax in taxes)
    return tuple(TaxPart(target, percentage) for percentage in percentages)


def _refuse_missing(targets: Mapping[Tax, str], names: Names) -> None:
    missing = [target for target in dict.fromkeys(targets.values()) if not names.has_tax(target)]
    if missing:
        raise UnknownName(
            f"A line has several taxes ({', '.join(tax.name for tax in targets)}); Zoho Books has no tax named "
            f"{' and none named '.join(f'“{name}”' for name in missing)}.",
            code="several_taxes",
            field="taxes",
            remedy="Create the missing tax in Zoho Books (Settings > Taxes) and a tax group of all of the line's, or "
            "say in the console (Failures) or by BOOKHOOK_TAX_NAMES which taxes that are there they are, then retry.",
            question=Question(about="tax", word=missing[0]),
        )
