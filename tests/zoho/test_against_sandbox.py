"""The client and the sandbox were written apart, from the same description: here they meet."""

import datetime
from decimal import Decimal

import pytest
import requests

from config.options import ConnectionOptions
from drafts import Address, ContactDraft, ExpenseDraft, InvoiceDraft, Line, Tax
from errors import OrganizationPaused, OutcomeUnknown, QuotaExhausted, UnknownName, ZohoRejected
from zoho.answers import NameTaken, ValueTaken

DAY = datetime.date(2026, 11, 20)
MARKER = "bh-7k2m9q4x1dfa"
OPTIONS = ConnectionOptions()
JANE = ContactDraft(
    contact_name="Jane Doe",
    email="jane@example.com",
    first_name="Jane",
    phone="+1-925-921-9201",
    company_name="Doe & Co",
    billing_address=Address(address="4900 Hopyard Rd", city="Pleasanton", zip="94588", country="U.S.A"),
)


def create_contact(books, draft, currency_code="USD", contact_name=None):
    return books.create_contact(
        books.contact_body(draft, currency_code, contact_name=contact_name or draft.contact_name)
    )


@pytest.fixture
def fault(sandbox):
    def order(on, do, **more):
        answer = requests.post(f"{sandbox}/_sandbox/faults", json={"on": on, "do": do, **more}, timeout=10)
        answer.raise_for_status()

    return order


@pytest.fixture
def manage(sandbox):
    """A call such as a bookkeeper's own work leads to."""

    def call(method, path):
        grant = {"grant_type": "refresh_token", "client_secret": "sandbox-secret", "refresh_token": "sandbox-refresh"}
        token = requests.post(f"{sandbox}/oauth/v2/token", data={"client_id": "any", **grant}, timeout=10).json()
        headers = {"Authorization": f"Zoho-oauthtoken {token['access_token']}"}
        query = {"organization_id": "10000001"}
        requests.request(
            method, f"{sandbox}/books/v3{path}", headers=headers, params=query, timeout=10
        ).raise_for_status()

    return call


def invoice(**changes):
    fields = {
        "reference_number": "#1001",
        "date": DAY,
        "currency_code": "USD",
        "lines": (
            Line(name="Mug", quantity=Decimal(2), rate=Decimal("9.90"), discount=Decimal("1.80"), sku="UNKNOWN",
                 taxes=(Tax(name="VAT", amount=Decimal("3.60")),)),
            Line(name="Sweatshirt", quantity=Decimal(1), rate=Decimal("45.00"), sku="HOODIE-M", description="blue"),
        ),
        "control_total": Decimal("66.60"),
        "notes": "Thanks",
    }  # fmt: skip
    return InvoiceDraft(**{**fields, **changes})


def body_of(books, draft, customer_id):
    return books.invoice_body(draft, books.plan_invoice(draft, OPTIONS), customer_id=customer_id, marker=MARKER)


EXPENSE = ExpenseDraft(
    date=DAY,
    currency_code="EUR",
    amount=Decimal("42.50"),
    account_name="Meals and Entertainment",
    paid_through_account_name="Petty Cash",
    description="client lunch",
    tax_name="VAT 19%",
)


def test_the_connection_is_sound(books):
    assert books.check() == []
    assert books.names.time_zone() == "America/New_York"


def test_an_order_becomes_a_contact_and_an_invoice_to_the_cent(books, held):
    assert books.find_contact(JANE, "USD") is None
    customer_id = create_contact(books, JANE)
    assert books.find_contact(JANE, "USD").contact_id == customer_id

    posted = books.post("invoice", body_of(books, invoice(), customer_id))

    assert (posted.total, posted.currency_code, posted.status) == (Decimal("66.60"), "USD", "draft")
    assert posted.reference_number == f"#1001 {MARKER}"
    assert books.read("invoice", posted.zoho_id) == posted
    assert books.find_by_marker("invoice", MARKER, reference_number=posted.reference_number) == [posted]
    assert books.find_by_marker("invoice", MARKER, reference_number="other") == [posted]
    assert books.find_by_marker("invoice", "bh-another", reference_number="bh-another") == []
    assert len(held("invoices")) == 1


def test_a_foreign_expense_with_a_vendor_stands_as_it_was_sent(books):
    cafe = ContactDraft(contact_name="Cafe Anna", contact_type="vendor")
    vendor_id = create_contact(books, cafe, "EUR")
    assert books.find_contact(cafe, "EUR").contact_id == vendor_id

    posted = books.post("expense", books.expense_body(EXPENSE, OPTIONS, marker=MARKER, vendor_id=vendor_id))

    assert (posted.total, posted.currency_code, posted.reference_number) == (Decimal("42.50"), "EUR", MARKER)
    assert books.read("expense", posted.zoho_id).total == posted.total
    found = books.find_by_marker("expense", MARKER, reference_number=MARKER)
    assert [one.zoho_id for one in found] == [posted.zoho_id]
    assert [one.zoho_id for one in books.find_by_marker("expense", MARKER, reference_number="other")] == [
        posted.zoho_id
    ]


