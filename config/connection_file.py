"""The file that BOOKHOOK_CONNECTIONS names: several connections and what each decides, read strictly.

See docs/connections.md. What a connection leaves out is as the settings say (`defaults`).
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Literal, get_args

from config.checks import is_loopback
from config.options import (
    ConnectionOptions,
    ExpenseOptions,
    InvoiceOptions,
    PaymentOptions,
    TaxOptions,
)
from config.problems import ConfigError
from config.strict_yaml import Place, Section, did_you_mean, load, shown
from config.table import TAX_MODES
from drafts import Purpose

KEYS = ("source", "secret", "organization", "taxes", "payments", "invoices", "expenses", "contact_currency")
TAX_KEYS = ("mode", "account", "names")
PAYMENT_KEYS = ("record", "account", "accounts", "modes")
INVOICE_KEYS = ("mark_sent", "email", "accounts")
EXPENSE_KEYS = (
    *("paid_through", "default_account", "accounts", "approval"),
    *("submitters", "approvers", "receipt_hosts"),
)
PURPOSES: tuple[Purpose, ...] = get_args(Purpose)
CONTACT_CURRENCIES: tuple[Literal["separate", "park"], ...] = ("separate", "park")
# Whoever may type a command in a workspace may not yet spend the company's money.
APPROVED_BY_DEFAULT = frozenset({"slack"})

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_SETTING = re.compile(r"[A-Z][A-Z0-9_]*")
_OVER = re.compile(r"over\(([0-9]{1,12}(?:\.[0-9]{1,3})?)\)")
_HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One connection of the file: the setting that holds its secrets, and its organization if the file names one."""

    name: str
    source: str
    secret_setting: str
    organization_id: str | None
    options: ConnectionOptions
    place: str


def read_connection_file(
    file: Path, *, settings_of_sources: Mapping[str, str], defaults: ConnectionOptions
) -> list[Entry]:
    """The connections in the file; raises ConfigError with everything that is wrong with it, each with its place."""
    problems: list[str] = []
    content = load(file, problems)
    connections = Section(Place(str(file), "", problems), content, ("connections",)).section("connections")
    entries = [_entry(name, connections.section(name, KEYS), settings_of_sources, defaults) for name in connections]
    if not entries and not problems:
        connections.place.report("must hold at least one connection")
    if problems:
        raise ConfigError(problems)
    return entries


def default_options(defaults: ConnectionOptions, source: str) -> ConnectionOptions:
    """What a connection of the source decides where nobody says otherwise."""
    if source not in APPROVED_BY_DEFAULT:
        return defaults
    return replace(defaults, expenses=replace(defaults.expenses, approval_over=Decimal(0)))


def _entry(name: str, found: Section, sources: Mapping[str, str], defaults: ConnectionOptions) -> Entry:
    source = found.text("source", name)
    _check_names(name, source, found.place, sources)
    return Entry(
        name=name,
        source=source,
        secret_setting=found.parsed("secret", _setting_name, sources.get(source, "")),
        organization_id=found.text("organization", None),
        options=_options(found, default_options(defaults, source)),
        place=f"{found.place.file}: {found.place.path}",
    )


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
    )


def _approval_over(text: str) -> Decimal | None:
    if text in ("none", "always"):
        return None if text == "none" else Decimal(0)
    if (over := _OVER.fullmatch(text)) is None:
        raise ValueError("must be none, always or over(100): the amount in the organization's currency")
    return Decimal(over[1])


def _setting_name(text: str) -> str:
    if not _SETTING.fullmatch(text):
        raise ValueError("must be the name of a setting such as SHOP_WEBHOOK_SECRET, never the secret itself")
    return text


def _check_host(text: str) -> None:
    if not _HOST.fullmatch(text) and not is_loopback(text):
        raise ValueError(f"{text!r} is not a host name in lower case")
