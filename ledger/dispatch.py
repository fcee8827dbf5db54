"""Whose turn it is: what waits, by organization, until RQ may be given it.

bh:ready:<organization>         zset   events that could be worked on, by priority (0 people, 1 live, 2 replays) and age
bh:handed:<organization>        zset   events RQ was given or a worker has, by the time they were handed over
bh:turns                        zset   organizations with ready events, by the time of their last turn
bh:organizations                set    every organization that ever had an event handed over
bh:organization:<organization>  hash   at_once (calls Zoho allows in flight), paused_until, pause_reason, slow_until

The events of connections whose organization is the default one wait under the organization `default` until it is known
which that is; RQ is given none of them.

RQ holds no more of an organization's events than it may have calls in flight, so a backlog stays here, where the
organizations take turns; with no backlog an event goes to RQ as it is recorded.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from redis import Redis

from config.organizations import DEFAULT
from ledger.handoff import HANDOFF
from ledger.records import moment
from ledger.scripts import load

MOST_TURNS = 100
MOST_AT_A_TURN = 100


@dataclass(frozen=True, slots=True)
class Pause:
    """Why an organization is not worked for, and until when (unix seconds) nobody tries again."""

    reason: str
    until: float


class Dispatch:
    """The waiting lists of all organizations."""

    def __init__(self, redis: Redis, *, clock: Callable[[], float]) -> None:
        self._redis = redis
        self._clock = clock
        self._take_turns = load(redis, "take_turns")
        self._offer = load(redis, "offer")
        self._hand = load(redis, "hand")
        self._pause = load(redis, "pause")
        self._try_again = load(redis, "try_again")
        self._assign = load(redis, "assign")

    def take_turns(self) -> list[str]:
        """Organizations with something ready, the longest passed over first; who asks next is given others first."""
        return [name.decode() for name in self._take_turns(args=[self._clock(), MOST_TURNS])]

    def offer(self, organization: str, *, at_once: int) -> dict[str, int]:
        """The events RQ has room for, and how many calls each needs to be let go."""
        flat = self._offer(args=[organization, at_once, self._clock(), MOST_AT_A_TURN])
        return {event.decode(): int(needs) for event, needs in zip(flat[::2], flat[1::2], strict=True)}

    def hand(self, organization: str, tickets: Mapping[str, Sequence[str]]) -> list[str]:
        """Hands offered events to RQ with the tickets reserved for them; gives the ids that still waited."""
        now = self._clock()
        pairs = [part for event, held in tickets.items() for part in (event, json.dumps(list(held)))]
        return [event.decode() for event in self._hand(args=[organization, now, moment(now), *HANDOFF, *pairs])]

    def pause(self, organization: str, *, reason: str, seconds: float) -> bool:
        """Keeps the organization from being worked for; True when it was not paused before.

        When the time is over, one event at a time is tried; the first that ends well ends the pause.
        """
        return bool(self._pause(args=[organization, self._clock() + seconds, reason]))

    def try_again(self, organization: str) -> None:
        """Has a pause be over at once, if there is one, since its reason may be gone: one event is tried."""
        self._try_again(args=[organization, self._clock()])

    def assign(self, organization: str) -> int:
        """Gives events of the default organization, while it was not known, to this one; at most a hundred; how many.

        They were not worked on before, and wait for its turn from then on.
        """
        return int(self._assign(args=[DEFAULT, organization, moment(self._clock()), MOST_AT_A_TURN]))

    def slow_down(self, organization: str, *, seconds: float) -> None:
        """Has one event of the organization at a time worked on, for so long or until one ends well.

        Its calls hang: others could only hang beside it, and keep the workers from those that do not.
        """
        self._redis.hset(f"bh:organization:{organization}", "slow_until", self._clock() + seconds)

    def paused(self, organization: str) -> Pause | None:
        """The pause the organization is in, or None."""
        key = f"bh:organization:{organization}"
        reason, until = self._redis.hmget(key, "pause_reason", "paused_until")
        return None if reason is None or until is None else Pause(cast(bytes, reason).decode(), float(until))

    def is_anything_handed(self) -> bool:
        """Whether RQ or a worker has any event."""
        names = self.organizations()
        return bool(names) and bool(self._redis.exists(*(f"bh:handed:{name}" for name in names)))

    def organizations(self) -> list[str]:
        """Every organization that ever had an event handed over."""
        return sorted(name.decode() for name in cast("set[bytes]", self._redis.smembers("bh:organizations")))

    def waiting(self, organization: str) -> int:
        """How many events wait for the organization's turn."""
        return int(self._redis.zcard(f"bh:ready:{organization}"))
