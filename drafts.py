"""Documents before they are posted: Zoho's field names, but names of taxes, accounts and currencies instead of ids.

Frozen values without behaviour that needs the outside. Money, quantities and rates are `Decimal`; dates are the
organization's calendar days; texts are trimmed and never empty (absent is None).
"""

import datetime
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

ContactType = Literal["customer", "vendor"]
DocumentKind = Literal["invoice", "expense"]


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
    """One line: `rate` is the list price of one unit, `discount` an amount off the whole line."""

    name: str
    quantity: Decimal
    rate: Decimal
    description: str | None = None
    sku: str | None = None
    unit: str | None = None
    discount: Decimal = Decimal(0)
    taxes: tuple[Tax, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceDraft:
    """An invoice; `control_total` is what the sender says the total is."""

    reference_number: str
    date: datetime.date
    currency_code: str
    lines: tuple[Line, ...]
    control_total: Decimal
    is_inclusive_tax: bool = False
    due_date: datetime.date | None = None
    notes: str | None = None

    kind: Literal["invoice"] = "invoice"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpenseDraft:
    """An expense; `amount` is also its control total."""

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

    kind: Literal["expense"] = "expense"

    @property
    def control_total(self) -> Decimal:
        """What the sender says the total is."""
        return self.amount


Document = InvoiceDraft | ExpenseDraft


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafts:
    """What one event asks for: a document, and the customer it is for (invoices only)."""

    once_per: str
    document: Document
    contact: ContactDraft | None = None
