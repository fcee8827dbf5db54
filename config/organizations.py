"""Zoho's data centres and plans, and what one Zoho Books organization is to this deployment.

Hosts: zoho.com/books/api/v3/introduction and zoho.com/accounts/protocol/oauth/multi-dc.html; limits: the first.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class DataCenter:
    """Where an organization lives: the hosts for tokens, for calls and for people."""

    accounts_url: str
    api_url: str
    web_url: str


DATA_CENTERS = {
    "us": DataCenter("https://accounts.zoho.com", "https://www.zohoapis.com/books/v3", "https://books.zoho.com"),
    "eu": DataCenter("https://accounts.zoho.eu", "https://www.zohoapis.eu/books/v3", "https://books.zoho.eu"),
    "in": DataCenter("https://accounts.zoho.in", "https://www.zohoapis.in/books/v3", "https://books.zoho.in"),
    "au": DataCenter(
        "https://accounts.zoho.com.au", "https://www.zohoapis.com.au/books/v3", "https://books.zoho.com.au"
    ),
    "jp": DataCenter("https://accounts.zoho.jp", "https://www.zohoapis.jp/books/v3", "https://books.zoho.jp"),
    "ca": DataCenter("https://accounts.zohocloud.ca", "https://www.zohoapis.ca/books/v3", "https://books.zohocloud.ca"),
    "cn": DataCenter(
        "https://accounts.zoho.com.cn", "https://www.zohoapis.com.cn/books/v3", "https://books.zoho.com.cn"
    ),
    "sa": DataCenter("https://accounts.zoho.sa", "https://www.zohoapis.sa/books/v3", "https://books.zoho.sa"),
    "uk": DataCenter("https://accounts.zoho.uk", "https://www.zohoapis.uk/books/v3", "https://books.zoho.uk"),
}


@dataclass(frozen=True, slots=True)
class Limits:
    """How many calls an organization allows: in any minute, in a day, and in flight at once."""

    per_minute: int
    per_day: int
    concurrent: int


PLANS = {
    "free": Limits(100, 1000, 5),
    "standard": Limits(100, 2000, 10),
    "professional": Limits(100, 5000, 10),
    "premium": Limits(100, 10000, 10),
    "elite": Limits(100, 10000, 10),
    "ultimate": Limits(100, 10000, 10),
}


DEFAULT = "default"
"""The name of the organization that the ZOHO_* settings describe."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where a person finds what an organization is made of: settings, or places in the connections' file."""

    organization_id: str = "ZOHO_ORGANIZATION_ID"
    data_center: str = "ZOHO_DATA_CENTER"
    client_id: str = "ZOHO_CLIENT_ID"
    client_secret: str = "ZOHO_CLIENT_SECRET"  # noqa: S105  a setting's name
    refresh_token: str = "ZOHO_REFRESH_TOKEN"  # noqa: S105  a setting's name
    plan: str = "ZOHO_PLAN"
    calls_per_day: str = "ZOHO_CALLS_PER_DAY"
    again: str = "Connect again: in the console, or set the new {refresh_token}."


CONSOLE = Places(
    organization_id="the organization",
    data_center="the data centre",
    client_id="the client id",
    client_secret="the client secret",  # noqa: S106  words, not a secret
    refresh_token="the grant",  # noqa: S106  words, not a secret
    plan="its plan",
    again="Connect again: in the console, under Zoho.",
)
"""What an organization is made of that was connected in the console."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Organization:
    """One Zoho Books organization and the grant to use it; `name` is what the connections' file calls it.

    URLs have no trailing slash. `limits` are already reduced by the head-room left to other integrations.
    `unique_field` is the API name of a custom field that takes no value twice, on invoices and expenses.
    """

    organization_id: str
    accounts_url: str
    api_url: str
    web_url: str
    client_id: str
    client_secret: str = field(repr=False)
    refresh_token: str = field(repr=False)
    limits: Limits = PLANS["free"]
    timeout_seconds: float = 30.0
    time_zone: str | None = None
    unique_field: str | None = None
    name: str = DEFAULT
    places: Places = Places()

    @property
    def label(self) -> str:
        """What people read: the id, after the name where it has one of its own."""
        return self.organization_id if self.name == DEFAULT else f"{self.name} ({self.organization_id})"
