from typing import Any

import pytest

from mappings.conversions import minor_decimals


def test_every_currency_has_its_decimals_and_one_is_the_base(zoho: Any, zoho_eu: Any) -> None:
    rows = zoho.get("/settings/currencies", per_page=200)["currencies"]

    precision = {row["currency_code"]: row["price_precision"] for row in rows}
    assert (precision["USD"], precision["JPY"], precision["KWD"]) == (2, 0, 3)
    assert [row["currency_code"] for row in rows if row["is_base_currency"]] == ["USD"]
    assert {code: minor_decimals(code) for code in precision} == precision
    assert {"NGN", "ZAR", "BRL", "CNY", "KRW", "NZD", "PLN", "AED"} <= set(precision)
    assert all(row["exchange_rate"] > 0 for row in rows)
    page = {"filter_by": "Currencies.ExcludeBaseCurrency", "per_page": 200}
    foreign = zoho_eu.get("/settings/currencies", **page)["currencies"]
    assert "EUR" not in {row["currency_code"] for row in foreign}


def test_one_currency_is_shown(zoho: Any) -> None:
    currency_id = zoho.currency("SEK")

    assert zoho.get(f"/settings/currencies/{currency_id}")["currency"]["currency_name"] == "Swedish Krona"


def test_taxes_include_a_group_but_never_the_documented_unknown_one(zoho: Any) -> None:
    rows = {row["tax_name"]: row for row in zoho.get("/settings/taxes")["taxes"]}

    assert rows["State + County"]["tax_type"] == "tax_group"
    assert (rows["Sales Tax"]["tax_type"], rows["Sales Tax"]["tax_percentage"]) == ("tax", 8.25)
    assert "CA State Tax" not in rows


def test_a_tax_group_names_its_members(zoho: Any) -> None:
    group = zoho.get(f"/settings/taxgroups/{zoho.tax('State + County')}")["tax_group"]

    assert (group["tax_group_name"], group["tax_group_percentage"]) == ("State + County", 8)
    assert [(tax["tax_name"], tax["tax_percentage"]) for tax in group["taxes"]] == [("State Tax", 6), ("County Tax", 2)]
    assert zoho.get(f"/settings/taxgroups/{zoho.tax('VAT')}")["code"] == 1002
    assert zoho.get(f"/settings/taxes/{zoho.tax('VAT')}")["tax"]["tax_percentage"] == 20


@pytest.mark.parametrize(
    ("query", "name", "is_listed"),
    [
        ({"filter_by": "AccountType.Expense"}, "Meals and Entertainment", True),
        ({"filter_by": "AccountType.Expense"}, "Petty Cash", False),
        ({"filter_by": "AccountType.Liability"}, "Employee Reimbursements", True),
        ({"filter_by": "AccountType.Asset"}, "Checking", True),
        ({"filter_by": "AccountType.Inactive"}, "Checking", False),
        ({"account_name": "petty cash"}, "Petty Cash", True),
        ({"account_name": "petty"}, "Petty Cash", False),
        ({"account_name_starts_with": "petty"}, "Petty Cash", True),
        ({"account_name_contains": "tty"}, "Petty Cash", True),
        ({"account_name_ends_with": "cash"}, "Petty Cash", True),
        ({"search_text": "reimb"}, "Employee Reimbursements", True),
        ({"sort_column": "account_name", "sort_order": "A"}, "Petty Cash", True),
    ],
)
def test_accounts_are_filtered_as_documented(zoho: Any, query: dict[str, str], name: str, is_listed: bool) -> None:
    rows = zoho.get("/chartofaccounts", per_page=200, **query)["chartofaccounts"]

    assert (name in {row["account_name"] for row in rows}) is is_listed


def test_one_account_is_shown(zoho: Any) -> None:
    account = zoho.get(f"/chartofaccounts/{zoho.account('Checking')}")["chart_of_account"]

    assert account["account_type"] == "bank"


def test_items_have_a_sku_and_are_found_by_name(zoho: Any) -> None:
    rows = zoho.get("/items", name_startswith="ipod")["items"]

    assert [row["sku"] for row in rows] == ["IPOD2008PINK"]
    assert zoho.get(f"/items/{rows[0]['item_id']}")["item"]["rate"] == 199.0
    assert [row["sku"] for row in zoho.get("/items", rate_less_than="10")["items"]] == ["GIFT-WRAP"]
    assert zoho.get("/items", filter_by="Status.Inactive")["items"] == []


def test_the_same_setting_has_the_same_id_in_every_sandbox(zoho: Any) -> None:
    assert zoho.tax("State Tax") == "460001002000000001"
