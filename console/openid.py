"""Logging in by an OpenID provider: authorization code with PKCE, state and nonce held by the browser alone.

Facts: openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation, RFC 7636 (PKCE), RFC 9700 (best practice).
"""

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlencode

import jwt

from outbound import Provider

ALGORITHMS = {"RS256": "RSA", "ES256": "EC"}
"""What a token may be signed with, and of which kind the key is then."""
CLOCKS_DIFFER_SECONDS = 60
REQUIRED = ("iss", "aud", "exp", "iat", "sub")
LONGEST_COOKIE = 4000


class NotRecognised(Exception):
    """Raised when what a provider or a browser brings does not say who somebody is; says why, in a sentence."""


@dataclass(frozen=True, slots=True)
class Errand:
    """What a browser keeps while its user is at the provider, and where it is to go afterwards."""

    state: str
    nonce: str
    verifier: str
    onward: str

    def as_cookie(self) -> str:
        """The errand as a cookie's value."""
        return base64.urlsafe_b64encode(json.dumps(asdict(self)).encode()).decode()


def read_errand(cookie: str) -> Errand:
    """The errand that a browser kept. Raises NotRecognised."""
    try:
        told = json.loads(base64.urlsafe_b64decode(cookie[:LONGEST_COOKIE]))
        return Errand(**{name: str(told[name]) for name in ("state", "nonce", "verifier", "onward")})
    except (ValueError, KeyError, TypeError, RecursionError):
        raise NotRecognised("This browser did not begin here, or too long ago: log in once more.") from None


class OpenIdLogin:
    """Finds out who somebody is, by one provider; `clock` gives unix seconds."""

    def __init__(self, provider: Provider, *, clock: Callable[[], float]) -> None:
        self._provider = provider
        self._client = provider.client
        self._clock = clock

    @property
    def host(self) -> str:
        """The provider's name for people."""
        return self._client.host

    def begin(self, *, redirect_uri: str, onward: str) -> tuple[str, Errand]:
        """Where to send the browser, and what it is to keep meanwhile. Raises ProviderFailed."""
        errand = Errand(secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(48), onward)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(errand.verifier.encode()).digest()).rstrip(b"=").decode()
        query = {
            "response_type": "code",
            "scope": "openid email",
            "client_id": self._client.client_id,
            "redirect_uri": redirect_uri,
            "state": errand.state,
            "nonce": errand.nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        place = self._provider.endpoints().authorization
        return f"{place}{'&' if '?' in place else '?'}{urlencode(query)}", errand

    def finish(self, errand: Errand, answer: Mapping[str, str], *, redirect_uri: str) -> str:
        """The verified e-mail address of who came back. Raises NotRecognised and ProviderFailed."""
        if not hmac.compare_digest(answer.get("state", "").encode(), errand.state.encode()):
            raise NotRecognised("The answer is to another question than this browser asked: log in once more.")
        if answer.get("iss", self._client.issuer) != self._client.issuer:  # RFC 9207
            raise NotRecognised("The answer is another provider's.")
        if not (code := answer.get("code", "")):
            raise NotRecognised(f"{self.host} did not let you in.")
        token = self._provider.id_token(code, verifier=errand.verifier, redirect_uri=redirect_uri)
        return _email(self._verified(token, errand.nonce))

    def _verified(self, token: str, nonce: str) -> Mapping[str, Any]:
        """What the token claims, once it is sure that the provider says so, to us, for this errand and now."""
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                self._key(jwt.get_unverified_header(token)),
                algorithms=list(ALGORITHMS),
                audience=self._client.client_id,
                issuer=self._client.issuer,
                options={"require": list(REQUIRED), "verify_exp": False, "verify_iat": False, "verify_nbf": False},
            )
        except (jwt.PyJWTError, ValueError) as error:  # the latter for a key that is none
            raise NotRecognised(f"What {self.host} says cannot be trusted ({type(error).__name__}).") from None
        self._refuse_out_of_time(claims)
        if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
            raise NotRecognised("The answer is to another login than this one: log in once more.")
        if claims.get("azp", self._client.client_id) != self._client.client_id:
            raise NotRecognised("The answer is meant for another application.")
        return claims

    def _refuse_out_of_time(self, claims: Mapping[str, Any]) -> None:
        now = self._clock()
        if not (isinstance(claims["exp"], int | float) and claims["exp"] + CLOCKS_DIFFER_SECONDS > now):
            raise NotRecognised("The answer came too late: log in once more.")
        not_before = claims.get("nbf", 0)
        if not (isinstance(not_before, int | float) and not_before - CLOCKS_DIFFER_SECONDS <= now):
            raise NotRecognised(f"By the clock of {self.host} it is not time yet: compare the clocks.")

    def _key(self, header: Mapping[str, Any]) -> jwt.PyJWK:
        """The provider's key that the token says it is signed with, also where it is a new one."""
        if header.get("alg") not in list(ALGORITHMS):  # which may be anything, also what no dict looks up
            raise NotRecognised(f"What {self.host} says is signed in a way that is not taken here.")
        for anew in (False, True):
            if found := [key for key in self._provider.keys(anew=anew) if _fits(key, header)]:
                return jwt.PyJWK(found[0], algorithm=header["alg"])
        raise NotRecognised(f"What {self.host} says is signed with a key that is not among its own.")


def _fits(key: Mapping[str, Any], header: Mapping[str, Any]) -> bool:
    is_of_kind = key.get("kty") == ALGORITHMS[header["alg"]]
    is_for_this = key.get("use", "sig") == "sig" and key.get("alg", header["alg"]) == header["alg"]
    return is_of_kind and is_for_this and header.get("kid") in (None, key.get("kid"))


def _email(claims: Mapping[str, Any]) -> str:
    email = claims.get("email")
    if not isinstance(email, str) or claims.get("email_verified") is not True:
        raise NotRecognised("Your account there has no e-mail address that is verified.")
    return email
