"""Counting in the books: one document for each order and expense, one contact for each person and currency.

What should stand there comes from the plan, what does from the sandbox; the ledger is asked only how each event ended.
"""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from ledger.ledger import Ledger
from ledger.marks import marker
from ledger.records import Event, Step
from tests.chaos.lives import judge_lives
from tests.chaos.plan import Plan, Request
from tests.chaos.shops import request_for
from tests.chaos.things import Change, Expense, Order

Record = dict[str, Any]
Thing = Order | Expense


@dataclass
class Verdict:
    """What is wrong, by kind, one line each; `events` and `documents` are what was found."""

    events: int = 0
    documents: int = 0
    missing: list[str] = field(default_factory=list)
    duplicate: list[str] = field(default_factory=list)
    wrong_total: list[str] = field(default_factory=list)
    other: list[str] = field(default_factory=list)

    @property
    def lines(self) -> list[str]:
        """Everything that is wrong."""
        return [*self.missing, *self.duplicate, *self.wrong_total, *self.other]


def judge_books(verdict: Verdict, plan: Plan, records: Mapping[str, list[Record]]) -> None:
    """Compares the sandbox's documents with the plan's things, by reference number and by marker."""
    documents = [*records["invoices"], *records["expenses"]]
    verdict.documents = sum(len(records[kind]) for kind in ("invoices", "expenses", "customerpayments", "creditnotes"))
    wanted = things_to_post(plan)
    by_reference, by_marker = defaultdict(list), defaultdict(list)
    for document in documents:
        by_reference[reference_of(document)].append(document)
        by_marker[str(document["reference_number"]).rpartition(" ")[2]].append(document)
    for key, versions in wanted.items():
        found = {_id(document): document for document in by_reference.pop(versions[0].reference, [])}
        marked = {_id(document): document for document in by_marker.pop(marker(key, 1), [])}
        _judge_thing(verdict, key, versions, found, marked)
    for strangers in (by_reference, by_marker):
        verdict.duplicate += [f"nobody asked for the document {name}" for name in strangers]
    _judge_customers(verdict, wanted, records)
    missing, duplicate, wrong = judge_lives(plan, records)
    verdict.missing += missing
    verdict.duplicate += duplicate
    verdict.wrong_total += wrong
    _judge_slack(verdict, records["slack"])


def things_to_post(plan: Plan) -> dict[str, list[Thing]]:
    """The versions of each thing that must stand in the books, by business key."""
    wanted: dict[str, list[Thing]] = defaultdict(list)
    for request in plan.requests:
        if "posted" in request.ends and not isinstance(request.thing, Change):
            wanted[request.thing.business_key].append(request.thing)
    return dict(wanted)


def reference_of(document: Record) -> str:
    """The sender's own word for a document: before an invoice's marker, or in an expense's description."""
    if "invoice_id" in document:
        return str(document["reference_number"]).rpartition(" ")[0]
    return next((word for word in str(document["description"]).split() if word[0] == "X" and word[1:].isdigit()), "?")


def _judge_thing(
    verdict: Verdict, key: str, versions: list[Thing], found: Mapping[str, Record], marked: Mapping[str, Record]
) -> None:
    if not found:
        verdict.missing.append(f"{key}: no document")
    if len(found) > 1 or found.keys() != marked.keys():
        verdict.duplicate.append(f"{key}: documents {sorted(found)}, with its marker {sorted(marked)}")
    totals = {(version.total, version.currency_code) for version in versions}
    for document_id, document in found.items():
        if (Decimal(document["total"]), document["currency_code"]) not in totals:
            verdict.wrong_total.append(f"{key}: {document_id} says {document['total']} {document['currency_code']}")


def _judge_customers(verdict: Verdict, wanted: Mapping[str, list[Thing]], records: Mapping[str, list[Record]]) -> None:
    """Each person in each currency has one contact, and each contact is one person's."""
    parties = {reference: party for versions in wanted.values() for reference, party in [_party(versions[0])] if party}
    contacts: dict[tuple[str, ...], set[str]] = defaultdict(set)
    people: dict[str, set[tuple[str, ...]]] = defaultdict(set)
    for document in [*records["invoices"], *records["expenses"]]:
        party = parties.get(reference_of(document))
        contact_id = document.get("vendor_id") or document.get("customer_id")
        if party and contact_id:
            contacts[party].add(contact_id)
            people[contact_id].add(party)
    verdict.duplicate += [f"{party}: contacts {sorted(ids)}" for party, ids in contacts.items() if len(ids) > 1]
    verdict.other += [f"contact {one} is shared by {sorted(who)}" for one, who in people.items() if len(who) > 1]
    for contact in records["contacts"]:
        if contact["contact_id"] not in people:
            verdict.duplicate.append(f"contact {contact['contact_id']} ({contact['contact_name']}) has no document")


