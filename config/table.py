"""The table of settings: what is read, checked and documented (docs/settings.md, .env.example) comes from here.

A source's secret (SHOPIFY_WEBHOOK_SECRET and so on) is not in this table: its mapping names it.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, get_args

from config import checks
from config.options import LANGUAGES, TaxMode
from config.organizations import DATA_CENTERS, PLANS
from config.sentinel import is_sentinels

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
TAX_MODES: tuple[TaxMode, ...] = get_args(TaxMode)
PAYMENTS = ("record", "none")


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: `kind` names the parser; `check` sees the parsed value; a secret is never shown."""

    name: str
    meaning: str
    kind: Literal["str", "int", "float", "decimal", "path"] = "str"
    default: str | float | Decimal | None = None
    check: checks.Check | None = None
    secret: bool = False


SETTINGS = (
    Setting(
        "REDIS_URL",
        "redis://, rediss:// or unix:// URL. Unset: an embedded Redis is started under BOOKHOOK_HOME, append-only.",
        check=checks.is_redis_url,
        secret=True,
    ),
    Setting(
        "BOOKHOOK_REDIS_SENTINELS",
        "Sentinels that know the master: host:port,host:port;master=name (mymaster if not said; ;auth=yes where they "
        "want the password too). REDIS_URL then gives the account, the database and whether TLS is spoken, to both.",
        check=is_sentinels,
    ),
    Setting("BOOKHOOK_HOME", "Folder for what this machine keeps.", "path", ".bookhook"),
    Setting(
        "BOOKHOOK_SPOOL",
        "Folder on a disk of this machine for requests that come while Redis cannot record them, at most 1 GiB. "
        "Unset: spool under BOOKHOOK_HOME.",
        "path",
    ),
    Setting(
        "ZOHO_DATA_CENTER",
        f"Where the organization lives: {', '.join(DATA_CENTERS)}.",
        default="us",
        check=checks.is_one_of(DATA_CENTERS),
    ),
    Setting("ZOHO_CLIENT_ID", "Client id of the OAuth client registered at Zoho's API console."),
    Setting("ZOHO_CLIENT_SECRET", "Secret of that client.", secret=True),
    Setting("ZOHO_REFRESH_TOKEN", "Refresh token of the grant for this organization.", secret=True),
    Setting(
        "ZOHO_ORGANIZATION_ID",
        "Id of the default organization in Zoho Books. Unset: the one that the console names, if it connects any.",
        check=checks.is_digits,
    ),
    Setting(
        "ZOHO_ACCOUNTS_URL",
        "Overrides the data center's host for tokens. Plain http to this machine only.",
        check=checks.is_service_url,
    ),
    Setting(
        "ZOHO_API_URL",
        "Overrides the data center's address for calls, such as http://127.0.0.1:8099/books/v3. "
        "Plain http to this machine only.",
        check=checks.is_service_url,
    ),
    Setting(
        "ZOHO_PLAN",
        f"Sets the three limits below: {', '.join(PLANS)}.",
        default="free",
        check=checks.is_one_of(PLANS),
    ),
    Setting(
        "ZOHO_CALLS_PER_MINUTE",
        "Calls the organization allows in any minute.",
        "int",
        check=checks.is_between(1, 10**6),
    ),
    Setting("ZOHO_CALLS_PER_DAY", "Calls the organization allows in a day.", "int", check=checks.is_between(1, 10**9)),
    Setting(
        "ZOHO_CONCURRENT_CALLS",
        "Calls the organization allows in flight at once.",
        "int",
        check=checks.is_between(1, 10**4),
    ),
    Setting(
        "ZOHO_QUOTA_HEADROOM",
        "Share of each limit left to the organization's other integrations; one call always remains.",
        "decimal",
        Decimal("0.05"),
        checks.is_share,
    ),
    Setting("ZOHO_TIMEOUT_SECONDS", "Total wall-clock time of one call.", "float", 30.0, checks.is_between(1, 300)),
    Setting(
        "ZOHO_TIME_ZONE",
        "The organization's time zone (IANA name), where a document's calendar day is not the sender's to decide.",
        check=checks.is_time_zone,
    ),
    Setting(
        "ZOHO_UNIQUE_FIELD",
        "API name (such as cf_bookhook) of a custom field on invoices and expenses that prevents duplicate values; "
        "it then holds the marker too. Unset: none.",
        check=checks.is_custom_field,
    ),
    Setting(
        "BOOKHOOK_SETTLE_SECONDS",
        "How long after a doubtful write Zoho may still save it; nothing is posted again before.",
        "float",
        120.0,
        checks.is_between(0, 86_400),
    ),
    Setting("EXPENSE_PAID_THROUGH", "Account in Zoho that expenses are paid through, by name."),
    Setting("EXPENSE_DEFAULT_ACCOUNT", "Account in Zoho for an expense whose category word is not mapped, by name."),
    Setting(
        "EXPENSE_ACCOUNTS",
        "Category words and their accounts in Zoho: meals=Meals and Entertainment,travel=Travel Expense.",
        check=checks.is_word_map,
    ),
    Setting(
        "BOOKHOOK_CONNECTIONS",
        "YAML file of several connections and what each decides; docs/connections.md. Unset: one for each source.",
        "path",
        check=checks.is_file,
    ),
    Setting(
        "BOOKHOOK_TAX_MODE",
        f"How a sender's taxes are carried: {', '.join(TAX_MODES)}.",
        default="zoho",
        check=checks.is_one_of(TAX_MODES),
    ),
    Setting(
        "BOOKHOOK_TAX_ACCOUNT",
        "Liability account in Zoho for taxes in the mode amounts, by name.",
        default="Tax Payable",
    ),
    Setting(
        "BOOKHOOK_TAX_NAMES",
        "The sender's names or rates of taxes and their taxes in Zoho: CA State Tax=State Tax,19%=VAT 19%.",
        check=checks.is_word_map,
    ),
    Setting(
        "BOOKHOOK_PAYMENTS",
        f"Whether payments are recorded in Zoho: {', '.join(PAYMENTS)}.",
        default="record",
        check=checks.is_one_of(PAYMENTS),
    ),
    Setting(
        "BOOKHOOK_PAYMENT_ACCOUNT",
        "Account in Zoho that payments are deposited to, by name. Unset: Zoho's own choice, Undeposited Funds.",
    ),
    Setting(
        "BOOKHOOK_LANGUAGE",
        f"Language of the few words that Bookhook itself puts into documents: {', '.join(LANGUAGES)}.",
        default="en",
        check=checks.is_one_of(LANGUAGES),
    ),
    Setting(
        "BOOKHOOK_RECONCILE_AT",
        "Time of the organization's day, such as 03:30, at which ledger and Zoho are compared. Unset: never.",
        check=checks.is_time_of_day,
    ),
    Setting(
        "BOOKHOOK_HEAL_HOURS",
        "Every so many hours workers ask senders that can be asked for webhooks that never came. Unset: never.",
        "float",
        check=checks.is_between(0.25, 168),
    ),
    Setting(
        "BOOKHOOK_SOURCES", "Folder of your own sources, beside those that come along.", "path", check=checks.is_folder
    ),
    Setting(
        "BOOKHOOK_PUBLIC_URL",
        "Address at which senders reach this deployment, such as https://hooks.example.com: they post to /hooks/… "
        "below it. Needed where a sender signs or asks for that address.",
        check=checks.is_service_url,
    ),
    Setting(
        "BOOKHOOK_MAX_BODY_BYTES",
        "Largest webhook body that is read; larger ones are answered 413.",
        "int",
        2_000_000,
        checks.is_between(1, 100_000_000),
    ),
    Setting(
        "BOOKHOOK_RETENTION_DAYS",
        "How long bodies and timelines are kept; documents and ids are kept for ever.",
        "int",
        90,
        checks.is_between(1, 36_500),
    ),
    Setting(
        "BOOKHOOK_LOG_LEVEL",
        f"Least level that is logged: {', '.join(LOG_LEVELS)}.",
        default="INFO",
        check=checks.is_one_of(LOG_LEVELS),
    ),
    Setting(
        "BOOKHOOK_ALERT_URL",
        "Where people are told that an organization pauses and goes on again: an incoming webhook as Slack's. "
        "Unset: only logged.",
        check=checks.is_service_url,
        secret=True,
    ),
    Setting(
        "BOOKHOOK_CONSOLE_PASSWORD",
        "Password of the console's first login, admin; at least 12 characters. Unset: nobody can log in yet.",
        check=checks.is_password,
        secret=True,
    ),
    Setting(
        "BOOKHOOK_CONSOLE_URL",
        "Address at which browsers reach the console, such as https://console.example.com. "
        "Unset: http://127.0.0.1 and the port.",
        check=checks.is_service_url,
    ),
    Setting(
        "BOOKHOOK_CONSOLE_PROXIES",
        "How many proxies stand before the console, one behind the other; each has to add to X-Forwarded-For "
        "from where it is asked.",
        "int",
        0,
        checks.is_between(0, 10),
    ),
    Setting(
        "BOOKHOOK_OIDC_ISSUER",
        "The OpenID provider by which people may log in to the console, exactly as it names itself, such as "
        "https://accounts.google.com. Unset: by password alone.",
        check=checks.is_service_url,
    ),
    Setting("BOOKHOOK_OIDC_CLIENT_ID", "What the provider calls this console."),
    Setting("BOOKHOOK_OIDC_CLIENT_SECRET", "The secret the console shows the provider.", secret=True),
    Setting(
        "BOOKHOOK_SECRET_KEY",
        "Encrypts the grants of Zoho that the console keeps in Redis; at least 32 characters, several with commas "
        "while one replaces the other, the new one first. The same for web, worker and console. Unset: the console "
        "keeps none.",
        check=checks.is_secret_key,
        secret=True,
    ),
    Setting(
        "BOOKHOOK_METRICS_TOKEN",
        "The bearer token of a monitor, for the console's /metrics; at least 32 characters. Unset: only whoever is "
        "logged in may see it.",
        check=checks.is_secret_key,
        secret=True,
    ),
    Setting(
        "SENTRY_DSN",
        "Where unexpected errors are reported, without bodies, addresses and secrets. Unset: nowhere.",
        check=checks.is_sentry_dsn,
        secret=True,
    ),
)
