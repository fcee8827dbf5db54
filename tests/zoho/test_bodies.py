import datetime
from decimal import Decimal

import pytest

from config.options import ConnectionOptions
from drafts import Address, ContactDraft, ExpenseDraft, InvoiceDraft, Line, PaymentDraft, RefundDraft, Tax
from tests.zoho.known_names import Ids
from zoho.bodies import (
    contact_body,
    credit_note_body,
    expense_body,
    invoice_body,
    mark,
    payment_body,
    payment_mode,
    payout_body,
)
from zoho.names import NamesAsTheyAre
from zoho.planning import plan_invoice
from zoho.protocol import freeze, thaw

NAMES = NamesAsTheyAre()
DAY = datetime.date(2026, 11, 20)
MARKER = "bh-7k2m9q4x1dfa"


def invoice(**changes: object) -> InvoiceDraft:
    fields = {
        "reference_number": "#1001",
        "date": DAY,
        "currency_code": "EUR",
        "lines": (),
        "control_total": Decimal(0),
    }
    return InvoiceDraft(**{**fields, **changes})  # type: ignore[arg-type]


def payment(**changes: object) -> PaymentDraft:
    fields = {"once_per": "payment:77", "date": DAY, "amount": Decimal("24.00"), "currency_code": "EUR"}
    return PaymentDraft(**{**fields, **changes})  # type: ignore[arg-type]


def refund(**changes: object) -> RefundDraft:
    fields = {
        "once_per": "refund:5",
        "reference_number": "#1001",
        "date": DAY,
        "currency_code": "EUR",
        "control_total": Decimal("5.00"),
    }
    return RefundDraft(**{**fields, **changes})  # type: ignore[arg-type]


def expense(**changes: object) -> ExpenseDraft:
    fields = {
        "date": DAY,
        "currency_code": "EUR",
        "amount": Decimal("42.50"),
        "account_name": "Meals",
        "paid_through_account_name": "Petty Cash",
    }
    return ExpenseDraft(**{**fields, **changes})  # type: ignore[arg-type]


def test_an_e_mail_goes_to_the_primary_contact_person_never_to_the_top():
    draft = ContactDraft(contact_name="Jane Doe", email="jane@example.com", first_name="Jane", phone="+1")

    body = contact_body(draft, NAMES, contact_name="Jane Doe (jane@example.com)", currency_code="EUR")

    assert body == {
        "contact_name": "Jane Doe (jane@example.com)",
        "contact_type": "customer",
        "currency_code": "EUR",
        "contact_persons": [
            {"first_name": "Jane", "email": "jane@example.com", "phone": "+1", "is_primary_contact": True}
        ],
    }


def test_a_contact_without_a_person_has_no_contact_persons_and_no_exchange_rate():
    body = contact_body(ContactDraft(contact_name="Cafe", contact_type="vendor"), Ids(), contact_name="Cafe",
                        currency_code="EUR")  # fmt: skip

    assert body == {"contact_name": "Cafe", "contact_type": "vendor", "currency_id": "currency EUR"}


def test_an_address_has_the_parts_that_are_known():
    address = Address(address="4900 Hopyard Rd", city="Pleasanton")

    body = contact_body(ContactDraft(contact_name="J", billing_address=address), NAMES, contact_name="J",
                        currency_code="EUR")  # fmt: skip

    assert body["billing_address"] == {"address": "4900 Hopyard Rd", "city": "Pleasanton"}


def test_an_invoice_body_holds_ids_marker_and_exact_amounts():
    vat = Tax(name="VAT", amount=Decimal("3.30"))
    mugs = Line(name="Mug", sku="KNOWN", description="blue", unit="pcs", quantity=Decimal(2), rate=Decimal("9.90"),
                taxes=(vat,))  # fmt: skip
    tea = Line(name="Tea", sku="OTHER", quantity=Decimal("0.125"), rate=Decimal("1E+2"), discount=Decimal("0.50"))
    draft = invoice(
        lines=(mugs, tea), due_date=DAY, notes="Thanks", is_inclusive_tax=True, control_total=Decimal("31.81")
    )

    plan = plan_invoice(draft, Ids(VAT=("20",)), ConnectionOptions())
    body = invoice_body(draft, plan.fields, customer_id="77", marker=MARKER)

    assert freeze(body) == (
        f'{{"customer_id": "77", "reference_number": "#1001 {MARKER}", '
        '"currency_id": "currency EUR", "exchange_rate": 1.18, "date": "2026-11-20", "due_date": "2026-11-20", '
        '"is_inclusive_tax": true, "discount_type": "item_level", "is_discount_before_tax": true, "line_items": ['
        '{"item_id": "item", "name": "Mug", "description": "blue", "rate": 9.90, "quantity": 2, "unit": "pcs", '
        '"tax_id": "tax VAT"}, '
        '{"name": "Tea", "rate": 100, "quantity": 0.125, "discount": 0.50}], '
        '"adjustment": 0.01, "adjustment_description": "Rounding", "notes": "Thanks"}'
    )


def test_a_frozen_body_thaws_and_freezes_to_the_same_text():
    text = freeze({"name": "Tasse “blau” ☕", "line_items": [{"rate": Decimal("0.10")}]})

    assert freeze(thaw(text)) == text
    assert thaw(text)["line_items"][0]["rate"] == Decimal("0.10")


