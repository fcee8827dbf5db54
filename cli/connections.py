"""What connections decide, in words, and the names of Zoho's accounts and taxes that they use."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from urllib.parse import urlsplit

from config.connection import Connection
from config.options import ConnectionOptions
from config.organizations import DEFAULT, Organization
from config.settings import Settings
from errors import BookhookError, UnknownName
from zoho.books import Books

SETTINGS_BY_PLACE = {
    "taxes.account": "BOOKHOOK_TAX_ACCOUNT",
    "taxes.names": "BOOKHOOK_TAX_NAMES",
    "payments.account": "BOOKHOOK_PAYMENT_ACCOUNT",
    "expenses.paid_through": "EXPENSE_PAID_THROUGH",
    "expenses.default_account": "EXPENSE_DEFAULT_ACCOUNT",
    "expenses.accounts": "EXPENSE_ACCOUNTS",
}
NAMES_OF_LANGUAGES: Mapping[str, str] = {
    "de": "German",
    "fr": "French",
    "es": "Spanish",
    "it": "Italian",
    "nl": "Dutch",
}
TAX_MODES = {
    "zoho": "taxes by name",
    "amounts": "taxes as amounts to {account}",
    "none": "taxes as part of the prices",
}

Names = Mapping[str, str]


def describe(connection: Connection) -> str:
    """What the connection decides, in one line."""
    return "; ".join(filter(None, _words(connection.options)))


def describe_organization(organization: Organization) -> str:
    """Where the organization lives and what it allows, in one line."""
    limits = organization.limits
    return (
        f"organization {organization.label}: {urlsplit(organization.api_url).netloc}; at most "
        f"{limits.per_minute} calls a minute, {limits.per_day} a day, {limits.concurrent} at once"
    )


def _words(options: ConnectionOptions) -> Iterator[str]:
    taxes, payments, invoices = options.taxes, options.payments, options.invoices
    yield TAX_MODES[taxes.mode].format(account=taxes.account or "no account")
    if payments.record:
        yield f"payments to {payments.account or 'Undeposited Funds'}"
    else:
        yield "payments not recorded"
    yield "invoices " + (
        "sent by e-mail" if invoices.email else "marked sent" if invoices.mark_sent else "left as drafts"
    )
    yield from _words_of_expenses(options)
    if options.language != "en":
        yield f"our words in {NAMES_OF_LANGUAGES[options.language]}"
    if options.contact_currency == "park":
        yield "a customer's second currency is parked"


def _words_of_expenses(options: ConnectionOptions) -> Iterator[str]:
    expenses = options.expenses
    if expenses.approval_over is None:
        yield "expenses need no approval"
    else:
        over = f" over {expenses.approval_over}" if expenses.approval_over else ""
        channel = f", asked in {expenses.channel}" if expenses.channel else ""
        yield f"expenses{over} need approval, {_people(expenses.approvers, nobody='by command only')}{channel}"
    if expenses.submitters is not None:
        yield f"submitted by {_people(expenses.submitters, nobody='nobody')}"
    if expenses.receipt_hosts:
        yield f"receipts from {', '.join(expenses.receipt_hosts)}"


def _people(ids: Iterable[str], *, nobody: str) -> str:
    return ", ".join(sorted(ids)) or nobody


def find_unknown_names(settings: Settings, books: Books) -> Iterator[str]:
    """Every account and tax that settings or connections name and their organization does not have, and close ones."""
    kinds = (("accounts", name_accounts, books.names.account), ("taxes", name_taxes, books.names.tax))
    for kind, find, check in kinds:
        places = _places(settings, find, books.organization)
        try:
            books.names.read(kind)
            unknown = _unknown({name for _, name in places}, check)
        except BookhookError:
            return  # books.check() says why the names cannot be read
        yield from dict.fromkeys(f"{place}: {unknown[name]}" for place, name in places if name in unknown)


def _unknown(names: Iterable[str], check: Callable[[str], object]) -> Names:
    found = {}
    for name in sorted(names):
        try:
            check(name)
        except UnknownName as trouble:
            found[name] = trouble.message
    return found


def _places(
    settings: Settings, find: Callable[[ConnectionOptions], Names], organization: Organization
) -> list[tuple[str, str]]:
    """Where names stand and the names: in settings, then what each of the organization's connections names besides.

    Another organization than the default one need not know the settings' names, unless a connection of it takes them.
    """
    common = find(settings.options) if organization.name == DEFAULT else {}
    names = (organization.organization_id, organization.name)  # whose id nobody knew at start is named
    ours = [each for each in settings.connections.values() if each.organization_id in names]
    places = [(_setting(place), name) for place, name in common.items()]
    for connection in ours:
        own = find(connection.options).items() - common.items()
        places += [(f"{connection.name}: {place}", name) for place, name in sorted(own)]
    return places


def _setting(place: str) -> str:
    """The setting at a place, which may be a word of its list."""
    return SETTINGS_BY_PLACE.get(place) or SETTINGS_BY_PLACE[".".join(place.split(".")[:2])]


def name_accounts(options: ConnectionOptions) -> Names:
    """The accounts that options name, by the place in the connections' file."""
    payments, expenses = options.payments, options.expenses
    named = {
        "taxes.account": options.taxes.account if options.taxes.mode == "amounts" else None,
        "payments.account": payments.account,
        **_below("payments.accounts", payments.accounts),
        **_below("invoices.accounts", options.invoices.accounts),
        "expenses.paid_through": expenses.paid_through,
        "expenses.default_account": expenses.default_account,
        **_below("expenses.accounts", expenses.accounts),
    }
    return {place: name for place, name in named.items() if name}


def name_taxes(options: ConnectionOptions) -> Names:
    """The taxes that options name, by the place in the connections' file."""
    return _below("taxes.names", options.taxes.names) if options.taxes.mode == "zoho" else {}


def _below(place: str, names: Names) -> dict[str, str]:
    return {f"{place}.{word}": name for word, name in names.items()}
