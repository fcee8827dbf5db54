"""The configured senders: those of the connections' file, and one for every other source whose secret is set."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from config.connection_file import Entry, default_options, read_connection_file
from config.environment import read_text
from config.options import ConnectionOptions
from config.problems import ConfigError

ORGANIZATION_SETTING = "ZOHO_ORGANIZATION_ID"


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """One sender, posting to /hooks/<name>. `secrets` is never empty; any of them may have signed a request.

    `secret_setting` is the setting they come from.
    """

    name: str
    source: str
    secrets: tuple[str, ...] = field(repr=False)
    organization_id: str
    options: ConnectionOptions = field(default_factory=ConnectionOptions)
    secret_setting: str = ""


def read_connections(
    environ: Mapping[str, str],
    settings_of_sources: Mapping[str, str],
    *,
    file: Path | None = None,
    defaults: ConnectionOptions | None = None,
) -> dict[str, Connection]:
    """The connections by name, given each source's secret setting (`{"shopify": "SHOPIFY_WEBHOOK_SECRET"}`).

    Those of `file` come first. A source whose setting is set has a connection of its name, unless one of the file uses
    that setting. `defaults` are the options of whoever says nothing else. Several secrets, separated by commas, are
    all valid while one replaces the other. Raises ConfigError with every problem; its sentences never hold a secret.
    """
    defaults = defaults or ConnectionOptions()
    problems: list[str] = []
    entries = _read_entries(file, settings_of_sources, defaults, problems)
    entries += _entries_of_sources(settings_of_sources, defaults, entries)
    secrets = {entry.name: _secrets(environ, entry, problems) for entry in entries}
    configured = [entry for entry in entries if secrets[entry.name]]
    organization_id = _organization_id(environ, configured, problems)
    problems += _other_organizations(configured, organization_id)
    if problems:
        raise ConfigError(list(dict.fromkeys(problems)))
    return {
        entry.name: Connection(
            name=entry.name,
            source=entry.source,
            secrets=secrets[entry.name],
            organization_id=organization_id,
            options=entry.options,
            secret_setting=entry.secret_setting,
        )
        for entry in configured
    }


def read_secrets(environ: Mapping[str, str], setting: str) -> tuple[str, ...]:
    """The comma-separated secrets of a setting, none if it is unset; raises ConfigError without quoting any."""
    text = read_text(environ, setting)
    if text is None:
        return ()
    secrets = tuple(part.strip() for part in text.split(","))
    if not all(secrets):
        raise ConfigError([f"{setting}: one of the comma-separated secrets is empty"])
    return secrets


def _read_entries(
    file: Path | None, sources: Mapping[str, str], defaults: ConnectionOptions, problems: list[str]
) -> list[Entry]:
    if file is None:
        return []
    try:
        return read_connection_file(file, settings_of_sources=sources, defaults=defaults)
    except ConfigError as error:
        problems += error.problems
        return []


def _entries_of_sources(
    sources: Mapping[str, str], defaults: ConnectionOptions, entries: Sequence[Entry]
) -> list[Entry]:
    """An entry for each source that the file leaves as it is."""
    used = {entry.secret_setting for entry in entries} | {entry.name for entry in entries}
    return [
        Entry(
            name=source,
            source=source,
            secret_setting=setting,
            organization_id=None,
            options=default_options(defaults, source),
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


def _organization_id(environ: Mapping[str, str], entries: Sequence[Entry], problems: list[str]) -> str:
    try:
        return _read_organization_id(environ, list(dict.fromkeys(entry.secret_setting for entry in entries)))
    except ConfigError as error:
        problems += error.problems
        return ""


def _read_organization_id(environ: Mapping[str, str], secret_settings: Sequence[str]) -> str:
    """The organization that these settings' connections post to; "" where there is none and no need of one."""
    if not secret_settings:
        return ""
    organization_id = read_text(environ, ORGANIZATION_SETTING)
    if organization_id is None:
        what = "makes a connection that posts" if len(secret_settings) == 1 else "make connections that post"
        raise ConfigError([f"{ORGANIZATION_SETTING} is not set, but {', '.join(secret_settings)} {what} there"])
    return organization_id


def _other_organizations(entries: Sequence[Entry], organization_id: str) -> list[str]:
    return [
        f"{entry.place}.organization: {entry.organization_id} is not {ORGANIZATION_SETTING}; "
        "connections of other organizations need a deployment of their own"
        for entry in entries
        if organization_id and entry.organization_id not in (None, organization_id)
    ]
