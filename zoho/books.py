"""One organization's books: everything the worker asks of Zoho."""

import time
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from decimal import Decimal

from redis import Redis

from config.options import ConnectionOptions, Language
from config.organizations import Organization
from drafts import ContactDraft, DocumentKind, ExpenseDraft, InvoiceDraft, PaymentDraft, RefundDraft
from errors import BookhookError, OutcomeUnknown, ZohoRejected, ZohoUnavailable
from zoho import bodies, contacts, credits, documents, planning, protocol, soundness, steps
from zoho.bodies import DEPOSIT_ACCOUNT, Body
from zoho.client import Client
from zoho.contacts import Match
from zoho.lookups import Lookups
from zoho.oauth import Tokens
from zoho.planning import Plan
from zoho.protocol import RESOURCES, File, Posted, Row
from zoho.quota import Quota
from zoho.readings import Readings
from zoho.transport import Transport


class Books:
    """Finds, renders, posts and reads back; safe to share between threads, one a process and organization.

    Every method that calls Zoho may raise `ZohoUnavailable`, `QuotaExhausted` and `OrganizationPaused` (nothing was
    done) and `ZohoRejected`; those that write, `OutcomeUnknown` as well. What they send is not sent after `deadline`
    (unix seconds). Requests are JSON text, names resolved to ids, to be kept and sent unchanged; making them raises
    `UnknownName`.
    """

    def __init__(
        self,
        organization: Organization,
        *,
        redis: Redis,
        clock: Callable[[], float] = time.time,
        transport: Transport | None = None,
    ) -> None:
        transport = transport or Transport()
        self.organization = organization
        self._tokens = Tokens(organization, redis=redis, clock=clock, transport=transport)
        self.quota = Quota(organization, redis=redis, clock=clock)
        self._client = Client(organization, tokens=self._tokens, quota=self.quota, clock=clock, transport=transport)
        self.names = Lookups(self._client, redis=redis, clock=clock)
        self.readings = Readings(self._client, self.names)

    def find_contact(self, draft: ContactDraft, currency_code: str, *, besides: str | None = None) -> Match | None:
        """The contact that surely is the draft's and is not `besides`, of the currency if there is one, or None."""
        return contacts.find_contact(self._client, draft, currency_code=currency_code, besides=besides)

    def customers(self, *, first_page: int = 1) -> Iterator[list[Row]]:
        """The summaries of the customers page by page, a call each; verify each row."""
        return contacts.list_customers(self._client, first_page=first_page)

    def contact_body(self, draft: ContactDraft, currency_code: str, *, contact_name: str) -> str:
        """The request for a contact of that name."""
        body = bodies.contact_body(draft, self.names, contact_name=contact_name, currency_code=currency_code)
        return protocol.freeze(body)

    def create_contact(self, frozen_body: str, *, deadline: float | None = None) -> str:
        """The id of a new contact; `NameTaken` if its name is in use."""
        return contacts.create_contact(self._client, frozen_body, deadline=deadline)

    def is_contact_usable(self, contact_id: str) -> bool:
        """Whether documents can be posted to the contact: False when it is inactive, deleted or merged."""
        return contacts.is_usable(self._client, contact_id)

    def plan_invoice(self, draft: InvoiceDraft, options: ConnectionOptions) -> Plan:
        """What the invoice says and comes to; raises what `zoho.planning.plan_invoice` raises."""
        return planning.plan_invoice(draft, self.names, options)

    def plan_credit_note(self, draft: RefundDraft, options: ConnectionOptions) -> Plan:
        """What the credit note of a refund with lines says and comes to."""
        return planning.plan_credit_note(draft, self.names, options)

    def plan_share(
        self, draft: RefundDraft, invoice: Row, credited: Iterable[Row] = (), *, language: Language = "en"
    ) -> Body:
        """What the credit note of a refund without lines says: all of the invoice, else a share of all of it."""
        precision = self.names.precision(draft.currency_code)
        planning.refuse_too_precise(draft.control_total, draft.currency_code, precision)
        if protocol.read_money(invoice["total"]) == draft.control_total:
            return credits.mirror_lines(invoice, language=language)
        return credits.credit_lines(
            invoice, draft.control_total, precision=precision, credited=credited, language=language
        )

    def invoice_body(self, draft: InvoiceDraft, plan: Plan, *, customer_id: str, marker: str) -> str:
        """The request for a planned invoice."""
        unique_field = self.organization.unique_field
        return protocol.freeze(
            bodies.invoice_body(draft, plan.fields, customer_id=customer_id, marker=marker, unique_field=unique_field)
        )

    def credit_note_body(self, draft: RefundDraft, plan: Plan | Body, *, customer_id: str, marker: str) -> str:
        """The request for a credit note of planned lines, or of those that `plan_share` gives."""
        fields = plan.fields if isinstance(plan, Plan) else plan
        return protocol.freeze(
            bodies.credit_note_body(draft, fields, self.names, customer_id=customer_id, marker=marker)
        )

    def payment_body(
        self, draft: PaymentDraft, options: ConnectionOptions, *, customer_id: str, invoice_id: str, marker: str
    ) -> str:
        """The request for a payment of the invoice; its mode and account are the connection's for its method."""
        planning.refuse_too_precise(draft.amount, draft.currency_code, self.names.precision(draft.currency_code))
        return protocol.freeze(
            bodies.payment_body(
                draft,
                self.names,
                customer_id=customer_id,
                invoice_id=invoice_id,
                marker=marker,
                mode=options.payments.mode_of(draft.method),
                account_name=options.account_of_payments(draft.method),
            )
        )

    def payout_body(self, draft: RefundDraft, options: ConnectionOptions, *, amount: Decimal, marker: str) -> str:
        """The request to pay `amount` of a credit note back, from the account payments by that method go to."""
        return protocol.freeze(
            bodies.payout_body(
                draft,
                self.names,
                amount=amount,
                marker=marker,
                mode=options.payments.mode_of(draft.method),
                account_name=options.account_of_payments(draft.method) or options.namesakes.account(DEPOSIT_ACCOUNT),
            )
        )

    def application_body(self, invoice_id: str, amount: Decimal) -> str:
        """The request to set `amount` of a credit note against an invoice."""
        return protocol.freeze(bodies.credit_body(invoice_id, amount))

    def expense_body(
        self,
        draft: ExpenseDraft,
        options: ConnectionOptions,
        *,
        marker: str,
        vendor_id: str | None = None,
        customer_id: str | None = None,
    ) -> str:
        """The request for an expense; the ids are those of the contacts for its vendor and its customer."""
        body = bodies.expense_body(
            bodies.as_named(draft, options.namesakes),
            self.names,
            marker=marker,
            vendor_id=vendor_id,
            customer_id=customer_id,
            unique_field=self.organization.unique_field,
        )
        return protocol.freeze(body)

    def post(self, kind: DocumentKind, frozen_body: str, *, deadline: float | None = None) -> Posted:
        """Creates the document; an invoice as a draft."""
        try:
            row = documents.create(self._client, kind, frozen_body, deadline=deadline)
        except ZohoRejected:
            self.names.forget()  # an id may be of a record that was deleted or replaced since
            raise
        try:
            return self._posted(kind, row)
        except (KeyError, TypeError, ValueError):
            raise OutcomeUnknown(f"Zoho accepted the {kind}, but its answer does not describe it.") from None

    def row(self, kind: DocumentKind, zoho_id: str) -> Row:
        """The document with all its fields; `ZohoRejected` with `zoho_code` 1002 if it is gone."""
        return documents.read(self._client, kind, zoho_id)

    def read(self, kind: DocumentKind, zoho_id: str) -> Posted:
        """The document as it stands in Zoho now; `ZohoRejected` with `zoho_code` 1002 if it is gone."""
        row = self.row(kind, zoho_id)
        try:
            return self._posted(kind, row)
        except (KeyError, TypeError, ValueError):
            raise ZohoUnavailable(f"Zoho's answer does not describe the {kind}.") from None

    def status(self, kind: DocumentKind, zoho_id: str) -> str | None:
        """The document's status in Zoho's word, "" if its kind has none; None when it is gone."""
        return documents.status(self._client, kind, zoho_id)

    def listed(self, kind: DocumentKind, *, since: date | None) -> Iterator[Row]:
        """The summaries of what was created since, newest first, whatever their status."""
        return documents.listed(self._client, kind, since=since)

    def find_by_marker(self, kind: DocumentKind, marker: str, *, reference_number: str) -> list[Posted]:
        """Every document whose reference number holds the marker as a word, whatever its status.

        `reference_number` is the complete one, as in the frozen body. Every row is verified, and what is found is read
        in full: a list row is a summary.
        """
        found = documents.marked(self._client, kind, marker, reference_number=reference_number)
        return [self.read(kind, zoho_id) for zoho_id in found]

    def delete(self, kind: DocumentKind, zoho_id: str, *, deadline: float | None = None) -> None:
        """Deletes the document; Zoho refuses where something else rests on it."""
        documents.delete(self._client, kind, zoho_id, deadline=deadline)

    def mark_sent(self, invoice_id: str, *, deadline: float | None = None) -> None:
        """Makes a draft invoice a receivable, without an e-mail."""
        steps.set_status(self._client, invoice_id, "sent", deadline=deadline)

    def void(self, invoice_id: str, *, deadline: float | None = None) -> None:
        """Voids the invoice; payments and credits on it would become the customer's credit."""
        steps.set_status(self._client, invoice_id, "void", deadline=deadline)

    def restore(self, invoice_id: str, *, deadline: float | None = None) -> None:
        """Makes a void invoice a draft."""
        steps.set_status(self._client, invoice_id, "draft", deadline=deadline)

    def email_invoice(self, invoice_id: str, *, to: list[str], deadline: float | None = None) -> None:
        """Has Zoho e-mail the invoice; nothing tells afterwards whether it did."""
        steps.email_invoice(self._client, invoice_id, to, deadline=deadline)

    def remind(self, invoice_id: str, *, deadline: float | None = None) -> None:
        """Has Zoho e-mail a reminder of an open invoice to its customer; nothing tells afterwards whether it did."""
        steps.remind(self._client, invoice_id, deadline=deadline)

    def pay_out(self, credit_note_id: str, frozen_body: str, *, deadline: float | None = None) -> str:
        """The id of the refund that pays back a part of the credit."""
        return steps.pay_out(self._client, credit_note_id, frozen_body, deadline=deadline)

    def payouts(self, credit_note_id: str) -> list[Row]:
        """The refunds of a credit note, each with `creditnote_refund_id` and `reference_number`."""
        return steps.payouts(self._client, credit_note_id)

    def apply_credit(self, credit_note_id: str, frozen_body: str, *, deadline: float | None = None) -> None:
        """Sets a part of the credit against an invoice."""
        steps.apply_credit(self._client, credit_note_id, frozen_body, deadline=deadline)

    def take_credit_off(self, credit_note_id: str, application_id: str, *, deadline: float | None = None) -> None:
        """Takes off an invoice what was set against it (`creditnote_invoice_id` in its row)."""
        steps.take_credit_off(self._client, credit_note_id, application_id, deadline=deadline)

    def credited(self, credit_note_id: str) -> list[Row]:
        """What of a credit note is set against invoices, each with `invoice_id`."""
        return steps.credited(self._client, credit_note_id)

    def upload_receipt(
        self, expense_id: str, *, name: str, content: bytes, media_type: str, deadline: float | None = None
    ) -> None:
        """Puts the receipt to the expense."""
        file = File(field="receipt", name=name, content=content, media_type=media_type)
        steps.upload_receipt(self._client, expense_id, file, deadline=deadline)

    def has_receipt(self, expense_id: str) -> bool:
        """Whether the expense has a receipt now."""
        return steps.has_receipt(self._client, expense_id)

    def paused(self) -> str | None:
        """Why the organization cannot be used at the moment, in words, or None."""
        return self._tokens.obstacle()

    def usage(self) -> dict[str, int]:
        """`minute_used`, `minute_limit`, `day_used`, `day_limit`, `in_flight`."""
        return self.quota.usage()

    def check(self) -> list[str]:
        """What keeps this organization from working, in words; empty when all is well. Makes about eight calls."""
        try:
            self._tokens.access_token()
            return soundness.problems(self.organization, self._client, self.names)
        except BookhookError as trouble:
            return [trouble.message]

    def document_url(self, kind: DocumentKind, zoho_id: str) -> str:
        """Where a person sees the document."""
        return self._url(RESOURCES[kind].page, zoho_id)

    def contact_url(self, contact_id: str) -> str:
        """Where a person sees the contact."""
        return self._url("/contacts", contact_id)

    def _url(self, path: str, zoho_id: str) -> str:
        return f"{self.organization.web_url}/app/{self.organization.organization_id}#{path}/{zoho_id}"

    def _posted(self, kind: DocumentKind, row: object) -> Posted:
        if not isinstance(row, dict):
            raise TypeError("not a document")
        return protocol.read_posted(kind, row, url=self.document_url(kind, str(row[RESOURCES[kind].id_field])))
