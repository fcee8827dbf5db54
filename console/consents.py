"""What is on its way between a person and Zoho: a consent that was asked for, and a grant nobody has put to use yet.

bh:consent:<digest of the session>   text  Consent as sealed JSON; gone when Zoho answered, or after ten minutes
bh:granted:<digest of the session>   text  Granted as sealed JSON; gone when it was put to use, or after ten minutes

Each is the session's own, and a session has one at a time: what another session or another try began is not continued.
"""

import hmac
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, cast

from redis import Redis

from config.sealing import Seal
from console.sessions import Session
from zoho.connecting import Found

SECONDS = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """What was asked of Zoho: by which client, for which scopes, and, to connect one again, for which organization."""

    state: str = field(repr=False)
    data_center: str
    organization_id: str | None
    client_id: str
    client_secret: str = field(repr=False)
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """What Zoho granted, and the organizations it opens."""

    data_center: str
    organization_id: str | None
    client_id: str
    client_secret: str = field(repr=False)
    refresh_token: str = field(repr=False)
    scopes: tuple[str, ...]
    found: tuple[Found, ...]


class Consents:
    """The consents and grants that are on their way."""

    def __init__(self, redis: Redis, seal: Seal) -> None:
        self._redis = redis
        self._seal = seal

    def begin(self, session: Session, consent: Consent) -> None:
        """Keeps what is asked of Zoho, in the place of what was asked before. Raises ConfigError without a key."""
        self._keep(f"bh:consent:{session.digest}", asdict(consent))

    def begun(self, session: Session) -> Consent | None:
        """What is being asked."""
        told = self._read(f"bh:consent:{session.digest}")
        return Consent(**{**told, "scopes": tuple(told["scopes"])}) if told else None

    def end(self, session: Session, state: str) -> Consent | None:
        """What was asked, if this state is that of the answer; once."""
        consent = self.begun(session)
        if consent is None or not hmac.compare_digest(state.encode(), consent.state.encode()):
            return None
        return consent if self._redis.delete(f"bh:consent:{session.digest}") else None

    def keep_granted(self, session: Session, granted: Granted) -> None:
        """Keeps a grant until somebody says what it is for."""
        self._keep(f"bh:granted:{session.digest}", asdict(granted))

    def granted(self, session: Session) -> Granted | None:
        """The grant that waits to be put to use."""
        told = self._read(f"bh:granted:{session.digest}")
        if told is None:
            return None
        found = tuple(Found(**each) for each in told["found"])
        return Granted(**{**told, "scopes": tuple(told["scopes"]), "found": found})

    def forget_granted(self, session: Session) -> None:
        """The grant was put to use."""
        self._redis.delete(f"bh:granted:{session.digest}")

    def _keep(self, key: str, told: Mapping[str, Any]) -> None:
        self._redis.set(key, self._seal.close(told, place=key), ex=SECONDS)

    def _read(self, key: str) -> dict[str, Any] | None:
        kept = cast("bytes | None", self._redis.get(key))
        return self._seal.open(kept.decode(), place=key) if kept else None
