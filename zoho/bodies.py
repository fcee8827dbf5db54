"""Draft → request body. No I/O beyond what `names` does.

Fields and limits: zoho.com/books/api/v3/{contacts,invoices,expenses}. Zoho's limit of 100 characters allows 99. Fields
come in a fixed order; amounts are `Decimal` in plain notation, so that `protocol.freeze` writes exact JSON numbers.
"""

import dataclasses
import re
from decimal import Decimal
from typing import Any

from drafts import Address, ContactDraft, ExpenseDraft, InvoiceDraft, Line, Tax
from errors import UnknownName
from zoho.names import Fields, Names

Body = dict[str, Any]

TEXT_LIMIT = 99
FOREIGN_MARKER = re.compile(r"bh-(?=[a-z2-7]{12})", re.IGNORECASE)


def contact_body(draft: ContactDraft, names: Names, *, contact_name: str, currency_code: str) -> Body:
    """The body of POST /contacts.

    The e-mail, phone and personal name go to the primary contact person: Zoho drops them silently at the top level.
    """
    return _present(
        contact_name=contact_name,
        company_name=draft.company_name,
        contact_type=draft.contact_type,
        **_currency_alone(names.currency(currency_code)),
        billing_address=_address(draft.billing_address),
        contact_persons=_contact_persons(draft),
    )


def invoice_body(
    draft: InvoiceDraft, names: Names, *, customer_id: str, marker: str, unique_field: str | None = None
) -> Body:
    """The body of POST /invoices: a draft invoice whose `reference_number` ends with the marker.

    `unique_field`, the API name of a custom field, holds the marker too. Raises `UnknownName` for names the
    organization lacks and for a line with several taxes (code `several_taxes`).
    """
    discounted = any(line.discount for line in draft.lines)
    return _present(
        customer_id=customer_id,
        **names.currency(draft.currency_code),
        reference_number=mark(draft.reference_number, marker),
        date=draft.date.isoformat(),
        due_date=draft.due_date.isoformat() if draft.due_date else None,
        is_inclusive_tax=draft.is_inclusive_tax,
        discount_type="item_level" if discounted else None,
        is_discount_before_tax=True if discounted else None,
        line_items=[_line_item(line, names) for line in draft.lines],
        notes=draft.notes,
        custom_fields=_custom_fields(unique_field, marker),
    )


def expense_body(
    draft: ExpenseDraft,
    names: Names,
    *,
    marker: str,
    vendor_id: str | None = None,
    unique_field: str | None = None,
) -> Body:
    """The body of POST /expenses; `vendor_id` is the contact found or created for the draft's `vendor_name`.

    `unique_field`, the API name of a custom field, holds the marker too.
    """
    tax = names.tax(draft.tax_name) if draft.tax_name else {}
    return _present(
        date=draft.date.isoformat(),
        **names.account(draft.account_name),
        amount=_plain(draft.amount),
        **names.paid_through_account(draft.paid_through_account_name),
        **names.currency(draft.currency_code),
        **tax,
        is_inclusive_tax=draft.is_inclusive_tax if tax else None,
        reference_number=mark(draft.reference_number, marker),
        description=draft.description,
        vendor_id=vendor_id,
        custom_fields=_custom_fields(unique_field, marker),
    )


def mark(reference_number: str | None, marker: str) -> str:
    """The reference followed by the marker, the marker always whole and the text within Zoho's limit."""
    room = TEXT_LIMIT - len(marker) - 1
    words = FOREIGN_MARKER.sub("bh_", reference_number or "")  # a buyer's order name must not pass for another document
    return f"{words[:room].rstrip()} {marker}".lstrip()


def _custom_fields(unique_field: str | None, marker: str) -> list[Body] | None:
    return [{"api_name": unique_field, "value": marker}] if unique_field else None


def _line_item(line: Line, names: Names) -> Body:
    return _present(
        **(names.item(line.sku) if line.sku else {}),
        name=line.name,
        description=line.description,
        rate=_plain(line.rate),
        quantity=_plain(line.quantity),
        unit=line.unit,
        discount=_plain(line.discount) if line.discount else None,
        **_line_tax(line, names),
    )


def _line_tax(line: Line, names: Names) -> Fields:
    taxes = _taxes_to_name(line.taxes)
    if len(taxes) > 1:
        listed = ", ".join(tax.name for tax in taxes)
        raise UnknownName(
            f"A line has several taxes ({listed}); Zoho Books takes one tax a line.",
            code="several_taxes",
            field="taxes",
            remedy="Create a tax group of these taxes in Zoho Books (Settings > Taxes) and name it in the mapping.",
        )
    return names.tax(taxes[0].name) if taxes else {}


def _taxes_to_name(taxes: tuple[Tax, ...]) -> tuple[Tax, ...]:
    """The taxes that charge something; a single tax of zero is named too, several of zero are not."""
    charging = tuple(tax for tax in taxes if tax.amount)
    return taxes if len(taxes) == 1 else charging


def _contact_persons(draft: ContactDraft) -> list[Body] | None:
    person = _present(first_name=draft.first_name, last_name=draft.last_name, email=draft.email, phone=draft.phone)
    return [{**person, "is_primary_contact": True}] if person else None


def _address(address: Address | None) -> Body | None:
    """Every part is cut to 99 characters: longer ones are refused with code 15 although the documents allow them."""
    if address is None:
        return None
    return {part: text[:TEXT_LIMIT] for part, text in dataclasses.asdict(address).items() if text} or None


def _currency_alone(currency: Fields) -> Fields:
    return {name: value for name, value in currency.items() if name != "exchange_rate"}


def _plain(amount: Decimal) -> Decimal:
    """The same amount without an exponent: 1E+2 becomes 100."""
    return Decimal(format(amount, "f"))


def _present(**fields: Any) -> Body:
    return {name: value for name, value in fields.items() if value is not None}