def test_a_taken_name_is_told_and_the_next_is_free(books, held):
    namesake = ContactDraft(contact_name="Jane Doe", email="another.jane@example.com")
    create_contact(books, JANE)

    with pytest.raises(NameTaken):
        create_contact(books, namesake)
    second = create_contact(books, namesake, contact_name="Jane Doe (another.jane@example.com)")

    assert [contact["contact_id"] for contact in held("contacts")][1] == second
    assert books.find_contact(namesake, "USD").contact_id == second


def test_a_contact_is_usable_until_it_is_made_inactive_or_deleted(books, manage):
    contact_id = create_contact(books, JANE)
    assert books.is_contact_usable(contact_id)

    manage("POST", f"/contacts/{contact_id}/inactive")
    assert not books.is_contact_usable(contact_id)

    manage("DELETE", f"/contacts/{contact_id}")
    assert not books.is_contact_usable(contact_id)


@pytest.mark.parametrize("kind", ["invoice", "expense"])
def test_a_unique_field_lets_one_marker_stand_once(make_books, sandbox, held, kind):
    field = {"organization_id": "10000001", "kind": kind, "api_name": "cf_bookhook", "unique": True}
    requests.post(f"{sandbox}/_sandbox/custom_fields", json=field, timeout=10).raise_for_status()
    books = make_books(unique_field="cf_bookhook")
    if kind == "invoice":
        frozen = body_of(books, invoice(), create_contact(books, JANE))
    else:
        frozen = books.expense_body(EXPENSE, OPTIONS, marker=MARKER)
    books.post(kind, frozen)

    with pytest.raises(ValueTaken):
        books.post(kind, frozen)

    assert [one["custom_fields"] for one in held(f"{kind}s")] == [[{"api_name": "cf_bookhook", "value": MARKER}]]


def test_a_unique_field_that_is_not_there_is_refused_but_not_taken_for_a_duplicate(make_books):
    books = make_books(unique_field="cf_misspelt")

    with pytest.raises(ZohoRejected, match="cf_misspelt") as caught:
        books.post("expense", books.expense_body(EXPENSE, OPTIONS, marker=MARKER))

    assert type(caught.value) is ZohoRejected


def test_an_unknown_tax_is_told_with_the_ones_there_are(books):
    line = Line(name="Mug", quantity=Decimal(1), rate=Decimal(1), taxes=(Tax(name="CA State Tax", amount=Decimal(1)),))

    with pytest.raises(UnknownName, match="State Tax"):
        books.plan_invoice(invoice(lines=(line,)), OPTIONS)


def test_a_reference_to_nobody_is_refused_for_good(books):
    with pytest.raises(ZohoRejected):
        books.post("invoice", body_of(books, invoice(), "999"))


def test_expired_tokens_are_renewed_on_the_way(books, fault):
    fault("*", "expire_tokens", times=1)

    assert create_contact(books, JANE)


@pytest.mark.parametrize(("do", "seconds"), [("answer_429_44", 60), ("answer_429_1070", 1.5)])
def test_limits_are_told_with_a_time(books, fault, do, seconds):
    fault("POST /contacts", do, times=1)

    with pytest.raises(QuotaExhausted) as caught:
        create_contact(books, JANE)

    assert caught.value.retry_after_seconds == seconds


@pytest.mark.parametrize("do", ["answer_500", "answer_html_502", "reset_after_saving", "timeout_after_saving"])
def test_after_doubt_the_marker_tells_what_happened(make_books, fault, do, held):
    books = make_books(timeout_seconds=1.0)
    frozen = body_of(books, invoice(), create_contact(books, JANE))
    fault("POST /invoices", do, times=1, seconds=2)

    with pytest.raises(OutcomeUnknown):
        books.post("invoice", frozen)

    found = books.find_by_marker("invoice", MARKER, reference_number=f"#1001 {MARKER}")
    assert len(found) == len(held("invoices")) == (1 if "saving" in do else 0)


def test_a_wrong_refresh_token_pauses(make_books):
    with pytest.raises(OrganizationPaused, match="refresh token"):
        make_books(refresh_token="revoked").find_contact(JANE, "USD")


def test_a_wrong_organization_pauses(make_books):
    with pytest.raises(OrganizationPaused, match="6041"):
        make_books(organization_id="10000009").find_contact(JANE, "USD")
