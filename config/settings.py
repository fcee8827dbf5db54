"""What this deployment is: every setting read, checked and typed, or all problems at once."""

import datetime
import difflib
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from environs import Env, EnvValidationError

from config.checks import parse_word_map
from config.connection import Connection
from config.connection_file import Contents, read_connection_file
from config.connections import find_unknown_organizations, read_connections
from config.environment import FILE_SUFFIX, read_texts
from config.openid import OpenIdClient, find_half_a_client, read_client
from config.options import ConnectionOptions, ExpenseOptions, PaymentOptions, TaxOptions
from config.organization_file import OrganizationEntry
from config.organization_list import Listed, find_missing_grants, list_ids, list_organizations
from config.organizations import DEFAULT, Organization
from config.problems import ConfigError
from config.sentinel import Sentinels, parse_sentinels
from config.table import SETTINGS, Setting

OUR_PREFIXES = ("BOOKHOOK_", "ZOHO_", "EXPENSE_")
NOT_A_NUMBER = "is not a number"
WORDS_OF_KINDS = {"int": "is not a whole number", "float": NOT_A_NUMBER, "decimal": NOT_A_NUMBER}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Checked settings. `organizations`, by id, are those whose grant is complete, the default one first.

    `organization_ids` are those of all of them, by name, `organization_entries` what is said of each, by id, and
    `usual_organization` what is said of none; `lacks` says what is needed to post to them all, which is nothing where
    the console may connect them, with `secret_keys`. `client` is the id and secret for that. `options` are those of
    every connection that the connections' file gives no others. `reconcile_at` is a time of an organization's day.
    """

    redis_url: str | None = field(repr=False)
    redis_sentinels: Sentinels | None
    home: Path
    spool: Path
    organizations: Mapping[str, Organization]
    organization_ids: Mapping[str, str]
    organization_entries: Mapping[str, OrganizationEntry]
    usual_organization: OrganizationEntry
    secret_keys: tuple[str, ...] = field(repr=False)
    client: tuple[str, str] | None = field(repr=False)
    lacks: tuple[str, ...]
    timeout_seconds: float
    settle_seconds: float
    options: ConnectionOptions
    reconcile_at: datetime.time | None
    public_url: str
    sources: Path | None
    max_body_bytes: int
    retention_days: int
    log_level: str
    alert_url: str | None = field(repr=False)
    console_password: str | None = field(repr=False)
    console_url: str | None
    console_proxies: int
    openid: OpenIdClient | None
    metrics_token: str | None = field(repr=False)
    heal_hours: float | None
    sentry_dsn: str | None = field(repr=False)
    connections: Mapping[str, Connection]
    warnings: tuple[str, ...]

    @property
    def organization(self) -> Organization | None:
        """The default organization, if its four settings are set."""
        return self.organizations.get(self.organization_ids.get(DEFAULT, ""))

    def require_organizations(self) -> Mapping[str, Organization]:
        """The organizations by id; raises ConfigError naming every setting that is still lacking."""
        if self.lacks:
            raise ConfigError(self.lacks)
        return self.organizations


class TextEnv(Env):
    """environs over texts that are at hand (variables or mounted files), collecting problems instead of raising."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        super().__init__(eager=False)
        self._texts = texts

    def _get_value(self, env_key: str, default: Any) -> Any:
        return self._texts.get(env_key, default)


