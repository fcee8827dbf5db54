"""What of a credit note is paid back: by a refund of it in Zoho, and by a further one for what went back since.

A sender may tell one refund again and again, with more of it paid back. Each refund in Zoho has a key of its own, so
that whoever goes on after a crash finds what was paid; together they come to what went back.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from drafts import RefundDraft
from errors import Conflict, NeedsAttention, ZohoRejected
from ledger.documents import Fields
from ledger.payouts import nth_payout
from ledger.records import DocumentRecord
from worker.payments import THEN_DONE, balance_of, is_settled_by_hand
from worker.posting import Effect, Prepared, Standing
from worker.statuses import IN_DOUBT
from worker.task import Task
from zoho.protocol import Row, read_money

ZERO = Decimal(0)


def paid_back(task: Task, refund: RefundDraft) -> Decimal:
    """What of a refund goes back to the customer; nothing where the connection records no payments."""
    if not task.options.payments.record:
        return ZERO
    return refund.control_total if refund.paid_back is None else refund.paid_back


@dataclass(frozen=True, slots=True)
class Payback:
    """What went back of a refund, to be paid out of its credit note.

    `version` (unix seconds) is how new that is, None where nobody knows. Of a refund that `is_part` of what was taken
    off until now all went back at once: what goes back later is another part.
    """

    task: Task
    refund: RefundDraft
    note: DocumentRecord
    version: float | None
    is_part: bool = False

    @property
    def told(self) -> Decimal:
        """What went back until now."""
        return paid_back(self.task, self.refund)

    @property
    def left(self) -> Decimal:
        """What went back and is not paid out of the credit note yet; what is in doubt counts as paid."""
        begun = self._begun()
        return ZERO if begun and self.is_part else max(self.told - _sum(begun), ZERO)

    def is_outdated(self) -> bool:
        """Whether a newer version has told what went back; raises Conflict where less went back than was paid."""
        payouts = self._begun()
        back = _sum(payouts)
        if not payouts or self.is_part or back == self.told or not self.task.options.payments.record:
            return False
        if self._is_older(payouts, is_less=self.told < back):
            self.task.note("older_version", f"a newer one says that {back} of {self.note.number} went back")
            return True
        if self.told < back:
            self._refuse_less(payouts)
        return False

    def pay_out(self) -> None:
        """Pays back out of the credit note what went back to the customer and is not paid yet."""
        begun = [(number, amount) for number, known in self._known() if (amount := _amount(known))]
        back = sum((self._bring_about(number, amount) for number, amount in begun), ZERO)
        number = 1
        while back < self.told and not (self.is_part and number > 1):
            known = self._record(number)
            if known is None or known.state == "new":
                if self._is_settled_by_hand():
                    return
                back += self._bring_about(number, self.told - back)
            number += 1

    def _record(self, number: int) -> DocumentRecord | None:
        return self.task.record("payout", nth_payout(self.refund.once_per, number))

    def _known(self) -> Iterator[tuple[int, DocumentRecord]]:
        """The refunds of the credit note of which anything was sent, with their numbers."""
        number = 1
        while (known := self._record(number)) is not None:
            if known.state != "new":
                yield number, known
            number += 1

    def _begun(self) -> list[DocumentRecord]:
        """The refunds of the credit note that stand, or may."""
        return [known for _, known in self._known() if known.state == "posted" or known.state in IN_DOUBT]

    def _is_older(self, payouts: Iterable[DocumentRecord], *, is_less: bool) -> bool:
        """Whether what was paid was told by a newer version.

        Where the versions are not known, it counts when the events came, but not for what is more than was paid:
        senders tell that late. Of what a person has corrected it counts for that, too.
        """
        versions = [record.version for record in payouts if record.version is not None]
        if self.version is not None and versions:
            return self.version < max(versions)
        if not is_less and all(record.accepted_total is None for record in payouts):
            return False
        events, own = self.task.desk.ledger.events, self.task.event
        tellers = [events.get(event_id) for event_id in {record.event_id for record in payouts}]
        return any(teller.received_at > own.received_at for teller in tellers if teller is not None)

    def _refuse_less(self, payouts: list[DocumentRecord]) -> None:
        """Raises Conflict, unless a person has taken back in Zoho what is too much."""
        if (back := self._as_corrected(payouts)) <= self.told:
            return
        code = self.refund.currency_code
        raise Conflict(
            f"{back} {code} of credit note {self.note.number} is paid back already, but now only {self.told} {code} is "
            "said to have gone back.",
            field="paid_back",
            remedy="Nothing was changed in Zoho. If less went back, delete or change the refund of the credit note "
            "there, then retry: it is taken as it then stands, and what is missing is paid back anew. If what was paid "
            "is right, say that it is seen to: bookhook retry --done.",
        )

    def _as_corrected(self, payouts: list[DocumentRecord]) -> Decimal:
        """What is paid back now, where a person may have changed or deleted refunds in Zoho; that is written down.

        A list may show late what was posted lately: what is missing in it is believed to be deleted only later.
        """
        rows = {str(row["creditnote_refund_id"]): row for row in self._rows()}
        back = ZERO
        for record in payouts:
            stands, row = _amount(record), rows.get(record.zoho_id or "")
            now = stands if row is None and not self._has_settled(record) else _amount_of(row)
            if now != stands:
                amounts = {"total": now, "control_total": now, "accepted_total": now}
                self._write(record, {**amounts, "version": self.version, "event_id": self.task.event.event_id})
                self.task.note("corrected", f"of {self.note.number} {now} was paid back, not {stands}")
            back += now
        return back

    def _has_settled(self, record: DocumentRecord) -> bool:
        desk = self.task.desk
        return record.posted_at is not None and desk.ledger.clock() > record.posted_at + desk.settle_seconds

    def _write(self, record: DocumentRecord, fields: Fields) -> None:
        documents, lease = self.task.desk.ledger.documents, self.task.lease
        documents.claim(record.business_key, event_id=self.task.event.event_id, lease=lease)
        try:
            documents.write(record.business_key, lease, fields)
        finally:
            documents.release(record.business_key, lease)

    def _is_settled_by_hand(self) -> bool:
        return is_settled_by_hand(
            self.task, self.refund.method, left=lambda: balance_of(self.task, "credit_note", self.note)
        )

    def _bring_about(self, number: int, amount: Decimal) -> Decimal:
        """Pays an amount back, once; gives what was paid: a ledger that has gone back may find less than that."""
        record = self.task.bring_about(self._effect(number, amount))
        paid = _amount(record)
        if not record.totals_agree:
            self._write(record, {"control_total": paid})
        return paid

    def _effect(self, number: int, amount: Decimal) -> Effect:
        def look(marker: str, body: str) -> Standing | None:
            found = [row for row in self._rows() if marker in str(row.get("reference_number") or "").split()]
            return self._standing(found[0]["creditnote_refund_id"], _amount_of(found[0])) if found else None

        def read(refund_id: str) -> Standing:
            found = [row for row in self._rows() if str(row["creditnote_refund_id"]) == refund_id]
            return self._standing(refund_id, _amount_of(found[0]) if found else amount)

        def send(body: str, deadline: float) -> Standing:
            return self._standing(self._send(body, amount, deadline), amount)

        return self.task.effect(
            "payout",
            nth_payout(self.refund.once_per, number),
            prepare=lambda marker: self._prepare(amount, marker),
            send=send,
            look=look,
            read=read,
        )

    def _prepare(self, amount: Decimal, marker: str) -> Prepared:
        body = self.task.books.payout_body(self.refund, self.task.options, amount=amount, marker=marker)
        code = self.refund.currency_code
        return Prepared(body=body, control_total=amount, currency_code=code, version=self.version)

    def _send(self, body: str, amount: Decimal, deadline: float) -> str:
        """The id of the refund; raises NeedsAttention where less than the amount is open of the credit note."""
        try:
            return self.task.books.pay_out(self.note.zoho_id or "", body, deadline=deadline)
        except ZohoRejected as refusal:
            if (left := balance_of(self.task, "credit_note", self.note)) >= amount:
                raise
            raise self._exceeding(amount, left) from refusal

    def _exceeding(self, amount: Decimal, left: Decimal) -> NeedsAttention:
        code = self.refund.currency_code
        return NeedsAttention(
            f"{amount} {code} is to be paid back, but of credit note {self.note.number} only {left} {code} is open.",
            code="paid_back_exceeds_credit",
            field="paid_back",
            remedy="Look at the credit note in Zoho Books: was it paid back there by hand, or set against an invoice? "
            f"Record what is missing by hand, {THEN_DONE}.",
        )

    def _standing(self, refund_id: object, amount: Decimal) -> Standing:
        note, code = self.note, self.refund.currency_code
        return Standing(zoho_id=str(refund_id), number=note.number, total=amount, currency_code=code, url=note.url)

    def _rows(self) -> list[Row]:
        return self.task.books.payouts(self.note.zoho_id or "")


def _sum(payouts: Iterable[DocumentRecord]) -> Decimal:
    return sum(map(_amount, payouts), ZERO)


def _amount(payout: DocumentRecord) -> Decimal:
    """What it comes to; where it is in doubt, what it would."""
    return (payout.control_total if payout.total is None else payout.total) or ZERO


def _amount_of(row: Row | None) -> Decimal:
    """What a refund of a credit note comes to in Zoho, in the currency of the note; nothing where there is none."""
    return ZERO if row is None else read_money(row["amount_fcy"])
