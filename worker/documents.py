"""The invoice or expense an event asks for, as effects on one organization's books."""

import hashlib
import json
from dataclasses import dataclass
from decimal import Decimal

from drafts import ContactDraft, Document, Drafts, ExpenseDraft, InvoiceDraft
from errors import Conflict, OutcomeUnknown, RetryLater, TaxDiffers, TotalDiffers, ZohoRejected
from ledger import DocumentRecord, Event
from worker.contacts import contact_effect, contact_key, forget_contact
from worker.desk import Desk
from worker.posting import Effect, Standing, bring_about
from worker.second_lock import SecondLock
from zoho.books import Books
from zoho.protocol import Posted, freeze, thaw

WALK_IN = ContactDraft(contact_name="Walk-in customer")


@dataclass(frozen=True, slots=True)
class _Task:
    """One attempt at an event's drafts, under the event's lease."""

    desk: Desk
    books: Books
    event: Event
    drafts: Drafts
    lease: str

    @property
    def business_key(self) -> str:
        return business_key(self.event.connection, self.drafts)

    @property
    def party(self) -> str:
        """The field of the body that names the contact."""
        return "customer_id" if isinstance(self.drafts.document, InvoiceDraft) else "vendor_id"


def post_drafts(desk: Desk, event: Event, drafts: Drafts, lease: str) -> DocumentRecord:
    """The posted document of an event, its contact first; raises what keeps it from standing as the sender says."""
    task = _Task(desk, desk.books[event.organization], event, drafts, lease)
    effect = _document_effect(task, _contact_id(task))
    record = bring_about(desk, effect, event_id=event.event_id, lease=lease)
    _refuse_contradiction(event, drafts.document, record)
    _compare_totals(record, drafts.document)
    return record


def _contact_id(task: _Task, *, besides: str | None = None) -> str | None:
    draft = contact_draft(task.drafts)
    if draft is None:
        return None
    effect = contact_effect(
        task.desk,
        task.books,
        draft,
        connection=task.event.connection,
        currency_code=task.drafts.document.currency_code,
        lease=task.lease,
        besides=besides,
    )
    return bring_about(task.desk, effect, event_id=task.event.event_id, lease=task.lease).zoho_id


def contact_draft(drafts: Drafts) -> ContactDraft | None:
    """The customer of an invoice, or the vendor of an expense that names one."""
    if isinstance(drafts.document, InvoiceDraft):
        return drafts.contact or WALK_IN
    if drafts.document.vendor_name:
        return ContactDraft(contact_name=drafts.document.vendor_name, contact_type="vendor")
    return None


def business_key(connection: str, drafts: Drafts) -> str:
    """What names the document in the real world: connection, kind and `once_per`."""
    return f"{connection}/{drafts.document.kind}/{drafts.once_per}"


def _document_effect(task: _Task, contact_id: str | None) -> Effect:
    books, document = task.books, task.drafts.document

    def look(marker: str, body: str) -> Standing | None:
        found = books.find_by_marker(document.kind, marker, reference_number=json.loads(body)["reference_number"])
        if len(found) > 1:
            raise Conflict(
                f"Zoho holds {len(found)} {document.kind}s with the marker {marker}.",
                code="doubled",
                remedy="Keep one of them, delete the others in Zoho, then retry.",
            )
        return _standing(found[0]) if found else None

    def send(body: str, deadline: float) -> Standing:
        try:
            return _standing(books.post(document.kind, body, deadline=deadline))
        except ZohoRejected as refusal:
            lock = SecondLock(task.desk, task.business_key, document.kind, task.lease)
            if (standing := lock.find_what_stands(body, refusal, look)) is not None:
                return standing
            if (mended := _replace_lost_contact(task, body, contact_id)) is None:
                raise
        return _standing(books.post(document.kind, mended, deadline=deadline))

    return Effect(
        business_key=task.business_key,
        kind=document.kind,
        prepare=lambda marker: books.body(document, marker=marker, **{task.party: contact_id}),
        send=send,
        look=look,
        read=lambda zoho_id: _standing(books.read(document.kind, zoho_id)),
        control_total=document.control_total,
        control_tax=control_tax(document),
        tax_leeway=tax_leeway(document),
        currency_code=document.currency_code,
        money=digest_money(document),
    )