def _party(thing: Thing) -> tuple[str, tuple[str, ...] | None]:
    """Who a document is for: the vendor, or the person by e-mail, by the shop's own id, or as a walk-in."""
    if isinstance(thing, Expense):
        return thing.reference, ("vendor", thing.vendor, thing.currency_code) if thing.vendor else None
    person = thing.person
    if person.email:
        return thing.reference, (person.email.casefold(), thing.currency_code)
    return thing.reference, (thing.source, str(person.customer_id), thing.currency_code)


def _judge_slack(verdict: Verdict, messages: list[Record]) -> None:
    alerts = [message["body"]["text"] for message in messages if message["path"].endswith("/alerts")]
    verdict.other += [f"people were alerted, though every grant was sound: {text}" for text in alerts]
    told = Counter(message["path"] for message in messages if not message["path"].endswith("/alerts"))
    verdict.duplicate += [f"{path}: answered {times} times" for path, times in told.items() if times > 1]


def judge_events(
    verdict: Verdict, plan: Plan, ledger: Ledger, *, told: Mapping[int, set[str]], sandbox_url: str
) -> list[Event]:
    """Compares how each event ended with how its request may end; each request is one event. Gives the events.

    `told` are the event ids the senders were answered with, by the number of the request.
    """
    events = list(ledger.events.list())
    verdict.events = len(events)
    by_body: dict[tuple[str, str], list[Event]] = defaultdict(list)
    for event in events:
        by_body[event.source, _digest(event.body)].append(event)
    for number, request in enumerate(plan.requests):
        example = request_for(request.thing, sandbox_url)
        found = by_body.pop((example.source, _digest(example.body)), [])
        _judge_request(verdict, request, found, ledger)
        leads_to = {one.event_id if (one := ledger.events.get(each)) else each for each in told.get(number, ())}
        wrong = leads_to - {event.event_id for event in found}
        verdict.other += [f"{request.thing.business_key}: the sender was told {each}, another event" for each in wrong]
    verdict.other += [f"an event of {source} that nobody sent" for source, _ in by_body]
    return events


def _judge_request(verdict: Verdict, request: Request, events: list[Event], ledger: Ledger) -> None:
    what = f"{request.thing.business_key} v{request.thing.version}"
    if not events:
        verdict.missing.append(f"{what}: it was acknowledged, and no event is recorded")
    if len(events) > 1:
        verdict.duplicate.append(f"{what}: recorded as {[event.event_id for event in events]}")
    for event in events:
        ended = f"parked:{event.error.code}" if event.state == "parked" and event.error else event.state
        if ended not in request.ends:
            verdict.other.append(f"{what}: {event.event_id} ended {ended}\n{tell(ledger, event.event_id)}")


def tell(ledger: Ledger, event_id: str) -> str:
    """The event's timeline, for a person."""
    return "\n".join(f"      {step.at[11:23]} {step.step} {step.detail}" for step in ledger.events.timeline(event_id))


@dataclass
class Doubts:
    """Seconds from each doubtful write until it was looked for, and until its event had ended; with the event's id."""

    looked: list[tuple[float, str]] = field(default_factory=list)
    finished: list[tuple[float, str]] = field(default_factory=list)


def measure_doubts(ledger: Ledger, events: Iterable[Event]) -> Doubts:
    """Reads the timelines: `outcome_unknown`, its `waiting`, then whatever came of the first look.

    A look that a kill came in between of is left out: how soon such an event is at work again is measured by itself.
    """
    doubts = Doubts()
    for event in events:
        steps = ledger.events.timeline(event.event_id)
        for number, step in enumerate(steps):
            if step.step == "outcome_unknown":
                later = steps[number + 1 :]
                looked = later[1:2] if later and later[0].step == "waiting" else later[:1]
                ended = [each for each in later if each.step in ("posted", "parked")][:1]
                doubts.looked += [
                    (_seconds(step, each), event.event_id) for each in looked if each.step != "taken_back"
                ]
                doubts.finished += [(_seconds(step, each), event.event_id) for each in ended]
    return doubts


def _seconds(earlier: Step, later: Step) -> float:
    return (datetime.fromisoformat(later.at) - datetime.fromisoformat(earlier.at)).total_seconds()


def _id(document: Record) -> str:
    return str(document.get("invoice_id") or document["expense_id"])


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def read_records(text: str) -> dict[str, Any]:
    """The sandbox's books, money exact."""
    records: dict[str, Any] = json.loads(text, parse_float=Decimal)
    return records
