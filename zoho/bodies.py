"""Draft → request body. No I/O beyond what `names` does.

Fields and limits: zoho.com/books/api/v3/{contacts,invoices,expenses,customer-payments,credit-notes}. Zoho's limit of
100 characters allows 99. Fields come in a fixed order; amounts are `Decimal` in plain notation, so that
`protocol.freeze` writes exact JSON numbers.
"""

import dataclasses
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from config.options import Namesakes
from drafts import Address, ContactDraft, ExpenseDraft, InvoiceDraft, PaymentDraft, RefundDraft
from zoho.names import Fields, Names

Body = dict[str, Any]

TEXT_LIMIT = 99
MODE_LIMIT = 49
FOREIGN_MARKER = re.compile(r"bh-(?=[a-z2-7]{12})", re.IGNORECASE)
# Zoho's own words for modes of payment; it takes any other text as well.
PAYMENT_MODES = ("check", "cash", "creditcard", "banktransfer", "bankremittance", "autotransaction", "others")
DEPOSIT_ACCOUNT = "Undeposited Funds"  # where Zoho puts a payment that names no account


def contact_body(draft: ContactDraft, names: Names, *, contact_name: str, currency_code: str) -> Body:
    """The body of POST /contacts.

    The e-mail, phone and personal name go to the primary contact person: Zoho drops them silently at the top level.
    """
    return present(
        contact_name=contact_name,
        company_name=draft.company_name,
        contact_type=draft.contact_type,
        **_currency_alone(names.currency(currency_code)),
        billing_address=_address(draft.billing_address),
        contact_persons=_contact_persons(draft),
    )


def invoice_body(
    draft: InvoiceDraft, fields: Fields, *, customer_id: str, marker: str, unique_field: str | None = None
) -> Body:
    """The body of POST /invoices: a draft invoice with the planned `fields`.

    Its `reference_number` ends with the marker; `unique_field`, the API name of a custom field, holds it too.
    """
    return present(
        customer_id=customer_id,
        reference_number=mark(draft.reference_number, marker),
        **fields,
        custom_fields=_custom_fields(unique_field, marker),
    )


def credit_note_body(draft: RefundDraft, fields: Fields, names: Names, *, customer_id: str, marker: str) -> Body:
    """The body of POST /creditnotes: an open credit note with the `fields` planned, or taken from an invoice.

    Its `reference_number` ends with the marker.
    """
    return present(
        customer_id=customer_id,
        reference_number=mark(draft.reference_number, marker),
        **currency(names, draft.currency_code, draft.exchange_rate),
        date=draft.date.isoformat(),
        **fields,
        notes=draft.notes,
    )


def payment_body(
    draft: PaymentDraft,
    names: Names,
    *,
    customer_id: str,
    invoice_id: str,
    marker: str,
    mode: str,
    account_name: str | None,
) -> Body:
    """The body of POST /customerpayments: money of that customer, applied to that invoice.

    It goes to the account of that name, or where Zoho puts it. Only `invoices` applies it: Zoho ignores an
    `invoice_id` beside the amount and leaves the money unapplied.
    """
    return present(
        customer_id=customer_id,
        payment_mode=payment_mode(mode),
        amount=plain(draft.amount),
        date=draft.date.isoformat(),
        reference_number=mark(draft.reference_number, marker),
        **names.exchange_rate(draft.currency_code, draft.exchange_rate),
        invoices=[applied(invoice_id, draft.amount)],
        **(names.account(account_name) if account_name else {}),
    )


def payout_body(
    draft: RefundDraft, names: Names, *, amount: Decimal, marker: str, mode: str, account_name: str | None
) -> Body:
    """The body of POST /creditnotes/{id}/refunds: `amount` of the credit paid back to the customer."""
    account = names.account(account_name or DEPOSIT_ACCOUNT)
    return present(
        date=draft.date.isoformat(),
        refund_mode=payment_mode(mode),
        amount=plain(amount),
        from_account_id=account.get("account_id"),
        from_account_name=account.get("account_name"),
        reference_number=mark(draft.reference_number, marker),
        **names.exchange_rate(draft.currency_code, draft.exchange_rate),
    )


