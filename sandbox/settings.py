"""Routes to read what an organization is set up with: itself, currencies, taxes, accounts, items.

https://www.zoho.com/books/api/v3/ organizations, currency, taxes, chart-of-accounts, items
"""

from collections.abc import Callable

from flask import Blueprint, Response

from sandbox.answers import Record, envelope, missing, wrong_value
from sandbox.call import books, world
from sandbox.listing import Listing, amounts, begins, ends, field_of, holds, ids, list_page, same, texts

api = Blueprint("settings", __name__, url_prefix="/books/v3")

PAID_THROUGH_TYPES = (
    "cash",
    "bank",
    "credit_card",
    "other_asset",
    "other_current_asset",
    "fixed_asset",
    "other_current_liability",
    "long_term_liability",
)
# Where the money of a payment may go, and that of a refund come from.
MONEY_TYPES = ("cash", "bank", "credit_card", "other_current_asset", "other_current_liability", "equity")
DEPOSIT_ACCOUNT = "Undeposited Funds"
EXPENSE_TYPES = ("expense", "cost_of_goods_sold", "other_expense")
_ACCOUNT_GROUPS = {
    "Asset": ("cash", "bank", "other_asset", "other_current_asset", "fixed_asset", "accounts_receivable"),
    "Liability": ("credit_card", "other_current_liability", "long_term_liability", "accounts_payable"),
    "Equity": ("equity",),
    "Income": ("income", "other_income"),
    "Expense": EXPENSE_TYPES,
}

ACCOUNT_TYPES = tuple(dict.fromkeys(name for types in _ACCOUNT_GROUPS.values() for name in types))


def _account_is(types: tuple[str, ...]) -> Callable[[Record], bool]:
    return lambda account: account["account_type"] in types


def _is_active(record: Record) -> bool:
    return bool(record.get("is_active", record.get("status") == "active"))


_NAME, _CODE = field_of("account_name"), field_of("account_code")
ACCOUNTS = Listing(
    resource="chartofaccounts",
    id_key="account_id",
    filters={
        "account_name": same(_NAME),
        "account_name_contains": holds(_NAME),
        "account_name_starts_with": begins(_NAME),
        "account_name_ends_with": ends(_NAME),
        "account_code": same(_CODE),
        "account_code_contains": holds(_CODE),
        "account_code_starts_with": begins(_CODE),
        "account_code_ends_with": ends(_CODE),
        "search_text": lambda account, text: holds(_NAME)(account, text) or holds(_CODE)(account, text),
    }
    | ids("account_id"),
    filter_by={
        "AccountType.All": lambda account: True,
        "AccountType.Active": _is_active,
        "AccountType.Inactive": lambda account: not _is_active(account),
    }
    | {f"AccountType.{group}": _account_is(types) for group, types in _ACCOUNT_GROUPS.items()},
    sort_columns=("account_name", "account_type", "account_code"),
)
CURRENCIES = Listing(
    resource="currencies",
    id_key="currency_id",
    filters={},
    filter_by={"Currencies.ExcludeBaseCurrency": lambda currency: not currency["is_base_currency"]},
)
TAXES = Listing(resource="taxes", id_key="tax_id", filters={})
ITEMS = Listing(
    resource="items",
    id_key="item_id",
    filters=texts("name", "description")
    | amounts("rate")
    | ids("tax_id", "tax_name")
    | {
        "search_text": lambda item, text: (
            holds(field_of("name"))(item, text) or holds(field_of("description"))(item, text)
        )
    },
    filter_by={
        "Status.All": lambda item: True,
        "Status.Active": _is_active,
        "Status.Inactive": lambda item: not _is_active(item),
    },
    sort_columns=("name", "rate", "tax_name"),
)


@api.get("/organizations")
def list_organizations() -> Response:
    return envelope(organizations=[held.organization for held in world().books.values()])


@api.get("/organizations/<organization_id>")
def show_organization(organization_id: str) -> Response:
    held = world().books.get(organization_id)
    if held is None:
        raise missing("Organization does not exist.")
    return envelope(organization=held.organization)


@api.get("/settings/currencies")
def list_currencies() -> Response:
    return list_page(CURRENCIES, books().currencies.values())


@api.get("/settings/currencies/<currency_id>")
def show_currency(currency_id: str) -> Response:
    return envelope(currency=find(books().currencies, currency_id, "Currency"))


@api.get("/settings/taxes")
def list_taxes() -> Response:
    return list_page(TAXES, books().taxes.values())


@api.get("/settings/taxes/<tax_id>")
def show_tax(tax_id: str) -> Response:
    return envelope(tax=find(books().taxes, tax_id, "Tax"))


@api.get("/settings/taxgroups/<tax_group_id>")
def show_tax_group(tax_group_id: str) -> Response:
    group = find(books().taxes, tax_group_id, "Tax group")
    if group["tax_type"] != "tax_group":
        raise missing("Tax group does not exist.")
    return envelope(
        tax_group={
            "tax_group_id": group["tax_id"],
            "tax_group_name": group["tax_name"],
            "tax_group_percentage": group["tax_percentage"],
            "taxes": group["taxes"],
        }
    )


@api.get("/chartofaccounts")
def list_accounts() -> Response:
    return list_page(ACCOUNTS, books().accounts.values())


@api.get("/chartofaccounts/<account_id>")
def show_account(account_id: str) -> Response:
    return envelope(chart_of_account=find(books().accounts, account_id, "Account"))


@api.get("/items")
def list_items() -> Response:
    return list_page(ITEMS, books().items.values())


@api.get("/items/<item_id>")
def show_item(item_id: str) -> Response:
    return envelope(item=find(books().items, item_id, "Item"))


def find(records: dict[str, Record], record_id: str, name: str) -> Record:
    """The record with this id, or Zoho's `<name> does not exist.`"""
    record = records.get(record_id)
    if record is None:
        raise missing(f"{name} does not exist.")
    return record


def account_for_money(account_id: str | None, id_key: str, name_key: str) -> Record:
    """Id and name of an account that can take and give money; of Undeposited Funds if none is named."""
    account = _undeposited_funds() if account_id is None else books().accounts.get(account_id)
    if account is None or account["account_type"] not in MONEY_TYPES:
        raise wrong_value(f"Invalid value passed for {id_key}: the account does not exist or cannot hold money.")
    return {id_key: account["account_id"], name_key: account["account_name"]}


def _undeposited_funds() -> Record:
    return next(row for row in books().accounts.values() if row["account_name"] == DEPOSIT_ACCOUNT)


def base_currency_id() -> str:
    """The id of the organization's own currency."""
    return str(books().organization["currency_id"])
