"""The configured senders: one connection for each source whose secret is set."""

from collections.abc import Mapping
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
    connections: dict[str, Connection] = {}
    problems: list[str] = []
    for source, setting in settings_of_sources.items():
        try:
            secrets = _read_secrets(environ, setting)
            if secrets:
                organization_id = _read_organization_id(environ, setting)
                connections[source] = Connection(
                    name=source, source=source, secrets=secrets, organization_id=organization_id
                )
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(problems)
    return connections


def _read_secrets(environ: Mapping[str, str], setting: str) -> tuple[str, ...]:
    text = read_text(environ, setting)
    if text is None:
        return ()
    secrets = tuple(part.strip() for part in text.split(","))
    if not all(secrets):
        raise ConfigError([f"{setting}: one of the comma-separated secrets is empty"])
    return secrets


def _read_organization_id(environ: Mapping[str, str], setting: str) -> str:
    organization_id = read_text(environ, ORGANIZATION_SETTING)
    if organization_id is None:
        raise ConfigError([f"{ORGANIZATION_SETTING} is not set, but {setting} makes a connection that posts there"])
    return organization_id
