"""A source's examples as far as they are written, and what really comes of each, without any network."""

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from cli.dry_run import Rehearsal, Stage
from cli.wording import without_event
from cli.workshop.books import NamesOfTheSandbox
from config.options import ConnectionOptions, ExpenseOptions
from drafts import Drafts
from errors import NeedsAttention
from mappings import Example, Source, as_json
from zoho.names import decimals

CONNECTION = ConnectionOptions(
    expenses=ExpenseOptions(
        paid_through="Company Credit Card",
        default_account="Other Expenses",
        accounts={"meals": "Meals and Entertainment", "travel": "Travel Expense", "office": "Office Supplies"},
    )
)
"""What the connection of an example decides: nothing but what no expense can do without."""

BY_HAND = ("after", "rounding")
"""What only a person can say: the cases an example follows, and what its sender rounds in its sums only."""

KEYS = ("topic", "after", "once_per", "state", "document", "error", "reason", "rounding", "drafts")
"""All that an example may say, in the order it is written."""


def find_outcome(source: Source, example: Example) -> dict[str, Any]:
    """What comes of the example, in the words of its `.expected.json`; if it is parked, also what a person is told."""
    stage, received = stage_of(source), example.received
    identity = source.identify(received)
    if identity.ignored is not None:
        return {"topic": identity.topic, "state": "ignored", "reason": identity.ignored}
    told = {"topic": identity.topic, "once_per": identity.once_per}
    try:
        if identity.problem:
            raise identity.problem
        if ignored := stage.ignores(received, topic=identity.topic):
            told |= {"state": "ignored", "reason": ignored}
        else:
            told |= _end(stage, stage.render(received, topic=identity.topic))
    except NeedsAttention as trouble:
        told |= _parked(trouble)
    return {name: value for name, value in told.items() if value is not None}


def _end(stage: Stage, drafts: Drafts) -> dict[str, Any]:
    """What comes of the drafts."""
    told = {"once_per": drafts.once_per, "drafts": as_json(drafts)}
    if drafts.decision:
        return {"state": "rejected", "error": {"code": "rejected"}} | told  # of an event that nobody here knows
    try:
        rehearsal = stage.play(drafts)
    except NeedsAttention as trouble:
        return _parked(trouble) | told
    if rehearsal.ignored is not None:
        return {"state": "ignored", "reason": rehearsal.ignored}
    return {"state": "posted", "document": _document(drafts), "rounding": _rounding(drafts, rehearsal)} | told


def stage_of(source: Source) -> Stage:
    """The stage on which a source's examples are rehearsed."""
    return Stage(
        source=source,
        connection=source.name,
        options=CONNECTION,
        time_zone="UTC",
        unique_field=None,
        names=NamesOfTheSandbox(),
    )


def _parked(trouble: NeedsAttention) -> dict[str, Any]:
    told = " ".join(filter(None, (trouble.message, without_event(trouble.remedy))))
    return {"state": "parked", "error": {"code": trouble.code, "field": trouble.field}, "told": told}


def _document(drafts: Drafts) -> dict[str, str] | None:
    """The document that stands for the event; where it ends the order there is none."""
    found = (drafts.invoice, drafts.expense, *drafts.refunds, *drafts.payments)
    document = next((each for each in found if each), None)
    if document is None or drafts.cancel:
        return None
    total = document.amount if document.kind == "payment" else document.control_total
    places = max(decimals(document.currency_code), -int(total.as_tuple().exponent))
    return {"kind": document.kind, "total": f"{total:.{places}f}", "currency_code": document.currency_code}


def _rounding(drafts: Drafts, rehearsal: Rehearsal) -> str | None:
    """What is added so that the lines come to the sender's total, beyond what the sender itself adds."""
    charged = [each for each in (drafts.invoice, *drafts.refunds) if each and each.lines]
    added = sum((computed.plan.adjustment for computed in rehearsal.computed), Decimal(0))
    rounding = added - sum(each.adjustment for each in charged)
    return f"{rounding:f}" if rounding else None


def json_text(value: object) -> str:
    """The value as the files of examples hold it."""
    return json.dumps(value, indent=2, ensure_ascii=False)


def describe(outcome: Mapping[str, Any]) -> str:
    """The outcome in one line."""
    return " ".join(filter(None, _words(outcome)))


def _words(outcome: Mapping[str, Any]) -> Iterator[str]:
    yield outcome["state"]
    if document := outcome.get("document"):
        yield f"as {document['kind'].replace('_', ' ')} {document['total']} {document['currency_code']}"
    if error := outcome.get("error"):
        yield f"({error['code']} at {error['field']})" if error.get("field") else f"({error['code']})"
    if reason := outcome.get("reason"):
        yield f"({reason})"
