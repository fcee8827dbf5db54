"""Secrets at rest: what BOOKHOOK_SECRET_KEY encrypts, so that Redis and its backups cannot read it."""

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from config.problems import ConfigError

NO_KEY = "BOOKHOOK_SECRET_KEY is not set: without it no grant can be kept. `openssl rand -hex 32` makes one."


class Seal:
    """Closes values so that only a holder of one of the keys opens them; the first key closes.

    Each key is a text that is hard to guess. A value is closed for one place, and opens for no other.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        ciphers = [Fernet(_derived(key)) for key in keys]
        self._all = MultiFernet(ciphers) if ciphers else None
        self._first = ciphers[0] if ciphers else None

    def __bool__(self) -> bool:
        """Whether there is a key."""
        return self._all is not None

    def close(self, value: Mapping[str, Any], *, place: str) -> str:
        """The value as text that tells nothing; raises ConfigError without a key."""
        if self._all is None:
            raise ConfigError([NO_KEY])
        return self._all.encrypt(json.dumps([place, value]).encode()).decode()

    def open(self, closed: str, *, place: str) -> dict[str, Any] | None:
        """The value; None if no key opens it, or it was closed for another place."""
        try:
            found = json.loads(self._all.decrypt(closed)) if self._all else [None, None]
        except InvalidToken:
            return None
        return cast("dict[str, Any]", found[1]) if found[0] == place else None

    def is_fresh(self, closed: str) -> bool:
        """Whether it was closed with the first key, so that it opens when the others are gone."""
        try:
            return self._first is not None and bool(self._first.decrypt(closed))
        except InvalidToken:
            return False


def _derived(key: str) -> bytes:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"bookhook secrets at rest").derive(key.encode())
    return base64.urlsafe_b64encode(derived)
