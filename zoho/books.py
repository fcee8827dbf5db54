"""One organization's books: everything the worker asks of Zoho."""

import time
from collections.abc import Callable, Iterable
from itertools import islice

from redis import Redis

from config.organizations import PLANS, Organization
from drafts import ContactDraft, Document, DocumentKind, InvoiceDraft
from errors import BookhookError, OutcomeUnknown, UnknownName, ZohoRejected, ZohoUnavailable
from zoho import contacts, protocol
from zoho.bodies import contact_body, expense_body, invoice_body
from zoho.client import Client
from zoho.lookups import Lookups
from zoho.oauth import Tokens
from zoho.protocol import RESOURCES, Call, Posted, Row
from zoho.quota import Quota
from zoho.transport import Transport

MOST_ROWS = 1000
SCOPES = {
    "/settings/currencies": "ZohoBooks.settings.READ",
    "/chartofaccounts": "ZohoBooks.accountants.READ",
    "/contacts": "ZohoBooks.contacts.READ",
    "/invoices": "ZohoBooks.invoices.READ",
    "/expenses": "ZohoBooks.expenses.READ",
}


class Books:
    """Finds, renders, posts and reads back; safe to share between threads, one a process and organization.

    Every method that calls Zoho may raise `ZohoUnavailable`, `QuotaExhausted` and `OrganizationPaused` (nothing was
    done) and `ZohoRejected`; those that write, `OutcomeUnknown` as well.
    """

    def __init__(self, organization: Organization, *, redis: Redis, clock: Callable[[], float] = time.time) -> None:
        transport = Transport()
        self.organization = organization
        self._tokens = Tokens(organization, redis=redis, clock=clock, transport=transport)
        self.quota = Quota(organization, redis=redis, clock=clock)
        self._client = Client(organization, tokens=self._tokens, quota=self.quota, clock=clock, transport=transport)
        self.names = Lookups(self._client, redis=redis, clock=clock)

    def find_contact(self, draft: ContactDraft, currency_code: str, *, besides: str | None = None) -> str | None:
        """The id of the contact that surely is the draft's and is not `besides`, or None; see `zoho.contacts`."""
        return contacts.find_contact(self._client, draft, currency_code=currency_code, besides=besides)

    def contact_body(self, draft: ContactDraft, currency_code: str, *, contact_name: str) -> str:
        """The request for a contact of that name as JSON text, to be kept and posted unchanged."""
        return protocol.freeze(contact_body(draft, self.names, contact_name=contact_name, currency_code=currency_code))

    def create_contact(self, frozen_body: str, *, deadline: float | None = None) -> str:
        """The id of a new contact, sent not later than `deadline` (unix seconds); `NameTaken` if its name is in use."""
        return contacts.create_contact(self._client, frozen_body, deadline=deadline)

    def is_contact_usable(self, contact_id: str) -> bool:
        """Whether documents can be posted to the contact: False when it is inactive, deleted or merged."""
        return contacts.is_usable(self._client, contact_id)

    def body(
        self, document: Document, *, marker: str, customer_id: str | None = None, vendor_id: str | None = None
    ) -> str:
        """The request for a document as JSON text, names resolved to ids, to be kept and posted unchanged.

        An invoice needs `customer_id`; an expense takes the `vendor_id` found for its `vendor_name`. Raises
        `UnknownName`.
        """
        unique_field = self.organization.unique_field
        if not isinstance(document, InvoiceDraft):
            body = expense_body(document, self.names, marker=marker, vendor_id=vendor_id, unique_field=unique_field)
            return protocol.freeze(body)
        if customer_id is None:
            raise ValueError("an invoice needs a customer")
        body = invoice_body(document, self.names, customer_id=customer_id, marker=marker, unique_field=unique_field)
        return protocol.freeze(body)

    def post(self, kind: DocumentKind, frozen_body: str, *, deadline: float | None = None) -> Posted:
        """Creates the document as a draft in Zoho; sent not later than `deadline` (unix seconds)."""
        resource = RESOURCES[kind]
        try:
            answer = self._client.call(protocol.create(resource.path, frozen_body), deadline=deadline)
        except ZohoRejected:
            self.names.forget()  # an id may be of a record that was deleted or replaced since
            raise
        try:
            return self._posted(kind, answer[resource.name])
        except (KeyError, TypeError, ValueError):
            raise OutcomeUnknown(f"Zoho accepted the {kind}, but its answer does not describe it.") from None

    def read(self, kind: DocumentKind, zoho_id: str) -> Posted:
        """The document as it stands in Zoho now; `ZohoRejected` with `zoho_code` 1002 if it is gone."""
        resource = RESOURCES[kind]
        answer = self._client.call(protocol.read(f"{resource.path}/{zoho_id}"))
        try:
            return self._posted(kind, answer[resource.name])
        except (KeyError, TypeError, ValueError):
            raise ZohoUnavailable(f"Zoho's answer does not describe the {kind}.") from None

    def find_by_marker(self, kind: DocumentKind, marker: str, *, reference_number: str) -> list[Posted]:
        """Every document whose reference number holds the marker as a word, whatever its status.

        Looks for the complete `reference_number` (as in the frozen body) by Zoho's exact filter; finding nothing, for
        the marker alone. Every row is verified, and what is found is read in full: a list row is a summary.
        """
        found = self._marked(kind, marker, "reference_number", reference_number)
        found = found or self._marked(kind, marker, RESOURCES[kind].loose_reference_filter, marker)
        return [self.read(kind, zoho_id) for zoho_id in found]

    def paused(self) -> str | None:
        """Why the organization cannot be used at the moment, in words, or None."""
        return self._tokens.obstacle()

    def usage(self) -> dict[str, int]:
        """`minute_used`, `minute_limit`, `day_used`, `day_limit`, `in_flight`."""
        return self.quota.usage()

    def check(self) -> list[str]:
        """What keeps this organization from working, in words; empty when all is well. Makes about six calls."""
        try:
            self._tokens.access_token()
            organization = self.names.organization()
        except BookhookError as trouble:
            return [trouble.message]
        if organization is None:
            return [
                f"The connected user cannot see organization {self.organization.organization_id}: check "
                "ZOHO_ORGANIZATION_ID and ZOHO_DATA_CENTER."
            ]
        return [*self._plan_problems(organization), *self._scope_problems()]

    def unknown_accounts(self, names: Iterable[str]) -> dict[str, str]:
        """What is wrong with each name that is not exactly one active account's in Zoho now, in words."""
        self.names.read("accounts")
        found = {}
        for name in names:
            try:
                self.names.account(name)
            except UnknownName as trouble:
                found[name] = trouble.message
        return found

    def document_url(self, kind: DocumentKind, zoho_id: str) -> str:
        """Where a person sees the document."""
        return self._url(RESOURCES[kind].path, zoho_id)

    def contact_url(self, contact_id: str) -> str:
        """Where a person sees the contact."""
        return self._url("/contacts", contact_id)

    def _url(self, path: str, zoho_id: str) -> str:
        return f"{self.organization.web_url}/app/{self.organization.organization_id}#{path}/{zoho_id}"

    def _posted(self, kind: DocumentKind, row: Row) -> Posted:
        return protocol.read_posted(kind, row, url=self.document_url(kind, str(row[RESOURCES[kind].id_field])))

    def _marked(self, kind: DocumentKind, marker: str, filter_name: str, text: str) -> list[str]:
        """The ids of the documents with the marker, newest first, among the newest MOST_ROWS the filter gives.

        What is looked for is young, so that a filter Zoho ignored does not make us read all the books.
        """
        resource = RESOURCES[kind]
        filters = {filter_name: text, "filter_by": "Status.All", "sort_column": "created_time", "sort_order": "D"}
        rows = islice(self._client.rows(resource.path, **filters), MOST_ROWS)
        return list(dict.fromkeys(str(row[resource.id_field]) for row in rows if _is_marked(row, marker)))

    def _plan_problems(self, organization: Row) -> list[str]:
        plan = str(organization.get("plan_name") or "").casefold()
        allowed, assumed = PLANS.get(plan), self.organization.limits
        if allowed is None or assumed.per_day <= allowed.per_day:
            return []
        return [
            f"The limits assume {assumed.per_day} calls a day, but the organization's plan is {plan} with "
            f"{allowed.per_day}: check ZOHO_PLAN and ZOHO_CALLS_PER_DAY."
        ]

    def _scope_problems(self) -> list[str]:
        problems = []
        for path, scope in SCOPES.items():
            try:
                self._client.call(Call("GET", path, {"page": "1", "per_page": "1"}))
            except BookhookError as trouble:
                problems.append(f"Reading {path} fails, for which the scope {scope} is needed: {trouble.message}")
        return problems


def _is_marked(row: Row, marker: str) -> bool:
    return marker in str(row.get("reference_number") or "").split()
