"""What is done to documents that stand, and how they are listed: the calls, byte by byte."""

import datetime
import json

import pytest

from errors import OutcomeUnknown, ZohoRejected
from zoho.books import Books

API = "https://api.zoho.example/books/v3"
DAY = datetime.date(2026, 11, 20)
INVOICE = {"invoice_id": "1", "total": 1, "currency_code": "USD"}
EXPENSE = {"expense_id": "1"}


@pytest.fixture
def books(organization, redis, clock, tokens_flow):
    tokens_flow()
    return Books(organization, redis=redis, clock=clock)


def asked(responses, path):
    return [call.request for call in responses.calls if call.request.url.startswith(API + path)]


def test_a_document_that_is_gone_has_no_status(books, responses):
    responses.get(f"{API}/invoices/1", json={"code": 0, "invoice": {**INVOICE, "status": "void"}})
    responses.get(f"{API}/invoices/2", json={"code": 1002, "message": "Invoice does not exist."}, status=404)
    responses.get(f"{API}/invoices/3", json={"code": 9, "message": "No."}, status=400)

    assert books.status("invoice", "1") == "void"
    assert books.status("invoice", "2") is None
    with pytest.raises(ZohoRejected):
        books.status("invoice", "3")


ACTS = {
    "mark_sent": ("POST", "/invoices/1/status/sent", lambda books: books.mark_sent("1")),
    "void": ("POST", "/invoices/1/status/void", lambda books: books.void("1")),
    "restore": ("POST", "/invoices/1/status/draft", lambda books: books.restore("1")),
    "email": ("POST", "/invoices/1/email", lambda books: books.email_invoice("1", to=["jane@example.com"])),
    "pay_out": ("POST", "/creditnotes/1/refunds", lambda books: books.pay_out("1", "{}")),
    "apply_credit": ("POST", "/creditnotes/1/invoices", lambda books: books.apply_credit("1", "{}")),
    "delete": ("DELETE", "/customerpayments/1", lambda books: books.delete("payment", "1")),
    "upload_receipt": (
        "POST",
        "/expenses/1/receipt",
        lambda books: books.upload_receipt("1", name="r.pdf", content=b"%PDF", media_type="application/pdf"),
    ),
}


@pytest.mark.parametrize("act", ACTS)
def test_whatever_changes_something_may_be_in_doubt(books, responses, act):
    method, path, call = ACTS[act]
    responses.add(method, API + path, status=502, body="<html>")

    with pytest.raises(OutcomeUnknown):
        call(books)


def test_an_e_mail_names_its_recipients(books, responses):
    responses.post(f"{API}/invoices/1/email", json={"code": 0})

    books.email_invoice("1", to=["jane@example.com"])

    assert json.loads(asked(responses, "/invoices")[0].body) == {"to_mail_ids": ["jane@example.com"]}


def test_a_refund_is_told_by_its_id_or_in_doubt(books, responses):
    answers = [{"creditnote_refund": {"creditnote_refund_id": "5"}}, {}]
    for answer in answers:
        responses.post(f"{API}/creditnotes/1/refunds", json={"code": 0, **answer})

    assert books.pay_out("1", "{}") == "5"
    with pytest.raises(OutcomeUnknown):
        books.pay_out("1", "{}")


def test_what_became_of_a_credit_note_is_listed(books, responses):
    refunds, invoices = [{"creditnote_refund_id": "5"}], [{"invoice_id": "8"}]
    responses.get(f"{API}/creditnotes/1/refunds", json={"code": 0, "creditnote_refunds": refunds})
    responses.get(f"{API}/creditnotes/1/invoices", json={"code": 0, "invoices_credited": invoices})

    assert (books.payouts("1"), books.credited("1")) == (refunds, invoices)


def test_a_receipt_is_uploaded_as_a_form_and_can_be_seen(books, responses):
    responses.post(f"{API}/expenses/1/receipt", json={"code": 0})
    responses.get(f"{API}/expenses/1", json={"code": 0, "expense": {**EXPENSE, "expense_receipt_name": "r.pdf"}})
    responses.get(f"{API}/expenses/2", json={"code": 0, "expense": {**EXPENSE, "expense_receipt_name": ""}})

    books.upload_receipt("1", name="r.pdf", content=b"%PDF-1.7 text", media_type="application/pdf")

    sent = asked(responses, "/expenses/1/receipt")[0]
    assert sent.headers["Content-Type"].startswith("multipart/form-data; boundary=")
    assert b'name="receipt"; filename="r.pdf"\r\nContent-Type: application/pdf\r\n\r\n%PDF-1.7 text' in sent.body
    assert sent.params["organization_id"] == "10000001"
    assert (books.has_receipt("1"), books.has_receipt("2")) == (True, False)


def created(day, number):
    return {**INVOICE, "invoice_id": f"{day}-{number}", "created_time": f"2026-11-{day:02}T10:00:00-0500"}


def test_what_was_created_since_a_day_is_listed_whatever_its_status(books, responses):
    rows = [created(21, 1), created(20, 1), created(19, 1), created(20, 2)]
    responses.get(f"{API}/invoices", json={"code": 0, "invoices": rows})

    found = [row["invoice_id"] for row in books.listed("invoice", since=DAY)]

    assert found == ["21-1", "20-1", "20-2"]
    assert len(list(books.listed("invoice", since=None))) == 4
    assert asked(responses, "/invoices")[0].params["filter_by"] == "Status.All"


def test_older_pages_are_not_read_to_the_end(books, responses):
    old = [created(1, number) for number in range(200)]
    page = {"code": 0, "invoices": old, "page_context": {"has_more_page": True}}
    responses.get(f"{API}/invoices", json=page)

    assert list(books.listed("invoice", since=DAY)) == []
    assert len(asked(responses, "/invoices")) == 1
