"""The organizations that the connections' file describes, each with the names of the settings that hold its grant.

See docs/connections.md. What one leaves out of where it lives and of its grant is as the ZOHO_* settings say.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from decimal import Decimal

from config import checks
from config.organizations import DATA_CENTERS, DEFAULT, PLANS
from config.strict_yaml import Section

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")
SETTING = re.compile(r"[A-Z][A-Z0-9_]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationEntry:
    """One organization; None is what it does not say. The three of the grant are names of settings.

    `place` is where it stands in the file, "" for the one that the settings describe.
    """

    organization_id: str
    data_center: str | None = None
    accounts_url: str | None = None
    api_url: str | None = None
    client_id: str = "ZOHO_CLIENT_ID"
    client_secret: str = "ZOHO_CLIENT_SECRET"  # noqa: S105  a setting's name
    refresh_token: str = "ZOHO_REFRESH_TOKEN"  # noqa: S105  a setting's name
    plan: str = "free"
    calls_per_minute: int | None = None
    calls_per_day: int | None = None
    concurrent_calls: int | None = None
    quota_headroom: Decimal | None = None
    time_zone: str | None = None
    unique_field: str | None = None
    name: str = DEFAULT
    place: str = ""

    @property
    def grant(self) -> dict[str, str]:
        """The settings that hold its grant, by key."""
        return {key: getattr(self, key) for key in ("client_id", "client_secret", "refresh_token")}


ORGANIZATION_KEYS = tuple(field.name for field in fields(OrganizationEntry) if field.name not in ("name", "place"))


def read_organizations(section: Section) -> list[OrganizationEntry]:
    """The organizations of the section; what is wrong is reported there."""
    entries = [_entry(name, section.section(name, ORGANIZATION_KEYS)) for name in section]
    for entry, first in _repeated(entries):
        section.section(entry.name).place.below("organization_id").report(f"is the id of {first.name} already")
    return entries


def setting_name(text: str) -> str:
    """The text, if it is the name of a setting; its ValueError does not quote it, since it may be the secret."""
    if not SETTING.fullmatch(text):
        raise ValueError("must be the name of a setting such as SHOP_WEBHOOK_SECRET, never the secret itself")
    return text


def _entry(name: str, found: Section) -> OrganizationEntry:
    if not _NAME.fullmatch(name):
        found.place.report("an organization's name is at most 40 lower-case letters, digits, - and _, a letter first")
    if name == DEFAULT:
        found.place.report(f"{DEFAULT} is the name of the one that ZOHO_ORGANIZATION_ID names")
    if "organization_id" not in list(found):
        found.place.report("organization_id is missing")
    address = checks.parser(str, checks.is_service_url)
    return OrganizationEntry(
        organization_id=found.parsed("organization_id", checks.parser(str, checks.is_digits), ""),
        data_center=found.parsed("data_center", checks.parser(str.lower, checks.is_one_of(DATA_CENTERS)), None),
        accounts_url=found.parsed("accounts_url", address, None),
        api_url=found.parsed("api_url", address, None),
        client_id=found.parsed("client_id", setting_name, "ZOHO_CLIENT_ID"),
        client_secret=found.parsed("client_secret", setting_name, "ZOHO_CLIENT_SECRET"),
        refresh_token=found.parsed("refresh_token", setting_name, "ZOHO_REFRESH_TOKEN"),
        plan=found.parsed("plan", checks.parser(str.lower, checks.is_one_of(PLANS)), "free"),
        calls_per_minute=found.parsed("calls_per_minute", _count(10**6), None),
        calls_per_day=found.parsed("calls_per_day", _count(10**9), None),
        concurrent_calls=found.parsed("concurrent_calls", _count(10**4), None),
        quota_headroom=found.parsed("quota_headroom", checks.parser(Decimal, checks.is_share), None),
        time_zone=found.parsed("time_zone", checks.parser(str, checks.is_time_zone), None),
        unique_field=found.parsed("unique_field", checks.parser(str, checks.is_custom_field), None),
        name=name,
        place=f"{found.place.file}: {found.place.path}",
    )


def _count(most: int) -> Callable[[str], int]:
    return checks.parser(int, checks.is_between(1, most), what="a whole number")


def _repeated(entries: Iterable[OrganizationEntry]) -> Iterable[tuple[OrganizationEntry, OrganizationEntry]]:
    """Each entry whose id another above it has, and that one."""
    seen: dict[str, OrganizationEntry] = {}
    for entry in entries:
        if entry.organization_id and entry.organization_id in seen:
            yield entry, seen[entry.organization_id]
        seen.setdefault(entry.organization_id, entry)
