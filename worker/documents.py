"""The invoice or expense an event asks for, as effects on one organization's books."""

import hashlib
import json

from drafts import ContactDraft, Document, Drafts, ExpenseDraft, InvoiceDraft
from errors import Conflict, TotalDiffers
from ledger import DocumentRecord, Event
from worker.contacts import contact_effect
from worker.desk import Desk
from worker.posting import Effect, Standing, bring_about
from zoho.books import Books
from zoho.protocol import Posted

WALK_IN = ContactDraft(contact_name="Walk-in customer")


def post_drafts(desk: Desk, event: Event, drafts: Drafts, lease: str) -> DocumentRecord:
    """The posted document of an event, its contact first; raises what keeps it from standing as the sender says."""
    books = desk.books[event.organization]
    document = drafts.document
    contact_id = _contact_id(desk, books, event, drafts, lease)
    effect = _document_effect(books, event, drafts, contact_id)
    record = bring_about(desk, effect, event_id=event.event_id, lease=lease)
    _refuse_contradiction(event, effect, record)
    _compare_totals(record, document)
    return record


def _contact_id(desk: Desk, books: Books, event: Event, drafts: Drafts, lease: str) -> str | None:
    draft = contact_draft(drafts)
    if draft is None:
        return None
    currency_code = drafts.document.currency_code
    effect = contact_effect(desk, books, draft, connection=event.connection, currency_code=currency_code)
    return bring_about(desk, effect, event_id=event.event_id, lease=lease).zoho_id


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


def _document_effect(books: Books, event: Event, drafts: Drafts, contact_id: str | None) -> Effect:
    document = drafts.document
    party = "customer_id" if isinstance(document, InvoiceDraft) else "vendor_id"

    def look(marker: str, body: str) -> Standing | None:
        found = books.find_by_marker(document.kind, marker, reference_number=json.loads(body)["reference_number"])
        if len(found) > 1:
            raise Conflict(
                f"Zoho holds {len(found)} {document.kind}s with the marker {marker}.",
                code="doubled",
                remedy="Keep one of them, delete the others in Zoho, then retry.",
            )
        return _standing(found[0]) if found else None

    return Effect(
        business_key=business_key(event.connection, drafts),
        kind=document.kind,
        prepare=lambda marker: books.body(document, marker=marker, **{party: contact_id}),
        send=lambda body, deadline: _standing(books.post(document.kind, body, deadline=deadline)),
        look=look,
        read=lambda zoho_id: _standing(books.read(document.kind, zoho_id)),
        control_total=document.control_total,
        currency_code=document.currency_code,
        money=digest_money(document),
    )


def _standing(posted: Posted) -> Standing:
    return Standing(
        zoho_id=posted.zoho_id,
        number=posted.number,
        total=posted.total,
        currency_code=posted.currency_code,
        url=posted.url,
    )


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


def _refuse_contradiction(event: Event, effect: Effect, record: DocumentRecord) -> None:
    if record.event_id != event.event_id and record.money != effect.money:
        raise Conflict(
            f"{record.number or record.zoho_id} is already posted for this, with other amounts: "
            f"{record.control_total} {record.currency_code} then, {effect.control_total} {effect.currency_code} now.",
            remedy="Nothing was changed in Zoho. Compare the two versions and correct the document by hand if needed.",
            field="control_total",
        )


def _compare_totals(record: DocumentRecord, document: Document) -> None:
    if record.total is None or record.control_total is None:
        return
    if not record.totals_agree or record.currency_code != document.currency_code:
        raise TotalDiffers(
            total=record.total, control_total=record.control_total, currency_code=record.currency_code or ""
        )
