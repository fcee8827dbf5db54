"""The file that BOOKHOOK_CONNECTIONS names: several connections and what each decides, read strictly.

See docs/connections.md. What a connection leaves out is as the settings say (`defaults`).
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Literal, get_args
from urllib.parse import urlsplit

from config.checks import is_loopback, is_service_url, parser
from config.options import (
    LANGUAGES,
    ConnectionOptions,
    ExpenseOptions,
    InvoiceOptions,
    PaymentOptions,
    TaxOptions,
)
from config.organization_file import SETTING, OrganizationEntry, read_organizations, setting_name
from config.problems import ConfigError
from config.strict_yaml import Place, Section, did_you_mean, load, shown
from config.table import TAX_MODES
from drafts import Purpose

KEYS = (
    *("source", "secret", "organization", "settings", "credentials", "patch", "public_url", "apis"),
    *("taxes", "payments", "invoices", "expenses", "contact_currency", "language"),
)
TAX_KEYS = ("mode", "account", "names")
PAYMENT_KEYS = ("record", "account", "accounts", "modes")
INVOICE_KEYS = ("mark_sent", "email", "accounts")
EXPENSE_KEYS = (
    *("paid_through", "default_account", "accounts", "approval"),
    *("submitters", "approvers", "receipt_hosts", "channel"),
)
PURPOSES: tuple[Purpose, ...] = get_args(Purpose)
CONTACT_CURRENCIES: tuple[Literal["separate", "park"], ...] = ("separate", "park")

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_OPTION = re.compile(r"[a-z][a-z0-9_]{0,39}")
_OVER = re.compile(r"over\(([0-9]{1,12}(?:\.[0-9]{1,3})?)\)")
_CHANNEL = re.compile(r"[A-Za-z0-9._:-]{1,80}")
_HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One connection of the file: the setting that holds its secrets, and its organization's name or id if it says so.

    `settings` are the values of its mapping's options; `credentials` the settings that it reads in place of those its
    mapping names; `patch` is a file to lay over its mapping.
    """

    name: str
    source: str
    secret_setting: str
    organization: str | None
    options: ConnectionOptions
    place: str
    settings: Mapping[str, str] = field(default_factory=dict)
    credentials: Mapping[str, str] = field(default_factory=dict)
    patch: Path | None = None
    public_url: str | None = None
    apis: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Contents:
    """What a connections' file holds; where something is wrong with it, its connections are `flawed`, and not used."""

    connections: list[Entry] = field(default_factory=list)
    flawed: list[Entry] = field(default_factory=list)
    organizations: list[OrganizationEntry] = field(default_factory=list)


def read_connection_file(
    file: Path,
    problems: list[str],
    *,
    settings_of_sources: Mapping[str, str],
    defaults: ConnectionOptions,
    held: Collection[str] = (),
) -> Contents:
    """What the file holds; adds everything that is wrong with it to the problems, each with its place.

    `held` are the sources whose expenses await approval unless the file says otherwise. Where something
    is wrong, no connection is given, since more would be found wrong with it that is not.
    """
    found: list[str] = []
    try:
        content = load(file, found)
    except ConfigError as error:
        problems += error.problems
        return Contents()
    top = Section(Place(str(file), "", found), content, ("organizations", "connections"))
    organizations = read_organizations(top.section("organizations"))
    connections = top.section("connections")
    entries = [
        _entry(name, connections.section(name, KEYS), settings_of_sources, defaults, held) for name in connections
    ]
    if not (entries or organizations or found):
        connections.place.report("must hold at least one connection")
    problems += found
    return Contents(flawed=entries, organizations=organizations) if found else Contents(entries, [], organizations)


def default_options(defaults: ConnectionOptions, *, held: bool) -> ConnectionOptions:
    """What a connection decides where nobody says otherwise; `held`: whether its source's expenses await approval."""
    if not held:
        return defaults
    return replace(defaults, expenses=replace(defaults.expenses, approval_over=Decimal(0)))


def _entry(
    name: str, found: Section, sources: Mapping[str, str], defaults: ConnectionOptions, held: Collection[str]
) -> Entry:
    source = found.text("source", name)
    _check_names(name, source, found.place, sources)
    return Entry(
        name=name,
        source=source,
        secret_setting=found.parsed("secret", setting_name, sources.get(source, "")),
        organization=found.text("organization", None),
        options=_options(found, default_options(defaults, held=source in held)),
        place=f"{found.place.file}: {found.place.path}",
        settings=_settings(found.section("settings")),
        credentials=_credentials(found.section("credentials")),
        patch=found.parsed("patch", lambda text: _file(text, Path(found.place.file).parent), None),
        public_url=found.parsed("public_url", _base_url, None),
        apis=_apis(found.section("apis")),
    )


