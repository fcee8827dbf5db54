"""What is done to an order's documents, against the sandbox."""

import datetime
from dataclasses import replace
from decimal import Decimal

import pytest

from config.options import ConnectionOptions, PaymentOptions, TaxOptions
from drafts import ContactDraft, ExpenseDraft, InvoiceDraft, Line, PaymentDraft, RefundDraft, Tax
from errors import ZohoRejected
from zoho.protocol import read_money

DAY = datetime.date(2026, 11, 20)
MARKER = "bh-7k2m9q4x1dfa"
OTHER_MARKER = "bh-222222222222"
OPTIONS = ConnectionOptions(payments=PaymentOptions(account="Checking"))
STATE, COUNTY = (
    Tax(name=f"{name} Tax", amount=Decimal(amount)) for name, amount in (("State", "0.61"), ("County", "0.20"))
)
ORDER = InvoiceDraft(
    reference_number="#1001",
    date=DAY,
    currency_code="USD",
    lines=(
        Line(name="Mug", quantity=Decimal(1), rate=Decimal("10.10"), taxes=(STATE, COUNTY)),
        Line(name="Tea", quantity=Decimal("0.125"), rate=Decimal("9.99"), discount=Decimal("0.25"), sku="HOODIE-M"),
        Line(name="Shipping", quantity=Decimal(1), rate=Decimal("4.90"), purpose="shipping"),
    ),
    control_total=Decimal("16.80"),
)
PAYMENT = PaymentDraft(once_per="payment:7", date=DAY, amount=Decimal("16.80"), currency_code="USD", method="visa")
REFUND = RefundDraft(
    once_per="refund:5", reference_number="#1001-R1", date=DAY, currency_code="USD", control_total=Decimal("5.00")
)


@pytest.fixture
def customer_id(books):
    return create_contact(books, "USD")


def create_contact(books, currency_code):
    draft = ContactDraft(contact_name=f"Jane {currency_code}", email="jane@example.com")
    return books.create_contact(books.contact_body(draft, currency_code, contact_name=draft.contact_name))


def bill(books, draft, customer_id, options=OPTIONS):
    plan = books.plan_invoice(draft, options)
    posted = books.post("invoice", books.invoice_body(draft, plan, customer_id=customer_id, marker=MARKER))
    assert posted.total == plan.totals.total == draft.control_total
    assert posted.tax_total == plan.totals.tax_total
    return posted


def pay(books, invoice, customer_id, draft=PAYMENT):
    body = books.payment_body(draft, OPTIONS, customer_id=customer_id, invoice_id=invoice.zoho_id, marker=MARKER)
    return books.post("payment", body)


def credit(books, draft, fields, customer_id):
    return books.post(
        "credit_note", books.credit_note_body(draft, fields, customer_id=customer_id, marker=OTHER_MARKER)
    )


@pytest.fixture
def sent(books, customer_id):
    invoice = bill(books, ORDER, customer_id)
    books.mark_sent(invoice.zoho_id)
    return invoice


def balance(books, invoice):
    return read_money(books.row("invoice", invoice.zoho_id)["balance"])


def test_zoho_makes_of_a_plan_what_was_planned(books, sent):
    row = books.row("invoice", sent.zoho_id)

    assert (row["adjustment"], row["adjustment_description"]) == (Decimal("-0.01"), "Rounding")
    assert [line["tax_name"] for line in row["line_items"]] == ["State + County", "", ""]
    assert row["status"] == "sent"


def test_a_paid_order_is_no_receivable(books, sent, customer_id):
    payment = pay(books, sent, customer_id)

    assert (payment.total, payment.reference_number) == (Decimal("16.80"), MARKER)
    assert books.status("invoice", sent.zoho_id) == "paid"
    assert books.row("payment", payment.zoho_id)["account_name"] == "Checking"
    assert books.find_by_marker("payment", MARKER, reference_number=MARKER) == [payment]
    assert books.find_by_marker("payment", MARKER, reference_number="changed by hand") == [payment]


def test_a_partial_payment_stays_partial(books, sent, customer_id):
    pay(books, sent, customer_id, replace(PAYMENT, amount=Decimal("6.80")))

    assert (books.status("invoice", sent.zoho_id), balance(books, sent)) == ("partially_paid", Decimal("10.00"))


def test_a_refund_by_lines_is_credited_and_paid_back(books, sent, customer_id):
    pay(books, sent, customer_id)
    draft = replace(REFUND, lines=ORDER.lines[:2], control_total=Decimal("11.90"))

    note = credit(books, draft, books.plan_credit_note(draft, OPTIONS), customer_id)
    payout = books.payout_body(draft, OPTIONS, amount=Decimal("11.90"), marker=OTHER_MARKER)
    refund_id = books.pay_out(note.zoho_id, payout)

    assert (note.total, note.status) == (Decimal("11.90"), "open")
    assert [row["creditnote_refund_id"] for row in books.payouts(note.zoho_id)] == [refund_id]
    assert books.payouts(note.zoho_id)[0]["reference_number"] == f"#1001-R1 {OTHER_MARKER}"
    assert books.status("credit_note", note.zoho_id) == "closed"
    assert books.find_by_marker("credit_note", OTHER_MARKER, reference_number="other") == [
        books.read("credit_note", note.zoho_id)
    ]


