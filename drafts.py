"""Documents before they are posted: Zoho's field names, but names of taxes, accounts and currencies instead of ids.

Frozen values without behaviour that needs the outside. Money, quantities and rates are `Decimal`; dates are the
organization's calendar days; texts are trimmed and never empty (absent is None).
"""

import datetime
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

ContactType = Literal["customer", "vendor"]
DocumentKind = Literal["invoice", "expense", "payment", "credit_note"]
Purpose = Literal["shipping", "fee", "tip", "duty", "gift_card"]
Verdict = Literal["approve", "reject"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A postal address; every part is optional and shorter than Zoho's limit."""

    attention: str | None = None
    address: str | None = None
    street2: str | None = None
    city: str | None = None
    state: str | None = None
    zip: str | None = None
    country: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactDraft:
    """Who buys (customer) or is paid (vendor).

    Identity is the e-mail, else `customer_id` (the platform's own id, never sent to Zoho), else the
    connection's walk-in contact.
    """

    contact_name: str
    contact_type: ContactType = "customer"
    email: str | None = None
    customer_id: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    company_name: str | None = None
    phone: str | None = None
    billing_address: Address | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tax:
    """One tax of a line as the platform charged it: `rate` in percent if it says so, `amount` in the currency."""

    name: str
    amount: Decimal
    rate: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line: `rate` is the list price of one unit (below zero for what is taken off), `discount` an amount off
    the whole line. `purpose` says what it is, if no goods; a connection may give each purpose an account.
    """

    name: str
    quantity: Decimal
    rate: Decimal
    description: str | None = None
    sku: str | None = None
    unit: str | None = None
    discount: Decimal = Decimal(0)
    taxes: tuple[Tax, ...] = ()
    purpose: Purpose | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceDraft:
    """An invoice; `control_total` is what the sender says the total is.

    `adjustment` is an amount the sender itself adds after tax (cash rounding), `exchange_rate` what one unit of the
    currency is worth in the organization's own, if the sender says so.
    """

    reference_number: str
    date: datetime.date
    currency_code: str
    lines: tuple[Line, ...]
    control_total: Decimal
    is_inclusive_tax: bool = False
    due_date: datetime.date | None = None
    notes: str | None = None
    exchange_rate: Decimal | None = None
    adjustment: Decimal = Decimal(0)
    adjustment_description: str | None = None

    kind: Literal["invoice"] = "invoice"


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentDraft:
    """Money a customer paid for an order; `method` is the sender's word for how (`shopify_payments`, `bacs`).

    Where `is_so_far`, `amount` is all that was paid until now: what is not recorded of it yet is the payment.
    """

    once_per: str
    date: datetime.date
    amount: Decimal
    currency_code: str
    method: str | None = None
    reference_number: str | None = None
    exchange_rate: Decimal | None = None
    is_so_far: bool = False

    kind: Literal["payment"] = "payment"


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundDraft:
    """What is taken off an order after it was invoiced; it becomes a credit note.

    `control_total` is the whole of it, above zero. Without `lines` it is credited by amount, in the proportions of the
    invoice. `paid_back` is the money that went back (None: all of it); the rest is credited against what is owed.
    Where `is_so_far`, `control_total` is all that was taken off until now: what is not credited of it yet is the
    refund.
    """

    once_per: str
    reference_number: str
    date: datetime.date
    currency_code: str
    control_total: Decimal
    lines: tuple[Line, ...] = ()
    is_inclusive_tax: bool = False
    paid_back: Decimal | None = None
    is_so_far: bool = False
    method: str | None = None
    notes: str | None = None
    exchange_rate: Decimal | None = None
    adjustment: Decimal = Decimal(0)
    adjustment_description: str | None = None

    kind: Literal["credit_note"] = "credit_note"


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelDraft:
    """The whole order is off: what is invoiced is voided, or credited where something was paid."""

    date: datetime.date
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptDraft:
    """A receipt: a file that came with the event (`content`), or the address of one on an allowed host (`url`)."""

    url: str | None = field(default=None, repr=False)
    name: str | None = None
    content: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpenseDraft:
    """An expense; `amount` is also its control total.

    `submitted_by` holds every id and name its submitter is known by; `customer` is whom a billable one is billed to.
    """

    date: datetime.date
    currency_code: str
    amount: Decimal
    account_name: str
    paid_through_account_name: str
    reference_number: str | None = None
    description: str | None = None
    vendor_name: str | None = None
    tax_name: str | None = None
    is_inclusive_tax: bool = True
    exchange_rate: Decimal | None = None
    customer: ContactDraft | None = None
    is_billable: bool = False
    receipt: ReceiptDraft | None = None
    submitted_by: tuple[str, ...] = ()

    kind: Literal["expense"] = "expense"

    @property
    def control_total(self) -> Decimal:
        """What the sender says the total is."""
        return self.amount


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionDraft:
    """What an approver says of an expense that waits for approval."""

    event_id: str
    verdict: Verdict
    by: tuple[str, ...]
    note: str | None = None


Document = InvoiceDraft | ExpenseDraft


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafts:
    """What one event asks for: of an order, or of an expense, or a decision about one.

    `once_per` names the order or the expense. Where `is_edit`, the invoice only takes the place of one that is not
    posted yet.
    """

    once_per: str
    contact: ContactDraft | None = None
    invoice: InvoiceDraft | None = None
    is_edit: bool = False
    payments: tuple[PaymentDraft, ...] = ()
    refunds: tuple[RefundDraft, ...] = ()
    cancel: CancelDraft | None = None
    expense: ExpenseDraft | None = None
    decision: DecisionDraft | None = None
