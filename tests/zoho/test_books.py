import dataclasses
import datetime
import json
from decimal import Decimal

import pytest

from config.options import ConnectionOptions, PaymentOptions
from drafts import ContactDraft, ExpenseDraft, InvoiceDraft, Line, PaymentDraft, RefundDraft
from errors import OutcomeUnknown, ZohoRejected, ZohoUnavailable
from zoho.books import Books
from zoho.protocol import Posted, thaw

API = "https://api.zoho.example/books/v3"
MARKER = "bh-7k2m9q4x1dfa"
REFERENCE = f"#1001 {MARKER}"
INVOICE = {
    "invoice_id": "982000000567114",
    "invoice_number": "INV-00003",
    "reference_number": REFERENCE,
    "total": "40.60",
    "currency_code": "USD",
    "status": "draft",
}
EXPENSE = {
    "expense_id": "982000000030049",
    "reference_number": MARKER,
    "total": 42.5,
    "currency_code": "USD",
    "status": "nonbillable",
}
PAYMENT = {
    "payment_id": "982000000190049",
    "payment_number": "2",
    "reference_number": MARKER,
    "amount": 40.6,
    "currency_code": "USD",
}
CREDIT_NOTE = {
    "creditnote_id": "982000000567134",
    "creditnote_number": "CN-29",
    "reference_number": MARKER,
    "total": 40.6,
    "currency_code": "USD",
    "status": "open",
}
PATHS = {
    "invoice": "/invoices",
    "expense": "/expenses",
    "payment": "/customerpayments",
    "credit_note": "/creditnotes",
}
NAMES = {"invoice": "invoice", "expense": "expense", "payment": "payment", "credit_note": "creditnote"}
ROWS = {"invoice": INVOICE, "expense": EXPENSE, "payment": PAYMENT, "credit_note": CREDIT_NOTE}
DAY = datetime.date(2026, 11, 20)
DRAFT = InvoiceDraft(
    reference_number="#1001",
    date=DAY,
    currency_code="USD",
    lines=(Line(name="Mug", quantity=Decimal(1), rate=Decimal("40.60")),),
    control_total=Decimal("40.60"),
)
REFUND = RefundDraft(
    once_per="refund:5", reference_number="#1001", date=DAY, currency_code="USD", control_total=Decimal("10.00")
)
CURRENCIES = [{"currency_id": "1", "currency_code": "USD", "is_base_currency": True}]
ACCOUNTS = [
    {"account_id": "11", "account_name": "Meals"},
    {"account_id": "12", "account_name": "Petty Cash"},
    {"account_id": "13", "account_name": "Checking"},
]


@pytest.fixture
def books(organization, redis, clock, tokens_flow, responses):
    tokens_flow()
    responses.get(f"{API}/settings/currencies", json={"code": 0, "currencies": CURRENCIES})
    responses.get(f"{API}/chartofaccounts", json={"code": 0, "chartofaccounts": ACCOUNTS})
    return Books(organization, redis=redis, clock=clock)


def asked(responses, path):
    return [call.request for call in responses.calls if call.request.url.startswith(API + path)]


def test_an_invoice_is_rendered_once_and_posted_as_it_was_frozen(books, responses):
    responses.post(f"{API}/invoices", json={"code": 0, "invoice": INVOICE}, status=201)

    plan = books.plan_invoice(DRAFT, ConnectionOptions())
    frozen = books.invoice_body(DRAFT, plan, customer_id="77", marker=MARKER)
    posted = books.post("invoice", frozen)

    assert thaw(frozen)["reference_number"] == REFERENCE
    assert asked(responses, "/invoices")[0].body == frozen.encode()
    assert posted == Posted(
        zoho_id="982000000567114",
        number="INV-00003",
        total=Decimal("40.60"),
        currency_code="USD",
        status="draft",
        url="https://books.zoho.example/app/10000001#/invoices/982000000567114",
        reference_number=REFERENCE,
    )


def test_an_expense_carries_its_paid_through_account_and_vendor(books, responses):
    responses.post(f"{API}/expenses", json={"code": 0, "expense": EXPENSE})
    draft = ExpenseDraft(date=DAY, currency_code="USD", amount=Decimal("42.50"), account_name="Meals",
                         paid_through_account_name="Petty Cash")  # fmt: skip

    frozen = books.expense_body(draft, ConnectionOptions(), marker=MARKER, vendor_id="9")
    posted = books.post("expense", frozen)

    body = json.loads(asked(responses, "/expenses")[0].body)
    assert (body["account_id"], body["paid_through_account_id"], body["vendor_id"]) == ("11", "12", "9")
    assert (posted.number, posted.total) == ("", Decimal("42.5"))
    assert posted.url.endswith("#/expenses/982000000030049")


