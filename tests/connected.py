"""What the console keeps once somebody has connected an organization."""

from dataclasses import replace

from config.sealing import Seal
from zoho.connecting import SCOPES
from zoho.grants import ConsoleGrant, Grants

KEY = "a-key-that-nobody-guesses-0123456789"
NOTHING_SET = (
    "ZOHO_CLIENT_ID",
    "ZOHO_CLIENT_SECRET",
    "ZOHO_REFRESH_TOKEN",
    "ZOHO_ORGANIZATION_ID",
)
GRANT = ConsoleGrant(
    organization_id="10000001",
    name="Sandbox Inc.",
    currency_code="USD",
    plan="premium",
    data_center="us",
    scopes=tuple(SCOPES),
    connected_at=1_780_000_000.0,
    connected_by="ann",
    client_id="console",
    client_secret="sandbox-secret",
    refresh_token="sandbox-refresh",
)


def without_grant(environ: dict[str, str]) -> dict[str, str]:
    """The deployment before anybody has connected it, with a key to keep a grant."""
    return {**{name: text for name, text in environ.items() if name not in NOTHING_SET}, "BOOKHOOK_SECRET_KEY": KEY}


def connect(redis, *, default: bool = True, key: str = KEY, **changes: object) -> ConsoleGrant:
    """Keeps a grant as the console does."""
    grant = replace(GRANT, **changes)
    grants = Grants(redis, Seal([key]))
    grants.keep(grant)
    if default:
        grants.make_default(grant.organization_id)
    return grant


def disconnect(redis, organization_id: str = GRANT.organization_id) -> None:
    """Forgets the grant as the console does."""
    Grants(redis, Seal([KEY])).remove(organization_id)
