"""What is done to documents that stand in Zoho: sent, voided, e-mailed, paid out, set off, given a receipt.

Every function that calls Zoho may raise `ZohoUnavailable`, `QuotaExhausted` and `OrganizationPaused` (nothing was done)
and `ZohoRejected`; those that write, `OutcomeUnknown` as well. `deadline` is in unix seconds. Pages:
zoho.com/books/api/v3/{invoices,credit-notes,expenses}.
"""

from typing import Literal

from errors import NeedsAttention, OutcomeUnknown
from zoho import documents, protocol
from zoho.client import Client
from zoho.protocol import File, Row

InvoiceStatus = Literal["sent", "void", "draft"]


def set_status(client: Client, invoice_id: str, status: InvoiceStatus, *, deadline: float | None = None) -> None:
    """Makes a draft sent (without any e-mail), an unpaid invoice void, or a void one a draft."""
    client.call(protocol.act(f"/invoices/{invoice_id}/status/{status}"), deadline=deadline)


def email_invoice(client: Client, invoice_id: str, to: list[str], *, deadline: float | None = None) -> None:
    """Has Zoho e-mail the invoice; a draft becomes sent. Nothing tells afterwards whether it did."""
    body = protocol.freeze({"to_mail_ids": to})
    client.call(protocol.act(f"/invoices/{invoice_id}/email", body), deadline=deadline)


def remind(client: Client, invoice_id: str, *, deadline: float | None = None) -> None:
    """Has Zoho e-mail its own reminder of an open invoice to whom Zoho would; `NeedsAttention` if that is nobody."""
    path = f"/invoices/{invoice_id}/paymentreminder"
    mail = client.call(protocol.read(path), deadline=deadline).get("data")
    contacts = mail.get("to_contacts") or [] if isinstance(mail, dict) else []
    to = [contact["email"] for contact in contacts if contact.get("email") and contact.get("selected", True)]
    if not to:
        raise NeedsAttention(
            "Zoho knows nobody to send the reminder to.",
            code="no_address",
            remedy="Give the customer a primary contact person with an e-mail address in Zoho Books.",
        )
    client.call(protocol.act(path, protocol.freeze({"to_mail_ids": to, "cc_mail_ids": []})), deadline=deadline)


def pay_out(client: Client, credit_note_id: str, frozen_body: str, *, deadline: float | None = None) -> str:
    """The id of the refund that pays back a part of the credit."""
    answer = client.call(protocol.create(f"/creditnotes/{credit_note_id}/refunds", frozen_body), deadline=deadline)
    refund = answer.get("creditnote_refund")
    if not isinstance(refund, dict) or not refund.get("creditnote_refund_id"):
        raise OutcomeUnknown("Zoho accepted the refund, but its answer names none.")
    return str(refund["creditnote_refund_id"])


def payouts(client: Client, credit_note_id: str) -> list[Row]:
    """The refunds of a credit note, each with `creditnote_refund_id` and `reference_number`."""
    return list(client.rows(f"/creditnotes/{credit_note_id}/refunds", named="creditnote_refunds"))


def apply_credit(client: Client, credit_note_id: str, frozen_body: str, *, deadline: float | None = None) -> None:
    """Sets a part of the credit against an invoice."""
    client.call(protocol.act(f"/creditnotes/{credit_note_id}/invoices", frozen_body), deadline=deadline)


def take_credit_off(client: Client, credit_note_id: str, application_id: str, *, deadline: float | None) -> None:
    """Takes off an invoice what was set against it (`creditnote_invoice_id` in its row)."""
    client.call(protocol.remove(f"/creditnotes/{credit_note_id}/invoices/{application_id}"), deadline=deadline)


def credited(client: Client, credit_note_id: str) -> list[Row]:
    """What of a credit note is set against invoices, each with `invoice_id`."""
    return list(client.rows(f"/creditnotes/{credit_note_id}/invoices", named="invoices_credited"))


def upload_receipt(client: Client, expense_id: str, file: File, *, deadline: float | None = None) -> None:
    """Puts the receipt to the expense."""
    client.call(protocol.upload(f"/expenses/{expense_id}/receipt", file), deadline=deadline)


def has_receipt(client: Client, expense_id: str) -> bool:
    """Whether the expense has a receipt now."""
    return bool(documents.read(client, "expense", expense_id).get("expense_receipt_name"))
