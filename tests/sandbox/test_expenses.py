from decimal import Decimal
from typing import Any

import pytest


def test_an_expense_is_recorded_with_status_200(zoho: Any) -> None:
    response = zoho.expense(reference_number="bh-7k2m", description="client lunch")

    expense = response.json["expense"]
    assert (response.status_code, response.json["code"]) == (200, 0)
    assert expense == zoho.get(f"/expenses/{expense['expense_id']}")["expense"]
    expected = {
        "date": "2026-11-20",
        "account_name": "Meals and Entertainment",
        "paid_through_account_name": "Employee Reimbursements",
        "currency_code": "USD",
        "total": 42.5,
        "status": "nonbillable",
        "reference_number": "bh-7k2m",
        "description": "client lunch",
    }
    assert {name: expense[name] for name in expected} == expected


@pytest.mark.parametrize("account", ["1", "Petty Cash", "Sales"])
def test_a_bad_expense_account_is_a_404_on_a_write(zoho: Any, account: str) -> None:
    account_id = account if account.isdigit() else zoho.account(account)

    response = zoho.expense(account_id=account_id)

    assert (response.status_code, response.json) == (
        404,
        {"code": 1002, "message": "Please enter valid expense account"},
    )


@pytest.mark.parametrize("account", ["1", "Sales", "Accounts Receivable", "Travel Expense"])
def test_money_cannot_come_out_of_just_any_account(zoho: Any, account: str) -> None:
    account_id = account if account.isdigit() else zoho.account(account)

    response = zoho.expense(paid_through_account_id=account_id)

    assert (response.status_code, response.json) == (400, {"code": 4, "message": "The account does not exist."})


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"amount": 0}, 4),
        ({"amount": -1}, 4),
        ({"amount": "42.50"}, 2),
        ({"date": "20.11.2026"}, 2),
        ({"date": ""}, 2),
        ({"account_name": "Meals and Entertainment"}, 2),
        ({"currency_code": "EUR"}, 2),
        ({"vendor_name": "Cafe"}, 2),
        ({"description": "d" * 100}, 15),
        ({"reference_number": "r" * 100}, 15),
        ({"tax_id": "1"}, 1002),
        ({"vendor_id": "1"}, 1002),
        ({"customer_id": "1"}, 1002),
        ({"currency_id": "1"}, 1002),
    ],
)
def test_what_zoho_would_not_take_is_refused(zoho: Any, change: dict[str, Any], code: int) -> None:
    assert zoho.expense(**change).json["code"] == code
    assert zoho.get("/expenses")["expenses"] == []


@pytest.mark.parametrize("name", ["date", "account_id", "amount", "paid_through_account_id"])
def test_four_fields_are_required(zoho: Any, name: str) -> None:
    body = {
        "date": "2026-11-20",
        "amount": 42.5,
        "account_id": zoho.account("Lodging"),
        "paid_through_account_id": zoho.account("Checking"),
    }
    del body[name]

    response = zoho.post("/expenses", body)

    assert response.json == {"code": 4, "message": f"Invalid value passed for {name}: it is required"}


def test_tax_is_taken_out_of_an_inclusive_amount(zoho: Any) -> None:
    # 119 * 19 / 119
    expense = zoho.expense(amount=119, tax_id=zoho.tax("VAT 19%"), is_inclusive_tax=True).json["expense"]

    assert (expense["sub_total"], expense["tax_amount"], expense["total"]) == (100.0, 19.0, 119.0)


def test_tax_is_added_to_an_exclusive_amount(zoho: Any) -> None:
    # 6 % of 10.25 is 0.615, 2 % is 0.205, each rounded up
    expense = zoho.expense(amount=10.25, tax_id=zoho.tax("State + County")).json["expense"]

    assert (expense["amount"], expense["tax_amount"], expense["total"]) == (
        Decimal("10.25"),
        Decimal("0.83"),
        Decimal("11.08"),
    )


def test_the_vendor_must_be_an_active_vendor(zoho: Any) -> None:
    customer = zoho.contact("Ann")
    vendor = zoho.contact("Cafe", contact_type="vendor")

    assert zoho.expense(vendor_id=customer).json["code"] == 1002
    assert zoho.expense(vendor_id=vendor).json["expense"]["vendor_name"] == "Cafe"
    zoho.post(f"/contacts/{vendor}/inactive")
    assert zoho.expense(vendor_id=vendor).json["code"] == 1002


def test_an_expense_may_be_in_another_currency(zoho: Any) -> None:
    expense = zoho.expense(currency_id=zoho.currency("EUR"), exchange_rate=1.08).json["expense"]

    assert (expense["currency_code"], expense["exchange_rate"]) == ("EUR", Decimal("1.08"))


def test_an_expense_in_another_currency_is_worth_as_much_if_no_rate_is_sent(zoho: Any) -> None:
    expense = zoho.expense(currency_id=zoho.currency("EUR")).json["expense"]

    assert (expense["currency_code"], str(expense["exchange_rate"])) == ("EUR", "1.0")
    assert zoho.expense(currency_id=zoho.currency("EUR"), exchange_rate=0).json["code"] == 4


def test_a_billable_expense_is_billed_to_somebody(zoho: Any) -> None:
    assert zoho.expense(is_billable=True).json["code"] == 4

    expense = zoho.expense(is_billable=True, customer_id=zoho.contact("Ann")).json["expense"]

    assert (expense["customer_name"], expense["status"]) == ("Ann", "unbilled")


@pytest.mark.parametrize(
    ("query", "amounts"),
    [
        ({}, [20.0, 10.0]),
        ({"reference_number": "bh-a"}, [10.0]),
        ({"reference_number_contains": "bh"}, [20.0, 10.0]),
        ({"account_name": "lodging"}, [20.0]),
        ({"amount_greater_than": "10"}, [20.0]),
        ({"date_before": "2026-11-20"}, [20.0]),
        ({"filter_by": "Status.Billable"}, [10.0]),
        ({"status": "unbilled"}, [10.0]),
        ({"search_text": "lunch"}, [10.0]),
    ],
)
def test_expenses_are_filtered_as_documented(zoho: Any, query: dict[str, str], amounts: list[float]) -> None:
    zoho.expense(amount=10, reference_number="bh-a", description="Lunch", is_billable=True, customer_id=zoho.contact())
    zoho.expense(amount=20, reference_number="bh-b", account_id=zoho.account("Lodging"), date="2026-11-01")

    assert [row["total"] for row in zoho.get("/expenses", **query)["expenses"]] == amounts


def test_an_update_leaves_what_it_does_not_name(zoho: Any) -> None:
    before = zoho.expense(description="Lunch", tax_id=zoho.tax("VAT")).json["expense"]
    body = {name: before[name] for name in ("date", "account_id", "paid_through_account_id")}

    after = zoho.put(f"/expenses/{before['expense_id']}", body | {"amount": 50}).json["expense"]

    assert (after["expense_id"], after["description"], after["total"]) == (before["expense_id"], "Lunch", 60.0)


def test_a_deleted_expense_is_gone(zoho: Any) -> None:
    expense_id = zoho.expense().json["expense"]["expense_id"]

    assert zoho.call("DELETE", f"/expenses/{expense_id}").json["code"] == 0
    assert zoho.get(f"/expenses/{expense_id}") == {"code": 1002, "message": "Expense does not exist."}