def test_a_refund_by_amount_is_set_against_what_is_owed(books, sent, customer_id):
    invoice_row = books.row("invoice", sent.zoho_id)

    note = credit(books, REFUND, books.plan_share(REFUND, invoice_row), customer_id)
    books.apply_credit(note.zoho_id, books.application_body(sent.zoho_id, Decimal("5.00")))

    assert note.total == Decimal("5.00")
    assert note.tax_total > 0
    assert [row["invoice_id"] for row in books.credited(note.zoho_id)] == [sent.zoho_id]
    assert balance(books, sent) == Decimal("11.80")


@pytest.mark.parametrize("mode", ["zoho", "amounts", "none"])
@pytest.mark.parametrize(("is_inclusive_tax", "tax", "total"), [(False, "3.99", "23.96"), (True, "3.33", "19.97")])
def test_all_of_an_invoice_is_credited_line_by_line(books, customer_id, mode, is_inclusive_tax, tax, total):
    options = replace(OPTIONS, taxes=TaxOptions(mode=mode, account="Tax Payable"))
    vat = Tax(name="VAT", amount=Decimal(tax))
    lines = (Line(name="Mug", quantity=Decimal(3), rate=Decimal("6.66"), discount=Decimal("0.01"), taxes=(vat,)),)
    order = replace(ORDER, lines=lines, control_total=Decimal(total), is_inclusive_tax=is_inclusive_tax)
    invoice = bill(books, order, customer_id, options)
    draft = replace(REFUND, control_total=order.control_total)

    note = credit(books, draft, books.plan_share(draft, books.row("invoice", invoice.zoho_id)), customer_id)

    assert (note.total, note.tax_total) == (order.control_total, invoice.tax_total)


def test_an_unpaid_order_is_voided_and_can_come_back(books, sent):
    books.void(sent.zoho_id)
    assert books.status("invoice", sent.zoho_id) == "void"

    books.restore(sent.zoho_id)
    assert books.status("invoice", sent.zoho_id) == "draft"


def test_an_invoice_is_e_mailed_by_zoho(books, sent, held):
    books.email_invoice(sent.zoho_id, to=["jane@example.com"])

    assert [mail["invoice_id"] for mail in held("emails")] == [sent.zoho_id]


def test_what_is_deleted_is_gone(books, sent, customer_id):
    payment = pay(books, sent, customer_id)
    with pytest.raises(ZohoRejected):
        books.delete("invoice", sent.zoho_id)

    books.delete("payment", payment.zoho_id)
    books.delete("invoice", sent.zoho_id)

    assert (books.status("payment", payment.zoho_id), books.status("invoice", sent.zoho_id)) == (None, None)


@pytest.mark.parametrize(("currency_code", "rate", "total"), [("JPY", "1003", "1204"), ("KWD", "1.003", "1.204")])
def test_other_currencies_have_their_own_decimals_and_zohos_rate(books, currency_code, rate, total):
    customer_id = create_contact(books, currency_code)
    vat = Tax(name="VAT", amount=Decimal(total) - Decimal(rate))
    draft = replace(
        ORDER,
        currency_code=currency_code,
        lines=(Line(name="Mug", quantity=Decimal(1), rate=Decimal(rate), taxes=(vat,)),),
        control_total=Decimal(total),
    )

    invoice = bill(books, draft, customer_id)

    row = books.row("invoice", invoice.zoho_id)
    assert (invoice.currency_code, row["exchange_rate"]) == (
        currency_code,
        books.names.currency(currency_code)["exchange_rate"],
    )


def test_every_kind_is_listed_for_comparing(books, sent, customer_id):
    payment = pay(books, sent, customer_id)
    note = credit(books, REFUND, books.plan_share(REFUND, books.row("invoice", sent.zoho_id)), customer_id)

    assert [row["invoice_id"] for row in books.listed("invoice", since=None)] == [sent.zoho_id]
    assert [row["payment_id"] for row in books.listed("payment", since=None)] == [payment.zoho_id]
    assert [row["creditnote_id"] for row in books.listed("credit_note", since=None)] == [note.zoho_id]
    assert list(books.listed("invoice", since=datetime.date(2999, 1, 1))) == []


def test_a_receipt_is_put_to_its_expense(books, held):
    expense = ExpenseDraft(
        date=DAY, currency_code="USD", amount=Decimal("42.50"), account_name="Lodging",
        paid_through_account_name="Petty Cash",
    )  # fmt: skip
    posted = books.post("expense", books.expense_body(expense, ConnectionOptions(), marker=MARKER))
    assert not books.has_receipt(posted.zoho_id)

    books.upload_receipt(posted.zoho_id, name="Beleg ü.pdf", content=b"%PDF-1.7\nx", media_type="application/pdf")

    assert books.has_receipt(posted.zoho_id)
    assert [row["receipt_uploads"] for row in held("expenses")] == [1]
