"""Checks of single settings: each returns quietly, or raises ValidationError saying what the value is not.

The words follow the value in a sentence: `ZOHO_PLAN: 'gold' is not one of free, standard, ...`.
"""

import ipaddress
import re
from collections.abc import Callable, Collection, Mapping
from decimal import Decimal
from pathlib import Path
from typing import TypeVar
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo

from marshmallow import ValidationError

Check = Callable[[object], None]
SHORTEST_PASSWORD = 12
SHORTEST_KEY = 32
Value = TypeVar("Value")


def parser(convert: Callable[[str], Value], check: Check, *, what: str = "a number") -> Callable[[str], Value]:
    """What reads a text of a file: its ValueError says what the text is not, in the words of the check."""

    def parse(text: str) -> Value:
        try:
            value = convert(text)
        except (ValueError, ArithmeticError):
            raise ValueError(f"is not {what}") from None
        try:
            check(value)
        except ValidationError as error:
            raise ValueError(str(error.messages[0])) from None
        return value

    return parse


def is_one_of(words: Collection[str]) -> Check:
    """A check for one of `words`, in any case of letters."""

    def check(value: object) -> None:
        if str(value).lower() not in {word.lower() for word in words}:
            raise ValidationError(f"is not one of {', '.join(words)}")

    return check


def is_between(lowest: float, highest: float) -> Check:
    """A check for a number from `lowest` to `highest`, both allowed."""

    def check(value: object) -> None:
        if not (isinstance(value, int | float) and lowest <= value <= highest):
            raise ValidationError(f"is not between {lowest:,} and {highest:,}")

    return check


def is_share(value: object) -> None:
    """Checks for a share: 0 or more, less than 1."""
    if not (isinstance(value, Decimal) and 0 <= value < 1):
        raise ValidationError("is not a share: 0 or more, less than 1")


def is_password(value: object) -> None:
    """Checks for a password that is long enough not to be guessed."""
    if len(str(value)) < SHORTEST_PASSWORD:
        raise ValidationError(f"is shorter than {SHORTEST_PASSWORD} characters")


def is_secret_key(value: object) -> None:
    """Checks for keys with commas between them, each long enough not to be guessed."""
    if any(len(key.strip()) < SHORTEST_KEY for key in str(value).split(",")):
        raise ValidationError(f"is shorter than {SHORTEST_KEY} characters; `openssl rand -hex 32` makes a key")


def is_digits(value: object) -> None:
    """Checks for an id as Zoho writes them."""
    text = str(value)
    if not (text.isascii() and text.isdigit()):
        raise ValidationError("is not an id: digits only")


def is_custom_field(value: object) -> None:
    """Checks for the API name of a custom field, as Zoho makes them of labels."""
    if not re.fullmatch(r"cf_[a-z0-9_]+", str(value)):
        raise ValidationError("is not the API name of a custom field, such as cf_bookhook")


def is_redis_url(value: object) -> None:
    """Checks for a URL redis-py can open."""
    url = _split(value)
    if url is None or not (url.hostname if url.scheme in {"redis", "rediss"} else url.scheme == "unix" and url.path):
        raise ValidationError("is not a redis://, rediss:// or unix:// URL")


def is_service_url(value: object) -> None:
    """Checks for an https URL, or a plain http one to this machine, without credentials, query or fragment."""
    url = _split(value)
    if url is None or url.scheme not in {"https", "http"} or not url.hostname:
        raise ValidationError("is not an https:// URL")
    if url.scheme == "http" and not is_loopback(url.hostname):
        raise ValidationError("is plain http, which is allowed to this machine only (127.0.0.1, localhost, [::1])")
    if "@" in url.netloc or url.query or url.fragment:
        raise ValidationError("holds a user name, a query or a fragment; only scheme, host, port and path belong here")


def is_sentry_dsn(value: object) -> None:
    """Checks for the shape https://<key>@<host>/<project>."""
    url = _split(value)
    if url is None or url.scheme not in {"https", "http"} or not (url.username and url.hostname and url.path[1:]):
        raise ValidationError("is not a Sentry DSN (https://<key>@<host>/<project>)")


def is_time_zone(value: object) -> None:
    """Checks for a name in the IANA time zone database."""
    try:
        ZoneInfo(str(value))
    except (OSError, ValueError, KeyError) as error:
        raise ValidationError("is not an IANA time zone, such as Europe/Berlin") from error


def is_folder(value: object) -> None:
    """Checks for a folder that exists."""
    if not Path(str(value)).is_dir():
        raise ValidationError("is not a folder")


def is_file(value: object) -> None:
    """Checks for a file that exists."""
    if not Path(str(value)).is_file():
        raise ValidationError("is not a file")


def is_time_of_day(value: object) -> None:
    """Checks for hours and minutes, as 03:30."""
    if not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", str(value)):
        raise ValidationError("is not a time of the day, such as 03:30")


def is_word_map(value: object) -> None:
    """Checks for `word=Account name,word=Account name`."""
    parse_word_map(str(value))


def parse_word_map(text: str) -> Mapping[str, str]:
    """`meals=Meals and Entertainment,travel=Travel` as a mapping; words are case-folded. Raises ValidationError."""
    pairs = [tuple(part.strip() for part in item.partition("=")) for item in text.split(",")]
    if not all(word and name for word, _, name in pairs):
        raise ValidationError("is not a list like word=Name in Zoho,word=Name in Zoho")
    words = {word.casefold(): name for word, _, name in pairs}
    if len(words) < len(pairs):
        raise ValidationError("names a word twice")
    return words


def is_loopback(host: str) -> bool:
    """Whether `host` is surely this machine, without asking a name server."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _split(value: object) -> SplitResult | None:
    try:
        url = urlsplit(str(value))
        _ = url.port
    except ValueError:
        return None
    return url
