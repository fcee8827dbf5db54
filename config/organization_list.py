"""The organizations of a deployment: the one that the ZOHO_* settings describe, and those of the connections' file."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from config.checks import is_loopback
from config.environment import find_unset, read_text, read_texts
from config.organization_file import OrganizationEntry
from config.organizations import DATA_CENTERS, DEFAULT, PLANS, DataCenter, Limits, Organization, Places
from config.problems import ConfigError

GRANT_SETTINGS = ("ZOHO_CLIENT_ID", "ZOHO_CLIENT_SECRET", "ZOHO_REFRESH_TOKEN", "ZOHO_ORGANIZATION_ID")


@dataclass(frozen=True, slots=True)
class Listed:
    """The organizations whose grant is complete, by id, the default first; what is wrong, and what is doubtful.

    `entries` are all that are described, by id. `usual` is what one is of which nothing is said.
    """

    organizations: Mapping[str, Organization] = field(default_factory=dict)
    entries: Mapping[str, OrganizationEntry] = field(default_factory=dict)
    usual: OrganizationEntry = field(default_factory=lambda: OrganizationEntry(organization_id=""))
    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def list_organizations(
    environ: Mapping[str, str], values: Mapping[str, Any], entries: Sequence[OrganizationEntry]
) -> Listed:
    """The organizations of checked `values` of the settings and of the file's entries."""
    default = _default(values)
    resolved = [default, *(_resolve(entry, default) for entry in entries)]
    grants, problems = read_texts(environ, dict.fromkeys(name for each in resolved for name in each.grant.values()))
    return Listed(
        {
            entry.organization_id: make_organization(
                entry,
                {key: grants[name] for key, name in entry.grant.items()},
                timeout_seconds=values["ZOHO_TIMEOUT_SECONDS"],
            )
            for entry in resolved
            if entry.organization_id and all(name in grants for name in entry.grant.values())
        },
        {entry.organization_id: entry for entry in resolved if entry.organization_id},
        default,
        (*problems, *_problems(default, _with_own_grant(resolved[1:], values, grants))),
        tuple(_doubtful(resolved)),
    )


def list_ids(environ: Mapping[str, str], entries: Sequence[OrganizationEntry]) -> dict[str, str]:
    """The id of each organization by its name, that of the default one first if there is one."""
    ids = {entry.name: entry.organization_id for entry in entries}
    try:
        organization_id = read_text(environ, "ZOHO_ORGANIZATION_ID")
    except ConfigError:  # which whoever reads all settings tells
        organization_id = "unreadable"
    return {DEFAULT: organization_id, **ids} if organization_id else ids


def find_missing_grants(environ: Mapping[str, str], entries: Sequence[OrganizationEntry]) -> list[str]:
    """A problem for each setting that is not set, but needed by whatever talks to Zoho.

    The default organization needs its settings, unless the file has others and it is not named.
    """
    unset = set(find_unset(environ, [*GRANT_SETTINGS, *(name for each in entries for name in each.grant.values())]))
    is_default_there = not entries or "ZOHO_ORGANIZATION_ID" not in unset
    missing = [f"{name} is not set" for name in GRANT_SETTINGS if is_default_there and name in unset]
    for entry in entries:
        for key, name in entry.grant.items():
            where = "" if name in GRANT_SETTINGS else f"{entry.place}.{key}: "
            missing += [f"{where}{name} is not set"] if name in unset else []
    return list(dict.fromkeys(missing))


def _default(values: Mapping[str, Any]) -> OrganizationEntry:
    return OrganizationEntry(
        organization_id=values["ZOHO_ORGANIZATION_ID"] or "",
        data_center=values["ZOHO_DATA_CENTER"].lower(),
        accounts_url=values["ZOHO_ACCOUNTS_URL"],
        api_url=values["ZOHO_API_URL"],
        plan=values["ZOHO_PLAN"].lower(),
        calls_per_minute=values["ZOHO_CALLS_PER_MINUTE"],
        calls_per_day=values["ZOHO_CALLS_PER_DAY"],
        concurrent_calls=values["ZOHO_CONCURRENT_CALLS"],
        quota_headroom=values["ZOHO_QUOTA_HEADROOM"],
        time_zone=values["ZOHO_TIME_ZONE"],
        unique_field=values["ZOHO_UNIQUE_FIELD"],
    )


