"""Who is logged in, and how often somebody may try.

bh:session:<digest>    hash    name, csrf_token, began_at (unix seconds); expires when it is not used for twelve hours
bh:sessions:<name>     set     the digests of a person's sessions; expires with the last
bh:logins:<digest>     string  how often logging in failed, for a name, an address, or by a provider from an
                               address; expires after fifteen minutes

The browser holds the session's id, Redis only its digest.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from redis import Redis

IDLE_SECONDS = 12 * 3600
LONGEST_SECONDS = 7 * 86400
FAILURE_SECONDS = 900
MOST_FAILURES_OF_A_NAME = 10
MOST_FAILURES_OF_AN_ADDRESS = 50


@dataclass(frozen=True, slots=True)
class Session:
    """One login of a person; `csrf_token` goes into every form."""

    name: str
    csrf_token: str

    @property
    def digest(self) -> str:
        """Names the session among keys, and does not tell its token."""
        return _digest(self.csrf_token)


class Sessions:
    """Every login."""

    def __init__(self, redis: Redis, *, clock: Callable[[], float]) -> None:
        self._redis = redis
        self._clock = clock

    def begin(self, name: str) -> str:
        """The id of a new session."""
        session_id = secrets.token_urlsafe(32)
        fields = {"name": name, "csrf_token": secrets.token_urlsafe(32), "began_at": repr(self._clock())}
        with self._redis.pipeline() as pipeline:
            pipeline.hset(_key(session_id), items=[part for pair in fields.items() for part in pair])
            pipeline.expire(_key(session_id), IDLE_SECONDS)
            pipeline.sadd(f"bh:sessions:{name}", _digest(session_id))
            pipeline.expire(f"bh:sessions:{name}", LONGEST_SECONDS)
            pipeline.execute()
        return session_id

    def get(self, session_id: str) -> Session | None:
        """The session, if it is not over; being asked for prolongs it, up to a week."""
        kept = cast("dict[bytes, bytes]", self._redis.hgetall(_key(session_id))) if session_id else {}
        if not kept or self._clock() - float(kept[b"began_at"]) > LONGEST_SECONDS:
            return None
        self._redis.expire(_key(session_id), IDLE_SECONDS)
        return Session(kept[b"name"].decode(), kept[b"csrf_token"].decode())

    def end(self, session_id: str) -> None:
        """Ends a session."""
        self._redis.delete(_key(session_id))

    def end_all(self, name: str) -> None:
        """Ends every session of a person."""
        digests = cast("set[bytes]", self._redis.smembers(f"bh:sessions:{name}"))
        self._redis.delete(f"bh:sessions:{name}", *(f"bh:session:{digest.decode()}" for digest in digests))

    def may_try(self, name: str, address: str) -> bool:
        """Whether logging in may be tried now; counts as a failure until `succeeded`."""
        tries = [(f"name {name}", MOST_FAILURES_OF_A_NAME), (f"address {address}", MOST_FAILURES_OF_AN_ADDRESS)]
        return self._count(tries)

    def may_come_back(self, address: str) -> bool:
        """Whether a provider's answer may be brought now; counts as a failure until `came_back`."""
        return self._count([(f"provider {address}", MOST_FAILURES_OF_AN_ADDRESS)])

    def came_back(self, address: str) -> None:
        """The answer let somebody in."""
        self._redis.decr(_failures(f"provider {address}"))

    def _count(self, tries: list[tuple[str, int]]) -> bool:
        with self._redis.pipeline() as pipeline:
            for what, _ in tries:
                pipeline.incr(_failures(what))
                pipeline.expire(_failures(what), FAILURE_SECONDS, nx=True)
            counts = pipeline.execute()[::2]
        return all(count <= most for count, (_, most) in zip(counts, tries, strict=True))

    def succeeded(self, name: str, address: str) -> None:
        """Forgets the failures of the name; the address keeps its others."""
        self._redis.delete(_failures(f"name {name}"))
        self._redis.decr(_failures(f"address {address}"))


def matches(given: str, session: Session) -> bool:
    """Whether a form was made for this session."""
    return hmac.compare_digest(given.encode(), session.csrf_token.encode())


def _key(session_id: str) -> str:
    return f"bh:session:{_digest(session_id)}"


def _failures(what: str) -> str:
    return f"bh:logins:{_digest(what)}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
