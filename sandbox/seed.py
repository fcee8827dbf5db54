"""The two organizations every sandbox starts with, and their settings, the same every time.

The tax name "CA State Tax" is missing on purpose: it is the documentation's example of an unknown tax.
"""

from collections.abc import Sequence
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
    ("NGN", "Nigerian Naira", "₦", 2, "0.00065"),
    ("GHS", "Ghanaian Cedi", "GH₵", 2, "0.065"),
    ("KES", "Kenyan Shilling", "KSh", 2, "0.0077"),
    ("ZAR", "South African Rand", "R", 2, "0.054"),
    ("XOF", "West African CFA Franc", "CFA", 0, "0.00168"),
    ("XAF", "Central African CFA Franc", "FCFA", 0, "0.00168"),
    ("EGP", "Egyptian Pound", "E£", 2, "0.0205"),
    ("MAD", "Moroccan Dirham", "DH", 2, "0.1"),
    ("TZS", "Tanzanian Shilling", "TSh", 2, "0.00038"),
    ("UGX", "Ugandan Shilling", "USh", 0, "0.00027"),
    ("BRL", "Brazilian Real", "R$", 2, "0.18"),
    ("MXN", "Mexican Peso", "MX$", 2, "0.054"),
    ("ARS", "Argentine Peso", "AR$", 2, "0.001"),
    ("CLP", "Chilean Peso", "CL$", 0, "0.00105"),
    ("COP", "Colombian Peso", "CO$", 2, "0.00024"),
    ("PEN", "Peruvian Sol", "S/", 2, "0.27"),
    ("CNY", "Chinese Yuan", "CN¥", 2, "0.14"),
    ("HKD", "Hong Kong Dollar", "HK$", 2, "0.128"),
    ("TWD", "New Taiwan Dollar", "NT$", 2, "0.031"),
    ("SGD", "Singapore Dollar", "S$", 2, "0.75"),
    ("MYR", "Malaysian Ringgit", "RM", 2, "0.22"),
    ("THB", "Thai Baht", "฿", 2, "0.029"),
    ("IDR", "Indonesian Rupiah", "Rp", 2, "0.000063"),
    ("PHP", "Philippine Peso", "₱", 2, "0.0175"),
    ("VND", "Vietnamese Dong", "₫", 0, "0.00004"),
    ("KRW", "South Korean Won", "₩", 0, "0.00073"),
    ("PKR", "Pakistani Rupee", "Rs", 2, "0.0036"),
    ("NZD", "New Zealand Dollar", "NZ$", 2, "0.6"),
    ("NOK", "Norwegian Krone", "kr", 2, "0.093"),
    ("DKK", "Danish Krone", "kr", 2, "0.147"),
    ("ISK", "Icelandic Króna", "kr", 0, "0.0072"),
    ("PLN", "Polish Zloty", "zł", 2, "0.255"),
    ("CZK", "Czech Koruna", "Kč", 2, "0.0435"),
    ("HUF", "Hungarian Forint", "Ft", 2, "0.0028"),
    ("RON", "Romanian Leu", "lei", 2, "0.22"),
    ("UAH", "Ukrainian Hryvnia", "₴", 2, "0.024"),
    ("TRY", "Turkish Lira", "₺", 2, "0.03"),
    ("ILS", "Israeli New Shekel", "₪", 2, "0.27"),
    ("AED", "UAE Dirham", "AED", 2, "0.2723"),
    ("SAR", "Saudi Riyal", "SR", 2, "0.2667"),
    ("QAR", "Qatari Riyal", "QR", 2, "0.2747"),
    ("BHD", "Bahraini Dinar", "BD", 3, "2.65"),
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
    ("VAT 5.5%", "5.5"),
    ("VAT 10%", "10"),
    ("VAT 21%", "21"),
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
    ("Gift Card Liability", "other_current_liability"),
    ("Sales Tax Payable", "other_current_liability"),
    ("Tips", "income"),
    ("Duties", "income"),
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
    by_name = {name: add_tax(books, name, Decimal(percentage)) for name, percentage in TAXES}
    for name, members in TAX_GROUPS:
        add_tax_group(books, name, [by_name[member] for member in members])


def add_tax(books: Books, name: str, percentage: Decimal) -> Record:
    """A new tax of the organization."""
    return _keep_tax(books, name, percentage, {"tax_type": "tax"})


def add_tax_group(books: Books, name: str, members: Sequence[Record]) -> Record:
    """A new group of taxes the organization has."""
    percentage = sum((tax["tax_percentage"] for tax in members), Decimal(0))
    taxes = [{key: tax[key] for key in ("tax_id", "tax_name", "tax_percentage")} for tax in members]
    return _keep_tax(books, name, percentage, {"tax_type": "tax_group", "taxes": taxes})


def _keep_tax(books: Books, name: str, percentage: Decimal, of_kind: Record) -> Record:
    tax_id = books.new_id("tax")
    books.taxes[tax_id] = {
        "tax_id": tax_id,
        "tax_name": name,
        "tax_percentage": percentage,
        "tax_factor": "rate",
        "is_value_added": name.startswith(("VAT", "GST")),
        "is_default_tax": False,
        "is_editable": True,
    } | of_kind
    return books.taxes[tax_id]


def _add_accounts(books: Books) -> None:
    for name, account_type in ACCOUNTS:
        add_account(books, name, account_type)


def add_account(books: Books, name: str, account_type: str) -> Record:
    """A new account in the organization's chart."""
    account_id = books.new_id("account")
    books.accounts[account_id] = {
        "account_id": account_id,
        "account_name": name,
        "account_code": f"{len(books.accounts) + 1:04}",
        "account_type": account_type,
        "is_user_created": False,
        "is_system_account": True,
        "is_active": True,
        "currency_id": books.organization["currency_id"],
        "currency_code": books.organization["currency_code"],
    }
    return books.accounts[account_id]


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
