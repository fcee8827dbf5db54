"""One organization's books: everything the worker asks of Zoho."""

import time
from collections.abc import Callable, Iterator
from itertools import takewhile

from redis import Redis

from config.organizations import PLANS, Organization
from drafts import ContactDraft, Document, DocumentKind, InvoiceDraft
from errors import BookhookError, OutcomeUnknown, ZohoUnavailable
from zoho import contacts, protocol
from zoho.bodies import expense_body, invoice_body
from zoho.client import Client
from zoho.lookups import Lookups
from zoho.oauth import Tokens
from zoho.protocol import RESOURCES, Call, Posted, Row
from zoho.quota import Quota
from zoho.transport import Transport

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
        self._quota = Quota(organization, redis=redis, clock=clock)
        self._client = Client(organization, tokens=self._tokens, quota=self._quota, clock=clock, transport=transport)
        self.names = Lookups(self._client, redis=redis, clock=clock)

    def find_contact(self, draft: ContactDraft, currency_code: str) -> str | None:
        """The id of the contact that surely is the draft's, or None; see `zoho.contacts`."""
        return contacts.find_contact(self._client, draft, currency_code=currency_code)

    def create_contact(self, draft: ContactDraft, currency_code: str, *, deadline: float | None = None) -> str:
        """The id of a contact created for the draft, under a name that tells it apart if need be.

        Several names may be tried, none sent later than `deadline` (unix seconds).
        """
        return contacts.create_contact(
            self._client, draft, currency_code=currency_code, names=self.names, deadline=deadline
        )

    def body(
        self, document: Document, *, marker: str, customer_id: str | None = None, vendor_id: str | None = None
    ) -> str:
        """The request for a document as JSON text, names resolved to ids, to be kept and posted unchanged.

        An invoice needs `customer_id`; an expense takes the `vendor_id` found for its `vendor_name`. Raises
        `UnknownName`.
        """
        if not isinstance(document, InvoiceDraft):
            return protocol.freeze(expense_body(document, self.names, marker=marker, vendor_id=vendor_id))
        if customer_id is None:
            raise ValueError("an invoice needs a customer")
        return protocol.freeze(invoice_body(document, self.names, customer_id=customer_id, marker=marker))

    def post(self, kind: DocumentKind, frozen_body: str, *, deadline: float | None = None) -> Posted:
        """Creates the document as a draft in Zoho; sent not later than `deadline` (unix seconds)."""
        resource = RESOURCES[kind]
        answer = self._client.call(protocol.create(resource.path, frozen_body), deadline=deadline)
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

    def find_by_marker(self, kind: DocumentKind, marker: str, *, reference_number: str | None = None) -> list[Posted]:
        """Every document whose reference number holds the marker as a word, whatever its status.

        Looks for the complete `reference_number` (as in the frozen body) where it is given, by Zoho's exact filter;
        finding nothing, for the marker alone. Every page is read and every row verified.
        """
        loose_filter = RESOURCES[kind].loose_reference_filter
        if reference_number is None:
            rows = [row for row in self._list(kind, loose_filter, marker) if _is_marked(row, marker)]
        else:
            rows = [row for row in self._list(kind, "reference_number", reference_number) if _is_marked(row, marker)]
            # A foreign row tells that the filter was ignored: no need to read all the books.
            rows = rows or list(takewhile(lambda row: _is_marked(row, marker), self._list(kind, loose_filter, marker)))
        by_id = {str(row.get(RESOURCES[kind].id_field)): row for row in rows}
        return [self._posted_from_row(kind, row) for row in by_id.values()]

    def paused(self) -> str | None:
        """Why the organization cannot be used at the moment, in words, or None."""
        return self._tokens.obstacle()

    def usage(self) -> dict[str, int]:
        """`minute_used`, `minute_limit`, `day_used`, `day_limit`, `in_flight`."""
        return self._quota.usage()

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

    def _list(self, kind: DocumentKind, filter_name: str, text: str) -> Iterator[Row]:
        filters = {filter_name: text, "filter_by": "Status.All", "sort_column": "created_time", "sort_order": "A"}
        return self._client.rows(RESOURCES[kind].path, **filters)

    def _posted_from_row(self, kind: DocumentKind, row: Row) -> Posted:
        """A list row is a summary: what it lacks is read from the document."""
        try:
            return self._posted(kind, row)
        except (KeyError, ValueError):
            return self.read(kind, str(row.get(RESOURCES[kind].id_field)))

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
