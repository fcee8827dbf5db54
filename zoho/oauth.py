"""Access tokens of a grant, shared by every process and machine that uses it.

<grant> is a digest of the hosts for tokens and for calls, client id and refresh token: a token goes to no other host.
Several organizations may share one.

bh:token:<grant>:access      text    digest of the token, a dot, and token and expiry, encrypted; gone when it expires
bh:token:<grant>:lock        text    who is asking for a new token just now; a minute at most
bh:token:<grant>:requests    zset    token requests of the last ten minutes → their times
bh:token:<grant>:verdict     hash    error, until, secret (digest): Zoho refused a new token, nobody asks again before,
                                     but with another secret; "access denied", a throttle, holds for any secret
bh:token:<grant>:in_vain     text    digest of a new token that was rejected too; a further one would not help, and to
                                     ask for it would take the token requests from the grant's other organizations

Facts: zoho.com/accounts/protocol/oauth/token-limits.html (ten requests in ten minutes, and asking while blocked
prolongs the block). The encryption key comes from the client secret and the refresh token: every process of the grant
can read the token, Redis and its backups cannot, and a changed grant starts afresh.
"""

import base64
import hashlib
import json
import time
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from math import ceil
from pathlib import Path

import structlog
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from redis import Redis

from config.organizations import Organization
from errors import OrganizationPaused, RetryLater, ZohoUnavailable
from zoho.answers import TokenRefused, parse_object, read_token
from zoho.protocol import Call
from zoho.transport import NoAnswer, NotSent, Transport, check_url
from zoho.watching import Watch

SPARE_SECONDS = 300
REQUESTS_ALLOWED = 10
WINDOW_SECONDS = 610  # ten minutes, and ten seconds for requests that travelled at different speeds
REFUSED_SECONDS = 60
IN_VAIN_SECONDS = 120
LOCK_SECONDS = 60
REFRESH_TIMEOUT_SECONDS = 20.0
# For so long a process goes on with a token without looking whether another has put a new one in its place.
REMEMBERED_SECONDS = 5.0
THROTTLED = "access denied"
ASKING = Call("POST", "/oauth/v2/token")

REFUSALS = {
    "invalid_code": "Zoho no longer accepts the refresh token: it was revoked, replaced by newer ones, or belongs to "
    "another client or data centre. {again}",
    "invalid_client": "Zoho does not know this client here: check {client_id} and {data_center}.",
    "invalid_client_secret": "Zoho does not accept the client secret: check {client_secret} and {data_center}.",
}
REFUSALS["invalid_grant"] = REFUSALS["invalid_code"]
REJECTED = (
    "Zoho rejects even a new access token: the grant lacks a scope for this call, {data_center} is not the "
    "organization's, or the connected user's role does not permit it. With all scopes and as an admin: {again}"
)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Token:
    text: str = field(repr=False)
    expires_at: float


