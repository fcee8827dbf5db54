"""Whether the ledger may have forgotten something: Redis came back as another server, or with less than it had.

bh:incarnation   hash   run_id, durable and replicated (0 or 1) of the server as last seen; count of the intentions
                        written; gone_back_at (unix seconds) and reason of the last time it may have forgotten; for ever

Who a server is, how it keeps its data and who its replicas are is asked with INFO and CONFIG GET
(redis.io/docs/latest/commands/info). Where CONFIG is refused the worst is assumed; where INFO is, no restart is seen.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import structlog
from redis import Redis
from redis.exceptions import ResponseError

from errors import RetryLater
from ledger.scripts import load

CAREFUL_SECONDS = 3600.0
REPLICATE_SECONDS = 1.0
DURABLE = {"appendonly": "yes", "appendfsync": "always", "no-appendfsync-on-rewrite": "no"}
REASONS = {
    "another": "Redis was restarted or failed over, and may have lost the last that it had acknowledged",
    "less": "Redis has less than it had: restored from a backup, emptied, or failed over to a server that lagged",
    "told": "somebody said with `bookhook check --restored` that Redis was restored from a backup",
}
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class GoneBack:
    """When (unix seconds) it was noticed that the ledger may have forgotten something, why, and if it surely has."""

    at: float
    reason: str
    is_certain: bool


@dataclass(frozen=True, slots=True)
class _Server:
    run_id: str
    is_durable: bool
    is_replicated: bool


class Incarnation:
    """Which Redis the ledger is in, as one process sees it; safe in any thread."""

    def __init__(self, redis: Redis, *, clock: Callable[[], float]) -> None:
        self._redis = redis
        self._clock = clock
        self._notice = load(redis, "notice")
        self._count = 0
        self._replicas = 0

    def observe(self) -> GoneBack | None:
        """The last time the ledger may have forgotten what it had acknowledged, noticed here if that is now; or None.

        It may have when the server is another than the last time, unless both write everything to disk before they
        answer and neither has replicas; and when it counts fewer intentions than this process has seen.
        """
        least = self._count
        server, known = self._look()
        count = int(known.get(b"count", 0))
        self._count = max(least, count)
        if server == _server_known(known) and count >= least:
            return _gone_back(known)
        args = [server.run_id, int(server.is_durable), int(server.is_replicated), least, self._clock()]
        if reason := cast(bytes, self._notice(args=args)).decode():
            log.error("ledger_may_have_gone_back", reason=REASONS[reason])
        return _gone_back(self._known())

    def declare_gone_back(self) -> None:
        """Says what cannot be seen: that the ledger was restored from a backup."""
        self._redis.hset("bh:incarnation", mapping={"gone_back_at": self._clock(), "reason": "told"})

    @property
    def count(self) -> int:
        """The greatest count of intentions that this process has seen; a ledger with less has forgotten some."""
        return self._count

    def secure_intention(self, count: int) -> None:
        """Returns when every replica has the intention of that count, and all that was written before.

        Raises RetryLater when a replica does not say so in a second. The replicas are those of the last observation.
        """
        self._count = max(self._count, count)
        if not (expected := self._replicas):
            return
        reached = int(self._redis.wait(expected, int(REPLICATE_SECONDS * 1000)))
        if reached < expected:
            raise RetryLater(
                f"Only {reached} of {expected} replicas of Redis have noted what is to be posted; nothing was sent.",
                code="not_replicated",
                retry_after_seconds=2,
            )

    def _look(self) -> tuple[_Server, Mapping[bytes, bytes]]:
        pipeline = self._redis.pipeline(transaction=False)
        pipeline.info("server")
        pipeline.info("replication")
        pipeline.config_get("*append*")
        pipeline.hgetall("bh:incarnation")
        server, replication, config, known = pipeline.execute(raise_on_error=False)
        if isinstance(known, Exception):
            raise known
        server, replication, config = (_unless_refused(answer) for answer in (server, replication, config))
        self._replicas = _count_replicas(replication)
        return _server(server, replication, config), known

    def _known(self) -> Mapping[bytes, bytes]:
        return cast(Mapping[bytes, bytes], self._redis.hgetall("bh:incarnation"))


def _unless_refused(answer: Any) -> Mapping[str, Any]:
    """What a server says; nothing where it does not let everybody ask."""
    if isinstance(answer, ResponseError):
        return {}
    return cast(Mapping[str, Any], answer)


def _server(server: Mapping[str, Any], replication: Mapping[str, Any], config: Mapping[str, Any]) -> _Server:
    # The second id is the one of the master whose replica the server was; zeros, which read as 0, if it was none.
    was_replica = replication.get("master_replid2", 0) != 0
    return _Server(
        run_id=str(server.get("run_id", "")),
        is_durable=all(config.get(name) == value for name, value in DURABLE.items()),
        is_replicated=was_replica or replication.get("connected_slaves", 0) > 0,
    )


def _count_replicas(replication: Mapping[str, Any]) -> int:
    """The replicas that have caught up: the others cannot acknowledge yet."""
    replicas = [value for name, value in replication.items() if name.startswith("slave") and isinstance(value, dict)]
    return sum(replica.get("state") == "online" for replica in replicas)


def _server_known(known: Mapping[bytes, bytes]) -> _Server | None:
    if b"run_id" not in known:
        return None
    return _Server(known[b"run_id"].decode(), known[b"durable"] == b"1", known[b"replicated"] == b"1")


def _gone_back(known: Mapping[bytes, bytes]) -> GoneBack | None:
    if b"gone_back_at" not in known:
        return None
    reason = known[b"reason"].decode()
    return GoneBack(float(known[b"gone_back_at"]), REASONS[reason], is_certain=reason != "another")
