import dataclasses
import datetime
import json
from decimal import Decimal

import pytest

from config.organizations import Limits
from drafts import ContactDraft, ExpenseDraft, InvoiceDraft, Line
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
DAY = datetime.date(2026, 11, 20)
DRAFT = InvoiceDraft(
    reference_number="#1001",
    date=DAY,
    currency_code="USD",
    lines=(Line(name="Mug", quantity=Decimal(1), rate=Decimal("40.60")),),
    control_total=Decimal("40.60"),
)
CURRENCIES = [{"currency_id": "1", "currency_code": "USD", "is_base_currency": True}]
ACCOUNTS = [{"account_id": "11", "account_name": "Meals"}, {"account_id": "12", "account_name": "Petty Cash"}]


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

    frozen = books.body(DRAFT, customer_id="77", marker=MARKER)
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

    frozen = books.body(draft, marker=MARKER, vendor_id="9")
    posted = books.post("expense", frozen)

    body = json.loads(asked(responses, "/expenses")[0].body)
    assert (body["account_id"], body["paid_through_account_id"], body["vendor_id"]) == ("11", "12", "9")
    assert (posted.number, posted.total) == ("", Decimal("42.5"))
    assert posted.url.endswith("#/expenses/982000000030049")


def test_an_invoice_needs_a_customer(books):
    with pytest.raises(ValueError, match="customer"):
        books.body(DRAFT, marker=MARKER)


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
    ("kind", "path", "filter_name", "row"),
    [
        ("invoice", "/invoices", "search_text", INVOICE),
        ("expense", "/expenses", "reference_number_contains", EXPENSE),
    ],
)
def test_a_reference_edited_by_hand_is_found_among_others(books, responses, kind, path, filter_name, row):
    edited = {**row, "reference_number": f"PO 5 {MARKER} checked"}
    foreign = {**row, f"{kind}_id": "7", "reference_number": "PO 5"}

    def search(request):
        rows = [foreign, edited] if filter_name in request.params else []
        return 200, {}, json.dumps({"code": 0, path[1:]: rows})

    responses.add_callback("GET", API + path, callback=search)
    responses.get(f"{API}{path}/{row[f'{kind}_id']}", json={"code": 0, kind: edited})

    assert len(books.find_by_marker(kind, MARKER, reference_number=REFERENCE)) == 1


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


def test_contacts_go_through_the_same_books(books, responses):
    responses.get(f"{API}/contacts", json={"code": 0, "contacts": []})
    responses.post(f"{API}/contacts", json={"code": 0, "contact": {"contact_id": "5"}}, status=201)
    draft = ContactDraft(contact_name="Jane", email="jane@example.com")

    assert books.find_contact(draft, "USD") is None
    assert books.create_contact(books.contact_body(draft, "USD", contact_name="Jane")) == "5"
    assert json.loads(asked(responses, "/contacts")[-1].body)["currency_id"] == "1"
    assert books.contact_url("5") == "https://books.zoho.example/app/10000001#/contacts/5"


def organizations(responses, **changes):
    row = {"organization_id": "10000001", "plan_name": "FREE", "time_zone": "UTC", **changes}
    responses.get(f"{API}/organizations", json={"code": 0, "organizations": [row]})


def lists(responses):
    for name in ("contacts", "invoices", "expenses"):
        responses.get(f"{API}/{name}", json={"code": 0, name: []})


def test_a_sound_connection_has_no_problems(books, responses):
    organizations(responses)
    lists(responses)

    assert books.check() == []


def test_a_check_names_the_missing_scope_and_the_wrong_plan(books, responses, organization):
    organizations(responses, plan_name="Free")
    lists(responses)
    responses.replace("GET", f"{API}/chartofaccounts", json={"code": 57, "message": "not authorized"}, status=401)

    problems = books.check()

    assert len(problems) == 1
    assert "ZohoBooks.accountants.READ" in problems[0]


def test_a_check_tells_a_plan_that_promises_too_much(organization, redis, clock, responses, tokens_flow):
    tokens_flow()
    organizations(responses, plan_name="Free")
    lists(responses)
    for name in ("settings/currencies", "chartofaccounts"):
        responses.get(f"{API}/{name}", json={"code": 0})
    elite = dataclasses.replace(organization, limits=Limits(95, 9500, 9))

    problems = Books(elite, redis=redis, clock=clock).check()

    assert problems == [
        "The limits assume 9500 calls a day, but the organization's plan is free with 1000: "
        "check ZOHO_PLAN and ZOHO_CALLS_PER_DAY."
    ]


def test_a_check_tells_an_organization_the_user_cannot_see(books, responses):
    organizations(responses, organization_id="10000002")

    assert "cannot see organization 10000001" in books.check()[0]


def test_a_check_tells_a_broken_grant_and_asks_no_further(organization, redis, clock, responses):
    responses.post("https://accounts.zoho.example/oauth/v2/token", json={"error": "invalid_code"})

    problems = Books(organization, redis=redis, clock=clock).check()

    assert len(problems) == 1
    assert "refresh token" in problems[0]


def test_usage_tells_what_was_spent(books, responses):
    responses.post(f"{API}/invoices", json={"code": 0, "invoice": INVOICE}, status=201)
    books.post("invoice", "{}")

    assert books.usage() == {
        "minute_used": 1, "minute_limit": 100, "day_used": 1, "day_limit": 1000, "in_flight": 0,
    }  # fmt: skip
