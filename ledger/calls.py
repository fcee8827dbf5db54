"""Every call to Zoho that was made for an event.

bh:calls:<event_id>  list  each call as JSON (zlib), the newest 200, oldest first; goes with its event, and with it into
                           the archive

A process gathers the calls and writes them along with the event's next step, which costs no command of its own. Calls
of a process that dies before that step are lost, what they did is not: that is on record as an intention.
"""

import json
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from redis import Redis

from config.redaction import hide, redact_text
from ledger.archive import Archive, pack_call
from ledger.scripts import load

MOST_KEPT = 200
MOST_CHARACTERS = 64 * 1024
"""So much of a body is kept; a body of Zoho's is ASCII, so a character is a byte."""
LONGEST_MESSAGE = 1000
# What else a list is filtered by may be a customer's.
PLAIN_PARAMS = frozenset(
    {
        *("page", "per_page", "filter_by", "sort_column", "sort_order", "status", "contact_type", "currency_code"),
        *("reference_number", "reference_number_contains", "date", "date_start", "date_end"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallMade:
    """A call to Zoho that is over, made `at` that time by the process `worker`.

    `status` is None where there was no answer; `code` and `message` are Zoho's, or the message says what was the
    trouble. `counted` says whether Zoho counts it. Of a `body` that was longer, the first MOST_CHARACTERS are kept;
    `length` is all that was sent. `answer` holds of what came back the ids, numbers and amounts.
    """

    at: str
    seconds: float
    method: str
    path: str
    params: Mapping[str, str] = field(repr=False)
    status: int | None
    code: str
    message: str
    counted: bool
    worker: str
    body: str | None = field(repr=False)
    length: int
    answer: Mapping[str, Any] = field(repr=False)

    @property
    def kept(self) -> dict[str, Any]:
        """As it is kept: everything, what is private as well."""
        return {name: getattr(self, name) for name in self.__slots__}

    def as_json(self, *, reveal: bool = False) -> dict[str, Any]:
        """The shape `show --json` promises; unless they are to be revealed, without private values."""
        params, message, body = dict(self.params), self.message, read_body(self.body)
        if not reveal:
            params = {name: _param(name, value) for name, value in params.items()}
            message, body = redact_text(message), hide(body)
        is_cut = self.length > len(self.body or "")
        return {**self.kept, "params": params, "message": message, "body": body, "is_cut": is_cut}


class Calls:
    """Gathers calls for events, and gives them back."""

    def __init__(self, redis: Redis, archive: Archive) -> None:
        self._archive = archive
        self._gathered: dict[str, deque[bytes]] = {}
        self._keep = load(redis, "keep_calls")

    def gather(self, event_id: str, call: CallMade) -> None:
        """Holds the call until the event's next step is written."""
        self._gathered.setdefault(event_id, deque(maxlen=MOST_KEPT)).append(pack_call(_cut(call).kept))

    def take(self, event_id: str) -> Sequence[bytes | int]:
        """How many calls were gathered for the event and each of them, as a step takes them; they are let go."""
        gathered = self._gathered.pop(event_id, ())
        return [len(gathered), *gathered]

    def keep(self, event_id: str) -> None:
        """Writes what was gathered for the event, by itself."""
        number, *calls = self.take(event_id)
        if number and not self._keep(args=[event_id, number, *calls]) and self._archive.restore(event_id):
            self._keep(args=[event_id, number, *calls])

    def of(self, event_id: str) -> list[CallMade]:
        """The calls that were made for the event, oldest first."""
        [stored] = self._archive.stored([event_id], with_calls=True)
        return [CallMade(**call) for call in stored.calls]


def _cut(call: CallMade) -> CallMade:
    body = None if call.body is None else call.body[:MOST_CHARACTERS]
    return replace(call, body=body, message=call.message[:LONGEST_MESSAGE])


def _param(name: str, value: str) -> str:
    return value if name in PLAIN_PARAMS else "(text)"


def read_body(body: str | None) -> object:
    """What a body says; its text where it is no JSON, or not all of it is kept."""
    try:
        return json.loads(body) if body else None
    except ValueError:
        return body
