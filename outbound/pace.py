"""How often an API may be called with a credential, shared by every process on every machine.

<api> is a digest of the host and the credentials.

bh:api:<api>:calls      zset    call id → when it was made; the last window
bh:api:<api>:waiting    zset    caller → when it may come again; ten minutes after that it is given up
bh:api:<api>:in_flight  zset    call id → when it is over at the latest, so that a killed process frees its place
bh:api:<api>:closed     text    time until which the API wants no calls
bh:api:<api>:refused    text    there while the credential is known to be refused, a minute

Times are unix seconds by the injected clock.
"""

import hashlib
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from math import ceil
from pathlib import Path

from redis import Redis, RedisError

AT_ONCE = 3
"""Calls in flight at most: an API that hangs holds up no more of a worker's threads, whatever it was asked for."""
REFUSED_SECONDS = 60


class NotNow(Exception):
    """Raised when no call may be made before so many `seconds` have passed.

    `why` is closed (the API asked for a pause), busy (AT_ONCE calls are not answered yet) or line (others wait, too).
    """

    def __init__(self, seconds: float, *, why: str) -> None:
        super().__init__()
        self.seconds = seconds
        self.why = why


class KnownToBeRefused(Exception):
    """Raised when the credential was refused a moment ago: asking again would not help."""


@dataclass(frozen=True, slots=True)
class Limit:
    """So many calls in so many seconds."""

    calls: int
    seconds: int


def name_api(host: str, credentials: Iterable[str]) -> str:
    """What names the API in Redis; the credentials are not to be found out from it."""
    return hashlib.sha256("\0".join((host, *credentials)).encode()).hexdigest()[:24]


class Pace:
    """Asked before every call to an API; one Redis round trip."""

    def __init__(self, redis: Redis, *, clock: Callable[[], float]) -> None:
        self._redis = redis
        self._clock = clock
        self._take = redis.register_script(Path(__file__).with_name("pace.lua").read_text())

    @contextmanager
    def place(self, api: str, limit: Limit, *, caller: str, has_begun: bool, seconds: float) -> Iterator[None]:
        """Holds a place in flight during the `with`; the call lasts `seconds` at most.

        Raises NotNow, which keeps the `caller` a place in the line, or KnownToBeRefused.
        """
        call_id, now = uuid.uuid4().hex, self._clock()
        reason, wait = self._take(
            keys=[_key(api, name) for name in ("calls", "waiting", "in_flight", "closed", "refused")],
            args=[now, caller, call_id, limit.calls, limit.seconds, now + seconds, AT_ONCE, "1" if has_begun else ""],
        )
        if reason == b"refused":
            raise KnownToBeRefused
        if reason:
            raise NotNow(max(float(wait), 0.1), why=reason.decode())
        try:
            yield
        finally:
            with suppress(RedisError):  # the answer matters more; the place frees itself
                self._redis.zrem(_key(api, "in_flight"), call_id)

    def close(self, api: str, seconds: float) -> None:
        """Lets nobody call for so many seconds."""
        self._redis.set(_key(api, "closed"), self._clock() + seconds, ex=ceil(seconds) + 1)

    def refuse(self, api: str) -> None:
        """Lets nobody call for a moment: the credential is refused."""
        self._redis.set(_key(api, "refused"), "1", ex=REFUSED_SECONDS)


def _key(api: str, name: str) -> str:
    return f"bh:api:{api}:{name}"
