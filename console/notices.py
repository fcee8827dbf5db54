"""What a form led to, told once on the page that is shown next.

bh:notices:<digest of the session's token>   list   sentences, an error's with ! in front; expires after a minute
"""

from typing import cast

from redis import Redis

from console.sessions import Session

SECONDS = 60


def give_notice(redis: Redis, session: Session, sentence: str, *, is_error: bool = False) -> None:
    """Has the sentence shown on the session's next page."""
    with redis.pipeline() as pipeline:
        pipeline.rpush(_key(session), f"{'!' if is_error else ' '}{sentence}")
        pipeline.expire(_key(session), SECONDS)
        pipeline.execute()


def take_notices(redis: Redis, session: Session) -> list[dict[str, object]]:
    """The sentences that were not shown yet, oldest first."""
    with redis.pipeline() as pipeline:
        pipeline.lrange(_key(session), 0, -1)
        pipeline.delete(_key(session))
        kept = cast("list[bytes]", pipeline.execute()[0])
    return [{"is_error": sentence[:1] == b"!", "sentence": sentence[1:].decode()} for sentence in kept]


def _key(session: Session) -> str:
    return f"bh:notices:{session.digest}"
