"""Telling somebody the outcome: a JSON POST to an address that came in with an event.

Such an address is a stranger's word, so its host must be one the mapping names, over https on the usual port; the one
exception are loopback addresses this deployment already uses as its Zoho Books (the sandbox plays Slack as well).
"""

import posixpath
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

import requests

from outbound.fetching import Keeper, fetch
from outbound.files import MOST_BYTES, File

TIMEOUT_SECONDS = 5.0


class NotDelivered(Exception):
    """Raised when an answer did not arrive, as `is_sure`, or possibly not; then it is not sent again."""

    def __init__(self, reason: str, *, is_sure: bool = False) -> None:
        super().__init__(reason)
        self.is_sure = is_sure


class Outbound:
    """Calls out; `loopback_origins` are the sandboxes' `http://127.0.0.1:port`, `alert_url` takes Slack's messages."""

    def __init__(
        self,
        *,
        loopback_origins: Collection[str] = (),
        alert_url: str | None = None,
        session: requests.Session | None = None,
    ) -> None:
        self._loopback_origins = frozenset(loopback_origins)
        self._alert_url = alert_url
        self._session = session or requests.Session()

    def post_json(self, url: str, body: Mapping[str, Any], *, hosts: Collection[str]) -> None:
        """Posts once, following no redirect; raises NotDelivered with a reason that names no address."""
        if not self._allowed(url, hosts):
            raise NotDelivered("its address is not on an allowed host", is_sure=True)
        self._post(url, body)

    def fetch_file(
        self,
        url: str,
        *,
        hosts: Collection[str],
        keepers: Mapping[str, Keeper] | None = None,
        most_bytes: int = MOST_BYTES,
    ) -> File:
        """The file at an address that came in with an event; raises ReceiptRefused, or NotFetched (try again later).

        A host counts when it is exactly one of `hosts` or of `keepers`; so for the sandbox's, which must be listed
        as well.
        """
        origins = self._loopback_origins
        return fetch(url, hosts=hosts, keepers=keepers or {}, most_bytes=most_bytes, loopback_origins=origins)

    def alert(self, text: str) -> None:
        """Tells the people who run this, where BOOKHOOK_ALERT_URL says; raises NotDelivered, or does nothing unset."""
        if self._alert_url:
            self._post(self._alert_url, {"text": text})

    def _post(self, url: str, body: Mapping[str, Any]) -> None:
        try:
            answer = self._session.post(url, json=dict(body), timeout=TIMEOUT_SECONDS, allow_redirects=False)
        except requests.RequestException as error:
            raise NotDelivered(f"the call failed ({type(error).__name__})") from None
        if not answer.ok or answer.is_redirect:
            is_refused = 400 <= answer.status_code < 500
            raise NotDelivered(f"it was answered with {answer.status_code}", is_sure=is_refused)

    def _allowed(self, url: str, hosts: Collection[str]) -> bool:
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            return False
        if f"{parts.scheme}://{parts.netloc}" in self._loopback_origins:
            return _is_within(parts.path, "/_sandbox/slack")
        plain = parts.username is None and parts.password is None and port in (None, 443)
        return parts.scheme == "https" and plain and parts.hostname in hosts


def _is_within(path: str, folder: str) -> bool:
    """Whether the path leads there once `..` in it, in whatever writing, is followed, as clients and servers do."""
    followed = posixpath.normpath(unquote(path))
    return followed == folder or followed.startswith(f"{folder}/")
