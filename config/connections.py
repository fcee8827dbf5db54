"""The configured senders: those of the connections' file, and one for every other source whose secret is set."""

import json
from collections.abc import Collection, Mapping, Sequence

from config.connection import Connection
from config.connection_file import Entry, default_options
from config.environment import find_unset, read_text
from config.options import ConnectionOptions
from config.organizations import DEFAULT
from config.problems import ConfigError
from config.strict_yaml import did_you_mean, shown


def read_connections(
    environ: Mapping[str, str],
    settings_of_sources: Mapping[str, str],
    *,
    entries: Sequence[Entry] = (),
    organizations: Mapping[str, str],
    defaults: ConnectionOptions | None = None,
    held: Collection[str] = (),
    may_be_connected: bool = False,
) -> dict[str, Connection]:
    """The connections by name, given each source's secret setting (`{"shopify": "SHOPIFY_WEBHOOK_SECRET"}`).

    Those of the file, its `entries`, come first. A source whose setting is set has a connection of its name, unless one
    of the file uses that setting. `organizations` are the ids by name. `defaults` are the options of whoever says
    nothing else; expenses of the sources that are `held` await approval by default. Several secrets,
    separated by commas, are all valid while one replaces the other. Where organizations `may_be_connected` later,
    others may be named by id, and the default one need not be there: its name is then its id. Raises ConfigError with
    every problem; its sentences never hold a secret.
    """
    problems: list[str] = []
    entries = [*entries, *_entries_of_sources(settings_of_sources, defaults or ConnectionOptions(), entries, held)]
    secrets = {entry.name: _secrets(environ, entry, problems) for entry in entries}
    configured = [entry for entry in entries if secrets[entry.name]]
    if may_be_connected:
        organizations = {DEFAULT: DEFAULT, **organizations}
    problems += find_unknown_organizations(configured, organizations, may_be_connected=may_be_connected)
    problems += _lacking_default(configured, organizations)
    problems += _missing_credentials(environ, entries)
    if problems:
        raise ConfigError(list(dict.fromkeys(problems)))
    return {
        entry.name: Connection(
            name=entry.name,
            source=entry.source,
            secrets=secrets[entry.name],
            organization_id=organizations.get(entry.organization or DEFAULT) or entry.organization or "",
            options=entry.options,
            secret_setting=entry.secret_setting,
            place=entry.place,
            settings=entry.settings,
            credentials=entry.credentials,
            patch=entry.patch,
            public_url=entry.public_url,
            apis=entry.apis,
        )
        for entry in configured
    }


def find_unknown_organizations(
    entries: Sequence[Entry], organizations: Mapping[str, str], *, may_be_connected: bool = False
) -> list[str]:
    """A problem for each entry that names an organization which is not there, by name or id.

    Any id will do where organizations `may_be_connected` later.
    """
    there = {*organizations, *organizations.values()}
    return [
        f"{entry.place}.organization: no such organization: {shown(entry.organization)}"
        + (did_you_mean(entry.organization, organizations) if organizations else ": describe it in organizations")
        for entry in entries
        if entry.organization
        and entry.organization not in there
        and not (may_be_connected and entry.organization.isdigit())
    ]


def read_secrets(environ: Mapping[str, str], setting: str) -> tuple[str, ...]:
    """The comma-separated secrets of a setting, none if it is unset; raises ConfigError without quoting any.

    A JSON object, such as a key set, is one secret.
    """
    text = read_text(environ, setting)
    if text is None:
        return ()
    secrets = (text,) if _is_json_object(text) else tuple(part.strip() for part in text.split(","))
    if not all(secrets):
        raise ConfigError([f"{setting}: one of the comma-separated secrets is empty"])
    return secrets


def _is_json_object(text: str) -> bool:
    try:
        return text.startswith("{") and isinstance(json.loads(text), dict)
    except ValueError:
        return False


def _entries_of_sources(
    sources: Mapping[str, str], defaults: ConnectionOptions, entries: Sequence[Entry], held: Collection[str]
) -> list[Entry]:
    """An entry for each source that the file leaves as it is."""
    used = {entry.secret_setting for entry in entries} | {entry.name for entry in entries}
    return [
        Entry(
            name=source,
            source=source,
            secret_setting=setting,
            organization=None,
            options=default_options(defaults, held=source in held),
            place="",
        )
        for source, setting in sources.items()
        if not used & {source, setting}
    ]


def _secrets(environ: Mapping[str, str], entry: Entry, problems: list[str]) -> tuple[str, ...]:
    try:
        secrets = read_secrets(environ, entry.secret_setting)
    except ConfigError as error:
        problems += error.problems
        return ()
    if not secrets and entry.place:
        problems.append(f"{entry.place}: {entry.secret_setting} is not set, so nothing can come in")
    return secrets


def _lacking_default(entries: Sequence[Entry], organizations: Mapping[str, str]) -> list[str]:
    """That there is no default organization, though connections post to it."""
    lacking = [entry for entry in entries if entry.organization is None] if DEFAULT not in organizations else []
    if organizations and (in_file := [entry for entry in lacking if entry.place]):
        names = ", ".join(organizations)
        return [
            f"{entry.place}: organization is missing: ZOHO_ORGANIZATION_ID is not set; there are {names}"
            for entry in in_file
        ]
    settings = list(dict.fromkeys(entry.secret_setting for entry in lacking))
    what = "makes a connection that posts" if len(settings) == 1 else "make connections that post"
    return [f"ZOHO_ORGANIZATION_ID is not set, but {', '.join(settings)} {what} there"] if settings else []


def _missing_credentials(environ: Mapping[str, str], entries: Sequence[Entry]) -> list[str]:
    named = [
        (f"{entry.place}.credentials.{name}", entry.credentials[name])
        for entry in entries
        for name in entry.credentials
    ]
    unset = set(find_unset(environ, dict.fromkeys(setting for _, setting in named if setting)))
    return [f"{place}: {setting} is not set" for place, setting in named if setting in unset]