@pytest.mark.parametrize("answer", [{}, {"invoice": {}}, {"invoice": None}, {"invoice": {**INVOICE, "total": "?"}}])
def test_a_success_that_does_not_describe_the_document_is_unknown(books, responses, answer):
    responses.post(f"{API}/invoices", json={"code": 0, **answer}, status=201)
    responses.get(f"{API}/invoices/1", json={"code": 0, **answer})

    with pytest.raises(OutcomeUnknown):
        books.post("invoice", "{}")
    with pytest.raises(ZohoUnavailable):
        books.read("invoice", "1")


def test_a_deleted_document_is_told_by_its_code(books, responses):
    responses.get(f"{API}/invoices/1", json={"code": 1002, "message": "Invoice does not exist."}, status=404)

    with pytest.raises(ZohoRejected) as caught:
        books.read("invoice", "1")

    assert caught.value.zoho_code == "1002"


def test_a_document_is_found_by_its_reference_and_every_row_is_verified(books, responses):
    rows = [{**INVOICE, "reference_number": other} for other in ("#1001", f"#1001 {MARKER}x", None)]
    responses.get(f"{API}/invoices", json={"code": 0, "invoices": [*rows, INVOICE]})
    responses.get(f"{API}/invoices/982000000567114", json={"code": 0, "invoice": INVOICE})

    found = books.find_by_marker("invoice", MARKER, reference_number=REFERENCE)

    assert [posted.reference_number for posted in found] == [REFERENCE]
    request = asked(responses, "/invoices")[0]
    assert (request.params["reference_number"], request.params["filter_by"]) == (REFERENCE, "Status.All")


def test_two_documents_with_one_marker_are_both_found(books, responses):
    pages = [
        {"code": 0, "invoices": [INVOICE], "page_context": {"has_more_page": True}},
        {"code": 0, "invoices": [INVOICE, {**INVOICE, "invoice_id": "2"}], "page_context": {"has_more_page": False}},
    ]
    for page in pages:
        responses.get(f"{API}/invoices", json=page)
    for invoice_id in ("982000000567114", "2"):
        responses.get(
            f"{API}/invoices/{invoice_id}", json={"code": 0, "invoice": {**INVOICE, "invoice_id": invoice_id}}
        )

    found = books.find_by_marker("invoice", MARKER, reference_number=REFERENCE)

    assert [posted.zoho_id for posted in found] == ["982000000567114", "2"]


@pytest.mark.parametrize(
    ("kind", "filter_name", "filter_by"),
    [
        ("invoice", "search_text", "Status.All"),
        ("expense", "reference_number_contains", "Status.All"),
        ("payment", "reference_number_contains", "PaymentMode.All"),
        ("credit_note", "search_text", "Status.All"),
    ],
)
def test_a_reference_edited_by_hand_is_found_among_others(books, responses, kind, filter_name, filter_by):
    path, name, row = PATHS[kind], NAMES[kind], ROWS[kind]
    edited = {**row, "reference_number": f"PO 5 {MARKER} checked"}
    foreign = {**row, f"{name}_id": "7", "reference_number": "PO 5"}

    def search(request):
        rows = [foreign, edited] if filter_name in request.params else []
        return 200, {}, json.dumps({"code": 0, path[1:]: rows})

    responses.add_callback("GET", API + path, callback=search)
    responses.get(f"{API}{path}/{row[f'{name}_id']}", json={"code": 0, name: edited})

    assert len(books.find_by_marker(kind, MARKER, reference_number=REFERENCE)) == 1
    assert asked(responses, path)[0].params["filter_by"] == filter_by


def test_a_search_that_is_ignored_does_not_read_all_the_books(books, responses):
    foreign = {**INVOICE, "reference_number": "#7"}

    def search(request):
        rows = [] if "reference_number" in request.params else [foreign] * 200
        return 200, {}, json.dumps({"code": 0, "invoices": rows, "page_context": {"has_more_page": bool(rows)}})

    responses.add_callback("GET", f"{API}/invoices", callback=search)

    assert books.find_by_marker("invoice", MARKER, reference_number=REFERENCE) == []
    assert len(asked(responses, "/invoices")) == 1 + 5


def test_what_a_row_lacks_is_read_from_the_document(books, responses):
    summary = {name: value for name, value in INVOICE.items() if name != "total"}
    responses.get(f"{API}/invoices", json={"code": 0, "invoices": [summary]})
    responses.get(f"{API}/invoices/982000000567114", json={"code": 0, "invoice": INVOICE})

    found = books.find_by_marker("invoice", MARKER, reference_number=REFERENCE)

    assert found[0].total == Decimal("40.60")


