"""What the ledger holds, read as it stands in one step: its lists, and what each event says of itself."""

from dataclasses import dataclass

from redis import Redis

# Every list with its members and scores, and every event with what is held against it.
LOOK = """
local lists, events = {}, {}
for _, key in ipairs(redis.call('KEYS', 'bh:*')) do
  local kind = redis.call('TYPE', key).ok
  if kind == 'zset' then
    table.insert(lists, {key, redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')})
  elseif kind == 'set' and string.sub(key, 1, 11) == 'bh:process:' then
    local flat = {}
    for _, member in ipairs(redis.call('SMEMBERS', key)) do
      table.insert(flat, member)
      table.insert(flat, '0')
    end
    table.insert(lists, {key, flat})
  elseif string.sub(key, 1, 9) == 'bh:event:' then
    local fields = redis.call('HMGET', key, 'state', 'lease', 'suspect', 'crashes', 'alone')
    for i = 1, 5 do fields[i] = fields[i] or '' end
    table.insert(events, {string.sub(key, 10), fields})
  end
end
return {lists, events}
"""
Lists = dict[str, dict[str, float]]


@dataclass(frozen=True)
class Said:
    """What an event says of itself."""

    state: str
    lease: str
    is_suspect: bool
    crashes: int
    is_alone: bool


def look(redis: Redis) -> tuple[Lists, dict[str, Said]]:
    """Every list by name, its members with their scores (0 in a set); and every event."""
    lists, events = redis.eval(LOOK, 0)
    return {key.decode(): _scores(flat) for key, flat in lists}, {
        event_id.decode(): _said(*fields) for event_id, fields in events
    }


def _scores(flat: list[bytes]) -> dict[str, float]:
    return {member.decode(): float(score) for member, score in zip(flat[::2], flat[1::2], strict=True)}


def _said(state: bytes, lease: bytes, suspect: bytes, crashes: bytes, alone: bytes) -> Said:
    return Said(state.decode(), lease.decode(), suspect == b"1", int(crashes or 0), alone == b"1")
