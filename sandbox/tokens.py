"""The one OAuth grant of the sandbox, and the access tokens that live from it.

Limits: https://www.zoho.com/accounts/protocol/oauth/token-limits.html
"""

import secrets

CLIENT_SECRET = "sandbox-secret"  # noqa: S105  published: it opens nothing but the sandbox
REFRESH_TOKEN = "sandbox-refresh"  # noqa: S105  published, as above
LIFETIME_SECONDS = 3600
LIVE_AT_MOST = 10


class Tokens:
    """Access tokens of the refresh token, oldest first; times are unix seconds."""

    def __init__(self) -> None:
        self._expires_at: dict[str, float] = {}
        self.revoked = False

    def issue(self, now: float) -> str:
        """A new access token; the oldest silently dies when it is the eleventh."""
        token = f"1000.{secrets.token_hex(16)}.{secrets.token_hex(16)}"
        self._expires_at[token] = now + LIFETIME_SECONDS
        while len(self._expires_at) > LIVE_AT_MOST:
            del self._expires_at[next(iter(self._expires_at))]
        return token

    def is_live(self, token: str, now: float) -> bool:
        """Whether a call may be made with this token now."""
        return self._expires_at.get(token, now) > now

    def expire_all(self) -> None:
        """Every access token is dead; the refresh token still works."""
        self._expires_at.clear()

    def revoke(self, token: str) -> bool:
        """Kill an access token, or the grant with all of them; False if there is no such token."""
        if token == REFRESH_TOKEN:
            self.expire_all()
            self.revoked = True
            return True
        return self._expires_at.pop(token, None) is not None
