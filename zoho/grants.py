"""The organizations that were connected in the console, each with its grant.

bh:grants           hash    organization id → JSON: name, currency_code, plan, data_center, scopes, connected_at (unix
                            seconds), connected_by, sealed (client id, client secret and refresh token, encrypted)
bh:grants:default   text    id of the organization that is meant where none is named, while it is connected
bh:grants:version   number  counts every change, so that others notice it by one command
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, cast

from redis import Redis
from redis.client import Pipeline

from config.sealing import Seal

_SECRETS = ("client_id", "client_secret", "refresh_token")
_TOLD = ("name", "currency_code", "plan", "data_center", "scopes", "connected_at", "connected_by")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleGrant:
    """The grant of an organization, who gave it and what it permits.

    One that cannot be read, since BOOKHOOK_SECRET_KEY has changed, has no secrets.
    """

    organization_id: str
    name: str
    currency_code: str
    plan: str
    data_center: str
    scopes: tuple[str, ...]
    connected_at: float
    connected_by: str
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)

    @property
    def is_readable(self) -> bool:
        """Whether it can be used."""
        return bool(self.refresh_token)

    @property
    def secrets(self) -> dict[str, str]:
        """What tokens are asked for with."""
        return {name: getattr(self, name) for name in _SECRETS}


@dataclass(frozen=True, slots=True)
class Held:
    """All grants by organization id, the default organization's id if there is one, and the version they are of."""

    version: int = 0
    grants: Mapping[str, ConsoleGrant] = field(default_factory=dict)
    default_id: str | None = None


class Grants:
    """Keeps the grants; `seal` encrypts what is secret of them."""

    def __init__(self, redis: Redis, seal: Seal) -> None:
        self.seal = seal
        self._redis = redis

    def version(self) -> int:
        """Grows with every change; one command."""
        return int(cast("bytes | None", self._redis.get("bh:grants:version")) or 0)

    def all(self) -> Held:
        """Everything that is kept, as of one moment."""
        with self._redis.pipeline(transaction=True) as pipe:
            pipe.get("bh:grants:version")
            pipe.hgetall("bh:grants")
            pipe.get("bh:grants:default")
            version, kept, default_id = pipe.execute()
        grants = {id_.decode(): self._opened(id_.decode(), json.loads(text)) for id_, text in sorted(kept.items())}
        default = default_id.decode() if default_id else None
        return Held(int(version or 0), grants, default if default in grants else None)

    def keep(self, grant: ConsoleGrant) -> None:
        """Keeps the grant in the place of any other of its organization. Raises ConfigError without a key."""
        text = json.dumps(self._closed(grant))
        self._change(lambda pipe: pipe.hset("bh:grants", grant.organization_id, text))

    def remove(self, organization_id: str) -> None:
        """Forgets the grant; if it was the default organization's, there is none until one is connected or named."""
        self._change(lambda pipe: pipe.hdel("bh:grants", organization_id))

    def make_default(self, organization_id: str) -> None:
        """Has this organization meant where none is named."""
        self._change(lambda pipe: pipe.set("bh:grants:default", organization_id))

    def renew_seals(self) -> None:
        """Encrypts with the first key what another one encrypted, so that the other may go."""
        if not self.seal:
            return
        for organization_id in self.all().grants:
            self._redis.transaction(partial(self._renew_seal, organization_id), "bh:grants")

    def _renew_seal(self, organization_id: str, pipe: Pipeline) -> None:
        kept = cast("bytes | None", pipe.hget("bh:grants", organization_id))
        pipe.multi()
        told = json.loads(kept) if kept else {}
        if not told or self.seal.is_fresh(told["sealed"]):
            return
        grant = self._opened(organization_id, told)
        if grant.is_readable:
            pipe.hset("bh:grants", organization_id, json.dumps(self._closed(grant)))

    def _change(self, change: Callable[[Pipeline], object]) -> None:
        with self._redis.pipeline(transaction=True) as pipe:
            change(pipe)
            pipe.incr("bh:grants:version")
            pipe.execute()

    def _closed(self, grant: ConsoleGrant) -> dict[str, Any]:
        told = {name: getattr(grant, name) for name in _TOLD}
        return {**told, "sealed": self.seal.close(grant.secrets, place=grant.organization_id)}

    def _opened(self, organization_id: str, told: dict[str, Any]) -> ConsoleGrant:
        secrets = self.seal.open(told["sealed"], place=organization_id) or {}
        fields = {**told, "scopes": tuple(told["scopes"])}
        return ConsoleGrant(organization_id=organization_id, **{name: fields[name] for name in _TOLD}, **secrets)
