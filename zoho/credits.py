"""What a credit note over an invoice says, given the invoice as it stands in Zoho. Pure.

Credit notes have neither adjustment nor shipping charge, and their description names no discount
(zoho.com/books/api/v3/credit-notes): the first two become lines without tax, a discounted line becomes one piece at
what was charged for it.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from fractions import Fraction

from config.options import Language
from zoho.arithmetic import rounded
from zoho.bodies import Body, name_text, plain, present
from zoho.names import decimals
from zoho.protocol import Row, read_money
from zoho.wording import say

NOTHING = Decimal(0)
Share = tuple[str, str, str]


def credit_lines(
    invoice: Row, amount: Decimal, *, precision: int, credited: Iterable[Row] = (), language: Language = "en"
) -> Body:
    """`is_inclusive_tax` and `line_items` that come to exactly `amount`, in the proportions of the invoice.

    One line for each tax and account of the invoice, its tax included; what rounding leaves is on the last.
    """
    left = _shares(invoice)
    for note in credited:
        for share, gross in _shares(note).items():
            left[share] = left.get(share, NOTHING) - gross
    shares = {share: gross for share, gross in left.items() if gross}
    whole = sum(shares.values(), NOTHING)
    if whole <= 0:
        shares, whole = {("", "", ""): amount}, amount
    split = [rounded(Fraction(amount) * Fraction(gross) / Fraction(whole), precision) for gross in shares.values()]
    split[-1] += amount - sum(split, NOTHING)
    lines = [_share_line(invoice, share, part, language) for share, part in zip(shares, split, strict=True) if part]
    return {"is_inclusive_tax": True, "line_items": lines}


def mirror_lines(invoice: Row, *, language: Language = "en") -> Body:
    """`is_inclusive_tax` and `line_items` that credit the whole invoice, line by line, to exactly its total.

    By amount instead, where the lines alone do not make the total: a discount on the whole invoice, taxed shipping.
    """
    total = read_money(invoice["total"])
    lines = [*_rows(invoice), *_extras(invoice, language)]
    if sum((_gross(line) for line in lines), NOTHING) != total:
        precision = invoice.get("price_precision")
        code = str(invoice.get("currency_code"))
        precision = decimals(code) if precision is None else int(precision)
        return credit_lines(invoice, total, precision=precision, language=language)
    is_inclusive_tax = bool(invoice.get("is_inclusive_tax"))
    items = [_mirrored(line, is_inclusive_tax=is_inclusive_tax, language=language) for line in lines]
    return {"is_inclusive_tax": is_inclusive_tax, "line_items": items}


def _rows(invoice: Row) -> list[Row]:
    return list(invoice["line_items"])


def _extras(invoice: Row, language: Language = "en") -> Iterator[Row]:
    """The invoice's shipping charge and adjustment, as if they were lines."""
    for name, field in (("Shipping", "shipping_charge"), ("Rounding", "adjustment")):
        amount = read_money(invoice.get(field) or 0)
        if amount:
            yield {"name": say(name, language), "quantity": 1, "rate": amount, "item_total": amount}


def _shares(invoice: Row) -> dict[Share, Decimal]:
    """What of the invoice, taxes included, goes to each tax and account; shipping and adjustment bear no tax."""
    sums: dict[Share, Decimal] = {}
    for line in (*_rows(invoice), *_extras(invoice)):
        share = (_text(line, "tax_id"), _text(line, "tax_name"), _text(line, "account_id"))
        sums[share] = sums.get(share, NOTHING) + _gross(line)
    return sums


def _share_line(invoice: Row, share: Share, amount: Decimal, language: Language) -> Body:
    tax_id, tax_name, account_id = share
    refund = say("Refund of {number}", language, number=invoice.get("invoice_number"))
    name = ", ".join(filter(None, (refund, tax_name)))
    return present(name=name_text(name), rate=amount, quantity=1, tax_id=tax_id or None, account_id=account_id or None)


def _mirrored(line: Row, *, is_inclusive_tax: bool, language: Language) -> Body:
    quantity, rate = read_money(line.get("quantity", 1)), read_money(line["rate"])
    amount = _gross(line) if is_inclusive_tax else _gross(line) - _tax(line)
    description = _text(line, "description") or None
    if _is_discounted(line):
        description = say("{quantity} x {rate}, discounted", language, quantity=quantity, rate=rate)
        quantity, rate = Decimal(1), amount
    return present(
        item_id=_text(line, "item_id") or None,
        name=_text(line, "name") or None,
        description=description,
        rate=plain(rate),
        quantity=plain(quantity),
        unit=_text(line, "unit") or None,
        tax_id=_text(line, "tax_id") or None,
        account_id=_text(line, "account_id") or None,
    )


def _gross(line: Row) -> Decimal:
    """What the line comes to with its taxes."""
    given = line.get("item_total_inclusive_of_tax")
    return read_money(line["item_total"]) + _tax(line) if given is None else read_money(given)


def _tax(line: Row) -> Decimal:
    taxes: Iterable[Row] = line.get("line_item_taxes") or ()
    return sum((read_money(tax["tax_amount"]) for tax in taxes), NOTHING)


def _is_discounted(line: Row) -> bool:
    return bool(read_money(line.get("discount_amount") or 0)) or str(line.get("discount") or "0").strip("0.%") != ""


def _text(line: Row, field: str) -> str:
    return str(line.get(field) or "")
