"""The message that asks approvers at the sender: posted at most once, then edited to what became of the expense.

Whoever edits it takes the lease on it and looks only then at what was decided and posted. So the last to edit it tells
how things stand; an edit says the same however often it is made.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from errors import Busy
from ledger.approvals import Approval
from ledger.records import DocumentRecord, Event, Trouble
from mappings import Post
from outbound import ApiLimited
from worker.desk import Desk
from worker.posts import tell_api, tell_api_or_wait
from worker.reading import received_of

NOT_ASKED, NOT_CHANGED = "approvers_not_asked", "message_not_changed"


def ask_approvers(desk: Desk, event: Event, summary: str, lease: str) -> None:
    """Posts the message where the connection names a channel, and keeps what names it.

    Raises Busy, LeaseLost, or ApiLimited when it was not sent and is to be tried again; else what fails is noted, and
    not repeated: it may have arrived.
    """
    channel = desk.connections[event.connection].options.expenses.channel
    source = desk.source_of(event)
    if channel is None or source is None:
        return
    facts = {"channel": channel, "event_id": event.event_id, "summary": summary}
    post = source.ask(received_of(event), "asked", facts, topic=event.topic)
    if post is not None:
        _post_once(desk, event, post, lease)
    else:
        desk.ledger.events.note(event.event_id, NOT_ASKED, "the mapping makes no message of this event")


def show_outcome(desk: Desk, event: Event, lease: str) -> None:
    """Edits the message, if there is one, to what was decided and posted; raises Busy while somebody else edits it."""
    named, source = desk.ledger.approvals.message(event.event_id), desk.source_of(event)
    if named is None or source is None or event.connection not in desk.connections:
        return
    with _holding(desk, event, "message", lease):
        approval = desk.ledger.approvals.get(event.event_id)
        if approval is None or approval.verdict is None:
            return
        chapter, facts = _how_it_stands(approval, _posted(desk, event), _trouble(desk, event))
        post = source.ask(received_of(event), chapter, named | facts | {"event_id": event.event_id}, topic=event.topic)
        if post is not None:
            tell_api(desk, event, post, otherwise=NOT_CHANGED)


def show_if_free(desk: Desk, event: Event, lease: str) -> None:
    """As `show_outcome`, for whom it is a courtesy: somebody else who is at it shows how things stand. Never raises."""
    with suppress(Busy):
        show_outcome(desk, event, lease)


def _post_once(desk: Desk, event: Event, post: Post, lease: str) -> None:
    documents = desk.ledger.documents
    with _holding(desk, event, "asked", lease) as (key, state):
        if state != "new":
            return
        documents.write(key, lease, {"state": "posting"})
        try:
            answer = tell_api_or_wait(desk, event, post, otherwise=NOT_ASKED)
        except ApiLimited:
            documents.write(key, lease, {"state": "new"})
            raise
        documents.write(key, lease, {"state": "unknown" if answer is None else "posted"})
        if answer is not None:
            desk.ledger.approvals.keep_message(event.event_id, post.kept(answer))
            desk.ledger.events.note(event.event_id, "approvers_asked")


@contextmanager
def _holding(desk: Desk, event: Event, what: str, lease: str) -> Iterator[tuple[str, str]]:
    """The lease on one side of the message: its key, and the state of its record."""
    key = f"{event.connection}/answer/{event.event_id}:{what}"
    record = desk.ledger.documents.claim_answer(key, event_id=event.event_id, lease=lease)
    try:
        with desk.ledger.leases.document(key, lease):
            yield key, record.state
    finally:
        desk.ledger.documents.release(key, lease)


def _posted(desk: Desk, event: Event) -> DocumentRecord | None:
    found = (record for record in desk.ledger.documents.of(event.event_id) if record.kind == "expense")
    return next((record for record in found if record.state == "posted"), None)


def _trouble(desk: Desk, event: Event) -> Trouble | None:
    """Why the event leads to nothing before somebody has looked at it; an undone one is among those."""
    now = desk.ledger.events.get(event.event_id)
    return now.error if now is not None and now.state == "parked" else None


def _how_it_stands(
    approval: Approval, record: DocumentRecord | None, trouble: Trouble | None
) -> tuple[str, dict[str, str]]:
    """The chapter of the message, and the facts it may name."""
    facts = {
        "summary": approval.summary,
        "words": approval.in_words(),
        "by": approval.decided_by[-1],
        "note": approval.note or "",
    }
    if approval.verdict == "reject":
        return "rejected", facts
    if record is not None:
        return "posted", facts | {"number": record.number or record.zoho_id or "", "url": record.url or ""}
    if trouble is not None:
        return "parked", facts | {"reason": trouble.message, "remedy": trouble.remedy or ""}
    return "approved", facts
