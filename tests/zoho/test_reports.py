"""The arithmetic of reports: nothing gets lost between the buckets."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoho import reports
from zoho.reports import Currency, OpenInvoice

TODAY = date(2026, 5, 28)
USD = Currency("USD", 2)
ROW = {
    "invoice_id": "1",
    "invoice_number": "INV-1",
    "customer_id": "9",
    "customer_name": "Ann",
    "status": "sent",
    "date": "2026-05-01",
    "due_date": "2026-05-08",
    "currency_code": "USD",
    "exchange_rate": 1,
    "balance": "12.50",
}
amounts = st.one_of(st.none(), st.decimals("0.01", "1e7", places=2))
open_invoices = st.lists(
    st.builds(
        OpenInvoice,
        invoice_id=st.text(max_size=3),
        number=st.text(max_size=3),
        customer_id=st.sampled_from("abcd"),
        customer=st.just("Ann"),
        due_date=st.dates(TODAY - timedelta(days=200), TODAY + timedelta(days=60)),
        currency_code=st.just("EUR"),
        balance=st.just(Decimal(1)),
        owed=amounts,
        last_reminded=st.just(""),
    ),
    max_size=30,
)


def owed(invoices):
    return sum((invoice.owed or Decimal(0) for invoice in invoices), Decimal(0))


@given(open_invoices)
def test_the_buckets_come_to_all_that_is_owed(invoices):
    buckets = reports.age(invoices, TODAY)

    assert tuple(buckets) == reports.BUCKETS
    assert sum(buckets.values()) == owed(invoices)
    assert sum(buckets.values()) - buckets["current"] == owed(reports.longest_overdue(invoices, TODAY))


@given(open_invoices)
def test_the_debtors_come_to_the_buckets_and_stand_in_order(invoices):
    debtors = reports.debtors(invoices, TODAY)

    for name, amount in reports.age(invoices, TODAY).items():
        assert sum(debtor.buckets[name] for debtor in debtors) == amount
    assert [debtor.owed for debtor in debtors] == sorted((debtor.owed for debtor in debtors), reverse=True)
    assert {debtor.customer_id for debtor in debtors} == {invoice.customer_id for invoice in invoices}


@pytest.mark.parametrize(
    ("days", "name"),
    [
        *((0, "current"), (1, "1-30"), (30, "1-30"), (31, "31-60"), (60, "31-60")),
        *((61, "61-90"), (90, "61-90"), (91, "90+"), (5000, "90+")),
    ],
)
def test_the_borders_of_the_buckets(days, name):
    assert reports.bucket(days) == name


@pytest.mark.parametrize(
    ("fields", "amount"),
    [
        ({}, "12.50"),
        ({"currency_code": "EUR", "exchange_rate": "1.085"}, "13.56"),
        ({"currency_code": "JPY", "balance": 1001, "exchange_rate": "0.0065"}, "6.51"),
        ({"currency_code": "EUR", "exchange_rate": 1.1, "bcy_balance": "13.70"}, "13.70"),
        ({"currency_code": "EUR", "exchange_rate": ""}, None),
        ({"currency_code": "EUR", "exchange_rate": 0}, None),
    ],
)
def test_amounts_are_in_the_organizations_currency_or_in_none(fields, amount):
    found = reports.open_invoice({**ROW, **fields}, USD)

    assert found.owed == (None if amount is None else Decimal(amount))
    assert found.balance == Decimal(str(fields.get("balance", "12.50")))


@pytest.mark.parametrize("fields", [{"status": "draft"}, {"status": "void"}, {"status": "paid"}, {"balance": 0}])
def test_what_is_not_owed_is_no_receivable(fields):
    assert reports.open_invoice({**ROW, **fields}, USD) is None


def test_an_invoice_without_a_day_to_pay_is_due_on_its_own():
    assert reports.open_invoice({**ROW, "due_date": ""}, USD).days_overdue(TODAY) == 27


def test_months_go_back_over_the_turn_of_the_year():
    assert reports.last_months(date(2026, 2, 28), 4) == ["2025-11", "2025-12", "2026-01", "2026-02"]
    assert reports.last_months(date(2026, 3, 31), 2) == ["2026-02", "2026-03"]
