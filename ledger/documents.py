"""What stands outside because of us: one record per business key.

bh:document:<business_key>   hash    kind, state, generation, event_id, frozen_body, send_deadline, zoho_id, number,
                                     total, control_total, tax_total, control_tax, tax_leeway, currency_code, money,
                                     version, order, url, origin, taken_names (JSON), taken_at, organization,
                                     customer_id, posted_at, accepted_total, accepted_by; kept for ever,
                                     but an answer to a sender only for the retention
bh:lease:<business_key>      string  the lease of whoever works on it; expires 15 s after its last renewal
bh:documents:<event_id>      list    the business keys an event led to, in order; kept for ever, but one of answers
                                     alone only for the retention
bh:posted:<organization>     zset    the business keys of what stands, by posted_at; kept for ever
bh:doubtful:<organization>   zset    the business keys in state posting, unknown or undoing, by send_deadline
bh:zoho:<organization>       hash    Zoho's id of an invoice, expense, payment or credit note → its business key, also
                                     of what was undone; kept for ever

A contact that was known before any event needed it (origin `warmed`) has no more than its key and its id.
Times are unix seconds. The lists are kept by the step that writes a record (list_document in shared.lua).
"""

import base64
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import cast

from redis import Redis

from errors import Busy
from ledger.events import LEASE_SECONDS
from ledger.records import DocumentRecord, document_record
from ledger.scripts import load

Fields = Mapping[str, str | int | float | Decimal | None]


def marker(business_key: str, generation: int) -> str:
    """What makes a document findable in Zoho: `bh-` and 12 characters from the hash of its key and generation."""
    digest = hashlib.sha256(f"{business_key}\n{generation}".encode()).digest()
    return "bh-" + base64.b32encode(digest).decode().lower()[:12]


class LeaseLost(Busy):
    """Raised when another worker has taken over the key; whoever gets this must not act any more."""

    code = "lease_lost"


class Documents:
    """The record of every document, written only under its lease."""

    def __init__(self, redis: Redis, *, retention_days: int) -> None:
        self._redis = redis
        self._retention = retention_days * 86400
        self._claim = load(redis, "claim_document")
        self._write = load(redis, "write_document")
        self._begin_anew = load(redis, "begin_anew")
        self._release = load(redis, "release")
        self._know_contacts = load(redis, "know_contacts")

    def claim(self, business_key: str, kind: str, *, event_id: str, lease: str) -> DocumentRecord:
        """Takes the lease on a key and gives its record; raises Busy while another worker has it."""
        return self._take(business_key, kind, event_id, lease, seconds=None)

    def claim_answer(self, business_key: str, *, event_id: str, lease: str) -> DocumentRecord:
        """As `claim`, for what is of no use once its event is forgotten: the record expires after the retention."""
        return self._take(business_key, "answer", event_id, lease, seconds=self._retention)

    def _take(self, business_key: str, kind: str, event_id: str, lease: str, *, seconds: int | None) -> DocumentRecord:
        flat = self._claim(
            keys=[f"bh:document:{business_key}", f"bh:lease:{business_key}", f"bh:documents:{event_id}"],
            args=[lease, int(LEASE_SECONDS * 1000), business_key, kind, event_id, seconds or ""],
        )
        if not flat:
            raise Busy("Another event is at the same document.", retry_after_seconds=1)
        return document_record(dict(zip(_texts(flat[::2]), _texts(flat[1::2]), strict=True)))

    def write(self, business_key: str, lease: str, fields: Fields) -> None:
        """Writes fields (None is left out); raises LeaseLost when the lease is no longer the caller's."""
        parts = [text for name, value in fields.items() if value is not None for text in (name, str(value))]
        if not self._write(keys=[f"bh:document:{business_key}", f"bh:lease:{business_key}"], args=[lease, *parts]):
            raise LeaseLost("Another worker has taken over this document.", retry_after_seconds=1)

    def know_contacts(self, contacts: Iterable[tuple[str, str, str]]) -> int:
        """Notes contacts by key and Zoho's id as standing, without a lease, in one step; gives how many were new.

        What is on record already stays, but one that this noted before with the id that is given third ("" for none).
        """
        return int(self._know_contacts(args=[part for contact in contacts for part in contact]))

    def begin_anew(self, business_key: str, lease: str) -> None:
        """Starts the key's next generation, in state `new`; raises LeaseLost when the lease is not the caller's."""
        keys = [f"bh:document:{business_key}", f"bh:lease:{business_key}"]
        if not self._begin_anew(keys=keys, args=[lease]):
            raise LeaseLost("Another worker has taken over this document.", retry_after_seconds=1)

    def release(self, business_key: str, lease: str) -> None:
        """Gives the lease up, if it is still the caller's."""
        self._release(keys=[f"bh:lease:{business_key}"], args=[lease])

    def get(self, business_key: str) -> DocumentRecord | None:
        """The record, or None."""
        fields = cast(dict[bytes, bytes], self._redis.hgetall(f"bh:document:{business_key}"))
        return _record(fields) if fields else None

    def of(self, event_id: str) -> list[DocumentRecord]:
        """The documents an event led to, in the order it came to them."""
        return list(self._records(self._redis.lrange(f"bh:documents:{event_id}", 0, -1)))

    def posted(self, organization: str, since: float, *, page: int = 500) -> Iterator[DocumentRecord]:
        """What stands in an organization's books because of us, posted since (unix seconds), oldest first."""
        start, key = 0, f"bh:posted:{organization}"
        while keys := self._redis.zrange(key, since, "+inf", byscore=True, offset=start, num=page):
            yield from self._records(keys)
            start += page

    def doubtful(self, organization: str) -> list[DocumentRecord]:
        """The organization's documents of which it is not known whether they stand, the oldest doubt first."""
        return list(self._records(self._redis.zrange(f"bh:doubtful:{organization}", 0, -1)))

    def with_zoho_id(self, organization: str, zoho_id: str) -> DocumentRecord | None:
        """The record of what has, or had in an earlier generation, this id in the organization's books."""
        key = cast(bytes | None, self._redis.hget(f"bh:zoho:{organization}", zoho_id))
        return None if key is None else self.get(key.decode())

    def _records(self, keys: object) -> Iterator[DocumentRecord]:
        """The records of these keys, in one round trip."""
        with self._redis.pipeline(transaction=False) as pipeline:
            for key in _texts(keys):
                pipeline.hgetall(f"bh:document:{key}")
            found: Iterable[dict[bytes, bytes]] = pipeline.execute()
        return (_record(fields) for fields in found if fields)


def _record(fields: Mapping[bytes, bytes]) -> DocumentRecord:
    return document_record({name.decode(): value.decode() for name, value in fields.items()})


def _texts(values: object) -> list[str]:
    return [value.decode() for value in values]  # type: ignore[attr-defined]