def _settings(found: Section) -> dict[str, str]:
    for name in found:
        if not _OPTION.fullmatch(name):
            found.place.report(
                f"an option's name is at most 40 lower-case letters, digits and _: {shown(name)} is none"
            )
    return {name: found.text(name, "") for name in found}


def _credentials(found: Section) -> dict[str, str]:
    for name in found:
        if not SETTING.fullmatch(name):
            found.place.report(f"{shown(name)} is not the name of a setting, such as STRIPE_API_KEY")
    return {name: found.parsed(name, setting_name, "") for name in found}


def _file(text: str, folder: Path) -> Path:
    """The file, which may be named as seen from the folder."""
    if not (path := folder / text).is_file():
        raise ValueError(f"there is no file {path}")
    return path


def _apis(found: Section) -> dict[str, str]:
    return {host: found.parsed(host, _url_here, "") for host in found}


def _url_here(text: str) -> str:
    url = _base_url(text)
    if not is_loopback(urlsplit(url).hostname or ""):
        raise ValueError("must be on this machine, such as http://127.0.0.1:8099: it gets the credentials")
    return url


def _base_url(text: str) -> str:
    return parser(str, is_service_url)(text).rstrip("/")


def _check_names(name: str, source: str, place: Place, sources: Collection[str]) -> None:
    if not _NAME.fullmatch(name):
        place.report("a connection's name is at most 40 lower-case letters, digits, - and _, a letter first")
    if source not in sources:
        place.report(f"no such source: {shown(source)}{did_you_mean(source, sources)}")
    elif name != source and name in sources:
        place.report(f"{name} is the name of another source")


def _options(found: Section, defaults: ConnectionOptions) -> ConnectionOptions:
    return ConnectionOptions(
        taxes=_taxes(found.section("taxes", TAX_KEYS), defaults.taxes),
        payments=_payments(found.section("payments", PAYMENT_KEYS), defaults.payments),
        invoices=_invoices(found.section("invoices", INVOICE_KEYS), defaults.invoices),
        expenses=_expenses(found.section("expenses", EXPENSE_KEYS), defaults.expenses),
        contact_currency=found.word("contact_currency", CONTACT_CURRENCIES, defaults.contact_currency),
        language=found.word("language", LANGUAGES, defaults.language),
    )


def _taxes(found: Section, defaults: TaxOptions) -> TaxOptions:
    return TaxOptions(
        mode=found.word("mode", TAX_MODES, defaults.mode),
        account=found.text("account", defaults.account),
        names=found.words("names", defaults.names),
    )


def _payments(found: Section, defaults: PaymentOptions) -> PaymentOptions:
    return PaymentOptions(
        record=found.flag("record", defaults.record),
        account=found.text("account", defaults.account),
        accounts=found.words("accounts", defaults.accounts),
        modes=found.words("modes", defaults.modes),
    )


def _invoices(found: Section, defaults: InvoiceOptions) -> InvoiceOptions:
    return InvoiceOptions(
        mark_sent=found.flag("mark_sent", defaults.mark_sent),
        email=found.flag("email", defaults.email),
        accounts=found.words("accounts", defaults.accounts, PURPOSES),
    )


def _expenses(found: Section, defaults: ExpenseOptions) -> ExpenseOptions:
    submitters, approvers = found.texts("submitters", None), found.texts("approvers", None)
    return ExpenseOptions(
        paid_through=found.text("paid_through", defaults.paid_through),
        default_account=found.text("default_account", defaults.default_account),
        accounts=found.words("accounts", defaults.accounts),
        approval_over=found.parsed("approval", _approval_over, defaults.approval_over),
        submitters=defaults.submitters if submitters is None else frozenset(submitters),
        approvers=defaults.approvers if approvers is None else frozenset(approvers),
        receipt_hosts=found.texts("receipt_hosts", defaults.receipt_hosts, _check_host),
        channel=found.parsed("channel", _channel, defaults.channel),
    )


def _approval_over(text: str) -> Decimal | None:
    if text in ("none", "always"):
        return None if text == "none" else Decimal(0)
    if (over := _OVER.fullmatch(text)) is None:
        raise ValueError("must be none, always or over(100): the amount in the organization's currency")
    return Decimal(over[1])


def _channel(text: str) -> str:
    if not _CHANNEL.fullmatch(text):
        raise ValueError("must be the id of a channel, such as C0EXPENSES, not its name")
    return text


def _check_host(text: str) -> None:
    if not _HOST.fullmatch(text) and not is_loopback(text):
        raise ValueError(f"{text!r} is not a host name in lower case")
