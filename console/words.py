"""How pages write states, amounts, times and ages."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal

import simplejson

STATES = {
    "queued": "queued",
    "working": "at work",
    "waiting": "waiting",
    "awaiting_approval": "awaits approval",
    "parked": "needs a person",
    "posted": "posted",
    "ignored": "ignored",
    "rejected": "rejected",
}
KINDS = {
    "sent": "marked as sent",
    "email": "e-mail to the customer",
    "void": "voided",
    "restore": "made a draft again",
    "credit": "credit applied",
    "payout": "money paid back",
    "answer": "answer to the sender",
}
BUTTONS = {
    "retry with --refetch": "press *Retry, asking the sender anew*",
    "bookhook retry --done": "press *Skip*, with a note",
}
_AGES = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


def state(name: str) -> str:
    """A state as people say it."""
    return STATES.get(name, name.replace("_", " "))


def kind(name: str) -> str:
    """A kind of document as people say it."""
    return KINDS.get(name, name.replace("_", " "))


def step(name: str) -> str:
    """A step of a timeline as people say it: `invoice created`, `marked as sent`."""
    kind_of_step, _, how = name.rpartition("_")
    return KINDS[kind_of_step] if how in ("created", "found") and kind_of_step in KINDS else name.replace("_", " ")


def amount(text: str | Decimal | None) -> str:
    """1234567.5 as 1,234,567.50; an amount keeps the decimals it has beyond two."""
    if text is None:
        return ""
    number = Decimal(text)
    places = max(2, -int(number.as_tuple().exponent))
    return f"{number:,.{places}f}"


def count(number: int, noun: str, plural: str | None = None) -> str:
    """1 event, 2 events."""
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"


def size(content_bytes: int) -> str:
    """`41 kB`: how large a file is."""
    return f"{content_bytes} bytes" if content_bytes < 1000 else f"{-(-content_bytes // 1000):,} kB"


def here(remedy: str) -> str:
    """A remedy that names commands, with the buttons that do the same."""
    for command, button in BUTTONS.items():
        remedy = remedy.replace(command, button)
    return remedy


def age(moment: str, now: float) -> str:
    """How long ago, or how soon, in the largest unit that fits: `3 minutes ago`, `in 2 days`."""
    seconds = now - datetime.fromisoformat(moment).timestamp()
    length, unit = next(((n, unit) for n, unit in _AGES if abs(seconds) >= n), (1, "second"))
    told = count(int(abs(seconds) // length), unit)
    return f"{told} ago" if seconds >= 0 else f"in {told}"


def minute(moment: str) -> str:
    """A moment to the minute, in UTC: `2026-03-14 09:26`."""
    return f"{datetime.fromisoformat(moment).astimezone(UTC):%Y-%m-%d %H:%M}"


def second(moment: str) -> str:
    """A moment to the second, in UTC."""
    return f"{datetime.fromisoformat(moment).astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def month(name: str) -> str:
    """2026-03 as `March 2026`."""
    return f"{datetime.fromisoformat(f'{name}-01'):%B %Y}"


def day(seconds: float) -> str:
    """The day of UTC of a moment in unix seconds."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d}"


def days_overdue(bucket: str) -> str:
    """1-30 as `1 to 30 days`."""
    if bucket == "current":
        return "Current"
    return "Over 90 days" if bucket == "90+" else f"{bucket.replace('-', ' to ')} days"


def exact_json(value: object) -> str:
    """JSON over several lines, characters as they are and amounts digit for digit."""
    return simplejson.dumps(value, use_decimal=True, indent=2, ensure_ascii=False)


def percent(share: float) -> str:
    """0.0312 as `3.1 %`."""
    return f"{share * 100:.1f} %"


FILTERS: Mapping[str, Callable[..., str]] = {
    "state": state,
    "kind": kind,
    "step": step,
    "amount": amount,
    "age": age,
    "here": here,
    "minute": minute,
    "second": second,
    "count": count,
    "size": size,
    "month": month,
    "day": day,
    "days_overdue": days_overdue,
    "exact_json": exact_json,
    "percent": percent,
}
