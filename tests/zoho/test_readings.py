"""Lists for reports are read whole, each row once, whatever Zoho makes of the filters."""

import json
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest

from errors import ZohoUnavailable
from zoho import readings
from zoho.lookups import Lookups
from zoho.readings import Readings

API = "https://api.zoho.example/books/v3"
MONTHS = ["2026-04", "2026-05"]
USD = {"currency_id": "1", "currency_code": "USD", "is_base_currency": True, "price_precision": 2}


class Pages:
    """The pages of a list, and what was asked."""

    def __init__(self, responses, path, name):
        self.pages, self.queries, self.name = [], [], name
        responses.add_callback("GET", API + path, callback=self.answer)

    def answer(self, request):
        query = parse_qs(urlsplit(request.url).query)
        self.queries.append(query)
        number = int(query["page"][0])
        context = {"has_more_page": number < len(self.pages)}
        return 200, {}, json.dumps({"code": 0, self.name: self.pages[number - 1], "page_context": context})


def payment(number, date="2026-05-02", **more):
    return {"payment_id": str(number), "date": date, "amount": 10, "bcy_amount": "1.5", **more}


@pytest.fixture
def read(make_client, redis, clock, tokens_flow, responses):
    tokens_flow()
    responses.get(f"{API}/settings/currencies", json={"code": 0, "currencies": [USD]})
    client = make_client()
    return Readings(client, Lookups(client, redis=redis, clock=clock))


@pytest.fixture
def payments(responses):
    return Pages(responses, "/customerpayments", "customerpayments")


def test_a_row_that_moved_to_the_next_page_is_counted_once(read, payments):
    payments.pages = [[payment(1), payment(2)], [payment(2), payment(3, "2026-04-30")]]

    sums = read.collected(MONTHS)

    assert sums.by_month == {"2026-04": {"": Decimal("1.5")}, "2026-05": {"": Decimal("3.0")}}
    assert (sums.is_complete, sums.without_rate) == (True, 0)


def test_reading_ends_with_a_page_that_is_older_as_a_whole(read, payments):
    payments.pages = [[payment(1), payment(2, "2026-03-31")], [payment(3, "2026-01-01")], [payment(4)]]

    assert sum(read.collected(MONTHS).by_month["2026-05"].values()) == Decimal("1.5")
    assert [query["page"] for query in payments.queries] == [["1"], ["2"]]
    assert payments.queries[0]["sort_column"] == ["date"]


def test_too_long_a_list_is_said_to_be_incomplete(read, payments, monkeypatch):
    monkeypatch.setattr(readings, "MOST_PAGES", 2)
    payments.pages = [[payment(200 * page + number) for number in range(200)] for page in range(3)]

    sums = read.collected(MONTHS)

    assert sum(sums.by_month["2026-05"].values()) == Decimal(600)
    assert not sums.is_complete
    assert len(payments.queries) == 2


def test_rows_that_a_filter_should_have_kept_out_are_left_out(read, responses):
    invoices = Pages(responses, "/invoices", "invoices")
    row = {"currency_code": "USD", "exchange_rate": 1, "total": 7, "date": "2026-05-02", "status": "overdue"}
    changes = [{}, {"status": "draft"}, {"status": "void"}, {"date": "2025-01-01"}, {"status": "paid"}]
    invoices.pages = [[{"invoice_id": str(number), **row, **change} for number, change in enumerate(changes)]]

    assert read.invoiced(MONTHS).by_month == {"2026-04": {}, "2026-05": {"": Decimal(14)}}
    assert invoices.queries[0]["date_start"] == ["2026-04-01"]


def test_a_foreign_document_without_a_rate_is_told_and_not_guessed(read, responses):
    expenses = Pages(responses, "/expenses", "expenses")
    row = {"date": "2026-05-02", "account_name": "Postage", "total": 7, "currency_code": "EUR"}
    expenses.pages = [[{"expense_id": "1", **row}, {"expense_id": "2", **row, "bcy_total": 8}]]

    sums = read.spent(MONTHS)

    assert (sums.by_month["2026-05"], sums.without_rate) == ({"Postage": Decimal(8)}, 1)


@pytest.mark.parametrize("row", [{}, {"bcy_amount": "much"}, {"date": None}])
def test_a_row_that_makes_no_sense_is_no_zero(read, payments, row):
    payments.pages = [[{"payment_id": "1", "date": "2026-05-02", "amount": 1, **row}]]

    with pytest.raises(ZohoUnavailable, match="cannot be read"):
        read.collected(MONTHS)


def test_what_is_owed_is_found_in_whatever_list_zoho_keeps_it_and_counted_once(read, responses):
    row = {"invoice_number": "I", "customer_id": "9", "customer_name": "Ann", "date": "2026-05-02", "balance": 7}
    row |= {"currency_code": "USD", "status": "overdue"}
    held = {"unpaid": ["1", "2"], "overdue": ["2", "3"], "partially_paid": ["4"]}

    def answer(request):
        [status] = parse_qs(urlsplit(request.url).query)["status"]
        return 200, {}, json.dumps({"code": 0, "invoices": [{**row, "invoice_id": each} for each in held[status]]})

    responses.add_callback("GET", f"{API}/invoices", callback=answer)

    invoices, is_complete = read.open_invoices()

    assert sorted(invoice.invoice_id for invoice in invoices) == ["1", "2", "3", "4"]
    assert is_complete
