"""Who else may say who somebody is: the console's OpenID provider, and this deployment as its client."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

NAMES = ("BOOKHOOK_OIDC_ISSUER", "BOOKHOOK_OIDC_CLIENT_ID", "BOOKHOOK_OIDC_CLIENT_SECRET")


@dataclass(frozen=True, slots=True)
class OpenIdClient:
    """What was agreed with a provider: `issuer` is its address, by which it names itself."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)

    @property
    def host(self) -> str:
        """The provider's name for people."""
        return urlsplit(self.issuer).netloc


def find_half_a_client(values: Mapping[str, Any]) -> list[str]:
    """A problem for each of the three settings that is not set though another is."""
    unset = [name for name in NAMES if not values[name]]
    return [f"{name} is not set, though others of {', '.join(NAMES)} are" for name in unset] if len(unset) < 3 else []


def read_client(values: Mapping[str, Any]) -> OpenIdClient | None:
    """The client, where one is set."""
    issuer, client_id, client_secret = (values[name] for name in NAMES)
    return OpenIdClient(issuer, client_id, client_secret) if issuer else None
