"""What was fetched for events, kept in the field `fetched` of bh:event:<event_id> (events.py), as long as the event."""

from redis import Redis

from ledger.archive import pack_body
from ledger.scripts import load


class Fetched:
    """Keeps what the sender's API answered about an event; `Event.fetched` is what was kept."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._keep = load(redis, "keep_fetched")

    def keep(self, event_id: str, lease: str, answers: str) -> bool:
        """Keeps the answers, in the place of any before; False when the lease on the event was lost."""
        return bool(self._keep(keys=[f"bh:event:{event_id}"], args=[lease, pack_body(answers.encode())]))
