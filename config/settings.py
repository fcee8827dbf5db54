"""What this deployment is: every setting read, checked and typed, or all problems at once."""

import datetime
import difflib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from environs import Env, EnvValidationError

from config.checks import is_loopback, parse_word_map
from config.connections import Connection, read_connections
from config.environment import FILE_SUFFIX, find_unset, read_texts
from config.options import ConnectionOptions, ExpenseOptions, PaymentOptions, TaxOptions
from config.organizations import DATA_CENTERS, PLANS, Limits, Organization
from config.problems import ConfigError
from config.sentinel import Sentinels, parse_sentinels
from config.table import SETTINGS, Setting

GRANT_SETTINGS = ("ZOHO_CLIENT_ID", "ZOHO_CLIENT_SECRET", "ZOHO_REFRESH_TOKEN", "ZOHO_ORGANIZATION_ID")
OUR_PREFIXES = ("BOOKHOOK_", "ZOHO_", "EXPENSE_")
NOT_A_NUMBER = "is not a number"
WORDS_OF_KINDS = {"int": "is not a whole number", "float": NOT_A_NUMBER, "decimal": NOT_A_NUMBER}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Checked settings. `organization` is None until its four settings are all set; see `require_organization`.

    `options` are those of every connection that the connections' file gives no others. `reconcile_at` is a time of the
    organization's day.
    """

    redis_url: str | None = field(repr=False)
    redis_sentinels: Sentinels | None
    home: Path
    spool: Path
    organization: Organization | None
    organization_id: str | None
    missing_for_organization: tuple[str, ...]
    settle_seconds: float
    options: ConnectionOptions
    reconcile_at: datetime.time | None
    sources: Path | None
    max_body_bytes: int
    retention_days: int
    log_level: str
    alert_url: str | None = field(repr=False)
    sentry_dsn: str | None = field(repr=False)
    connections: Mapping[str, Connection]
    warnings: tuple[str, ...]

    def require_organization(self) -> Organization:
        """The default organization; raises ConfigError naming every setting it still lacks."""
        if self.organization is None:
            raise ConfigError([f"{name} is not set" for name in self.missing_for_organization])
        return self.organization


class TextEnv(Env):
    """environs over texts that are at hand (variables or mounted files), collecting problems instead of raising."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        super().__init__(eager=False)
        self._texts = texts

    def _get_value(self, env_key: str, default: Any) -> Any:
        return self._texts.get(env_key, default)


def read_settings(
    environ: Mapping[str, str] = os.environ, *, secret_settings: Mapping[str, str] | None = None
) -> Settings:
    """The settings in `environ`; raises ConfigError with every problem at once.

    `secret_settings` gives each source's secret setting, as its mapping names it; those that are set become
    `connections`. Without it `connections` is empty and their problems stay unseen.
    """
    secret_settings = secret_settings or {}
    texts, problems = read_texts(environ, [setting.name for setting in SETTINGS])
    values, bad_values = _parse(texts)
    problems += bad_values or _contradictions(values)
    connections: Mapping[str, Connection] = {}
    try:
        connections = _connections(environ, secret_settings, values, defaults=None if bad_values else _options(values))
    except ConfigError as error:
        problems += [problem for problem in error.problems if problem not in problems]
    if problems:
        raise ConfigError(problems)
    secret_names = {connection.secret_setting for connection in connections.values()}
    known = {setting.name for setting in SETTINGS} | set(secret_settings.values()) | secret_names
    return _settings(values, connections, [*_unknown(environ, known), *_doubtful(values)])


def find_missing_grant(environ: Mapping[str, str]) -> list[str]:
    """A problem for each setting that is not set, but needed by whatever talks to Zoho."""
    return [f"{name} is not set" for name in find_unset(environ, GRANT_SETTINGS)]


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