def credit_body(invoice_id: str, amount: Decimal) -> Body:
    """The body of POST /creditnotes/{id}/invoices: `amount` of the credit set against that invoice."""
    return {"invoices": [applied(invoice_id, amount)]}


def applied(invoice_id: str, amount: Decimal) -> Body:
    """What of a payment or a credit goes to an invoice."""
    return {"invoice_id": invoice_id, "amount_applied": plain(amount)}


def expense_body(
    draft: ExpenseDraft,
    names: Names,
    *,
    marker: str,
    vendor_id: str | None = None,
    customer_id: str | None = None,
    unique_field: str | None = None,
) -> Body:
    """The body of POST /expenses; `vendor_id` is the contact found or created for the draft's `vendor_name`.

    Billable to `customer_id` if the draft says so. `unique_field`, the API name of a custom field, holds the marker
    too.
    """
    tax = names.tax(draft.tax_name) if draft.tax_name else {}
    return present(
        date=draft.date.isoformat(),
        **names.account(draft.account_name),
        amount=plain(draft.amount),
        **names.paid_through_account(draft.paid_through_account_name),
        **currency(names, draft.currency_code, draft.exchange_rate),
        **tax,
        is_inclusive_tax=draft.is_inclusive_tax if tax else None,
        reference_number=mark(draft.reference_number, marker),
        description=draft.description,
        vendor_id=vendor_id,
        customer_id=customer_id,
        is_billable=True if draft.is_billable and customer_id else None,
        custom_fields=_custom_fields(unique_field, marker),
    )


def as_named(draft: ExpenseDraft, namesakes: Namesakes) -> ExpenseDraft:
    """The draft with what its accounts and its tax are called in Zoho."""
    return dataclasses.replace(
        draft,
        account_name=namesakes.account(draft.account_name),
        paid_through_account_name=namesakes.account(draft.paid_through_account_name),
        tax_name=draft.tax_name and namesakes.tax(draft.tax_name),
    )


def mark(reference_number: str | None, marker: str) -> str:
    """The reference followed by the marker, the marker always whole and the text within Zoho's limit."""
    room = TEXT_LIMIT - len(marker) - 1
    words = FOREIGN_MARKER.sub("bh_", reference_number or "")  # a buyer's order name must not pass for another document
    return f"{words[:room].rstrip()} {marker}".lstrip()


def payment_mode(word: str) -> str:
    """Zoho's word for a mode of payment, whatever the case and the spaces of the sender's; else the word itself."""
    bare = re.sub(r"[^a-z]", "", word.casefold())
    return bare if bare in PAYMENT_MODES else word[:MODE_LIMIT]


def currency(names: Names, code: str, exchange_rate: Decimal | None) -> Fields:
    """The currency of a document, and its rate if it is foreign: the sender's, else Zoho's."""
    return {**_currency_alone(names.currency(code)), **names.exchange_rate(code, exchange_rate)}


def name_text(name: str) -> str:
    """The name of a line within Zoho's limit."""
    return name[:TEXT_LIMIT].rstrip()


def plain(amount: Decimal) -> Decimal:
    """The same amount without an exponent: 1E+2 becomes 100."""
    return Decimal(format(amount, "f"))


def present(**fields: Any) -> Body:
    """The fields that are given, in their order."""
    return {name: value for name, value in fields.items() if value is not None}


def _custom_fields(unique_field: str | None, marker: str) -> list[Body] | None:
    return [{"api_name": unique_field, "value": marker}] if unique_field else None


def _contact_persons(draft: ContactDraft) -> list[Body] | None:
    person = present(first_name=draft.first_name, last_name=draft.last_name, email=draft.email, phone=draft.phone)
    return [{**person, "is_primary_contact": True}] if person else None


def _address(address: Address | None) -> Body | None:
    return present(**dataclasses.asdict(address)) or None if address else None


def _currency_alone(fields: Mapping[str, Any]) -> Body:
    return {name: value for name, value in fields.items() if name != "exchange_rate"}
