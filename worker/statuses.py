"""The status of an invoice: sent, void, draft again; and its e-mail.

A status can be read back, so that it is set exactly as often as needed. An e-mail cannot: it is sent at most once.
"""

from collections.abc import Callable

from errors import NeedsAttention, OutcomeUnknown, RetryLater, ZohoRejected
from ledger.records import DocumentRecord
from worker.posting import Prepared, Standing
from worker.task import Task

UNSENT = frozenset({"draft", "void"})
IN_DOUBT = frozenset({"posting", "unknown"})


def mark_sent(task: Task, once_per: str, invoice: DocumentRecord) -> None:
    """Makes a draft a receivable; nothing is e-mailed."""
    _set(task, "sent", once_per, invoice, task.books.mark_sent, lambda status: status not in UNSENT)


def void(task: Task, once_per: str, invoice: DocumentRecord) -> None:
    """Makes the invoice void."""
    _set(task, "void", once_per, invoice, task.books.void, lambda status: status == "void")


def settle_void(task: Task, once_per: str, invoice: DocumentRecord, known: DocumentRecord | None) -> bool:
    """Finds out whether a doubtful void was done: what becomes of payments and refunds hangs on it.

    `known` is the record of the void. Says whether we voided the invoice.
    """
    if known is not None and known.state in IN_DOUBT:
        void(task, once_per, invoice)
        return True
    return known is not None and known.state == "posted"


def restore(task: Task, once_per: str, invoice: DocumentRecord) -> None:
    """Makes an invoice that we voided a draft again; leaves any other as it is."""
    known = task.record("void", once_per)
    if known is None or known.state != "posted":
        return
    if _status(task, invoice) == "void":
        for kind in ("restore", "sent"):
            _let_again(task, kind, once_per)
        _set(task, "restore", once_per, invoice, task.books.restore, lambda status: status != "void")
    _let_again(task, "void", once_per)


def email(task: Task, once_per: str, invoice: DocumentRecord, address: str | None) -> None:
    """E-mails the invoice to its customer, once or, in doubt, not at all; not if it was e-mailed before, by anybody."""
    record = task.record("email", once_per)
    if record is not None and record.state != "new":
        return
    if address is None:
        task.note("email_not_sent", "the customer has no address")
        return
    if _was_emailed(task, once_per, invoice):
        task.note("email_not_sent", "Zoho says that it was e-mailed before")
        return
    documents, key = task.desk.ledger.documents, task.key("email", once_per)
    documents.claim(key, event_id=task.event.event_id, lease=task.lease)
    try:
        _email_once(task, key, invoice, address)
    finally:
        documents.release(key, task.lease)


def _was_emailed(task: Task, once_per: str, invoice: DocumentRecord) -> bool:
    """Whether anybody has e-mailed it; an invoice that was created in this very attempt need not be looked at."""
    if task.key("invoice", once_per) in task.created:
        return False
    return bool(task.books.row("invoice", invoice.zoho_id or "").get("is_emailed"))


def _email_once(task: Task, key: str, invoice: DocumentRecord, address: str) -> None:
    documents = task.desk.ledger.documents
    documents.write(key, task.lease, {"state": "posting"})
    deadline = task.desk.ledger.clock() + task.desk.send_seconds
    try:
        task.hold_order()
        task.books.email_invoice(invoice.zoho_id or "", to=[address], deadline=deadline)
    except OutcomeUnknown:
        documents.write(key, task.lease, {"state": "unknown"})
        task.note("email_in_doubt", "it is not known whether Zoho sent it; it is not repeated")
    except (RetryLater, NeedsAttention):
        documents.write(key, task.lease, {"state": "new"})  # surely not sent
        raise
    else:
        documents.write(key, task.lease, {"state": "posted", "zoho_id": invoice.zoho_id})
        task.note("emailed", invoice.number or "")


def _set(
    task: Task,
    kind: str,
    once_per: str,
    invoice: DocumentRecord,
    call: Callable[..., None],
    is_done: Callable[[str], bool],
) -> None:
    standing = Standing(zoho_id=invoice.zoho_id, number=invoice.number, url=invoice.url)

    def look(marker: str, body: str) -> Standing | None:
        return standing if is_done(_status(task, invoice)) else None

    def send(body: str, deadline: float) -> Standing:
        try:
            call(invoice.zoho_id, deadline=deadline)
        except ZohoRejected:
            if look("", body) is None:
                raise
        return standing

    effect = task.effect(
        kind, once_per, prepare=lambda marker: Prepared(body="{}"), send=send, look=look, read=lambda zoho_id: standing
    )
    task.bring_about(effect)


def _let_again(task: Task, kind: str, once_per: str) -> None:
    """Forgets that a status was set, where it is not to be believed any more."""
    record = task.record(kind, once_per)
    if record is not None and record.state == "posted":
        task.begin_anew(kind, once_per)


def _status(task: Task, invoice: DocumentRecord) -> str:
    return task.books.status("invoice", invoice.zoho_id or "") or ""
