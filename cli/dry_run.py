"""What an event would lead to, by the code that posts and without any network: names stand where ids would."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from cli.receipt_notes import PARKED, describe_receipt, find_refusal
from config.connection_file import default_options
from config.options import ConnectionOptions
from config.organizations import DEFAULT
from drafts import (
    ContactDraft,
    DocumentKind,
    Drafts,
    ExpenseDraft,
    InvoiceDraft,
    PaymentDraft,
    ReceiptDraft,
    RefundDraft,
)
from ledger.marks import marker
from mappings import Identity, Received, Source, Steps
from worker.naming import WALK_IN, named_contact
from worker.options import mapping_options
from zoho.bodies import (
    as_named,
    contact_body,
    credit_body,
    credit_note_body,
    expense_body,
    invoice_body,
    payment_body,
    payout_body,
)
from zoho.names import Names, NamesAsTheyAre
from zoho.planning import Plan, plan_credit_note, plan_invoice

if TYPE_CHECKING:
    from config.settings import Settings

NAMES = NamesAsTheyAre()
THE_INVOICE = "<the invoice>"
THE_NOTE = "<the credit note>"
THE_EXPENSE = "<the expense>"
LESS_RECORDED = "less what is recorded of it already"
SHARES = "its lines come from the invoice as it stands in Zoho, in its proportions"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call that would be made: method and path, when only under a condition, and the body if there is one.

    One that `is_refused` would not be made after all: it would park the event after what was called before.
    """

    title: str
    body: Mapping[str, Any] | None = None
    note: str | None = None
    is_refused: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Computed:
    """What a document will come to, and what the sender says that it should."""

    kind: DocumentKind
    name: str
    plan: Plan
    control_total: Decimal
    currency_code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """What would come of a request: why it would be `ignored`, or the calls in their order and what is computed.

    `once_per` names the order or the expense.
    """

    ignored: str | None = None
    once_per: str | None = None
    calls: tuple[Call, ...] = ()
    computed: tuple[Computed, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Whose events are rehearsed, by which decisions, and in whose books.

    `no_time_zone` is where to say the organization's time zone, as long as nothing says it.
    """

    source: Source
    connection: str
    options: ConnectionOptions
    time_zone: str
    unique_field: str | None
    names: Names = NAMES
    no_time_zone: str | None = None

    def rehearse(self, received: Received) -> Rehearsal:
        """What would come of the request; raises NeedsAttention with what would park it."""
        identity = self.identify(received)
        if identity.ignored:
            return Rehearsal(ignored=identity.ignored)
        if ignored := self.ignores(received, topic=identity.topic):
            return Rehearsal(ignored=ignored)
        return self.play(self.render(received, topic=identity.topic))

    def identify(self, received: Received) -> Identity:
        """What the request is; raises what keeps it from being known."""
        identity = self.source.identify(received)
        if identity.problem:
            raise identity.problem
        return identity

    def steps(self, received: Received, *, topic: str) -> Steps:
        """The calls to the sender's API that the request needs; raises NeedsAttention."""
        bare = Received(received.body, received.headers)
        return self.source.fetching(bare, mapping_options(self.options, self.time_zone), topic=topic)

    def ignores(self, received: Received, *, topic: str) -> str | None:
        """Why the request is not for us, as what was fetched shows; raises NeedsAttention."""
        return self.source.ignores(received, mapping_options(self.options, self.time_zone), topic=topic)

    def render(self, received: Received, *, topic: str) -> Drafts:
        """The drafts that the request asks for; raises NeedsAttention."""
        return self.source.render(received, mapping_options(self.options, self.time_zone), topic=topic)

    def play(self, drafts: Drafts) -> Rehearsal:
        """What would come of the drafts; raises NeedsAttention with what would park them."""
        return _Play(self, drafts).whole()


def set_stage(source: Source, connection: str, settings: "Settings") -> Stage:
    """The stage for a connection; one that is not set up decides what every connection does by default.

    What is said of its organization holds before there is a grant for it, too.
    """
    configured, organization = settings.connections.get(connection), settings.usual_organization
    if configured:
        organization = settings.organization_entries.get(configured.organization_id, organization)
    where = "ZOHO_TIME_ZONE" if organization.name == DEFAULT else f"organizations.{organization.name}.time_zone"
    return Stage(
        source=source,
        connection=connection,
        options=configured.options if configured else default_options(settings.options, held=source.holds_expenses),
        time_zone=organization.time_zone or "UTC",
        unique_field=organization.unique_field,
        no_time_zone=None if organization.time_zone else where,
    )


@dataclass(frozen=True, slots=True)
class _Play:
    """The drafts of one event on their stage."""

    stage: Stage
    drafts: Drafts

    def whole(self) -> Rehearsal:
        computed: list[Computed] = []
        calls = tuple(self._calls(computed))
        if calls:
            return Rehearsal(once_per=self.drafts.once_per, calls=calls, computed=tuple(computed))
        return Rehearsal(ignored="there is nothing to do")

    def _calls(self, computed: list[Computed]) -> Iterator[Call]:
        drafts = self.drafts
        if drafts.invoice:
            yield from self._invoice(drafts.invoice, computed)
        if drafts.payments and self.stage.options.payments.record:
            for payment in drafts.payments:
                yield self._payment(payment)
        for refund in drafts.refunds:
            yield from self._refund(refund, computed)
        if drafts.cancel:
            note = "where nothing was paid; else a credit note over what is not credited yet"
            yield Call(title=f"POST /invoices/{THE_INVOICE}/status/void", note=note)
        if drafts.invoice and self.stage.options.invoices.email and not drafts.cancel:
            yield self._email()
        if drafts.expense:
            yield from self._expense(drafts.expense)
        if drafts.decision:
            yield Call(title=f"{drafts.decision.verdict} the expense {drafts.decision.event_id}")

    def _invoice(self, draft: InvoiceDraft, computed: list[Computed]) -> Iterator[Call]:
        plan = plan_invoice(draft, self.stage.names, self.stage.options)
        computed.append(_computed("invoice", draft, plan))
        customer = self._named(self.drafts.contact or WALK_IN, draft.currency_code)
        yield self._contact(customer, draft.currency_code)
        body = invoice_body(
            draft, plan.fields, customer_id="", marker=self._mark("invoice"), unique_field=self.stage.unique_field
        )
        note = "in the place of one that is not posted yet; else nothing" if self.drafts.is_edit else None
        yield Call(title="POST /invoices", body=_naming(customer, body), note=note)
        options = self.stage.options
        if options.invoices.mark_sent or options.invoices.email or (self.drafts.payments and options.payments.record):
            yield Call(title=f"POST /invoices/{THE_INVOICE}/status/sent")

    def _payment(self, draft: PaymentDraft) -> Call:
        options = self.stage.options.payments
        body = payment_body(
            draft,
            self.stage.names,
            customer_id="<its customer>",
            invoice_id=THE_INVOICE,
            marker=self._mark("payment", draft.once_per),
            mode=options.mode_of(draft.method),
            account_name=self.stage.options.account_of_payments(draft.method),
        )
        note = LESS_RECORDED if draft.is_so_far else None
        return Call(title="POST /customerpayments", body=body, note=note)

    def _refund(self, draft: RefundDraft, computed: list[Computed]) -> Iterator[Call]:
        options = self.stage.options
        plan = plan_credit_note(draft, self.stage.names, options) if draft.lines else None
        if plan:
            computed.append(_computed("credit_note", draft, plan))
        mark = self._mark("credit_note", draft.once_per)
        fields = plan.fields if plan else {}
        body = credit_note_body(draft, fields, self.stage.names, customer_id="<its customer>", marker=mark)
        note = None if plan else f"{SHARES}, {LESS_RECORDED}" if draft.is_so_far else SHARES
        yield Call(title="POST /creditnotes", body=body, note=note)
        yield from self._money_back(draft)

    def _money_back(self, draft: RefundDraft) -> Iterator[Call]:
        options = self.stage.options.payments
        back = draft.control_total if draft.paid_back is None else draft.paid_back
        back = back if options.record else Decimal(0)
        if draft.control_total > back:
            body = credit_body(THE_INVOICE, draft.control_total - back)
            yield Call(title=f"POST /creditnotes/{THE_NOTE}/invoices", body=body, note="up to what is still owed")
        if back:
            body = payout_body(
                draft,
                self.stage.names,
                amount=back,
                marker=self._mark("payout", draft.once_per),
                mode=options.mode_of(draft.method),
                account_name=self.stage.options.account_of_payments(draft.method),
            )
            yield Call(title=f"POST /creditnotes/{THE_NOTE}/refunds", body=body)

    def _email(self) -> Call:
        contact = self.drafts.contact
        address = contact.email if contact else None
        if address is None:
            return Call(title="no e-mail: the customer has no address")
        return Call(title=f"POST /invoices/{THE_INVOICE}/email", body={"to_mail_ids": [address]})

    def _expense(self, draft: ExpenseDraft) -> Iterator[Call]:
        for contact in self._parties(draft):
            yield self._contact(contact, draft.currency_code)
        mark, field = self._mark("expense"), self.stage.unique_field
        customer_id = "<its customer>" if draft.customer else None
        draft = as_named(draft, self.stage.options.namesakes)
        body = expense_body(draft, self.stage.names, marker=mark, customer_id=customer_id, unique_field=field)
        vendor = {"vendor_name": draft.vendor_name} if draft.vendor_name else {}
        yield Call(title="POST /expenses", body={**body, **vendor}, note=self._approval())
        if draft.receipt:
            yield self._receipt(draft.receipt)

    def _approval(self) -> str | None:
        over = self.stage.options.expenses.approval_over
        if over is None:
            return None
        return f"once it is approved, which it waits for{f' if it is over {over}' if over else ''}"

    def _receipt(self, receipt: ReceiptDraft) -> Call:
        listed, asked = self.stage.options.expenses.receipt_hosts, self.stage.source.hosts().values()
        refusal = find_refusal(receipt, listed=listed, asked=tuple(filter(None, asked)))
        reason = f": {refusal}; {PARKED}" if refusal else ""
        return Call(
            title=f"POST /expenses/{THE_EXPENSE}/receipt",
            note=f"{describe_receipt(receipt)}{reason}",
            is_refused=refusal is not None,
        )

    def _parties(self, draft: ExpenseDraft) -> Iterator[ContactDraft]:
        if draft.vendor_name:
            yield ContactDraft(contact_name=draft.vendor_name, contact_type="vendor")
        if draft.customer:
            yield self._named(draft.customer, draft.currency_code)

    def _named(self, draft: ContactDraft, currency_code: str) -> ContactDraft:
        return named_contact(draft, self.stage.connection, currency_code)

    def _contact(self, draft: ContactDraft, currency_code: str) -> Call:
        body = contact_body(draft, self.stage.names, contact_name=draft.contact_name, currency_code=currency_code)
        return Call(title="POST /contacts, unless it is there", body=body)

    def _mark(self, kind: str, once_per: str | None = None) -> str:
        return marker(f"{self.stage.connection}/{kind}/{once_per or self.drafts.once_per}", 1)


def _computed(kind: DocumentKind, draft: InvoiceDraft | RefundDraft, plan: Plan) -> Computed:
    return Computed(
        kind=kind,
        name=f"{kind.replace('_', ' ')} {draft.reference_number}",
        plan=plan,
        control_total=draft.control_total,
        currency_code=draft.currency_code,
    )


def _naming(customer: ContactDraft, body: Mapping[str, Any]) -> dict[str, Any]:
    rest = {name: value for name, value in body.items() if name != "customer_id"}
    return {"customer_name": customer.contact_name, **rest}