def _settings(values: Mapping[str, Any], connections: Mapping[str, Connection], warnings: list[str]) -> Settings:
    missing = tuple(name for name in GRANT_SETTINGS if values[name] is None)
    reconcile_at, sentinels = values["BOOKHOOK_RECONCILE_AT"], values["BOOKHOOK_REDIS_SENTINELS"]
    return Settings(
        redis_url=values["REDIS_URL"],
        redis_sentinels=parse_sentinels(sentinels) if sentinels else None,
        home=values["BOOKHOOK_HOME"],
        spool=values["BOOKHOOK_SPOOL"] or values["BOOKHOOK_HOME"] / "spool",
        organization=None if missing else _organization(values),
        organization_id=values["ZOHO_ORGANIZATION_ID"],
        missing_for_organization=missing,
        settle_seconds=values["BOOKHOOK_SETTLE_SECONDS"],
        options=_options(values),
        reconcile_at=datetime.time.fromisoformat(reconcile_at) if reconcile_at else None,
        sources=values["BOOKHOOK_SOURCES"],
        max_body_bytes=values["BOOKHOOK_MAX_BODY_BYTES"],
        retention_days=values["BOOKHOOK_RETENTION_DAYS"],
        log_level=values["BOOKHOOK_LOG_LEVEL"].upper(),
        alert_url=values["BOOKHOOK_ALERT_URL"],
        sentry_dsn=values["SENTRY_DSN"],
        connections=connections,
        warnings=tuple(warnings),
    )


def _connections(
    environ: Mapping[str, str],
    secret_settings: Mapping[str, str],
    values: Mapping[str, Any],
    *,
    defaults: ConnectionOptions | None,
) -> Mapping[str, Connection]:
    file = values["BOOKHOOK_CONNECTIONS"]
    is_readable = secret_settings and file is not None and file.is_file()
    return read_connections(environ, secret_settings, file=file if is_readable else None, defaults=defaults)


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
    )


def _word_map(text: str | None) -> Mapping[str, str]:
    return parse_word_map(text) if text else {}


def _organization(values: Mapping[str, Any]) -> Organization:
    data_center = DATA_CENTERS[values["ZOHO_DATA_CENTER"].lower()]
    api_url = (values["ZOHO_API_URL"] or data_center.api_url).rstrip("/")
    return Organization(
        organization_id=values["ZOHO_ORGANIZATION_ID"],
        accounts_url=(values["ZOHO_ACCOUNTS_URL"] or data_center.accounts_url).rstrip("/"),
        api_url=api_url,
        web_url=_web_url(api_url) or data_center.web_url,
        client_id=values["ZOHO_CLIENT_ID"],
        client_secret=values["ZOHO_CLIENT_SECRET"],
        refresh_token=values["ZOHO_REFRESH_TOKEN"],
        limits=_limits(values),
        timeout_seconds=values["ZOHO_TIMEOUT_SECONDS"],
        time_zone=values["ZOHO_TIME_ZONE"],
        unique_field=values["ZOHO_UNIQUE_FIELD"],
    )


def _web_url(api_url: str) -> str | None:
    """Where people look at documents of an API on this machine; None for any other."""
    url = urlsplit(api_url)
    return f"{url.scheme}://{url.netloc}" if is_loopback(url.hostname or "") else None


def _limits(values: Mapping[str, Any]) -> Limits:
    plan = PLANS[values["ZOHO_PLAN"].lower()]
    kept: Decimal = 1 - values["ZOHO_QUOTA_HEADROOM"]
    return Limits(
        per_minute=_reduce(values["ZOHO_CALLS_PER_MINUTE"] or plan.per_minute, kept),
        per_day=_reduce(values["ZOHO_CALLS_PER_DAY"] or plan.per_day, kept),
        concurrent=_reduce(values["ZOHO_CONCURRENT_CALLS"] or plan.concurrent, kept),
    )


def _reduce(limit: int, share: Decimal) -> int:
    return max(1, int(limit * share))


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
    if values["BOOKHOOK_REDIS_SENTINELS"] and (values["REDIS_URL"] or "").startswith("unix:"):
        return ["BOOKHOOK_REDIS_SENTINELS: sentinels know of hosts and ports only, but REDIS_URL is a unix:// URL"]
    return []


def _doubtful(values: Mapping[str, Any]) -> list[str]:
    local = {name: _is_local(values[name]) for name in ("ZOHO_ACCOUNTS_URL", "ZOHO_API_URL")}
    if len(set(local.values())) == 1:
        return []
    here, away = sorted(local, key=lambda name: not local[name])
    return [f"{here} is on this machine but {away} is not; one grant does not fit both"]


def _is_local(url: str | None) -> bool:
    return url is not None and is_loopback(urlsplit(url).hostname or "")