def read_settings(
    environ: Mapping[str, str] = os.environ,
    *,
    secret_settings: Mapping[str, str] | None = None,
    held: Collection[str] = (),
) -> Settings:
    """The settings in `environ`; raises ConfigError with every problem at once.

    `secret_settings` gives each source's secret setting, as its mapping names it; those that are set become
    `connections`. Without it `connections` is empty and their problems stay unseen. `held` are the sources whose
    expenses await approval unless the connections' file says otherwise.
    """
    secret_settings = secret_settings or {}
    texts, problems = read_texts(environ, [setting.name for setting in SETTINGS])
    values, bad_values = _parse(texts)
    problems += bad_values or _contradictions(values)
    defaults = None if bad_values else _options(values)
    contents = _contents(values["BOOKHOOK_CONNECTIONS"], secret_settings, problems, defaults=defaults, held=held)
    listed = Listed() if bad_values else list_organizations(environ, values, contents.organizations)
    problems += listed.problems
    ids = list_ids(environ, contents.organizations)
    may_be_connected = bool(values["BOOKHOOK_SECRET_KEY"])
    problems += find_unknown_organizations(contents.flawed, ids, may_be_connected=may_be_connected)
    connections: Mapping[str, Connection] = {}
    try:
        connections = read_connections(
            environ,
            secret_settings,
            entries=contents.connections,
            organizations=ids,
            defaults=defaults,
            held=held,
            may_be_connected=may_be_connected,
        )
    except ConfigError as error:
        problems += error.problems
    if problems:
        raise ConfigError(list(dict.fromkeys(problems)))
    return _settings(
        values,
        connections=connections,
        organizations=listed.organizations,
        organization_ids=ids,
        organization_entries=listed.entries,
        usual_organization=listed.usual,
        lacks=() if may_be_connected else tuple(find_missing_grants(environ, contents.organizations)),
        warnings=(*_unknown(environ, _known(secret_settings, connections, contents)), *listed.warnings),
    )


def find_missing_grant(environ: Mapping[str, str], secret_settings: Mapping[str, str]) -> list[str]:
    """A problem for each setting that is not set, but needed by whatever talks to Zoho, also where others are wrong.

    None is needed where the console may connect what lacks its grant.
    """
    texts, _ = read_texts(environ, ["BOOKHOOK_CONNECTIONS", "BOOKHOOK_SECRET_KEY"])
    if "BOOKHOOK_SECRET_KEY" in texts:
        return []
    file = Path(texts["BOOKHOOK_CONNECTIONS"]) if "BOOKHOOK_CONNECTIONS" in texts else None
    return find_missing_grants(environ, _contents(file, secret_settings, []).organizations)


