"""Two workers, each in a thread of its own, that take one step at a time: whoever holds the game says who goes on.

A step is one effect, or one that the other could meet and what follows up to the next such.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from redis import Redis

from tests.model.effects import Actor, Effect
from tests.model.world import World

ANSWER_SECONDS = 20.0
# Every document and event with who holds it, and a digest of what it says; one round trip. What beginning one event
# says about others at work in the same process is left out.
LOOK = """
local function digest(key)
  local fields, parts = redis.call('HGETALL', key), {}
  for i = 1, #fields, 2 do
    if fields[i] ~= 'alone' then table.insert(parts, fields[i] .. '=' .. fields[i + 1]) end
  end
  table.sort(parts)
  return redis.sha1hex(table.concat(parts, string.char(0)))
end
local seen = {}
for _, key in ipairs(redis.call('KEYS', 'bh:document:*')) do
  table.insert(seen, {key, redis.call('GET', 'bh:lease:' .. string.sub(key, 13)) or '', digest(key)})
end
for _, key in ipairs(redis.call('KEYS', 'bh:event:*')) do
  table.insert(seen, {key, redis.call('HGET', key, 'lease') or '', digest(key)})
end
return seen
"""
Seen = dict[str, tuple[str, bytes]]


@dataclass
class Player:
    """A worker that waits before each of its effects until it is told to go on."""

    name: str
    work: Callable[[Actor], object]
    stops_at: Callable[[Effect], bool]
    next: Effect | None = None
    lease: str | None = None
    failure: BaseException | None = None
    done: list[str] = field(default_factory=list)
    touched: set[str] = field(default_factory=set)
    _thread: threading.Thread | None = None

    def __post_init__(self) -> None:
        self._go = threading.Semaphore(0)
        self._arrived = threading.Semaphore(0)

    @property
    def is_finished(self) -> bool:
        return self._thread is not None and self.next is None

    def go_on(self) -> None:
        """Comes to its first effect, or performs the next and comes to the one after it, or to its end."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)
            self._thread.start()
        elif self.next is not None:
            self._go.release()
        else:
            return
        assert self._arrived.acquire(timeout=ANSWER_SECONDS), f"{self.name} hangs at {self.next}"

    def perform(self, effect: Effect, act: Callable[[], Any]) -> Any:
        if self.stops_at(effect):
            self.next = effect
            self._arrived.release()
            self._go.acquire()
            self.done.append(effect.name)
        if effect.name == "begin":
            self.lease = str(effect.words[5])
        answer = act()
        self.touched |= _made_free(effect, answer)
        return answer

    def _run(self) -> None:
        try:
            self.work(self)
        except BaseException as failure:
            self.failure = failure
        finally:
            self.next = None
            self._arrived.release()


@dataclass
class Game:
    """Two players in a world; after every step it is checked that nobody wrote what is not theirs."""

    world: World
    players: tuple[Player, Player]
    wrongs: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._seen = look(self.world.redis)

    def lapse(self, happen: Callable[[World], object]) -> None:
        """Something happens between two steps."""
        happen(self.world)
        self._seen = look(self.world.redis)

    def step(self, player: Player) -> None:
        """The player goes on."""
        before, effect = self._seen, player.next
        player.touched.clear()
        player.go_on()
        self._seen = look(self.world.redis)
        for key, (holder, digest) in self._seen.items():
            holder_before, digest_before = before.get(key, ("", b""))
            is_free = player.lease in (holder, holder_before) or key in player.touched
            if digest != digest_before and not is_free:
                self.wrongs.append(f"{player.name} changed {key} without its lease, by {effect}")

    def go_on(self, player: Player, steps: int) -> bool:
        """The player goes on for so many steps; whether it has come to its end."""
        for _ in range(steps):
            self.step(player)
        return player.is_finished

    def finish(self, player: Player) -> None:
        """The player goes on to its end; raises what ended it, if it was not that."""
        while not player.is_finished:
            self.step(player)
        if player.failure is not None:
            raise player.failure

    def told(self) -> str:
        """What each has done."""
        return "; ".join(f"{player.name}: {', '.join(player.done)}" for player in self.players)


def _made_free(effect: Effect, answer: Any) -> set[str]:
    """What else may change in this step: a document that was claimed, and may be released by its end; who was woken."""
    if effect.name == "claim_document" and answer:
        return {str(effect.words[3])}
    if effect.name == "leave_order":
        return {f"bh:event:{event_id.decode()}" for event_id in answer}
    return set()


def look(redis: Redis) -> Seen:
    """Every event and document as it stands, and the lease that may change it."""
    return {key.decode(): (holder.decode(), digest) for key, holder, digest in redis.eval(LOOK, 0)}
