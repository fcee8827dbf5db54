"""The invoice of an order: made of the newest version that is known before it is posted."""

from collections.abc import Iterable
from dataclasses import dataclass

from drafts import Drafts, InvoiceDraft
from errors import MappingError, Unreadable
from ledger.records import DocumentRecord
from worker.documents import (
    Party,
    compare_totals,
    contradicts,
    digest_money,
    marked_effect,
    refuse_contradiction,
)
from worker.naming import WALK_IN
from worker.options import mapping_options
from worker.posting import Prepared
from worker.reading import received_of
from worker.task import Task


@dataclass(frozen=True, slots=True)
class Version:
    """What an event says of a whole order, and how new that is (unix seconds, None where nobody knows)."""

    drafts: Drafts
    at: float | None


def newest_version(task: Task, drafts: Drafts, newer: Iterable[tuple[str, float]]) -> Version:
    """The newest version of the order that has come: this event's own, or one of the `newer` events."""
    for event_id, version in newer:
        found = _drafts_of(task, event_id)
        if found is not None and found.invoice is not None:
            return Version(found, version)
    return Version(drafts, task.event.version)


def post_invoice(task: Task, draft: InvoiceDraft, newest: Version) -> DocumentRecord:
    """The posted invoice of the event's order, made of its newest version.

    Raises what keeps it from standing as the event's own `draft` says.
    """
    effect = marked_effect(
        task,
        "invoice",
        newest.drafts.once_per,
        prepare=lambda marker: _prepare(task, newest, marker),
        mend=lambda body: customer_of_order(newest.drafts, draft).replace_lost(task, body),
    )
    record = _as_corrected(task, draft, task.bring_about(effect))
    refuse_contradiction(task, draft, record, version=task.event.version)
    compare_totals(record, draft.currency_code)
    return record


def _as_corrected(task: Task, draft: InvoiceDraft, record: DocumentRecord) -> DocumentRecord:
    """The record, made that of the changed order where a person has corrected the invoice in Zoho to its total."""
    if not contradicts(task, draft, record) or draft.control_total == record.control_total:
        return record
    standing = task.books.read("invoice", record.zoho_id or "")
    if (standing.total, standing.currency_code) != (draft.control_total, draft.currency_code):
        return record
    plan, documents = task.books.plan_invoice(draft, task.options), task.desk.ledger.documents
    documents.claim(record.business_key, event_id=task.event.event_id, lease=task.lease)
    try:
        corrected = {"total": standing.total, "tax_total": standing.tax_total, "control_total": draft.control_total}
        taxes = {"control_tax": plan.control_tax, "tax_leeway": plan.tax_leeway}
        told = {"money": digest_money(draft), "version": task.event.version}
        documents.write(record.business_key, task.lease, {**corrected, **taxes, **told})
    finally:
        documents.release(record.business_key, task.lease)
    task.note("corrected", f"{record.number} was corrected in Zoho to {standing.total}")
    return documents.get(record.business_key) or record


def _prepare(task: Task, newest: Version, marker: str) -> Prepared:
    """The request, its total computed beforehand: an order that does not come out creates no contact either."""
    invoice = newest.drafts.invoice
    if invoice is None:
        raise ValueError("an event without an invoice")
    if newest.at != task.event.version:
        task.note("newer_version", "made of a version that came meanwhile")
    plan = task.books.plan_invoice(invoice, task.options)
    if plan.reason:
        task.note("adjusted", plan.reason)
    customer_id = customer_of_order(newest.drafts, invoice).find(task)
    return Prepared(
        body=task.books.invoice_body(invoice, plan, customer_id=customer_id, marker=marker),
        control_total=invoice.control_total,
        control_tax=plan.control_tax,
        tax_leeway=plan.tax_leeway,
        currency_code=invoice.currency_code,
        money=digest_money(invoice),
        version=newest.at,
    )


def customer_of_order(drafts: Drafts, invoice: InvoiceDraft) -> Party:
    """Whom the order is invoiced to."""
    return Party(field="customer_id", draft=drafts.contact or WALK_IN, currency_code=invoice.currency_code)


def _drafts_of(task: Task, event_id: str) -> Drafts | None:
    event = task.desk.ledger.events.get(event_id)
    source = task.desk.source_of(event) if event else None
    if event is None or source is None or not event.body:
        return None
    try:
        options = mapping_options(task.options, task.time_zone)
        return source.render(received_of(event), options, topic=event.topic)
    except (Unreadable, MappingError):
        return None  # that event is parked for it when its turn comes
