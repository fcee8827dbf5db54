"""The two organizations every sandbox starts with, and their settings, the same every time.

The tax name "CA State Tax" is missing on purpose: it is the documentation's example of an unknown tax.
"""

from decimal import Decimal

from sandbox.answers import Record
from sandbox.state import Books

# code, name, symbol, decimals, worth in US dollars
CURRENCIES = (
    ("USD", "US Dollar", "$", 2, "1"),
    ("EUR", "Euro", "€", 2, "1.10"),
    ("GBP", "Pound Sterling", "£", 2, "1.28"),
    ("JPY", "Japanese Yen", "¥", 0, "0.0066"),
    ("KWD", "Kuwaiti Dinar", "KD", 3, "3.25"),
    ("CAD", "Canadian Dollar", "CA$", 2, "0.72"),
    ("AUD", "Australian Dollar", "A$", 2, "0.66"),
    ("CHF", "Swiss Franc", "CHF", 2, "1.15"),
    ("INR", "Indian Rupee", "₹", 2, "0.012"),
    ("SEK", "Swedish Krona", "kr", 2, "0.095"),
)
TAXES = (
    ("State Tax", "6"),
    ("County Tax", "2"),
    ("Sales Tax", "8.25"),
    ("VAT", "20"),
    ("VAT 19%", "19"),
    ("VAT 7%", "7"),
    ("GST", "5"),
    ("Zero Rate", "0"),
)
TAX_GROUPS = (("State + County", ("State Tax", "County Tax")),)
ACCOUNTS = (
    ("Sales", "income"),
    ("Shipping Charge", "income"),
    ("Discount", "income"),
    ("Other Charges", "income"),
    ("Interest Income", "income"),
    ("Accounts Receivable", "accounts_receivable"),
    ("Accounts Payable", "accounts_payable"),
    ("Petty Cash", "cash"),
    ("Undeposited Funds", "cash"),
    ("Checking", "bank"),
    ("Company Credit Card", "credit_card"),
    ("Employee Advance", "other_current_asset"),
    ("Furniture and Equipment", "fixed_asset"),
    ("Tax Payable", "other_current_liability"),
    ("Employee Reimbursements", "other_current_liability"),
    ("Owner's Equity", "equity"),
    ("Cost of Goods Sold", "cost_of_goods_sold"),
    ("Advertising And Marketing", "expense"),
    ("Automobile Expense", "expense"),
    ("Bank Fees and Charges", "expense"),
    ("IT and Internet Expenses", "expense"),
    ("Lodging", "expense"),
    ("Meals and Entertainment", "expense"),
    ("Office Supplies", "expense"),
    ("Other Expenses", "expense"),
    ("Postage", "expense"),
    ("Rent Expense", "expense"),
    ("Software and Subscriptions", "expense"),
    ("Telephone Expense", "expense"),
    ("Travel Expense", "expense"),
)
# name, SKU, price
ITEMS = (
    ("IPod Nano - 8gb", "IPOD2008PINK", "199.00"),
    ("Hooded Sweatshirt", "HOODIE-M", "45.00"),
    ("Gift Wrapping", "GIFT-WRAP", "4.50"),
    ("Consulting Hour", "CONSULT-1H", "120.00"),
)


def plant() -> dict[str, Books]:
    """Fresh books of both organizations, by organization id."""
    organizations = (
        _organization("10000001", "Acme Supplies Inc.", "USD", "America/New_York"),
        _organization("10000002", "Beispiel Handel GmbH", "EUR", "Europe/Berlin"),
    )
    return {organization["organization_id"]: _books(organization) for organization in organizations}


def _organization(organization_id: str, name: str, currency_code: str, time_zone: str) -> Record:
    return {
        "organization_id": organization_id,
        "name": name,
        "is_default_org": organization_id == "10000001",
        "is_org_active": True,
        "plan_type": 0,
        "plan_name": "SANDBOX",
        "plan_period": "",
        "language_code": "en",
        "fiscal_year_start_month": 0,
        "account_created_date": "2020-01-01",
        "time_zone": time_zone,
        "currency_code": currency_code,
        "tax_group_enabled": True,
    }


def _books(organization: Record) -> Books:
    books = Books(organization)
    _add_currencies(books)
    _add_taxes(books)
    _add_accounts(books)
    _add_items(books)
    return books


def _add_currencies(books: Books) -> None:
    base_code = books.organization["currency_code"]
    worth = {code: Decimal(dollars) for code, *_, dollars in CURRENCIES}
    for code, name, symbol, precision, _ in CURRENCIES:
        currency_id = books.new_id("currency")
        is_base = code == base_code
        books.currencies[currency_id] = {
            "currency_id": currency_id,
            "currency_code": code,
            "currency_name": name,
            "currency_symbol": symbol,
            "price_precision": precision,
            "is_base_currency": is_base,
            "exchange_rate": Decimal(1) if is_base else round(worth[code] / worth[base_code], 6),
            "effective_date": "2026-01-01",
        }
        if is_base:
            books.organization |= {
                "currency_id": currency_id,
                "currency_symbol": symbol,
                "price_precision": precision,
            }


def _add_taxes(books: Books) -> None:
    by_name: dict[str, Record] = {}
    for name, percentage in TAXES:
        by_name[name] = _add_tax(books, name, Decimal(percentage), "tax")
    for name, members in TAX_GROUPS:
        taxes = [by_name[member] for member in members]
        group = _add_tax(books, name, sum((tax["tax_percentage"] for tax in taxes), Decimal(0)), "tax_group")
        group["taxes"] = [{key: tax[key] for key in ("tax_id", "tax_name", "tax_percentage")} for tax in taxes]


def _add_tax(books: Books, name: str, percentage: Decimal, tax_type: str) -> Record:
    tax_id = books.new_id("tax")
    books.taxes[tax_id] = {
        "tax_id": tax_id,
        "tax_name": name,
        "tax_percentage": percentage,
        "tax_type": tax_type,
        "tax_factor": "rate",
        "is_value_added": name.startswith(("VAT", "GST")),
        "is_default_tax": False,
        "is_editable": True,
    }
    return books.taxes[tax_id]


def _add_accounts(books: Books) -> None:
    for number, (name, account_type) in enumerate(ACCOUNTS, 1):
        account_id = books.new_id("account")
        books.accounts[account_id] = {
            "account_id": account_id,
            "account_name": name,
            "account_code": f"{number:04}",
            "account_type": account_type,
            "is_user_created": False,
            "is_system_account": True,
            "is_active": True,
            "currency_id": books.organization["currency_id"],
            "currency_code": books.organization["currency_code"],
        }


def _add_items(books: Books) -> None:
    for name, sku, rate in ITEMS:
        item_id = books.new_id("item")
        books.items[item_id] = {
            "item_id": item_id,
            "name": name,
            "sku": sku,
            "status": "active",
            "description": "",
            "rate": Decimal(rate),
            "unit": "",
            "tax_id": "",
            "tax_name": "",
            "tax_percentage": 0,
            "product_type": "goods",
        }
