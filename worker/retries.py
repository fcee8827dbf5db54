"""When to try again."""

from random import Random

SHORTEST_SECONDS = 2.0
LONGEST_SECONDS = 900.0


def delay_seconds(failures: int, asked: float | None, random: Random) -> float:
    """Seconds until the next try: what was asked and up to a tenth more, else doubling from 2 s to 15 min, jittered."""
    if asked is not None:
        return asked * (1 + random.random() / 10)
    growing = min(SHORTEST_SECONDS * 2.0 ** min(failures - 1, 20), LONGEST_SECONDS)
    return growing * (0.5 + random.random() / 2)
