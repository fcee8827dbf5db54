import datetime
from decimal import Decimal

import pytest

from drafts import Address, ContactDraft, ExpenseDraft, InvoiceDraft, Line, Tax
from errors import UnknownName
from zoho.bodies import contact_body, expense_body, invoice_body, mark
from zoho.names import NamesAsTheyAre
from zoho.protocol import freeze, thaw

NAMES = NamesAsTheyAre()
DAY = datetime.date(2026, 11, 20)
MARKER = "bh-7k2m9q4x1dfa"


class Ids:
    """An organization that knows every name."""

    def currency(self, code: str) -> dict[str, object]:
        return {"currency_id": f"currency {code}", "exchange_rate": Decimal("1.18")}

    def tax(self, name: str) -> dict[str, object]:
        return {"tax_id": f"tax {name}"}

    def account(self, name: str) -> dict[str, object]:
        return {"account_id": f"account {name}"}

    def paid_through_account(self, name: str) -> dict[str, object]:
        return {"paid_through_account_id": f"account {name}"}

    def item(self, sku: str) -> dict[str, object]:
        return {"item_id": "item"} if sku == "KNOWN" else {}


def line(**changes: object) -> Line:
    return Line(**{"name": "Mug", "quantity": Decimal(2), "rate": Decimal("9.90"), **changes})  # type: ignore[arg-type]


def invoice(*lines: Line, **changes: object) -> InvoiceDraft:
    fields = {
        "reference_number": "#1001",
        "date": DAY,
        "currency_code": "EUR",
        "lines": lines or (line(),),
        "control_total": Decimal("19.80"),
    }
    return InvoiceDraft(**{**fields, **changes})  # type: ignore[arg-type]


def expense(**changes: object) -> ExpenseDraft:
    fields = {
        "date": DAY,
        "currency_code": "EUR",
        "amount": Decimal("42.50"),
        "account_name": "Meals",
        "paid_through_account_name": "Petty Cash",
    }
    return ExpenseDraft(**{**fields, **changes})  # type: ignore[arg-type]


def tax(name: str, amount: str) -> Tax:
    return Tax(name=name, amount=Decimal(amount))


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


def test_address_parts_stay_below_100_characters():
    address = Address(address="x" * 120, city="Pleasanton")

    body = contact_body(ContactDraft(contact_name="J", billing_address=address), NAMES, contact_name="J",
                        currency_code="EUR")  # fmt: skip

    assert body["billing_address"] == {"address": "x" * 99, "city": "Pleasanton"}


def test_an_invoice_body_holds_ids_marker_and_exact_amounts():
    draft = invoice(
        line(sku="KNOWN", description="blue", unit="pcs", taxes=(tax("VAT", "3.16"),)),
        line(sku="OTHER", rate=Decimal("1E+2"), quantity=Decimal("0.125"), discount=Decimal("0.50")),
        due_date=DAY,
        notes="Thanks",
        is_inclusive_tax=True,
    )

    body = invoice_body(draft, Ids(), customer_id="77", marker=MARKER)

    assert freeze(body) == (
        '{"customer_id": "77", "currency_id": "currency EUR", "exchange_rate": 1.18, '
        f'"reference_number": "#1001 {MARKER}", "date": "2026-11-20", "due_date": "2026-11-20", '
        '"is_inclusive_tax": true, "discount_type": "item_level", "is_discount_before_tax": true, "line_items": ['
        '{"item_id": "item", "name": "Mug", "description": "blue", "rate": 9.90, "quantity": 2, "unit": "pcs", '
        '"tax_id": "tax VAT"}, '
        '{"name": "Mug", "rate": 100, "quantity": 0.125, "discount": 0.50}], "notes": "Thanks"}'
    )


def test_a_frozen_body_thaws_and_freezes_to_the_same_text():
    text = freeze(invoice_body(invoice(line(name="Tasse “blau” ☕", rate=Decimal("0.10"))), NAMES, customer_id="7",
                               marker=MARKER))  # fmt: skip

    assert freeze(thaw(text)) == text
    assert thaw(text)["line_items"][0]["rate"] == Decimal("0.10")


def test_without_discounts_nothing_is_said_about_discounts():
    body = invoice_body(invoice(), NAMES, customer_id="7", marker=MARKER)

    assert "discount_type" not in body
    assert "is_discount_before_tax" not in body


def test_a_line_with_several_taxes_is_for_a_person():
    draft = invoice(line(taxes=(tax("State", "1.00"), tax("County", "0.50"))))

    with pytest.raises(UnknownName, match=r"State, County") as caught:
        invoice_body(draft, NAMES, customer_id="7", marker=MARKER)

    assert caught.value.code == "several_taxes"
    assert "tax group" in caught.value.remedy


@pytest.mark.parametrize(
    ("taxes", "named"),
    [
        ((), None),
        ((tax("VAT", "0"),), "VAT"),
        ((tax("State", "1"), tax("County", "0.00")), "State"),
        ((tax("State", "0"), tax("County", "0")), None),
    ],
)
def test_a_line_names_the_tax_that_charges_something_or_its_only_one(taxes, named):
    body = invoice_body(invoice(line(taxes=taxes)), NAMES, customer_id="7", marker=MARKER)

    assert body["line_items"][0].get("tax_name") == named


def test_an_expense_body_names_both_accounts_and_the_vendor():
    draft = expense(description="client lunch", reference_number="R-1", tax_name="VAT", vendor_name="Cafe")

    body = expense_body(draft, Ids(), marker=MARKER, vendor_id="9")

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


def test_a_unique_field_holds_the_marker_beside_the_reference_number():
    fields = [{"api_name": "cf_bookhook", "value": MARKER}]

    billed = invoice_body(invoice(), NAMES, customer_id="1", marker=MARKER, unique_field="cf_bookhook")
    spent = expense_body(expense(), NAMES, marker=MARKER, unique_field="cf_bookhook")

    assert (billed["custom_fields"], billed["reference_number"]) == (fields, f"#1001 {MARKER}")
    assert (spent["custom_fields"], spent["reference_number"]) == (fields, MARKER)


def test_without_a_unique_field_there_are_no_custom_fields():
    assert "custom_fields" not in invoice_body(invoice(), NAMES, customer_id="1", marker=MARKER)
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
