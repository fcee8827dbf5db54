"""What an OpenID provider answers: where its endpoints are, which keys it signs with, and who a code stands for.

The issuer is set by whoever runs this deployment, so its host may be on a private network; other hosts that it names
have to be public. Nothing is followed. Facts: openid.net/specs/openid-connect-discovery-1_0.html and
openid-connect-core-1_0.html.
"""

import base64
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from urllib3.util import Url, parse_url

from config.checks import is_loopback
from config.openid import OpenIdClient
from outbound.pinned import FAILURES, NotPublic, Target, any_addresses, get, post, public_addresses

SECONDS = 10.0
MOST_BYTES = 512 * 1024
KEPT_SECONDS = 3600.0
Document = dict[str, Any]


class ProviderFailed(Exception):
    """Raised when a provider cannot be asked or does not answer as it should; says so in a sentence."""


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where a provider asks people, gives tokens and has its keys; `takes_basic` says how clients show their secret."""

    authorization: str
    token: str
    keys: str
    takes_basic: bool


class Provider:
    """One OpenID provider, asked over connections of its own; safe to share between threads."""

    def __init__(self, client: OpenIdClient, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.client = client
        self._clock = clock
        self._host = parse_url(client.issuer).host or ""
        self._endpoints: tuple[float, Endpoints] | None = None
        self._keys: tuple[float, list[Document]] | None = None

    def endpoints(self) -> Endpoints:
        """Its endpoints, as it told within an hour. Raises ProviderFailed."""
        if self._endpoints is None or self._clock() > self._endpoints[0]:
            told = self._get(f"{self.client.issuer.rstrip('/')}/.well-known/openid-configuration")
            self._endpoints = self._clock() + KEPT_SECONDS, self._read_endpoints(told)
        return self._endpoints[1]

    def keys(self, *, anew: bool = False) -> list[Document]:
        """The keys it signs with (JSON Web Keys), as it told within an hour, or `anew`. Raises ProviderFailed."""
        if anew or self._keys is None or self._clock() > self._keys[0]:
            keys = self._get(self.endpoints().keys).get("keys")
            if not isinstance(keys, list):
                raise self._unfit("its keys cannot be read")
            self._keys = self._clock() + KEPT_SECONDS, [key for key in keys if isinstance(key, dict)]
        return self._keys[1]

    def id_token(self, code: str, *, verifier: str, redirect_uri: str) -> str:
        """The token that says who somebody is, for a code; nothing of it is verified. Raises ProviderFailed."""
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        endpoints, client = self.endpoints(), self.client
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if endpoints.takes_basic:
            words = f"{quote(client.client_id, safe='')}:{quote(client.client_secret, safe='')}"
            headers["Authorization"] = f"Basic {base64.b64encode(words.encode()).decode()}"
        else:
            form |= {"client_id": client.client_id, "client_secret": client.client_secret}
        body = urlencode({**form, "code_verifier": verifier}).encode()
        token = self._ask(endpoints.token, headers, body).get("id_token")
        if not isinstance(token, str):
            raise self._unfit("its answer holds no id_token")
        return token

    def _read_endpoints(self, told: Document) -> Endpoints:
        if told.get("issuer") != self.client.issuer:
            raise self._unfit("it names itself otherwise: BOOKHOOK_OIDC_ISSUER has to be exactly its issuer")
        places = [told.get(name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")]
        authorization, token, keys = (self._checked(place if isinstance(place, str) else "") for place in places)
        methods = told.get("token_endpoint_auth_methods_supported")
        takes_basic = not isinstance(methods, list) or "client_secret_basic" in methods
        return Endpoints(authorization, token, keys, takes_basic)

    def _get(self, url: str) -> Document:
        return self._ask(url, {}, None)

    def _ask(self, address: str, headers: Mapping[str, str], body: bytes | None) -> Document:
        url, ends_at = parse_url(address), time.monotonic() + SECONDS
        sent = {"Accept": "application/json", "User-Agent": "Bookhook", **headers}
        try:
            target = Target(url, self._addresses(url))
            if body is None:
                got = get(target, headers=sent, most_bytes=MOST_BYTES, ends_at=ends_at)
            else:
                got = post(target, body, headers=sent, most_bytes=MOST_BYTES, ends_at=ends_at)
        except NotPublic:
            raise self._unfit(f"{url.host} is not on the public internet") from None
        except FAILURES as error:
            raise ProviderFailed(f"{url.host} could not be asked ({type(error).__name__}).") from None
        if got.status != 200:
            raise self._unfit(f"it answered {got.status}")
        return self._read(got.content)

    def _addresses(self, url: Url) -> tuple[str, ...]:
        host = (url.host or "").strip("[]")
        return any_addresses(host) if url.host == self._host else public_addresses(host)

    def _checked(self, place: str) -> str:
        """The address, with whatever is no character of addresses escaped."""
        try:
            url = parse_url(place)
        except ValueError:
            url = Url()
        is_ours = url.host == self._host and is_loopback(self._host)
        if url.host is None or not (url.scheme == "https" or (url.scheme == "http" and is_ours)):
            raise self._unfit("an endpoint it names is no https:// address")
        return url.url

    def _read(self, content: bytes) -> Document:
        try:
            told = json.loads(content) if len(content) <= MOST_BYTES else None
        except (ValueError, RecursionError):
            told = None
        if not isinstance(told, dict):
            raise self._unfit("its answer cannot be read")
        return told

    def _unfit(self, why: str) -> ProviderFailed:
        return ProviderFailed(f"{self.client.host} does not answer as an OpenID provider should: {why}.")
