"""The configured senders: one connection for each source whose secret is set."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from config.environment import read_text
from config.problems import ConfigError

ORGANIZATION_SETTING = "ZOHO_ORGANIZATION_ID"


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """One sender, posting to /hooks/<name>. `secrets` is never empty; any of them may have signed a request."""

    name: str
    source: str
    secrets: tuple[str, ...] = field(repr=False)
    organization_id: str


def read_connections(environ: Mapping[str, str], settings_of_sources: Mapping[str, str]) -> dict[str, Connection]:
    """The connections by name, given each source's secret setting (`{"shopify": "SHOPIFY_WEBHOOK_SECRET"}`).

    A source whose setting is unset has no connection. Several secrets, separated by commas, are all valid while one
    replaces the other. Raises ConfigError with every problem; its sentences never hold a secret.
    """
    secrets: dict[str, tuple[str, ...]] = {}
    problems: list[str] = []
    for source, setting in settings_of_sources.items():
        try:
            secrets[source] = read_secrets(environ, setting)
        except ConfigError as error:
            problems += error.problems
    configured = {source: given for source, given in secrets.items() if given}
    organization_id = ""
    try:
        organization_id = _read_organization_id(environ, [settings_of_sources[source] for source in configured])
    except ConfigError as error:
        problems += error.problems
    if problems:
        raise ConfigError(problems)
    return {
        source: Connection(name=source, source=source, secrets=given, organization_id=organization_id)
        for source, given in configured.items()
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


def _read_organization_id(environ: Mapping[str, str], secret_settings: Sequence[str]) -> str:
    """The organization that these settings' connections post to; "" where there is none and no need of one."""
    if not secret_settings:
        return ""
    organization_id = read_text(environ, ORGANIZATION_SETTING)
    if organization_id is None:
        what = "makes a connection that posts" if len(secret_settings) == 1 else "make connections that post"
        raise ConfigError([f"{ORGANIZATION_SETTING} is not set, but {', '.join(secret_settings)} {what} there"])
    return organization_id
