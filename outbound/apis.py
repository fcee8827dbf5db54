"""Asking a sender's API about an event, or telling it something: JSON, a host that the mapping pins, nothing followed.

A credential goes into a header, or into the query, and nowhere else: no error names the address that was called.
"""

import base64
import email.utils
import json
import re
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, urlencode

from requests.utils import parse_header_links
from urllib3.util import parse_url

from config.keys import Key
from errors import NeedsAttention, RetryLater
from outbound.pace import AT_ONCE, KnownToBeRefused, Limit, NotNow, Pace, name_api
from outbound.pinned import FAILURES, PASSING, Got, NotPublic, Target, get, post, public_addresses

CALL_SECONDS = 15.0
MOST_BYTES = 5 * 1024 * 1024
LONGEST_PAUSE_SECONDS = 3600.0
NOT_THERE = frozenset({404, 410})
_JSON = re.compile(r"(application|text)/([a-z0-9.+-]+\+)?json")
_LONGEST_LINK = 4000


class ApiUnavailable(RetryLater):
    """Raised when an API could not answer now: it could not be reached, failed, or took too long."""

    code = "api_unavailable"


class ApiLimited(RetryLater):
    """Raised when an API is called as often as it may be, by our count or by its own."""

    code = "api_limited"


class ApiRefused(NeedsAttention):
    """Raised when an API will not answer before a person has seen to it; codes `api_unauthorized` and so on."""

    code = "api_refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiCall:
    """What to ask, of whom, and how: `target` is path and query, `origin` stands for the host where there is one.

    `caller` names whoever asks, `has_begun` says that it has asked before about the same, `what` is told to people.
    """

    what: str
    host: str
    target: str = field(repr=False)
    caller: str
    has_begun: bool = False
    keys: tuple[Key, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    limit: Limit
    origin: str | None = None

    @property
    def api(self) -> str:
        """What names the API that is called, with these credentials."""
        return name_api(self.origin or self.host, (key.value for key in self.keys))


@dataclass(frozen=True, slots=True)
class ApiAnswer:
    """JSON as it came, and where a `Link` header says that there is more."""

    content: bytes = field(repr=False)
    link: str | None = None


class Apis:
    """Calls APIs, as often as they allow where there is a `pace`; `seconds` is the time a whole call may take."""

    def __init__(self, pace: Pace | None, *, seconds: float = CALL_SECONDS, most_bytes: int = MOST_BYTES) -> None:
        self._pace = pace
        self._seconds = seconds
        self._most_bytes = most_bytes

    def ask(self, call: ApiCall) -> ApiAnswer | None:
        """The answer; None where the API says that there is no such thing.

        Raises ApiUnavailable and ApiLimited (try again later), or ApiRefused.
        """
        try:
            with self._place(call):
                got = self._call(call)
        except NotNow as pause:
            raise _limited(call, pause) from None
        except KnownToBeRefused:
            raise _unauthorized(call) from None
        if got.status == 200:
            return self._read(call, got)
        if got.status == 204:
            return ApiAnswer(b"null")
        if got.status in NOT_THERE:
            return None
        raise self._trouble(call, got)

    def tell(self, call: ApiCall, body: Mapping[str, object]) -> object:
        """What the API answers to JSON that is posted to it, once. Raises as `ask` does; then it may have arrived."""
        try:
            with self._place(call):
                got = self._call(call, json.dumps(body, ensure_ascii=False).encode())
        except NotNow as pause:
            raise _limited(call, pause) from None
        except KnownToBeRefused:
            raise _unauthorized(call) from None
        if got.status != 200:
            raise self._trouble(call, got)
        try:
            return json.loads(self._read(call, got).content)
        except ValueError:
            raise _unfit(call, "with what is no JSON") from None

    def _place(self, call: ApiCall) -> AbstractContextManager[None]:
        if self._pace is None:
            return nullcontext()
        seconds = self._seconds + 1
        return self._pace.place(call.api, call.limit, caller=call.caller, has_begun=call.has_begun, seconds=seconds)

    def _call(self, call: ApiCall, body: bytes | None = None) -> Got:
        if fault := next((f"the setting {key.setting} {key.fault}" for key in call.keys if key.fault), None):
            raise ApiRefused(f"{call.host} was not asked: {fault}.", remedy=f"Set {_settings(call)} right, then retry.")
        ends_at = time.monotonic() + self._seconds
        target = _target(call)
        headers = {"Accept": "application/json", "User-Agent": "Bookhook", **call.headers, **headers_of(call.keys)}
        try:
            if body is None:
                return get(target, headers=headers, most_bytes=self._most_bytes, ends_at=ends_at)
            headers["Content-Type"] = "application/json; charset=utf-8"
            return post(target, body, headers=headers, most_bytes=self._most_bytes, ends_at=ends_at)
        except FAILURES as error:
            raise ApiUnavailable(f"{call.host} could not be asked ({type(error).__name__}).") from None

    def _read(self, call: ApiCall, got: Got) -> ApiAnswer:
        media_type = got.headers.get("content-type", "").partition(";")[0].strip().lower()
        if not _JSON.fullmatch(media_type):
            raise _unfit(call, "not as JSON")
        if len(got.content) > self._most_bytes:
            raise _unfit(call, f"with more than {self._most_bytes // 1024 // 1024} MB")
        links = parse_header_links(got.headers.get("link", "")[:_LONGEST_LINK])
        return ApiAnswer(got.content, next((link["url"] for link in links if link.get("rel") == "next"), None))

    def _trouble(self, call: ApiCall, got: Got) -> RetryLater | ApiRefused:
        if got.status in PASSING or got.status >= 500:
            return self._pause(call, got)
        if got.status == 401:
            if self._pace is not None and call.keys:
                self._pace.refuse(call.api)
            return _unauthorized(call)
        if got.status == 403:
            return ApiRefused(
                f"{call.host} answered 403: {_settings(call)} may not read {call.what}.",
                code="api_forbidden",
                remedy=f"Give the key in {_settings(call)} the permission to read it, or set another; then retry.",
            )
        if 300 <= got.status < 400:
            return _unfit(call, f"with {got.status}, a redirect, which is not followed")
        return _unfit(call, f"with {got.status}")

    def _pause(self, call: ApiCall, got: Got) -> RetryLater:
        seconds = _retry_after(got.headers.get("retry-after", ""))
        is_limit = got.status == 429
        if self._pace is not None and (is_limit or seconds):
            self._pace.close(call.api, seconds or call.limit.seconds)
        words = f"{call.host} answered {got.status}" + (": it is called too often." if is_limit else ".")
        kind = ApiLimited if is_limit else ApiUnavailable
        return kind(words, retry_after_seconds=seconds)


def _target(call: ApiCall) -> Target:
    """Where to connect; an `origin` is this machine, and nobody looks it up."""
    url = parse_url(f"{call.origin or f'https://{call.host}'}{with_keys(call.target, call.keys)}")
    if call.origin is not None:
        return Target(url, ((url.host or "").strip("[]"),))
    try:
        return Target(url, public_addresses(call.host))
    except OSError:
        raise ApiUnavailable(f"The host {call.host} could not be found.") from None
    except NotPublic:
        raise ApiRefused(
            f"{call.host} was not asked: it is not on the public internet.",
            remedy="Correct the host in the mapping, or in the connection's settings; then retry.",
        ) from None


def with_keys(target: str, keys: Iterable[Key]) -> str:
    """The target with the credentials that go into the query, in the place of any that stand there."""
    added = {key.name: key.value for key in keys if key.way == "query"}
    if not added:
        return target
    path, _, query = target.partition("?")
    kept = [(name, value) for name, value in parse_qsl(query, keep_blank_values=True) if name not in added]
    return f"{path}?{urlencode([*kept, *added.items()], quote_via=quote)}"


def headers_of(keys: Iterable[Key]) -> dict[str, str]:
    """The headers with the credentials that go there."""
    return dict(_WAYS[key.way](key) for key in keys if key.way in _WAYS)


def _basic(words: str) -> tuple[str, str]:
    return "Authorization", f"Basic {base64.b64encode(words.encode()).decode()}"


_WAYS: Mapping[str, Callable[[Key], tuple[str, str]]] = {
    "bearer": lambda key: ("Authorization", f"Bearer {key.value}"),
    "basic": lambda key: _basic(key.value),
    "basic_user": lambda key: _basic(f"{key.value}:"),
    "header": lambda key: (key.name, f"{key.prefix}{key.value}"),
}


def _retry_after(text: str) -> float | None:
    """Seconds, given as such or as a time; None for neither."""
    if text.strip().isdecimal():
        seconds = float(text)
    else:
        try:
            seconds = email.utils.parsedate_to_datetime(text).timestamp() - time.time()
        except (ValueError, TypeError, OverflowError):
            return None
    return min(max(seconds, 1.0), LONGEST_PAUSE_SECONDS)


def _limited(call: ApiCall, pause: NotNow) -> ApiLimited:
    reasons = {
        "closed": "asked for a pause",
        "busy": f"has not answered {AT_ONCE} calls yet, and is asked no more at once",
        "line": f"is called {call.limit.calls} times in {call.limit.seconds} s at most",
    }
    return ApiLimited(f"{call.host} {reasons[pause.why]}.", retry_after_seconds=pause.seconds)


def _unauthorized(call: ApiCall) -> ApiRefused:
    if not call.keys:
        return ApiRefused(
            f"{call.host} answered 401: it wants a credential, and the mapping names none.",
            code="api_unauthorized",
            remedy="Name a credential in the mapping's `apis`, then retry.",
        )
    return ApiRefused(
        f"{call.host} answered 401: {_settings(call)} holds a key that is not valid (any more).",
        code="api_unauthorized",
        remedy=f"Make a new key at the sender, set {_settings(call)} to it and restart the workers; then retry what is "
        "parked for it, all at once: bookhook retry --state parked.",
    )


def _unfit(call: ApiCall, how: str) -> ApiRefused:
    return ApiRefused(
        f"{call.host} answered {how} when asked for {call.what}.",
        remedy="Compare the step in the mapping with the description of the sender's API; correct it, then retry.",
    )


def _settings(call: ApiCall) -> str:
    return " or ".join(f"the setting {key.setting}" for key in call.keys) or "whoever gives no credential"
