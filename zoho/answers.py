"""(status, headers, body) → data or the right error. No I/O.

Zoho answers `{"code": 0, "message": …, "<resource>": …}`; success is 2xx *and* code 0, and a code may be a number or
text. Errors: zoho.com/books/api/v3/errors, limits: zoho.com/books/api/v3/introduction, tokens:
zoho.com/accounts/protocol/oauth/token-limits.html. What follows from an answer:

    429 or code 43 44 45 1070    nothing done, QuotaExhausted with a time
    401 or code 14 57 INVALID_*  nothing done, TokenRejected: a new token may help, once
    6041                         OrganizationPaused: the organization id and the grant do not fit
    5xx, 1000, not JSON          OutcomeUnknown after a write, ZohoUnavailable after a read
    3062                         NameTaken
    "already", "duplicate"       ValueTaken, if the words of a refusal say so: Zoho publishes no code for it
    anything else                ZohoRejected: repeating cannot help; also a 404, which names a missing reference
"""

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from errors import OrganizationPaused, OutcomeUnknown, QuotaExhausted, RetryLater, ZohoRejected, ZohoUnavailable

DAY_SECONDS = 86400.0
DEFAULT_WAITS = {"43": 60.0, "44": 60.0, "45": 3600.0, "1070": 1.5}
LIMIT_NAMES = {"43": "calls in a short time", "44": "calls a minute", "45": "calls a day", "1070": "calls at once"}
TOKEN_CODES = frozenset({"14", "57", "INVALID_OAUTHTOKEN", "INVALID_TICKET"})
REMEDIES = {
    "2": "Correct the value in the mapping or at the sender, then retry.",
    "15": "Shorten the text at the sender or in the mapping, then retry.",
    "1002": "Check in Zoho Books that the contact, account, tax or item still exists and is active, then retry.",
}
TAKEN = re.compile(r"already|duplicate|unique", re.IGNORECASE)
DEFAULT_REMEDY = "Mend the cause in Zoho Books or in the mapping, then retry."


class TokenRejected(RetryLater):
    """Raised when Zoho did nothing because of the access token: expired, or lacking scope, data centre or role."""

    code = "token_rejected"


class ZohoThrottled(QuotaExhausted):
    """Raised when Zoho itself refused a call for a limit; `zoho_code` is 43, 44, 45, 1070 or the HTTP status."""

    retry_after_seconds: float

    def __init__(self, message: str, *, zoho_code: str, retry_after_seconds: float) -> None:
        super().__init__(message, retry_after_seconds=retry_after_seconds)
        self.zoho_code = zoho_code


class NameTaken(ZohoRejected):
    """Raised when a contact's display name is in use (3062)."""

    code = "contact_name_taken"


class ValueTaken(ZohoRejected):
    """Raised when Zoho's words say that another record has a value that must be unique."""


def read_answer(status: int, headers: Mapping[str, str], body: bytes, *, writes: bool) -> dict[str, Any]:
    """The decoded body of a success, fractions as `Decimal`; raises the errors of the table above otherwise."""
    payload = parse_object(body)
    code = str(payload.get("code", "")) if payload is not None else ""
    if payload is not None and code == "0" and 200 <= status < 300:
        return payload
    if status == 429 or (code in DEFAULT_WAITS and status < 500):
        raise _throttled(code or str(status), headers)
    if status == 401 or code in TOKEN_CODES:
        raise TokenRejected("Zoho did not accept the access token.")
    if payload is None or code in ("", "0", "1000") or status >= 500:
        raise _doubtful(status, writes=writes)
    if code == "6041":
        raise OrganizationPaused(
            "Zoho says the connected user does not belong to this organization (code 6041): check "
            "ZOHO_ORGANIZATION_ID and ZOHO_DATA_CENTER, or connect with a user of the organization.",
            retry_after_seconds=300,
        )
    raise _rejected(code, str(payload.get("message") or "no reason given"))


def read_token(status: int, body: bytes) -> tuple[str, float]:
    """An access token and its life in seconds.

    Zoho reports bad credentials with HTTP 200, so only the fields decide. Raises `TokenRefused` with Zoho's word for
    the refusal, or `ZohoUnavailable` when the answer says nothing.
    """
    payload = parse_object(body) or {}
    error = str(payload.get("error") or "").strip().casefold()
    if status == 429 or error == "access denied" or "too many requests" in str(payload.get("error_description")):
        raise TokenRefused("access denied")
    if status >= 500 or error == "general_error":
        raise ZohoUnavailable(f"Zoho's token service failed (HTTP {status}).")
    if error:
        raise TokenRefused(error)
    token = payload.get("access_token")
    if not isinstance(token, str) or not token:
        raise ZohoUnavailable(f"Zoho's token service gave an unreadable answer (HTTP {status}).")
    return token, _seconds(payload.get("expires_in"), most=DAY_SECONDS) or 3600.0


class TokenRefused(Exception):
    """Raised when the token service refuses a grant; `error` is its word in lower case."""

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.error = error


def parse_object(body: bytes) -> dict[str, Any] | None:
    """A JSON object with fractions as `Decimal`; None for anything else, however malformed."""
    try:
        payload = json.loads(body, parse_float=Decimal, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return None
    return payload if isinstance(payload, dict) else None


def _refuse_constant(text: str) -> object:
    raise ValueError(text)


def _doubtful(status: int, *, writes: bool) -> RetryLater:
    if writes:
        return OutcomeUnknown(f"Zoho's answer (HTTP {status}) does not say whether the request was carried out.")
    return ZohoUnavailable(f"Zoho failed to answer (HTTP {status}).")


def _rejected(code: str, message: str) -> ZohoRejected:
    kind = NameTaken if code == "3062" else ValueTaken if TAKEN.search(message) else ZohoRejected
    return kind(f"Zoho refused it: {message} (code {code})", zoho_code=code, remedy=REMEDIES.get(code, DEFAULT_REMEDY))


def _throttled(code: str, headers: Mapping[str, str]) -> ZohoThrottled:
    """Zoho documents no waiting time; the headers are read where they come, and believed up to a day."""
    told = {name.lower(): value for name, value in headers.items()}
    header = told.get("x-rate-limit-reset") if code == "45" else told.get("retry-after")
    wait = _seconds(header, most=DAY_SECONDS) or _seconds(told.get("retry-after"), most=DAY_SECONDS)
    return ZohoThrottled(
        f"Zoho's limit of {LIMIT_NAMES.get(code, 'calls')} is reached (code {code}).",
        zoho_code=code,
        retry_after_seconds=wait or DEFAULT_WAITS.get(code, 60.0),
    )


def _seconds(value: object, *, most: float) -> float | None:
    """A number of seconds above zero and up to `most`; None for anything else, such as a date."""
    text = str(value).strip()
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        return None
    return float(text) if 0 < int(text) <= most else None
