"""Whoever wants to know which calls a thread makes to Zoho is told of each as soon as it is over.

Never told: the access token, the client's secret, anything else of the headers.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from zoho.protocol import Call, Row

TOLD_FIELDS = frozenset(
    {
        *("status", "date", "total", "tax_total", "balance", "amount", "currency_code", "reference_number"),
        *("invoice_number", "payment_number", "creditnote_number"),
    }
)
"""What is told of a record in an answer, besides its ids."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A call that is over.

    `at` (unix seconds) is when it began. `status` is None where Zoho gave no answer; `code` and `message` are Zoho's,
    or the message says what was the trouble. Zoho has `counted` it unless nothing left this machine. `body` is what was
    sent, `answer` the ids, numbers and amounts of each record that came back, and of each list how many rows it has.
    """

    at: float
    seconds: float
    method: str
    path: str
    params: Mapping[str, str] = field(repr=False)
    body: str | None = field(repr=False)
    status: int | None = None
    code: str = ""
    message: str = ""
    counted: bool = True
    answer: Mapping[str, Any] = field(default_factory=dict, repr=False)


Watcher = Callable[[Made], object]
_watcher: ContextVar[Watcher | None] = ContextVar("watcher", default=None)


@contextmanager
def watched(watcher: Watcher) -> Iterator[None]:
    """Has the watcher told of every call that this thread makes inside."""
    before = _watcher.set(watcher)
    try:
        yield
    finally:
        _watcher.reset(before)


class Watch:
    """One call, from just before it is sent; `is_free` where Zoho does not count it."""

    def __init__(self, call: Call, *, at: float, is_free: bool = False) -> None:
        self._call = call
        self._at = at
        self._is_free = is_free
        self._began = time.perf_counter()

    def answered(self, status: int, payload: Row | None) -> None:
        """Tells of an answer; `payload` is None where it is no JSON object."""
        read: Row = {"message": "The answer cannot be read."} if payload is None else payload
        code, message = str(read.get("code", "")), str(read.get("message", ""))
        self._tell(status=status, code=code, message=message, answer=_substance(read))

    def unanswered(self, trouble: Exception, *, sent: bool) -> None:
        """Tells that there was no answer, and whether the request may have been received."""
        self._tell(message=f"{'No answer' if sent else 'Not sent'} ({trouble}).", counted=sent)

    def _tell(self, *, counted: bool = True, **answered: Any) -> None:
        if (watcher := _watcher.get()) is None:
            return
        call, seconds = self._call, time.perf_counter() - self._began
        made = Made(
            at=self._at,
            seconds=seconds,
            method=call.method,
            path=call.path,
            params=call.params,
            body=_sent(call),
            counted=counted and not self._is_free,
            **answered,
        )
        watcher(made)


def _sent(call: Call) -> str | None:
    """The body as it is sent; of a file, what it is."""
    if call.file is None:
        return call.body
    return f"{call.file.media_type}, {len(call.file.content)} bytes"


def _substance(payload: Row) -> dict[str, Any]:
    """Of each record in an answer what is told of it, of each list how long it is."""
    records = {name: _told(value) for name, value in payload.items() if isinstance(value, dict)}
    return {name: told for name, told in records.items() if told} | {
        name: len(value) for name, value in payload.items() if isinstance(value, list)
    }


def _told(record: Row) -> dict[str, str]:
    plain = {name: value for name, value in record.items() if isinstance(value, str | int | Decimal)}
    return {name: str(value) for name, value in plain.items() if name in TOLD_FIELDS or name.endswith("_id")}
