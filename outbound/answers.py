"""Telling somebody the outcome: a JSON POST to an address that came in with an event.

Such an address is a stranger's word, so its host must be one the mapping names, over https on the usual port; the one
exception is the loopback address this deployment already uses as its Zoho Books (the sandbox plays Slack as well).
"""

import posixpath
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

import requests

from outbound.fetching import fetch
from outbound.files import MOST_BYTES, File

TIMEOUT_SECONDS = 5.0


class NotDelivered(Exception):
    """Raised when an answer surely or possibly did not arrive; it is not sent again."""


class Outbound:
    """Calls out; `loopback_origin` is the sandbox's `http://127.0.0.1:port`, `alert_url` takes Slack's messages."""

    def __init__(
        self,
        *,
        loopback_origin: str | None = None,
        alert_url: str | None = None,
        session: requests.Session | None = None,
    ) -> None:
        self._loopback_origin = loopback_origin
        self._alert_url = alert_url
        self._session = session or requests.Session()

    def post_json(self, url: str, body: Mapping[str, Any], *, hosts: Collection[str]) -> None:
        """Posts once, following no redirect; raises NotDelivered with a reason that names no address."""
        if not self._allowed(url, hosts):
            raise NotDelivered("its address is not on an allowed host")
        self._post(url, body)

    def fetch_file(self, url: str, *, hosts: Collection[str], most_bytes: int = MOST_BYTES) -> File:
        """The file at an address that came in with an event; raises ReceiptRefused, or NotFetched (try again later).

        A host counts when it is exactly one of `hosts`; so for the sandbox's, which must be listed as well.
        """
        return fetch(url, hosts=hosts, most_bytes=most_bytes, loopback_origin=self._loopback_origin)

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
            raise NotDelivered(f"it was answered with {answer.status_code}")

    def _allowed(self, url: str, hosts: Collection[str]) -> bool:
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            return False
        if self._loopback_origin and f"{parts.scheme}://{parts.netloc}" == self._loopback_origin:
            return _is_within(parts.path, "/_sandbox/slack")
        plain = parts.username is None and parts.password is None and port in (None, 443)
        return parts.scheme == "https" and plain and parts.hostname in hosts


def _is_within(path: str, folder: str) -> bool:
    """Whether the path leads there once `..` in it, in whatever writing, is followed, as clients and servers do."""
    followed = posixpath.normpath(unquote(path))
    return followed == folder or followed.startswith(f"{folder}/")