def test_a_payment_is_applied_to_its_invoice_and_goes_to_its_account():
    draft = payment(reference_number="pi_3M")

    body = payment_body(draft, Ids(), customer_id="7", invoice_id="8", marker=MARKER, mode="Credit Card",
                        account_name="Checking")  # fmt: skip

    assert body == {
        "customer_id": "7",
        "payment_mode": "creditcard",
        "amount": Decimal("24.00"),
        "date": "2026-11-20",
        "reference_number": f"pi_3M {MARKER}",
        "exchange_rate": Decimal("1.18"),
        "invoices": [{"invoice_id": "8", "amount_applied": Decimal("24.00")}],
        "account_id": "account Checking",
    }


def test_a_payment_without_an_account_goes_where_zoho_puts_it():
    draft = payment(currency_code="USD")

    body = payment_body(draft, Ids(), customer_id="7", invoice_id="8", marker=MARKER, mode="others", account_name=None)

    assert "account_id" not in body
    assert "exchange_rate" not in body
    assert body["reference_number"] == MARKER


@pytest.mark.parametrize(
    ("word", "mode"),
    [("Bank Transfer", "banktransfer"), ("CASH", "cash"), ("credit_card", "creditcard"), ("paypal", "paypal")],
)
def test_zohos_own_words_for_modes_are_recognized_and_others_kept(word, mode):
    assert payment_mode(word) == mode


def test_a_credit_note_carries_its_lines_under_the_refunds_date_and_reference():
    fields = {"is_inclusive_tax": True, "line_items": [{"name": "Mug"}]}

    body = credit_note_body(refund(notes="broken"), fields, Ids(), customer_id="7", marker=MARKER)

    assert body == {
        "customer_id": "7",
        "reference_number": f"#1001 {MARKER}",
        "currency_id": "currency EUR",
        "exchange_rate": Decimal("1.18"),
        "date": "2026-11-20",
        **fields,
        "notes": "broken",
    }


@pytest.mark.parametrize(
    ("account_name", "paid_from"), [("Checking", "account Checking"), (None, "account Undeposited Funds")]
)
def test_money_is_paid_back_from_an_account(account_name, paid_from):
    body = payout_body(refund(), Ids(), amount=Decimal("4.00"), marker=MARKER, mode="paypal", account_name=account_name)

    assert body == {
        "date": "2026-11-20",
        "refund_mode": "paypal",
        "amount": Decimal("4.00"),
        "from_account_id": paid_from,
        "reference_number": f"#1001 {MARKER}",
        "exchange_rate": Decimal("1.18"),
    }


def test_an_expense_body_names_both_accounts_and_the_vendor():
    draft = expense(description="client lunch", reference_number="R-1", tax_name="VAT", vendor_name="Cafe")

    body = expense_body(draft, Ids(VAT=("20",)), marker=MARKER, vendor_id="9")

    assert body == {
        "date": "2026-11-20",
        "account_id": "account Meals",
        "amount": Decimal("42.50"),
        "paid_through_account_id": "account Petty Cash",
        "currency_id": "currency EUR",
        "exchange_rate": Decimal("1.18"),
        "tax_id": "tax VAT",
        "is_inclusive_tax": True,
        "reference_number": f"R-1 {MARKER}",
        "description": "client lunch",
        "vendor_id": "9",
    }


def test_an_expense_keeps_its_own_exchange_rate_and_is_billed_to_its_customer():
    draft = expense(exchange_rate=Decimal("1.3"), is_billable=True)

    billed = expense_body(draft, Ids(), marker=MARKER, customer_id="5")
    unknown = expense_body(draft, Ids(), marker=MARKER)

    assert (billed["exchange_rate"], billed["customer_id"], billed["is_billable"]) == (Decimal("1.3"), "5", True)
    assert "is_billable" not in unknown


def test_a_unique_field_holds_the_marker_beside_the_reference_number():
    fields = [{"api_name": "cf_bookhook", "value": MARKER}]

    billed = invoice_body(invoice(), {}, customer_id="1", marker=MARKER, unique_field="cf_bookhook")
    spent = expense_body(expense(), NAMES, marker=MARKER, unique_field="cf_bookhook")

    assert (billed["custom_fields"], billed["reference_number"]) == (fields, f"#1001 {MARKER}")
    assert (spent["custom_fields"], spent["reference_number"]) == (fields, MARKER)


def test_without_a_unique_field_there_are_no_custom_fields():
    assert "custom_fields" not in invoice_body(invoice(), {}, customer_id="1", marker=MARKER)
    assert "custom_fields" not in expense_body(expense(), NAMES, marker=MARKER)


def test_a_dry_run_shows_names_in_place_of_ids():
    body = expense_body(expense(), NAMES, marker=MARKER)

    assert body["account_name"] == "Meals"
    assert body["paid_through_account_name"] == "Petty Cash"
    assert body["currency_code"] == "EUR"
    assert body["reference_number"] == MARKER


def test_the_marker_stays_whole_when_the_reference_is_long():
    text = mark("x" * 200, MARKER)

    assert len(text) == 99
    assert text.endswith(f"x {MARKER}")
