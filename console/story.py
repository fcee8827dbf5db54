"""One event as its page tells it: what to do next, what stands and with which totals, what was or would be sent."""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from config.redaction import hide
from console.services import Computed, Rehearsed
from ledger.calls import CallMade, read_body
from ledger.records import DocumentRecord, Event, Trouble, amount_text

OPEN = frozenset({"queued", "working", "waiting", "awaiting_approval", "parked"})
"""States in which something may still be sent."""
IN_DOUBT = frozenset({"posting", "unknown"})
DIFFERS = frozenset({"total_differs", "tax_differs"})
Facts = dict[str, Any]


def next_step(
    event: Event,
    documents: Sequence[DocumentRecord],
    *,
    is_connected: bool = True,
    paused: str | None = None,
    differs: bool = False,
) -> Facts:
    """The one thing to do next, in words, and the action that does it, if there is one.

    Where the event's organization is not connected, or `paused` for a reason, nothing else can be done. What it led to
    perhaps `differs` from what stands in Zoho.
    """
    if event.state in ("queued", "waiting") and not is_connected:
        return {"sentence": "Connect its organization to Zoho; then it goes on by itself.", "action": "connect"}
    if event.state in ("queued", "waiting") and paused:
        return {"sentence": f"Its organization is paused: {paused} Then it goes on by itself.", "action": "connect"}
    if event.state == "parked" and event.error is not None:
        stands = any(record.state == "posted" and not record.totals_agree for record in documents)
        action = "accept" if event.error.code in DIFFERS and stands else "retry"
        return {"sentence": event.error.remedy or "See what is wrong, mend it, then retry.", "action": action}
    if event.state == "posted" and differs:
        return {"sentence": "See to what the last comparison with Zoho found.", "action": None}
    told = {
        "queued": "Nothing: it waits for its turn.",
        "working": "Nothing: a worker is at it.",
        "waiting": "Nothing: it tries again by itself.",
        "awaiting_approval": "Somebody who may approve has to decide.",
        "posted": "Nothing: what it led to stands in Zoho.",
        "ignored": "Nothing: it leads to nothing in Zoho.",
        "rejected": "Nothing: it was rejected, and nothing of it is posted.",
    }
    waits_for_word = event.state == "awaiting_approval"
    return {"sentence": told.get(event.state, "Retry it."), "action": "decide" if waits_for_word else None}


def totals(documents: Iterable[DocumentRecord], computed: Sequence[Computed]) -> list[Facts]:
    """Each document with the sender's total, ours and Zoho's side by side; last what is computed and not posted."""
    records = list(documents)
    rows = [_row(record, _only(computed, record.kind)) for record in records]
    posted = {record.kind for record in records}
    return [*rows, *(_unposted(each) for each in computed if each.kind not in posted)]


def _only(computed: Sequence[Computed], kind: str) -> Computed | None:
    """What is computed for the one document of a kind."""
    found = [each for each in computed if each.kind == kind]
    return found[0] if len(found) == 1 else None


def _row(record: DocumentRecord, ours: Computed | None) -> Facts:
    if ours is not None and record.state == "new" and record.control_total is None:
        return {**_unposted(ours), "business_key": record.business_key, "state": record.state}
    return {
        **record.as_json(),
        "computed_total": amount_text(ours.total if ours else None),
        "computed_tax": amount_text(ours.tax_total if ours else None),
        "tax_total": amount_text(record.tax_total),
        "control_tax": amount_text(record.control_tax),
        "accepted_by": record.accepted_by,
        **_compared(record.control_total, record.total, agree=record.totals_agree, accepted=bool(record.accepted_by)),
    }


def _unposted(ours: Computed) -> Facts:
    agree = ours.total == ours.control_total and ours.control_tax in (None, ours.tax_total)
    row = dict.fromkeys(("business_key", "zoho_id", "number", "total", "url", "origin", "tax_total", "accepted_by"))
    return {
        **row,
        "kind": ours.kind,
        "state": "not posted",
        "computed_total": amount_text(ours.total),
        "computed_tax": amount_text(ours.tax_total),
        "control_total": amount_text(ours.control_total),
        "control_tax": amount_text(ours.control_tax),
        "currency_code": ours.currency_code,
        **_compared(ours.control_total, ours.total, agree=agree),
    }


def _compared(sender: Decimal | None, total: Decimal | None, *, agree: bool, accepted: bool = False) -> Facts:
    """The verdict (equal, differs, accepted; None without two totals), and the total less the sender's."""
    if sender is None or total is None:
        return {"verdict": None, "difference": None}
    verdict = "equal" if total == sender and agree else "accepted" if accepted and agree else "differs"
    return {"verdict": verdict, "difference": f"{total - sender:+f}" if total != sender else None}


def bodies(
    event: Event, documents: Sequence[DocumentRecord], calls: Iterable[CallMade], rehearsed: Rehearsed, *, reveal: bool
) -> Facts:
    """The mapped bodies: as they were sent, and, while something may still be sent, as they would be now."""
    sent = [*_sent(calls), *_frozen(documents)]
    now = [(draft.title, draft.note, draft.body) for draft in rehearsed.drafts] if event.state in OPEN else []
    return {
        "sent": [_body(*each, reveal=reveal) for each in sent],
        "now": [_body(*each, reveal=reveal) for each in now],
        "ignored": rehearsed.ignored if event.state in OPEN else None,
        "trouble": _trouble(rehearsed.trouble) if event.state in OPEN else None,
    }


def _sent(calls: Iterable[CallMade]) -> Iterator[tuple[str, str | None, str]]:
    for call in calls:
        if call.body is not None and call.code == "0":
            yield f"{call.method} {call.path}", None, call.body


def _frozen(documents: Iterable[DocumentRecord]) -> Iterator[tuple[str, str | None, str]]:
    """What may have been sent, and will be sent again if it was not."""
    for record in documents:
        if record.frozen_body and record.state in IN_DOUBT:
            yield record.kind.replace("_", " "), "not known yet whether Zoho has it", record.frozen_body


def _body(title: str, note: str | None, body: str | None, *, reveal: bool) -> Facts:
    read = read_body(body)
    return {"title": title, "note": note, "body": read if reveal else hide(read)}


def _trouble(trouble: Trouble | None) -> Facts | None:
    return None if trouble is None else {**trouble.as_json()}