def _resolve(entry: OrganizationEntry, default: OrganizationEntry) -> OrganizationEntry:
    """The entry with what it takes from the settings: where it lives if it says nothing of that, and the head-room."""
    if entry.quota_headroom is None:
        entry = replace(entry, quota_headroom=default.quota_headroom)
    if entry.data_center or entry.accounts_url or entry.api_url:
        return replace(entry, data_center=entry.data_center or default.data_center)
    return replace(entry, data_center=default.data_center, accounts_url=default.accounts_url, api_url=default.api_url)


def make_organization(
    entry: OrganizationEntry, grant: Mapping[str, str], *, timeout_seconds: float, places: Places | None = None
) -> Organization:
    """The organization of the entry with a grant: `client_id`, `client_secret` and `refresh_token`."""
    hosts = hosts_of(entry)
    return Organization(
        organization_id=entry.organization_id,
        accounts_url=hosts.accounts_url,
        api_url=hosts.api_url,
        web_url=hosts.web_url,
        **grant,
        limits=_limits(entry),
        timeout_seconds=timeout_seconds,
        time_zone=entry.time_zone,
        unique_field=entry.unique_field,
        name=entry.name,
        places=places or _places(entry),
    )


def hosts_of(entry: OrganizationEntry) -> DataCenter:
    """Where the organization of the entry lives."""
    api_url = _api_url(entry)
    web_url = _web_url(api_url) or DATA_CENTERS[entry.data_center or "us"].web_url
    return DataCenter(_accounts_url(entry), api_url, web_url)


def _with_own_grant(
    entries: Sequence[OrganizationEntry], values: Mapping[str, Any], grants: Mapping[str, str]
) -> list[OrganizationEntry]:
    """The entries but for those that may be connected in the console, as their settings hold no grant."""
    may_be_connected = values["BOOKHOOK_SECRET_KEY"] is not None
    return [entry for entry in entries if not may_be_connected or entry.refresh_token in grants]


def _accounts_url(entry: OrganizationEntry) -> str:
    return (entry.accounts_url or DATA_CENTERS[entry.data_center or "us"].accounts_url).rstrip("/")


def _api_url(entry: OrganizationEntry) -> str:
    return (entry.api_url or DATA_CENTERS[entry.data_center or "us"].api_url).rstrip("/")


def _web_url(api_url: str) -> str | None:
    """Where people look at documents of an API on this machine; None for any other."""
    url = urlsplit(api_url)
    return f"{url.scheme}://{url.netloc}" if is_loopback(url.hostname or "") else None


def _limits(entry: OrganizationEntry) -> Limits:
    plan = PLANS[entry.plan]
    kept = 1 - (entry.quota_headroom or Decimal(0))
    return Limits(
        per_minute=_reduce(entry.calls_per_minute or plan.per_minute, kept),
        per_day=_reduce(entry.calls_per_day or plan.per_day, kept),
        concurrent=_reduce(entry.concurrent_calls or plan.concurrent, kept),
    )


def _reduce(limit: int, share: Decimal) -> int:
    return max(1, int(limit * share))


def _places(entry: OrganizationEntry) -> Places:
    if not entry.place:
        return Places()
    keys = ("organization_id", "data_center", "plan", "calls_per_day")
    return Places(**entry.grant, **{key: f"organizations.{entry.name}.{key}" for key in keys})


def _problems(default: OrganizationEntry, entries: Sequence[OrganizationEntry]) -> Iterator[str]:
    for entry in entries:
        if default.organization_id and entry.organization_id == default.organization_id:
            yield f"{entry.place}.organization_id: is ZOHO_ORGANIZATION_ID already; leave out one of the two"
        if entry.refresh_token == default.refresh_token and _accounts_url(entry) != _accounts_url(default):
            yield (
                f"{entry.place}.refresh_token: is missing: ZOHO_REFRESH_TOKEN is a grant of another data centre; "
                "name the setting that holds this organization's own"
            )


def _doubtful(entries: Sequence[OrganizationEntry]) -> Iterator[str]:
    for entry in entries:
        places = {
            url: f"{entry.place}.{url}" if entry.place else f"ZOHO_{url.upper()}" for url in ("accounts_url", "api_url")
        }
        local = {url: is_loopback(urlsplit(getattr(entry, url) or "").hostname or "") for url in places}
        if len(set(local.values())) > 1:
            here, away = sorted(local, key=lambda url: not local[url])
            yield f"{places[here]} is on this machine but {places[away]} is not; one grant does not fit both"
