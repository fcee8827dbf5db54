"""Calls to one organization's Zoho Books: token, quota, deadline, one answer or one error.

Facts: zoho.com/books/api/v3/{introduction,oauth,pagination}.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import structlog

from config.organizations import Organization
from errors import BookhookError, OutcomeUnknown, ZohoUnavailable
from zoho import protocol
from zoho.answers import TokenRejected, ZohoThrottled, parse_object, read_answer
from zoho.oauth import Tokens
from zoho.protocol import Call, Row
from zoho.quota import Quota
from zoho.transport import Answer, NoAnswer, NotSent, Transport, check_url
from zoho.watching import Watch

PAGE_SIZE = 200

log = structlog.get_logger(__name__)


class Client:
    """Makes calls; safe to share between threads."""

    def __init__(
        self,
        organization: Organization,
        *,
        tokens: Tokens,
        quota: Quota,
        clock: Callable[[], float] = time.time,
        transport: Transport | None = None,
    ) -> None:
        self.organization = organization
        self._api_url = check_url(organization.api_url)
        self._tokens = tokens
        self._quota = quota
        self._clock = clock
        self._transport = transport or Transport()

    def call(self, call: Call, *, deadline: float | None = None) -> Row:
        """Zoho's answer, decoded; within the organization's `timeout_seconds` and not after `deadline` (unix seconds).

        Raises `OutcomeUnknown` only for a write that may have been received. After every other error nothing was
        done: `ZohoUnavailable`, `QuotaExhausted` (by our count or Zoho's), `OrganizationPaused`, `ZohoRejected`. A
        rejected token is renewed once and the call repeated once; never anything else.
        """
        token = self._tokens.access_token()
        try:
            return self._attempt(call, token, deadline)
        except TokenRejected:
            self._tokens.reject(token)
        token = self._tokens.access_token()
        try:
            return self._attempt(call, token, deadline)
        except TokenRejected:
            raise self._tokens.give_up(token) from None

    def rows(self, path: str, *, named: str | None = None, **params: str) -> Iterator[Row]:
        """Every row of a list, all pages; rows come under `named`, else the last word of the path.

        Zoho ignores filters it does not know without a word: verify each row.
        """
        for page in self.pages(path, params, named=named):
            yield from page

    def pages(
        self, path: str, params: Mapping[str, str], *, named: str | None = None, first: int = 1
    ) -> Iterator[list[Row]]:
        """The rows of a list page by page, a call each, beginning with the page `first`; as `rows` otherwise."""
        name = named or path.rsplit("/", 1)[-1]
        page = first
        more = True
        while more:
            answer = self.call(protocol.read(path, **params, page=str(page), per_page=str(PAGE_SIZE)))
            rows = _rows(answer, name)
            yield rows
            more = bool(rows) and _has_more(answer, len(rows))
            page += 1

    def _attempt(self, call: Call, token: str, deadline: float | None) -> Row:
        with self._quota.reserve(seconds=self._seconds_left(deadline)):
            watch = Watch(call, at=self._clock())
            answer = self._send(call, token, self._seconds_left(deadline), watch)
        log.debug("zoho answered", method=call.method, path=call.path, status=answer.status)
        try:
            payload = read_answer(answer.status, answer.headers, answer.body, writes=call.writes)
        except BookhookError as refusal:
            watch.answered(answer.status, parse_object(answer.body))
            if isinstance(refusal, ZohoThrottled):
                self._quota.close(refusal.retry_after_seconds)
            raise
        watch.answered(answer.status, payload)
        return payload

    def _seconds_left(self, deadline: float | None) -> float:
        seconds = self.organization.timeout_seconds
        if deadline is not None:
            seconds = min(seconds, deadline - self._clock())
        if seconds <= 0:
            raise ZohoUnavailable("The time for this call was over before it was made.")
        return seconds

    def _send(self, call: Call, token: str, seconds: float, watch: Watch) -> Answer:
        headers = {"Authorization": f"Zoho-oauthtoken {token}", "Accept": "application/json"}
        if call.body is not None:
            headers["Content-Type"] = "application/json"
        try:
            return self._transport.send(
                call.method,
                self._api_url + call.path,
                seconds=seconds,
                headers=headers,
                params=self._params(call),
                body=call.body,
                file=call.file,
            )
        except NotSent as trouble:
            watch.unanswered(trouble, sent=False)
            raise ZohoUnavailable(f"Zoho could not be reached ({trouble}).") from None
        except NoAnswer as trouble:
            watch.unanswered(trouble, sent=True)
            if call.writes:
                raise OutcomeUnknown(f"Zoho may have received the request, but gave no answer ({trouble}).") from None
            raise ZohoUnavailable(f"Zoho gave no answer ({trouble}).") from None

    def _params(self, call: Call) -> dict[str, str]:
        """Every call names the organization, except the one that lists organizations."""
        if call.path == "/organizations":
            return dict(call.params)
        return {"organization_id": self.organization.organization_id, **call.params}


def _rows(answer: Row, name: str) -> list[Row]:
    """The rows; the description of the API writes some names with underscores that its pages write without."""
    rows = next((rows for key, rows in answer.items() if key.replace("_", "") == name.replace("_", "")), None)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ZohoUnavailable("Zoho's list has no readable rows.")
    return rows


def _has_more(answer: Row, count: int) -> bool:
    """Without a word from Zoho a full page is taken to have a successor: a list must never end early."""
    context: Any = answer.get("page_context")
    more = context.get("has_more_page") if isinstance(context, dict) else None
    return bool(more) if isinstance(more, bool) else count >= PAGE_SIZE
