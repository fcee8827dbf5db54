"""A document that carries its marker (invoice, expense, payment, credit note), as an effect on the books."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from drafts import ContactDraft, DocumentKind, ExpenseDraft, InvoiceDraft, Line, PaymentDraft, RefundDraft
from errors import Conflict, OutcomeUnknown, RetryLater, TaxDiffers, TotalDiffers, ZohoRejected
from ledger.records import DocumentRecord
from worker.contacts import contact_effect, contact_key, forget_contact
from worker.posting import Effect, Prepared, Standing
from worker.second_lock import SecondLock
from worker.task import Task
from zoho.protocol import Posted, freeze, thaw

Draft = InvoiceDraft | ExpenseDraft | PaymentDraft | RefundDraft


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Whom a document is for: the field of its body that names the contact, and who that is."""

    field: str
    draft: ContactDraft
    currency_code: str

    def key(self, task: Task) -> str:
        """What names the contact in the ledger."""
        return contact_key(task.books, self.draft, task.event.connection, self.currency_code)

    def find(self, task: Task, *, besides: str | None = None) -> str:
        """The contact's id, found or created."""
        effect = contact_effect(
            task.desk,
            task.books,
            self.draft,
            connection=task.event.connection,
            currency_code=self.currency_code,
            lease=task.lease,
            besides=besides,
            may_differ=task.options.contact_currency == "separate",
        )
        return task.bring_about(effect).zoho_id or ""

    def replace_lost(self, task: Task, body: str) -> str | None:
        """A refused body with another contact; None when its contact is not to blame.

        How Zoho words the refusal is not published, so the contact itself is read. Nothing else in the body changes.
        """
        content = thaw(body)
        refused_id = content.get(self.field)
        if refused_id is None or task.books.is_contact_usable(refused_id):
            return None
        return freeze({**content, self.field: self._another(task, refused_id)})

    def _another(self, task: Task, refused_id: str) -> str:
        forget_contact(task.desk, self.key(task), refused_id, event_id=task.event.event_id, lease=task.lease)
        try:
            return self.find(task, besides=refused_id)
        except OutcomeUnknown as doubt:
            # In doubt is the contact; the document was surely not posted.
            raise RetryLater(doubt.message, code=doubt.code, retry_after_seconds=doubt.retry_after_seconds) from doubt


def marked_effect(
    task: Task,
    kind: DocumentKind,
    once_per: str,
    *,
    prepare: Callable[[str], Prepared],
    mend: Callable[[str], str | None] = lambda body: None,
) -> Effect:
    """The effect that posts a document with its marker, or finds it by it.

    `prepare(marker)` renders it; `mend(body)` gives what to send in place of a refused body, or None.
    """
    books, key = task.books, task.key(kind, once_per)

    def look(marker: str, body: str) -> Standing | None:
        found = books.find_by_marker(kind, marker, reference_number=json.loads(body)["reference_number"])
        if len(found) > 1:
            raise Conflict(
                f"Zoho holds {len(found)} documents ({kind}) with the marker {marker}.",
                code="doubled",
                remedy="Keep one of them, delete the others in Zoho, then retry.",
            )
        return standing_of(found[0]) if found else None

    def post(body: str, deadline: float) -> Standing:
        posted = books.post(kind, body, deadline=deadline)
        task.created.add(key)
        return standing_of(posted)

    def send(body: str, deadline: float) -> Standing:
        try:
            return post(body, deadline)
        except ZohoRejected as refusal:
            lock = SecondLock(task.desk, key, kind, task.lease)
            if (standing := lock.find_what_stands(body, refusal, look)) is not None:
                return standing
            if (mended := mend(body)) is None:
                raise
        task.desk.ledger.documents.write(key, task.lease, {"frozen_body": mended})
        return post(mended, deadline)

    def read(zoho_id: str) -> Standing:
        return standing_of(books.read(kind, zoho_id))

    return task.effect(kind, once_per, prepare=prepare, send=send, look=look, read=read)


def standing_of(posted: Posted) -> Standing:
    """What is known of a posted document."""
    return Standing(
        zoho_id=posted.zoho_id,
        number=posted.number,
        total=posted.total,
        tax_total=posted.tax_total,
        currency_code=posted.currency_code,
        customer_id=posted.customer_id,
        url=posted.url,
    )


def digest_money(draft: Draft) -> str:
    """A digest of every amount: two drafts of one document with different digests contradict each other."""
    return hashlib.sha256(json.dumps([draft.currency_code, *_amounts(draft)]).encode()).hexdigest()[:24]


def _amounts(draft: Draft) -> list[object]:
    if isinstance(draft, PaymentDraft):
        return [_text(draft.amount)]
    if isinstance(draft, ExpenseDraft):
        return [_text(draft.amount), draft.account_name, draft.tax_name, draft.is_inclusive_tax]
    adjusted = [_text(draft.adjustment)] if draft.adjustment else []
    return [_text(draft.control_total), draft.is_inclusive_tax, [_line(line) for line in draft.lines], *adjusted]


def _line(line: Line) -> list[str]:
    numbers = [_text(number) for number in (line.quantity, line.rate, line.discount)]
    return numbers + sorted(_text(tax.amount) for tax in line.taxes)


def _text(amount: Decimal) -> str:
    return str(amount.normalize())


def refuse_contradiction(
    task: Task, draft: Draft, record: DocumentRecord, *, version: float | None = None, order: str | None = None
) -> None:
    """Raises Conflict when a draft of another event says other amounts than the record's, and is not older.

    Also when a payment or refund of one name belongs to another `order`: each needs a name of its own.
    """
    what = record.number or record.zoho_id
    if order is not None and record.order not in (None, order):
        raise Conflict(
            f"{what} has the same id at the sender, but belongs to another order ({record.order}).",
            remedy="Record this one in Zoho Books by hand, and have the sender give every payment and refund an id of "
            "its own.",
            field="once_per",
        )
    if not contradicts(task, draft, record):
        return
    if version is not None and record.version is not None and version < record.version:
        task.note("older_version", f"{what} was made of a newer one")
        return
    amount = draft.amount if isinstance(draft, PaymentDraft) else draft.control_total
    raise Conflict(
        f"{what} is already posted for this, with other amounts: "
        f"{record.control_total} {record.currency_code} then, {amount} {draft.currency_code} now.",
        remedy="Nothing was changed in Zoho. If the new amounts are right, correct the document there, then retry: it "
        "is taken as it then stands. If the old ones are, say that it is seen to: bookhook retry --done.",
        field="control_total",
    )


def contradicts(task: Task, draft: Draft, record: DocumentRecord) -> bool:
    """Whether the record was made of another event's draft, with other amounts."""
    return record.event_id != task.event.event_id and record.money not in (None, digest_money(draft))


def compare_totals(record: DocumentRecord, currency_code: str) -> None:
    """Raises TotalDiffers or TaxDiffers when what stands in Zoho is not what the sender says."""
    if record.total is None or record.control_total is None:
        return
    is_currency_right = record.currency_code == currency_code
    if record.totals_agree and is_currency_right:
        return
    if record.total == record.control_total and is_currency_right:
        raise TaxDiffers(tax_total=record.tax_total, control_tax=record.control_tax, currency_code=currency_code)
    raise TotalDiffers(total=record.total, control_total=record.control_total, currency_code=record.currency_code or "")
