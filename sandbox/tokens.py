"""The OAuth grants of the sandbox: codes that people's consent gives, refresh tokens, and the access tokens of each.

Limits: https://www.zoho.com/accounts/protocol/oauth/token-limits.html
"""

import secrets
from dataclasses import dataclass

CLIENT_SECRET = "sandbox-secret"  # noqa: S105  published: it opens nothing but the sandbox
REFRESH_TOKEN = "sandbox-refresh"  # noqa: S105  published, as above
CODE = "sandbox-code"
LIFETIME_SECONDS = 3600
LIVE_AT_MOST = 10
CODE_SECONDS = 60
GRANTS_AT_MOST = 20


class CodeRefused(Exception):
    """Raised when a code cannot be exchanged; its text is Zoho's word for why."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What somebody consented to; `scopes` is None where all of them are granted."""

    client_id: str
    scopes: frozenset[str] | None = None

    def covers(self, scope: str) -> bool:
        """Whether calls that need the scope may be made."""
        return self.scopes is None or scope in self.scopes


@dataclass(frozen=True, slots=True)
class Code:
    """A code on its way to the client; `redirect_uri` is None where none may be told."""

    grant: Grant
    redirect_uri: str | None
    good_until: float
    is_offline: bool = True


class Tokens:
    """Grants by refresh token, those of one client oldest first; times are unix seconds."""

    def __init__(self) -> None:
        self._grants = {REFRESH_TOKEN: Grant("")}
        self._codes = {CODE: Code(Grant(""), None, float("inf"))}
        self._access: dict[str, tuple[Grant, float]] = {}

    def consent(self, grant: Grant, *, redirect_uri: str, is_offline: bool, now: float) -> str:
        """The code for what somebody has just consented to."""
        code = _new_token()
        self._codes[code] = Code(grant, redirect_uri, now + CODE_SECONDS, is_offline)
        return code

    def exchange(self, code: str, *, client_id: str, redirect_uri: str | None, now: float) -> tuple[str | None, Grant]:
        """The refresh token, if the consent was for offline access, and the grant; raises CodeRefused.

        A code is spent by the first try, good or not.
        """
        kept = self._codes.pop(code, None)
        if kept is None or now > kept.good_until or kept.grant.client_id not in ("", client_id):
            raise CodeRefused("invalid_code")
        if redirect_uri != kept.redirect_uri:
            raise CodeRefused("invalid_redirect_uri")
        if code == CODE:
            return REFRESH_TOKEN, self._grants.get(REFRESH_TOKEN, kept.grant)
        return self._keep(kept.grant) if kept.is_offline else None, kept.grant

    def grant_of(self, refresh_token: str) -> Grant | None:
        """What the refresh token stands for; None once it was revoked or pushed out."""
        return self._grants.get(refresh_token)

    def issue(self, grant: Grant, now: float) -> str:
        """A new access token; the grant's oldest silently dies when it is the eleventh."""
        token = _new_token()
        self._access[token] = (grant, now + LIFETIME_SECONDS)
        of_grant = [each for each, (its, _) in self._access.items() if its is grant]
        for oldest in of_grant[:-LIVE_AT_MOST]:
            del self._access[oldest]
        return token

    def live(self, token: str, now: float) -> Grant | None:
        """The grant under which a call may be made with this token now."""
        grant, expires_at = self._access.get(token, (None, now))
        return grant if expires_at > now else None

    def expire_all(self) -> None:
        """Every access token is dead; the refresh tokens still work."""
        self._access.clear()

    def revoke(self, token: str) -> bool:
        """Kill an access token, or a grant with all of its; False if there is no such token."""
        grant = self._grants.pop(token, None)
        if grant is None:
            return self._access.pop(token, None) is not None
        self._access = {each: held for each, held in self._access.items() if held[0] is not grant}
        return True

    def _keep(self, grant: Grant) -> str:
        """The refresh token of a new grant; the client's oldest silently dies when it is the twenty-first."""
        refresh_token = _new_token()
        self._grants[refresh_token] = grant
        of_client = [token for token, each in self._grants.items() if each.client_id == grant.client_id]
        for oldest in of_client[:-GRANTS_AT_MOST]:
            self.revoke(oldest)
        return refresh_token


def _new_token() -> str:
    return f"1000.{secrets.token_hex(16)}.{secrets.token_hex(16)}"
