"""What stands outside because of us: one record per business key.

bh:document:<business_key>   hash    state, generation (from the second on), event_id, frozen_body, send_deadline,
                                     zoho_id, number, total, control_total, tax_total, control_tax, tax_leeway,
                                     currency_code, money, version, order, url (where `bh:pages` does not give it),
                                     origin, taken_names (JSON), taken_at, organization, customer_id, posted_at,
                                     accepted_total, accepted_by; kept for ever, but an answer to a sender only for
                                     the retention; what was to be sent goes when it stands
bh:lease:<business_key>      string  the lease of whoever works on it; expires 15 s after its last renewal
bh:documents:<event_id>      string  the business keys an event led to, in order, each on a line; kept for ever, but
                                     those of answers alone only for the retention
bh:posted:<organization>     zset    the business keys of the invoices, expenses, payments and credit notes that stand,
                                     by posted_at; kept for ever
bh:doubtful:<organization>   zset    the business keys in state posting, unknown or undoing, by send_deadline
bh:zoho:<organization>       hash    Zoho's id of an invoice, expense, payment or credit note → its business key, also
                                     of what was undone; kept for ever
bh:pages                     hash    organization and kind → what stands before the id in the address of its page

A contact that was known before any event needed it (origin `warmed`) belongs to no event.
Times are unix seconds. The lists are kept by the step that writes a record (list_document in shared.lua).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import cast

from redis import Redis

from errors import Busy
from ledger.calls import Calls
from ledger.events import LEASE_SECONDS
from ledger.records import DocumentRecord, document_record, kind_of, moment
from ledger.scripts import load

Fields = Mapping[str, str | int | float | Decimal | None]


class LeaseLost(Busy):
    """Raised when another worker has taken over the key; whoever gets this must not act any more."""

    code = "lease_lost"


class Documents:
    """The record of every document, written only under its lease."""

    def __init__(self, redis: Redis, calls: Calls, *, clock: Callable[[], float], retention_days: int) -> None:
        self._redis = redis
        self._calls = calls
        self._clock = clock
        self._retention = retention_days * 86400
        self._pages: dict[str, str] = {}
        self._look = load(redis, "look")
        self._claim = load(redis, "claim_document")
        self._write = load(redis, "write_document")
        self._intend = load(redis, "intend")
        self._conclude = load(redis, "conclude")
        self._begin_anew = load(redis, "begin_anew")
        self._release = load(redis, "release")
        self._know_contacts = load(redis, "know_contacts")

    def claim(self, business_key: str, *, event_id: str, lease: str) -> DocumentRecord:
        """Takes the lease on a key and gives its record; raises Busy while another worker has it."""
        return self._take(business_key, event_id, lease)

    def claim_unless_posted(self, business_key: str, *, event_id: str, lease: str) -> DocumentRecord:
        """As `claim`, but what stands already is only looked at; an event that it is not of notes that it was found."""
        return self._take(business_key, event_id, lease, only_looks=True)

    def claim_answer(self, business_key: str, *, event_id: str, lease: str) -> DocumentRecord:
        """As `claim`, for what is of no use once its event is forgotten: the record expires after the retention."""
        return self._take(business_key, event_id, lease, seconds=self._retention)

    def _take(
        self, business_key: str, event_id: str, lease: str, *, seconds: int | None = None, only_looks: bool = False
    ) -> DocumentRecord:
        flat = self._claim(
            keys=[*_keys(business_key), f"bh:documents:{event_id}"],
            args=[
                lease,
                int(LEASE_SECONDS * 1000),
                event_id,
                seconds or "",
                moment(self._clock()),
                1 if only_looks else "",
            ],
        )
        if not flat:
            raise Busy("Another event is at the same document.", retry_after_seconds=1)
        return self._of_flat(business_key, flat)

    def write(self, business_key: str, lease: str, fields: Fields) -> None:
        """Writes fields (None is left out); raises LeaseLost when the lease is no longer the caller's."""
        if not self._write(keys=_keys(business_key), args=[lease, *_parts(fields)]):
            raise _taken_over()

    def intend(
        self, business_key: str, lease: str, fields: Fields, *, order: str | None, least: int | None
    ) -> int | None:
        """Writes fields and counts an intention to send; gives the count of all intentions.

        None, with nothing written, when the ledger may have forgotten something: it counts less than `least`, or Redis
        is another than the one it was last seen in; with `least` None that is left out. Raises LeaseLost when the lease
        on the key, or on the `order`, is no longer the caller's.
        """
        document, of_document = _keys(business_key)
        of_order = of_document if order is None else f"bh:lease:order:{order}"
        checks = [0, 1] if least is None else [least, ""]
        count = int(self._intend(keys=[document, of_document, of_order], args=[lease, *checks, *_parts(fields)]))
        if count == 0:
            raise _taken_over()
        return None if count < 0 else count

    def conclude(
        self, business_key: str, lease: str, fields: Fields, *, event_id: str, step: str, detail: str
    ) -> DocumentRecord:
        """Writes down that the document stands, notes the step for the event and gives up the lease; gives the record.

        Raises LeaseLost when the lease is no longer the caller's.
        """
        args = [lease, event_id, moment(self._clock()), step, detail, *self._calls.take(event_id)]
        args += _parts(self._without_page(business_key, fields))
        flat = self._conclude(keys=_keys(business_key), args=args)
        if not flat:
            raise _taken_over()
        return self._of_flat(business_key, flat)

    def know_contacts(self, organization: str, contacts: Iterable[tuple[str, str, str]]) -> int:
        """Notes contacts by key and Zoho's id as standing, without a lease, in one step; gives how many were new.

        What is on record already stays, but one that this noted before with the id that is given third ("" for none).
        """
        return int(self._know_contacts(args=[organization, *(part for contact in contacts for part in contact)]))

    def begin_anew(self, business_key: str, lease: str) -> None:
        """Starts the key's next generation, in state `new`; raises LeaseLost when the lease is not the caller's."""
        if not self._begin_anew(keys=_keys(business_key), args=[lease]):
            raise _taken_over()

    def release(self, business_key: str, lease: str) -> None:
        """Gives the lease up, if it is still the caller's."""
        self._release(keys=[f"bh:lease:{business_key}"], args=[lease])

    def get(self, business_key: str) -> DocumentRecord | None:
        """The record, or None."""
        [record] = self.get_all([business_key])
        return record

    def known(self, business_keys: Iterable[str]) -> dict[str, DocumentRecord]:
        """The records that there are under these keys, in one round trip."""
        return {record.business_key: record for record in self._records([key.encode() for key in business_keys])}

    def of(self, event_id: str) -> list[DocumentRecord]:
        """The documents an event led to, in the order it came to them."""
        keys = cast("bytes | None", self._redis.get(f"bh:documents:{event_id}"))
        return list(self._records((keys or b"").splitlines()))

    def of_each(self, event_ids: Sequence[str]) -> dict[str, list[DocumentRecord]]:
        """The documents each event led to, in two round trips."""
        keys = self._keys_of(event_ids)
        known = self.known(dict.fromkeys(key for own in keys.values() for key in own))
        return {each: [known[key] for key in own if key in known] for each, own in keys.items()}

    def kinds_of(self, event_ids: Sequence[str]) -> dict[str, set[str]]:
        """The kinds of documents that each event led to, in one round trip."""
        return {each: set(map(kind_of, keys)) for each, keys in self._keys_of(event_ids).items()}

    def _keys_of(self, event_ids: Sequence[str]) -> dict[str, list[str]]:
        kept = cast("list[bytes | None]", self._redis.mget([f"bh:documents:{each}" for each in event_ids] or ["-"]))
        return {each: (found or b"").decode().splitlines() for each, found in zip(event_ids, kept, strict=False)}

    def get_all(self, business_keys: Sequence[str]) -> list[DocumentRecord | None]:
        """The record of each key, or None, in one round trip."""
        found = self._look(keys=[f"bh:document:{key}" for key in business_keys])
        named = zip(business_keys, found, strict=True)
        return [self._of_flat(key, flat) if flat else None for key, flat in named]

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
        """The records of those of the keys that have one, in one round trip."""
        return (record for record in self.get_all(_texts(keys)) if record is not None)

    def _of_flat(self, business_key: str, flat: Sequence[bytes]) -> DocumentRecord:
        return self._record(business_key, dict(zip(flat[::2], flat[1::2], strict=True)))

    def _record(self, business_key: str, fields: Mapping[bytes, bytes]) -> DocumentRecord:
        texts = {name.decode(): value.decode() for name, value in fields.items()}
        record = document_record(business_key, texts)
        if record.url or not record.zoho_id or not (page := self._page(record.organization, record.kind)):
            return record
        return replace(record, url=page + record.zoho_id)

    def _without_page(self, business_key: str, fields: Fields) -> Fields:
        """The fields without an address that the organization and the id give."""
        url, zoho_id, organization = (str(fields.get(name) or "") for name in ("url", "zoho_id", "organization"))
        if not zoho_id or not url.endswith(zoho_id):
            return fields
        kind, page = kind_of(business_key), url.removesuffix(zoho_id)
        if self._page(organization, kind) != page:
            self._redis.hset("bh:pages", f"{organization}/{kind}", page)
            self._pages[f"{organization}/{kind}"] = page
        return {**fields, "url": None}

    def _page(self, organization: str | None, kind: str) -> str | None:
        name = f"{organization}/{kind}"
        if name not in self._pages:
            known = cast("dict[bytes, bytes]", self._redis.hgetall("bh:pages"))
            self._pages |= {each.decode(): page.decode() for each, page in known.items()}
        return self._pages.get(name)


def _keys(business_key: str) -> list[str]:
    return [f"bh:document:{business_key}", f"bh:lease:{business_key}"]


def _parts(fields: Fields) -> list[str]:
    return [text for name, value in fields.items() if value is not None for text in (name, str(value))]


def _taken_over() -> LeaseLost:
    return LeaseLost("Another worker has taken over this document.", retry_after_seconds=1)


def _texts(values: object) -> list[str]:
    return [value.decode() for value in values]  # type: ignore[attr-defined]
