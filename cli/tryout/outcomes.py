"""What would come of an event, as JSON values with amounts digit for digit."""

from typing import Any

from cli.dry_run import Call, Computed, Rehearsal, Stage
from console.tryouts import Version
from errors import NeedsAttention, TaxDiffers, TotalDiffers
from mappings import Received
from mappings.places import place_of_trouble
from zoho.arithmetic import LineTotals, Totals
from zoho.protocol import freeze, thaw

Outcome = dict[str, Any]


def outcomes(stage: Stage, version: Version, request: Received) -> list[Outcome]:
    """What would come of each event of a request: `posted`, `ignored` or `parked`."""
    return [_outcome(stage, version, event) for event in stage.source.events(request)]


def _outcome(stage: Stage, version: Version, event: Received) -> Outcome:
    topic = stage.source.identify(event).topic
    try:
        return {"topic": topic, **_told(stage.rehearse(event))}
    except NeedsAttention as trouble:
        return {"topic": topic, "state": "parked", "error": _error(trouble, version, topic), "lines": _lines(trouble)}


def _told(rehearsal: Rehearsal) -> Outcome:
    if rehearsal.ignored is not None:
        return {"state": "ignored", "reason": rehearsal.ignored}
    calls, computed = map(_call, rehearsal.calls), map(_computed, rehearsal.computed)
    return {"state": "posted", "once_per": rehearsal.once_per, "calls": list(calls), "computed": list(computed)}


def _error(trouble: NeedsAttention, version: Version, topic: str) -> Outcome:
    texts = {"patch": version.patch, "mapping": version.mapping}
    place = place_of_trouble(texts, trouble.field, trouble.message, topic=topic) if trouble.field else None
    where, line = place or ("mapping", None)
    told = {"code": trouble.code, "message": trouble.message, "remedy": trouble.remedy, "field": trouble.field}
    return {**told, "where": where, "line": line}


def _call(call: Call) -> Outcome:
    body = None if call.body is None else thaw(freeze(call.body))
    return {"title": call.title, "note": call.note, "body": body}


def _computed(computed: Computed) -> Outcome:
    totals = computed.plan.totals
    return {
        "kind": computed.kind,
        "name": computed.name,
        "currency_code": computed.currency_code,
        "lines": _rows(totals),
        "adjustment": f"{computed.plan.adjustment:f}" if computed.plan.adjustment else None,
        "reason": computed.plan.reason,
        "total": f"{totals.total:f}",
        "tax_total": f"{totals.tax_total:f}",
        "control_total": f"{computed.control_total:f}",
    }


def _lines(trouble: NeedsAttention) -> list[Outcome]:
    """What the lines come to, where that is what is wrong."""
    if isinstance(trouble, TotalDiffers | TaxDiffers) and isinstance(trouble.computed, Totals):
        return _rows(trouble.computed)
    return []


def _rows(totals: Totals) -> list[Outcome]:
    return [_row(line) for line in totals.lines]


def _row(line: LineTotals) -> Outcome:
    priced = line.line
    return {
        "name": priced.name,
        "quantity": f"{priced.quantity:f}",
        "rate": f"{priced.rate:f}",
        "discount": f"{priced.discount:f}",
        "amount": f"{line.amount:f}",
        "taxes": [{"name": tax.name, "amount": f"{tax.amount:f}"} for tax in line.taxes],
        "total": f"{line.total:f}",
    }
