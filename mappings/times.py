"""What a sender's time means: a calendar day, or a moment."""

import datetime
import re
from zoneinfo import ZoneInfo

from mappings.conversions import NOTHING, Unfit, kind_of

_FIRST_YEAR, _LAST_YEAR = 1970, 2199
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}.*")
_OFFSET = re.compile(r"(.*?)(Z|[+-][0-9]{2}(?::?[0-9]{2})?)?", re.DOTALL)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_UNIX = re.compile(r"[0-9]{9,11}")
_UNIX_MILLISECONDS = re.compile(r"[0-9]{12,14}")
_MILLISECONDS = ": of milliseconds write seconds(…)"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MAIL = re.compile(
    rf"(?:[A-Z][a-z]{{2}}, )?(?P<day>[0-9]{{1,2}}) (?P<month>{'|'.join(_MONTHS)}) (?P<year>[0-9]{{4}})"
    r" (?P<time>[0-9]{2}:[0-9]{2}:[0-9]{2}) (?P<offset>[+-][0-9]{4}|GMT|UTC)"
)
_NO_PLACE = ("+0000", "-0000", "GMT", "UTC")


def date(value: object, time_zone: str) -> datetime.date | None:
    """The calendar day of a moment.

    A day, or a time with an offset or without, is the day as written: the sender's. A time ending in Z, one of RFC 2822
    in UTC, and unix seconds (number or digits, from 1973 on, so that 20260314 is refused) name no place: the day in
    `time_zone`.
    """
    if value in NOTHING:
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value) if 0 <= value < 10**14 else "-"
    if not isinstance(value, str):
        raise Unfit(f"{kind_of(value)} is not a date")
    return _day(_tidy(value), time_zone)


def seconds(value: object) -> int | None:
    """Unix seconds of unix milliseconds, a whole number or its digits."""
    if value is None:
        return None
    if isinstance(value, bool) or not (
        isinstance(value, int) or (isinstance(value, str) and value.isascii() and value.isdecimal())
    ):
        raise Unfit(f"{kind_of(value)} is not a whole number of milliseconds")
    return int(value) // 1000


def utc(value: object) -> object:
    """A time that its sender writes in UTC, as one ending in Z, so that its day is the day in the organization's zone.

    That is one with the offset +00:00, or with none. Days, unix seconds and times of RFC 2822 stay as they are.
    """
    if not isinstance(value, str) or not _TIME.fullmatch(value.strip()):
        return value
    written, offset = _OFFSET.fullmatch(value.strip()).groups()  # type: ignore[union-attr]  # anything fits
    if offset not in (None, "Z", "+00:00", "+0000", "+00", "-00:00"):
        raise Unfit("the time has another offset than +00:00")
    return f"{written}Z"


def _tidy(value: str) -> str:
    """The text without spaces at its ends, in the form of ISO if it is a time of RFC 2822."""
    words = value.strip()
    found = _MAIL.fullmatch(words)
    if found is None:
        return words
    month, offset = _MONTHS.index(found["month"]) + 1, "Z" if found["offset"] in _NO_PLACE else found["offset"]
    return f"{found['year']}-{month:02d}-{found['day']:0>2}T{found['time']}{offset}"


def _day(text: str, time_zone: str) -> datetime.date:
    day = _read_day(text, time_zone)
    if day is None:
        raise Unfit(
            "the value is neither a date like 2026-01-31, nor a time like 2026-01-31T10:00:00+01:00, nor unix seconds"
            + _MILLISECONDS * bool(_UNIX_MILLISECONDS.fullmatch(text))
        )
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise Unfit(f"the year {day.year} is not between {_FIRST_YEAR} and {_LAST_YEAR}")
    return day


def _read_day(text: str, time_zone: str) -> datetime.date | None:
    try:
        if _DAY.fullmatch(text):
            return datetime.date.fromisoformat(text)
        if _UNIX.fullmatch(text):
            return datetime.datetime.fromtimestamp(int(text), ZoneInfo(time_zone)).date()
        if _TIME.fullmatch(text):
            moment = datetime.datetime.fromisoformat(text)
            return (moment.astimezone(ZoneInfo(time_zone)) if text.endswith("Z") else moment).date()
    except (ValueError, OverflowError, OSError):
        return None
    return None


def moment(value: object) -> float | None:
    """Unix seconds of a time; one without an offset counts as UTC. None for what is no time. Never raises."""
    if isinstance(value, int) and 0 <= value < 10**11:
        value = str(value)
    if not isinstance(value, str):
        return None
    words = _tidy(value)
    try:
        if _UNIX.fullmatch(words):
            return float(words)
        time = datetime.datetime.fromisoformat(words) if _TIME.fullmatch(words) else None
        return None if time is None else (time if time.tzinfo else time.replace(tzinfo=datetime.UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def written(seconds: float | None) -> str | None:
    """The time of these unix seconds, in UTC, to the microsecond."""
    if seconds is None:
        return None
    time = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    return time.isoformat(timespec="microseconds").replace("+00:00", "Z")
