"""Comparing the ledger with Zoho: what is missing there, doubled, changed or voided by hand, or unknown here.

Zoho's lists are read once, newest first, 200 rows a call; only what does not fit is read by itself. The lists are read
before the ledger, so that what is being posted meanwhile has its intention there. Contacts are not compared.
"""

import dataclasses
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import cast

from drafts import DocumentKind
from ledger.ledger import Ledger
from ledger.marks import marker
from ledger.records import DocumentRecord
from worker.desk import Desk
from zoho.books import Books
from zoho.protocol import Row, read_money

KINDS: Mapping[DocumentKind, str] = {
    "invoice": "invoice_id",
    "expense": "expense_id",
    "payment": "payment_id",
    "credit_note": "creditnote_id",
}
# A shorter look back does not show that the ledger forgot nothing: a backup may be days old.
LEAST_SECONDS = 7 * 86400.0
MARKER = re.compile(r"bh-[a-z2-7]{12}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that is not in Zoho as the ledger says; `what` is a word of docs/reconciling.md.

    `in_zoho` and `in_ledger` are amounts with their currency, where those differ.
    """

    what: str
    kind: str
    detail: str
    business_key: str | None = None
    event_id: str | None = None
    zoho_id: str | None = None
    number: str | None = None
    url: str | None = None
    in_zoho: str | None = None
    in_ledger: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """What a comparison found; `since` is in unix seconds, `checked` counts documents by kind."""

    organization: str
    since: float
    checked: Mapping[str, int]
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class _Stands:
    """A document in Zoho, as its list shows it."""

    kind: DocumentKind
    zoho_id: str
    total: Decimal
    currency_code: str
    status: str
    marker: str | None
    number: str


def reconcile(desk: Desk, books: Books, *, since: float) -> Reconciliation:
    """Compares what was posted, or created in Zoho, since then (unix seconds).

    Raises what reading Zoho raises. Without a difference over the last seven days or more it ends the care after a
    ledger that went back, for this organization, unless a try that was forgotten then could still be on its way.
    """
    organization, ledger, began = books.organization.organization_id, desk.ledger, desk.ledger.clock()
    ledger.incarnation.observe()
    comparison = _Comparison(desk, books, {kind: _read(books, kind, since) for kind in KINDS})
    records = [record for record in ledger.documents.posted(organization, since) if record.kind in KINDS]
    differences = tuple(comparison.differences(records))
    checked = Counter(record.kind for record in records)
    kept = [dataclasses.asdict(difference) for difference in differences]
    ledger.reconciliations.keep(organization, since=since, checked=len(records), differences=kept)
    if not differences and since <= began - LEAST_SECONDS:
        ledger.reconciliations.declare_sound(organization, at=began - desk.send_seconds - desk.settle_seconds)
    return Reconciliation(organization=organization, since=since, checked=checked, differences=differences)


def _read(books: Books, kind: DocumentKind, since: float) -> dict[str, _Stands]:
    """What was created since, and perhaps on the day before, by its id in Zoho."""
    day = datetime.fromtimestamp(since, UTC).date() - timedelta(days=1)  # Zoho's days are the organization's
    return {stands.zoho_id: stands for row in books.listed(kind, since=day) if (stands := _stands(kind, row))}


def _stands(kind: DocumentKind, row: Row) -> _Stands:
    found = MARKER.findall(str(row.get("reference_number") or ""))
    return _Stands(
        kind=kind,
        zoho_id=str(row[KINDS[kind]]),
        total=read_money(row["amount" if kind == "payment" else "total"]),
        currency_code=str(row.get("currency_code") or ""),
        status=str(row.get("status") or ""),
        marker=found[-1] if found else None,
        number=str(row.get(f"{'creditnote' if kind == 'credit_note' else kind}_number") or ""),
    )


@dataclass(frozen=True, slots=True)
class _Comparison:
    """The ledger against what the lists of one organization show."""

    desk: Desk
    books: Books
    listed: Mapping[DocumentKind, Mapping[str, _Stands]]

    @property
    def ledger(self) -> Ledger:
        return self.desk.ledger

    @property
    def organization(self) -> str:
        return self.books.organization.organization_id

    def differences(self, records: Iterable[DocumentRecord]) -> Iterator[Difference]:
        known = {(record.kind, record.zoho_id): record for record in records}
        for record in known.values():
            yield from self._of_record(record)
        for rows in self.listed.values():
            yield from self._of_markers([stands for stands in rows.values() if stands.marker], known)
        yield from self._in_doubt()

    def _of_record(self, record: DocumentRecord) -> Iterator[Difference]:
        kind, zoho_id = cast(DocumentKind, record.kind), record.zoho_id or ""
        stands = self.listed[kind].get(zoho_id)
        if stands is None:
            if self.books.status(kind, zoho_id) is None:
                if self._is_still_posted(record):
                    yield _of(record, "missing", "it is not in Zoho any more")
                return
            stands = _stands(kind, self.books.row(kind, zoho_id))
        yield from self._compare(record, stands)

    def _is_still_posted(self, record: DocumentRecord) -> bool:
        now = self.ledger.documents.get(record.business_key)
        return now is not None and now.state == "posted" and now.zoho_id == record.zoho_id

    def _compare(self, record: DocumentRecord, stands: _Stands) -> Iterator[Difference]:
        if stands.status == "void":
            if not self._was_voided_by_us(record) and self._is_still_posted(record):
                yield _of(record, "voided", "it was voided in Zoho")
        elif record.total is not None and stands.total not in (record.total, record.control_total):
            there, here = _money(stands.total, stands.currency_code), _money(record.total, record.currency_code)
            changed = _of(record, "changed", f"Zoho says {there}, the ledger {here}")
            yield dataclasses.replace(changed, in_zoho=there, in_ledger=here)
        elif stands.currency_code and record.currency_code not in (None, stands.currency_code):
            yield _of(record, "changed", f"it is in {stands.currency_code} in Zoho, in {record.currency_code} here")

    def _was_voided_by_us(self, record: DocumentRecord) -> bool:
        connection, _, name = record.business_key.split("/", 2)
        void = self.ledger.documents.get(f"{connection}/void/{name}")
        return record.kind == "invoice" and void is not None and void.state == "posted"

    def _of_markers(
        self, marked: list[_Stands], known: Mapping[tuple[str, str | None], DocumentRecord]
    ) -> Iterator[Difference]:
        """What bears a marker of ours without being what the ledger knows."""
        bearers = defaultdict(list)
        for stands in marked:
            if stands.status != "void":
                bearers[stands.marker].append(stands)
        for mark, found in bearers.items():
            strangers = [stands for stands in found if (stands.kind, stands.zoho_id) not in known]
            for stands in strangers:
                yield from self._of_stranger(stands, [each for each in found if each is not stands], mark=str(mark))

    def _of_stranger(self, stands: _Stands, others: list[_Stands], *, mark: str) -> Iterator[Difference]:
        record = self._record(stands)
        if _is_of(record, stands):
            return
        if others:
            yield self._doubled(stands, others, mark, record)
        elif record is not None and record.state != "undoing":
            yield self._unexpected("stands_again", stands, "it was undone, but stands in Zoho", record)
        elif record is None and not self._is_being_posted(mark):
            yield self._unexpected("unknown", stands, f"it has the marker {mark}, but the ledger has no such document")

    def _doubled(self, stands: _Stands, others: list[_Stands], mark: str, record: DocumentRecord | None) -> Difference:
        """One too many; it is told with the event and the document of ours that bears the marker by right."""
        for other in others:
            if _is_of(ours := self._record(other), other):
                told = f"{other.number or other.zoho_id} has the same marker {mark}"
                return self._unexpected("doubled", stands, told, ours)
        return self._unexpected("doubled", stands, f"another has the same marker {mark}", record)

    def _record(self, stands: _Stands) -> DocumentRecord | None:
        return self.ledger.documents.with_zoho_id(self.organization, stands.zoho_id)

    def _is_being_posted(self, mark: str) -> bool:
        doubtful = self.ledger.documents.doubtful(self.organization)
        return any(marker(record.business_key, record.generation) == mark for record in doubtful)

    def _unexpected(self, what: str, stands: _Stands, detail: str, record: DocumentRecord | None = None) -> Difference:
        return Difference(
            what=what,
            kind=stands.kind,
            detail=detail,
            business_key=record.business_key if record else None,
            event_id=record.event_id if record else None,
            zoho_id=stands.zoho_id,
            number=stands.number or None,
            url=self.books.document_url(stands.kind, stands.zoho_id),
        )

    def _in_doubt(self) -> Iterator[Difference]:
        """What should be known by now."""
        latest = self.ledger.clock() - self.desk.settle_seconds - self.desk.send_seconds
        for record in self.ledger.documents.doubtful(self.organization):
            if (record.send_deadline or 0.0) < latest:
                yield _of(record, "in_doubt", f"it is not known whether it stands (state {record.state})")


def _is_of(record: DocumentRecord | None, stands: _Stands) -> bool:
    """Whether the record says that this is its document."""
    return record is not None and record.state == "posted" and record.zoho_id == stands.zoho_id


def _of(record: DocumentRecord, what: str, detail: str) -> Difference:
    return Difference(
        what=what,
        kind=record.kind,
        detail=detail,
        business_key=record.business_key,
        event_id=record.event_id,
        zoho_id=record.zoho_id,
        number=record.number or None,
        url=record.url,
    )


def _money(amount: Decimal, currency_code: str | None) -> str:
    return f"{amount:f} {currency_code or ''}".rstrip()
