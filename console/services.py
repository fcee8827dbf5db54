"""What the console stands on, and what it may ask others to do."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol

from config.connection import Connection
from config.settings import Settings
from console.audit import Audit
from console.comparisons import Comparisons
from console.openid import OpenIdLogin
from console.people import People, Person
from console.receipts import Receipts
from console.sessions import Session, Sessions
from console.tryouts import Tryouts
from drafts import ExpenseDraft, Verdict
from ledger.ledger import Ledger
from ledger.records import Event, Trouble
from mappings import Source
from outbound import File
from zoho.books import Books
from zoho.grants import Grants
from zoho.organizations import Organizations


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedStep:
    """What undoing would do to one document: `words` say what happens to it, `remedy` what a person may do instead."""

    business_key: str
    event_id: str
    kind: str
    number: str
    words: str
    stands: str
    changes: bool
    remedy: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A call that would be made: method and path, only when (`note`), and the body (JSON text) if there is one."""

    title: str
    note: str | None = None
    body: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Computed:
    """What a document comes to by Zoho's arithmetic, and what the sender says that it should."""

    kind: str
    total: Decimal
    tax_total: Decimal
    control_total: Decimal | None
    control_tax: Decimal | None
    currency_code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsed:
    """What would come of an event now: the drafts in their order, or why it is `ignored`, or what would park it.

    What could be `computed` is there in any case.
    """

    drafts: Sequence[Draft] = ()
    computed: Sequence[Computed] = ()
    ignored: str | None = None
    trouble: Trouble | None = None


class Actions(Protocol):
    """What a person may have done about events; an answer that is not None says, as a sentence, why it was not done."""

    def rehearse(self, event: Event) -> Rehearsed:
        """What would be sent for the event now; asks nobody and changes nothing."""

    def fetch_anew(self, event_id: str) -> str | None:
        """Gives the event its turn again, with what was fetched for it asked for anew."""

    def retry(self, event_id: str) -> str | None:
        """Gives the event its turn again."""

    def end(self, event_id: str, *, by: str, note: str) -> str | None:
        """Ends a parked event that was seen to by hand."""

    def accept(self, event_id: str, *, by: str) -> str | None:
        """Takes totals that differ as right, as they stand in Zoho, and goes on."""

    def decide(self, event_id: str, verdict: Verdict, *, by: Sequence[str], note: str) -> str | None:
        """Approves or rejects; the last name in `by` is the person's own."""

    def expense(self, event: Event) -> ExpenseDraft | None:
        """The expense an event asks for, as its mapping reads it now; None where there is none to be read."""

    def receipt(self, event_id: str) -> File | None:
        """The file that came with an expense; None where none came. Raises BookhookError where it cannot be had."""

    def plan(self, event_ids: Sequence[str]) -> Sequence[PlannedStep]:
        """What undoing these events would do, as things stand in Zoho now. Raises BookhookError."""

    def undo(self, event_ids: Sequence[str], business_keys: Sequence[str]) -> Sequence[str]:
        """Takes back these documents of these events, as was planned; one sentence for each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything a page may use; `sources` are by connection, `books` by organization.

    `known` are all sources by name, as their files have them; `tryouts` try mappings that are not live. `clock` gives
    unix seconds, `pause` waits so many.
    """

    ledger: Ledger
    settings: Settings
    organizations: Organizations
    grants: Grants
    connections: Mapping[str, Connection]
    sources: Mapping[str, Source]
    known: Mapping[str, Source]
    books: Mapping[str, Books]
    actions: Actions
    tryouts: Tryouts
    comparisons: Comparisons
    people: People
    sessions: Sessions
    audit: Audit
    receipts: Receipts
    clock: Callable[[], float]
    pause: Callable[[float], object] = time.sleep
    openid: OpenIdLogin | None = None


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks for a page."""

    person: Person
    session: Session