def _parse(texts: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    env = TextEnv(texts)
    values = {setting.name: _read(env, setting) for setting in SETTINGS}
    try:
        env.seal()
    except EnvValidationError as error:
        secrets = {setting.name for setting in SETTINGS if setting.secret}
        return values, [
            f"{name}: {_shown(texts[name], secret=name in secrets)} {words}"
            for name, all_words in cast("Mapping[str, list[str]]", error.error_messages).items()
            for words in all_words
        ]
    return values, []


def _read(env: Env, setting: Setting) -> Any:
    words = WORDS_OF_KINDS.get(setting.kind)
    messages = {"error_messages": dict.fromkeys(("invalid", "too_large", "special"), words)} if words else {}
    value = getattr(env, setting.kind)(setting.name, setting.default, validate=setting.check, **messages)
    return Path(value) if setting.kind == "path" and value is not None else value


def _shown(text: str, *, secret: bool) -> str:
    """The value as a problem may quote it; a URL's password or query is as secret as a secret."""
    return "the value" if secret or "@" in text or "?" in text else repr(text)


def _settings(values: Mapping[str, Any], **more: Any) -> Settings:
    reconcile_at, sentinels = values["BOOKHOOK_RECONCILE_AT"], values["BOOKHOOK_REDIS_SENTINELS"]
    client_id, client_secret = values["ZOHO_CLIENT_ID"], values["ZOHO_CLIENT_SECRET"]
    return Settings(
        redis_url=values["REDIS_URL"],
        redis_sentinels=parse_sentinels(sentinels) if sentinels else None,
        home=values["BOOKHOOK_HOME"],
        spool=values["BOOKHOOK_SPOOL"] or values["BOOKHOOK_HOME"] / "spool",
        timeout_seconds=values["ZOHO_TIMEOUT_SECONDS"],
        settle_seconds=values["BOOKHOOK_SETTLE_SECONDS"],
        options=_options(values),
        reconcile_at=datetime.time.fromisoformat(reconcile_at) if reconcile_at else None,
        public_url=values["BOOKHOOK_PUBLIC_URL"] or "",
        sources=values["BOOKHOOK_SOURCES"],
        max_body_bytes=values["BOOKHOOK_MAX_BODY_BYTES"],
        retention_days=values["BOOKHOOK_RETENTION_DAYS"],
        log_level=values["BOOKHOOK_LOG_LEVEL"].upper(),
        alert_url=values["BOOKHOOK_ALERT_URL"],
        console_password=values["BOOKHOOK_CONSOLE_PASSWORD"],
        console_url=values["BOOKHOOK_CONSOLE_URL"],
        console_proxies=values["BOOKHOOK_CONSOLE_PROXIES"],
        openid=read_client(values),
        metrics_token=values["BOOKHOOK_METRICS_TOKEN"],
        heal_hours=values["BOOKHOOK_HEAL_HOURS"],
        secret_keys=tuple(key.strip() for key in (values["BOOKHOOK_SECRET_KEY"] or "").split(",") if key),
        client=(client_id, client_secret) if client_id and client_secret else None,
        sentry_dsn=values["SENTRY_DSN"],
        **more,
    )


def _contents(
    file: Path | None,
    secret_settings: Mapping[str, str],
    problems: list[str],
    *,
    defaults: ConnectionOptions | None = None,
    held: Collection[str] = (),
) -> Contents:
    """What the connections' file holds; what is wrong with it is added to the problems."""
    if not secret_settings or file is None or not file.is_file():
        return Contents()
    return read_connection_file(
        file, problems, settings_of_sources=secret_settings, defaults=defaults or ConnectionOptions(), held=held
    )


def _known(secret_settings: Mapping[str, str], connections: Mapping[str, Connection], contents: Contents) -> set[str]:
    """The names of all settings there are in this deployment."""
    named = {name for each in connections.values() for name in (each.secret_setting, *each.credentials.values())}
    grants = {name for each in contents.organizations for name in each.grant.values()}
    return {setting.name for setting in SETTINGS} | set(secret_settings.values()) | named | grants


def _options(values: Mapping[str, Any]) -> ConnectionOptions:
    """What a connection decides where the connections' file does not say otherwise."""
    return ConnectionOptions(
        taxes=TaxOptions(
            mode=values["BOOKHOOK_TAX_MODE"].lower(),
            account=values["BOOKHOOK_TAX_ACCOUNT"],
            names=_word_map(values["BOOKHOOK_TAX_NAMES"]),
        ),
        payments=PaymentOptions(
            record=values["BOOKHOOK_PAYMENTS"].lower() == "record", account=values["BOOKHOOK_PAYMENT_ACCOUNT"]
        ),
        expenses=ExpenseOptions(
            paid_through=values["EXPENSE_PAID_THROUGH"],
            default_account=values["EXPENSE_DEFAULT_ACCOUNT"],
            accounts=_word_map(values["EXPENSE_ACCOUNTS"]),
        ),
        language=values["BOOKHOOK_LANGUAGE"].lower(),
    )


def _word_map(text: str | None) -> Mapping[str, str]:
    return parse_word_map(text) if text else {}


def _unknown(environ: Mapping[str, str], known: set[str]) -> list[str]:
    """A warning for each variable that is named like one of ours, by its beginning or nearly as a whole."""
    names = sorted(name for name in environ if name.removesuffix(FILE_SUFFIX) not in known)
    ours = {name: _nearest(name, known, likeness=0.85) for name in names if name.startswith(OUR_PREFIXES)}
    others = {name: near for name in names if name not in ours and (near := _nearest(name, known, likeness=0.9))}
    return [
        f"{name} is not a setting" + (f", did you mean {near}?" if near else "")
        for name, near in sorted((ours | others).items())
    ]


def _nearest(name: str, known: set[str], *, likeness: float) -> str | None:
    return next(iter(difflib.get_close_matches(name.removesuffix(FILE_SUFFIX), known, n=1, cutoff=likeness)), None)


def _contradictions(values: Mapping[str, Any]) -> list[str]:
    found = []
    if values["BOOKHOOK_REDIS_SENTINELS"] and (values["REDIS_URL"] or "").startswith("unix:"):
        found = ["BOOKHOOK_REDIS_SENTINELS: sentinels know of hosts and ports only, but REDIS_URL is a unix:// URL"]
    return found + find_half_a_client(values)