def _replace_lost_contact(task: _Task, body: str, contact_id: str | None) -> str | None:
    """A refused body with another contact, on record before it is sent; None when its contact is not to blame.

    How Zoho words the refusal is not published, so the contact itself is read. Nothing else in the body changes.
    """
    content = thaw(body)
    refused_id = content.get(task.party)
    if refused_id is None or task.books.is_contact_usable(refused_id):
        return None
    if refused_id == contact_id:
        contact_id = _another_contact_id(task, besides=refused_id)
    mended = freeze({**content, task.party: contact_id})
    task.desk.ledger.documents.write(task.business_key, task.lease, {"frozen_body": mended})
    return mended


def _another_contact_id(task: _Task, *, besides: str) -> str | None:
    draft = contact_draft(task.drafts) or WALK_IN
    key = contact_key(task.books, draft, task.event.connection, task.drafts.document.currency_code)
    forget_contact(task.desk, key, besides, event_id=task.event.event_id, lease=task.lease)
    try:
        return _contact_id(task, besides=besides)
    except OutcomeUnknown as doubt:
        # In doubt is the contact; the document was surely not posted.
        raise RetryLater(doubt.message, code=doubt.code, retry_after_seconds=doubt.retry_after_seconds) from doubt


def _standing(posted: Posted) -> Standing:
    return Standing(
        zoho_id=posted.zoho_id,
        number=posted.number,
        total=posted.total,
        tax_total=posted.tax_total,
        currency_code=posted.currency_code,
        url=posted.url,
    )


def control_tax(document: Document) -> Decimal | None:
    """The sender's tax where the total does not show it: inside the prices of an invoice."""
    if not isinstance(document, InvoiceDraft) or not document.is_inclusive_tax:
        return None
    return sum((tax.amount for line in document.lines for tax in line.taxes), Decimal(0))


def tax_leeway(document: Document) -> Decimal | None:
    """How far taxes may be apart: each taxed line is rounded once, there and here."""
    if not isinstance(document, InvoiceDraft) or not document.is_inclusive_tax:
        return None
    has_cents = document.control_total != document.control_total.to_integral_value()
    smallest = Decimal("0.01") if has_cents else Decimal(1)
    return smallest * sum(1 for line in document.lines if line.taxes)


def digest_money(document: Document) -> str:
    """A digest of every amount: two drafts of one document with different digests contradict each other."""
    amounts = _invoice_amounts(document) if isinstance(document, InvoiceDraft) else _expense_amounts(document)
    return hashlib.sha256(json.dumps([document.currency_code, *amounts]).encode()).hexdigest()[:24]


def _invoice_amounts(invoice: InvoiceDraft) -> list[object]:
    lines = [
        [str(number.normalize()) for number in (line.quantity, line.rate, line.discount)]
        + sorted(str(tax.amount.normalize()) for tax in line.taxes)
        for line in invoice.lines
    ]
    return [str(invoice.control_total.normalize()), invoice.is_inclusive_tax, lines]


def _expense_amounts(expense: ExpenseDraft) -> list[object]:
    return [str(expense.amount.normalize()), expense.account_name, expense.tax_name, expense.is_inclusive_tax]


def _refuse_contradiction(event: Event, document: Document, record: DocumentRecord) -> None:
    if record.event_id != event.event_id and record.money != digest_money(document):
        raise Conflict(
            f"{record.number or record.zoho_id} is already posted for this, with other amounts: "
            f"{record.control_total} {record.currency_code} then, "
            f"{document.control_total} {document.currency_code} now.",
            remedy="Nothing was changed in Zoho. Compare the two versions and correct the document by hand if needed.",
            field="control_total",
        )


def _compare_totals(record: DocumentRecord, document: Document) -> None:
    if record.total is None or record.control_total is None:
        return
    currency_code = record.currency_code or ""
    if record.total != record.control_total or currency_code != document.currency_code:
        raise TotalDiffers(total=record.total, control_total=record.control_total, currency_code=currency_code)
    if not record.taxes_agree:
        raise TaxDiffers(tax_total=record.tax_total, control_tax=record.control_tax, currency_code=currency_code)