class Tokens:
    """Gives access tokens and renews them five minutes early, never with more requests than Zoho allows."""

    def __init__(
        self,
        organization: Organization,
        *,
        redis: Redis,
        clock: Callable[[], float] = time.time,
        transport: Transport | None = None,
    ) -> None:
        self._organization = organization
        self._url = check_url(f"{organization.accounts_url}/oauth/v2/token")
        self._redis = redis
        self._clock = clock
        self._transport = transport or Transport()
        self._cipher = Fernet(_key(organization))
        self._secret = _digest(organization.client_secret)
        self._prefix = f"bh:token:{_grant(organization)}"
        self._begin_refresh = redis.register_script(Path(__file__).with_name("begin_refresh.lua").read_text())
        self._forget = redis.register_script(Path(__file__).with_name("forget.lua").read_text())
        self._remembered: tuple[float, _Token] | None = None  # until when, and what
        self._rejected_text = ""  # of the last one Zoho rejected: another thread may yet remember it again

    def access_token(self) -> str:
        """A token that is good for a call now.

        Raises `OrganizationPaused` with a time when Zoho refuses the grant or no token may be asked for yet, and
        `ZohoUnavailable` when one is on its way through another process or the token service cannot be reached.
        """
        now, remembered = self._clock(), self._remembered
        if remembered is not None and now < remembered[0] and remembered[1].text != self._rejected_text:
            return remembered[1].text
        digest, token = self._kept()
        if token is not None and token.expires_at - now > SPARE_SECONDS:
            self._remembered = min(now + REMEMBERED_SECONDS, token.expires_at - SPARE_SECONDS), token
            return token.text
        try:
            return self._renew(digest)
        except RetryLater:
            if token is not None and token.expires_at > now:
                return token.text
            raise

    def obstacle(self) -> str | None:
        """Why no new token is to be had just now, in words; None while nothing is known against it."""
        verdict = self._redis.hmget(f"{self._prefix}:verdict", "error", "until", "secret")
        error, until, secret = (_bytes(each or b"").decode() for each in verdict)
        if float(until or 0) <= self._clock() or (error != THROTTLED and secret != self._secret):
            return None
        return self._refusal(error, 0).message

    def reject(self, token: str) -> None:
        """Forgets a token Zoho rejected, so that the next caller gets another.

        Raises `OrganizationPaused` when the token was itself the answer to such a rejection: renewing does not mend a
        missing scope, and would use up the token requests of everybody else. The token is tried all the same.
        """
        self._remembered, self._rejected_text = None, token
        digest = _digest(token)
        in_vain = self._redis.get(f"{self._prefix}:in_vain")
        if in_vain is not None and _bytes(in_vain) == digest.encode():
            raise self._rejected()
        self._forget(keys=[f"{self._prefix}:access"], args=[f"{digest}."])

    def give_up(self, token: str) -> OrganizationPaused:
        """The error to raise when a token was rejected right after it had replaced a rejected one."""
        self._redis.set(f"{self._prefix}:in_vain", _digest(token), ex=WINDOW_SECONDS)
        return self._rejected()

    def _renew(self, digest: str) -> str:
        """A token other than the one of that digest: asked for, or what another process has asked for meanwhile."""
        ticket = uuid.uuid4().hex
        if not self._claim(ticket, digest):
            return self.access_token()
        try:
            token = self._ask()
            self._keep(token)
            return token.text
        except TokenRefused as refusal:
            raise self._remember(refusal.error) from None
        finally:
            self._forget(keys=[f"{self._prefix}:lock"], args=[ticket])

    def _claim(self, ticket: str, digest: str) -> bool:
        """Takes the lock and counts the request, in one step; False if the token has been replaced."""
        outcome, wait, error = self._begin_refresh(
            keys=[f"{self._prefix}:{key}" for key in ("lock", "requests", "verdict", "access")],
            args=[self._clock(), ticket, REQUESTS_ALLOWED, WINDOW_SECONDS, LOCK_SECONDS * 1000, digest, self._secret],
        )
        if outcome == b"verdict":
            raise self._refusal(error.decode(), float(wait))
        if outcome == b"locked":
            raise ZohoUnavailable("A new access token is on its way.", retry_after_seconds=float(wait))
        if outcome == b"full":
            raise self._refusal(THROTTLED, float(wait))
        return bool(outcome == b"granted")

    def _ask(self) -> _Token:
        organization = self._organization
        asked_at = self._clock()
        watch = Watch(ASKING, at=asked_at, is_free=True)
        try:
            answer = self._transport.send(
                "POST",
                self._url,
                seconds=REFRESH_TIMEOUT_SECONDS,
                headers={"Accept": "application/json"},
                body={
                    "grant_type": "refresh_token",
                    "client_id": organization.client_id,
                    "client_secret": organization.client_secret,
                    "refresh_token": organization.refresh_token,
                },
            )
        except (NotSent, NoAnswer) as trouble:
            watch.unanswered(trouble, sent=isinstance(trouble, NoAnswer))
            raise ZohoUnavailable(f"Zoho's token service could not be reached ({trouble}).") from None
        watch.answered(answer.status, {"code": (parse_object(answer.body) or {}).get("error", "")})
        text, life_seconds = read_token(answer.status, answer.body)
        log.info("access token renewed", organization=organization.organization_id, life_seconds=life_seconds)
        return _Token(text, asked_at + life_seconds)

    def _remember(self, error: str) -> RetryLater:
        seconds = WINDOW_SECONDS if error == THROTTLED else REFUSED_SECONDS
        until = self._clock() + seconds
        with self._redis.pipeline() as pipe:
            pipe.hset(f"{self._prefix}:verdict", mapping={"error": error, "until": until, "secret": self._secret})
            pipe.expire(f"{self._prefix}:verdict", seconds)
            pipe.execute()
        return self._refusal(error, seconds)

    def _keep(self, token: _Token) -> None:
        secret = self._cipher.encrypt(json.dumps([token.text, token.expires_at]).encode()).decode()
        seconds = max(ceil(token.expires_at - self._clock()), 1)
        self._redis.set(f"{self._prefix}:access", f"{_digest(token.text)}.{secret}", ex=seconds)

    def _kept(self) -> tuple[str, _Token | None]:
        """The digest of what is kept, and the token if this grant can read it."""
        digest, _, secret = _bytes(self._redis.get(f"{self._prefix}:access") or b"").partition(b".")
        try:
            text, expires_at = json.loads(self._cipher.decrypt(secret))
        except InvalidToken:
            return digest.decode(), None
        return digest.decode(), _Token(text, expires_at)

    def _refusal(self, error: str, seconds: float) -> OrganizationPaused:
        if error == THROTTLED:
            return OrganizationPaused("Zoho's limit of token requests is used up.", retry_after_seconds=seconds)
        words = REFUSALS.get(error, "Zoho refuses a new access token for this grant: connect again.")
        return OrganizationPaused(self._with_places(words), retry_after_seconds=seconds)

    def _rejected(self) -> OrganizationPaused:
        return OrganizationPaused(self._with_places(REJECTED), retry_after_seconds=IN_VAIN_SECONDS)

    def _with_places(self, words: str) -> str:
        places = asdict(self._organization.places)
        return words.format(**{**places, "again": places["again"].format(**places)})


def _bytes(value: bytes | str) -> bytes:
    return value if isinstance(value, bytes) else value.encode()


def _grant(organization: Organization) -> str:
    hosts = (organization.accounts_url, organization.api_url)
    return _digest("\n".join([*hosts, organization.client_id, organization.refresh_token]))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _key(organization: Organization) -> bytes:
    grant = f"{organization.client_secret}\n{organization.refresh_token}".encode()
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"bookhook access token").derive(grant)
    return base64.urlsafe_b64encode(derived)
