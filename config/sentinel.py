"""Where sentinels are that know which Redis is the master, as settings say it."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from marshmallow import ValidationError

SENTINEL_PORT = 26379
OPTIONS = frozenset({"master", "auth"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentinels:
    """Where the sentinels are, and what they call the master; `auth`: they want the servers' password too."""

    addresses: tuple[tuple[str, int], ...]
    master: str
    auth: bool


def parse_sentinels(text: str) -> Sentinels:
    """`host:port,host:port;master=name;auth=yes`, of which one host is enough; raises ValidationError."""
    places, *options = [part.strip() for part in text.split(";")]
    given = dict(_parse_option(option) for option in options)
    addresses = tuple(_parse_address(place.strip()) for place in places.split(","))
    if len(given) < len(options) or not given.keys() <= OPTIONS or given.get("auth", "no") not in {"yes", "no"}:
        raise _malformed()
    return Sentinels(
        addresses=addresses,
        master=given.get("master", "mymaster"),
        auth=given.get("auth") == "yes",
    )


def is_sentinels(value: object) -> None:
    """Checks for what `parse_sentinels` takes."""
    parse_sentinels(str(value))


def _parse_option(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    if not value.strip():
        raise _malformed()
    return name.strip(), value.strip()


def _parse_address(text: str) -> tuple[str, int]:
    try:
        place = urlsplit(f"//{text}")
        host, port = place.hostname, place.port or SENTINEL_PORT
    except ValueError:
        raise _malformed() from None
    if not host or place.netloc != text or "@" in text:
        raise _malformed()
    return host, port


def _malformed() -> ValidationError:
    return ValidationError("is not a list like 10.0.0.1:26379,10.0.0.2:26379;master=mymaster")