def test_a_row_that_shows_no_reference_is_read_before_it_is_believed(books, responses):
    summaries = [{"payment_id": payment_id, "amount": 1} for payment_id in ("1", "2")]
    responses.get(f"{API}/customerpayments", json={"code": 0, "customer_payments": summaries})
    for payment_id, reference in (("1", "another"), ("2", MARKER)):
        row = {**PAYMENT, "payment_id": payment_id, "reference_number": reference}
        responses.get(f"{API}/customerpayments/{payment_id}", json={"code": 0, "payment": row})

    found = books.find_by_marker("payment", MARKER, reference_number=MARKER)

    assert [posted.zoho_id for posted in found] == ["2"]


def test_a_list_that_can_not_be_verified_is_not_taken_for_an_empty_one(books, responses):
    summaries = [{"payment_id": str(number), "amount": 1} for number in range(50)]
    responses.get(f"{API}/customerpayments", json={"code": 0, "customer_payments": summaries})
    for number in range(50):
        row = {**PAYMENT, "payment_id": str(number), "reference_number": "another"}
        responses.get(f"{API}/customerpayments/{number}", json={"code": 0, "payment": row})

    with pytest.raises(ZohoUnavailable, match="reference numbers"):
        books.find_by_marker("payment", MARKER, reference_number=MARKER)


@pytest.mark.parametrize(
    ("kind", "number", "page"), [("payment", "2", "paymentsreceived"), ("credit_note", "CN-29", "creditnotes")]
)
def test_payments_and_credit_notes_are_documents_too(books, responses, kind, number, page):
    row, name = ROWS[kind], NAMES[kind]
    responses.post(API + PATHS[kind], json={"code": 0, name: row}, status=201)
    responses.get(f"{API}{PATHS[kind]}/{row[f'{name}_id']}", json={"code": 0, name: row})

    posted = books.post(kind, "{}")

    assert books.read(kind, posted.zoho_id) == posted
    assert (posted.number, posted.total, posted.currency_code) == (number, Decimal("40.6"), "USD")
    assert posted.url == f"https://books.zoho.example/app/10000001#/{page}/{posted.zoho_id}"


def test_a_payment_goes_by_the_connections_words_for_its_method(books):
    options = ConnectionOptions(
        payments=PaymentOptions(account="Petty Cash", accounts={"stripe": "Checking"}, modes={"stripe": "creditcard"})
    )
    draft = PaymentDraft(once_per="payment:7", date=DAY, amount=Decimal("40.60"), currency_code="USD", method="Stripe")

    paid = thaw(books.payment_body(draft, options, customer_id="7", invoice_id="8", marker=MARKER))
    paid_back = thaw(
        books.payout_body(dataclasses.replace(REFUND, method="bacs"), options, amount=Decimal(10), marker=MARKER)
    )

    assert (paid["payment_mode"], paid["account_id"]) == ("creditcard", "13")
    assert (paid_back["refund_mode"], paid_back["from_account_id"]) == ("bacs", "12")


def test_a_share_of_an_invoice_or_all_of_it_is_credited(books):
    line = {"name": "Mug", "quantity": 2, "rate": 10, "item_total": 20, "tax_id": "5", "tax_name": "VAT"}
    line["line_item_taxes"] = [{"tax_amount": 4}]
    invoice = {"invoice_number": "INV-1", "currency_code": "USD", "total": "24.00", "line_items": [line]}

    share = books.plan_share(REFUND, invoice)
    whole = books.plan_share(dataclasses.replace(REFUND, control_total=Decimal("24.00")), invoice)
    body = thaw(books.credit_note_body(REFUND, share, customer_id="7", marker=MARKER))

    assert (share["is_inclusive_tax"], share["line_items"][0]["rate"]) == (True, Decimal("10.00"))
    assert (whole["is_inclusive_tax"], whole["line_items"][0]["quantity"]) == (False, 2)
    assert (body["reference_number"], body["customer_id"]) == (REFERENCE, "7")


def test_contacts_go_through_the_same_books(books, responses):
    responses.get(f"{API}/contacts", json={"code": 0, "contacts": []})
    responses.post(f"{API}/contacts", json={"code": 0, "contact": {"contact_id": "5"}}, status=201)
    draft = ContactDraft(contact_name="Jane", email="jane@example.com")

    assert books.find_contact(draft, "USD") is None
    assert books.create_contact(books.contact_body(draft, "USD", contact_name="Jane")) == "5"
    assert json.loads(asked(responses, "/contacts")[-1].body)["currency_id"] == "1"
    assert books.contact_url("5") == "https://books.zoho.example/app/10000001#/contacts/5"


def test_usage_tells_what_was_spent(books, responses):
    responses.post(f"{API}/invoices", json={"code": 0, "invoice": INVOICE}, status=201)
    books.post("invoice", "{}")

    assert books.usage() == {
        "minute_used": 1, "minute_limit": 100, "day_used": 1, "day_limit": 1000, "in_flight": 0,
    }  # fmt: skip
