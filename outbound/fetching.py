"""Fetching a file from an address that came in with an event: a stranger's word, so nothing about it is trusted.

Only https on the usual port, to a host that the connection lists or its mapping calls, at an address that is public
(outbound/pinned.py). A host gets the credentials that are for it, no other host gets any.
"""

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from urllib3.exceptions import LocationParseError
from urllib3.util import Url, parse_url

from config.keys import Key
from errors import RetryLater
from outbound.apis import headers_of, with_keys
from outbound.files import File, ReceiptRefused, recognise
from outbound.pinned import FAILURES, PASSING, NotPublic, Target, get, public_addresses

SECONDS = 20.0


class NotFetched(RetryLater):
    """Raised when a file could not be fetched now, but perhaps later."""

    code = "receipt_unavailable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeper:
    """A host of a sender's API that also keeps files: its credentials, and the `origin` that stands for it, if any."""

    keys: tuple[Key, ...] = ()
    origin: str | None = None


def fetch(
    url: str,
    *,
    hosts: Collection[str],
    keepers: Mapping[str, Keeper],
    most_bytes: int,
    loopback_origins: Collection[str],
    seconds: float = SECONDS,
) -> File:
    """The file at the address; raises ReceiptRefused, or NotFetched. Neither names the address."""
    parts = _parse(url)
    keeper = keepers.get(parts.host or "")
    target = _target(parts, hosts, loopback_origins) if keeper is None else _target_at(keeper, parts)
    keys = () if keeper is None else keeper.keys
    headers = {"Accept": "*/*", **headers_of(keys)}
    try:
        got = get(target, headers=headers, most_bytes=most_bytes, ends_at=time.monotonic() + seconds)
    except FAILURES as error:
        raise NotFetched(f"The receipt could not be fetched ({type(error).__name__}).") from None
    if got.status >= 500 or got.status in PASSING:
        raise NotFetched(f"The receipt could not be fetched: the host answered with {got.status}.")
    if got.status in (401, 403) and keys:
        settings = " and ".join(key.setting for key in keys)
        raise ReceiptRefused(f"its host answered with {got.status}: {settings} may not read it")
    if got.status != 200:
        raise ReceiptRefused(f"its host answered with {got.status}")
    if len(got.content) > most_bytes:
        raise ReceiptRefused(f"it is larger than {most_bytes // 1024 // 1024} MB")
    return recognise(parts.path or "", got.content)


def _parse(url: str) -> Url:
    try:
        return parse_url(url)
    except LocationParseError:
        raise ReceiptRefused("its address cannot be read") from None


def _target_at(keeper: Keeper, parts: Url) -> Target:
    """The file at a host that is asked with credentials."""
    _require_https(parts)
    request = with_keys(parts.request_uri, keeper.keys)
    if keeper.origin is not None:
        url = parse_url(f"{keeper.origin}{request}")
        return Target(url, ((url.host or "").strip("[]"),))
    return Target(parse_url(f"https://{parts.host}{request}"), _resolve(parts.host or ""))


def _target(parts: Url, hosts: Collection[str], loopback_origins: Collection[str]) -> Target:
    if parts.host not in hosts:
        raise ReceiptRefused("its host is not among the connection's `receipt_hosts`")
    if f"{parts.scheme}://{parts.netloc}" in loopback_origins:
        return Target(parts, (parts.host or "",))
    _require_https(parts)
    return Target(parts, _resolve(parts.host or ""))


def _require_https(parts: Url) -> None:
    if parts.scheme != "https" or parts.auth is not None or parts.port not in (None, 443):
        raise ReceiptRefused("its address is not a plain https:// one")


def _resolve(host: str) -> tuple[str, ...]:
    try:
        return public_addresses(host)
    except OSError:
        raise NotFetched("The host of the receipt could not be found.") from None
    except NotPublic:
        raise ReceiptRefused("its host is not on the public internet") from None
