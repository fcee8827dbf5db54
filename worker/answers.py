"""Telling the sender the outcome, at most once: it cannot be looked up, so a doubtful one is not repeated."""

import structlog

from errors import BookhookError, NeedsAttention
from ledger.records import DocumentRecord, Event
from mappings import Answer, Post
from outbound import NotDelivered
from worker.desk import Desk
from worker.posts import tell_api
from worker.reading import received_of

log = structlog.get_logger()


def tell_posted(desk: Desk, event: Event, record: DocumentRecord, lease: str) -> None:
    """Tells what was posted, where the source asks for it."""
    facts = {
        "number": record.number or record.zoho_id or "",
        "total": f"{record.total:f}" if record.total is not None else "",
        "currency_code": record.currency_code or "",
        "url": record.url or "",
    }
    _tell(desk, event, "posted", facts, lease)


def tell_parked(desk: Desk, event: Event, trouble: NeedsAttention, lease: str) -> None:
    """Tells that a person must look at it, and why."""
    _tell(desk, event, "parked", {"reason": trouble.message, "remedy": trouble.remedy}, lease)


def tell_awaiting_approval(desk: Desk, event: Event, summary: str, lease: str) -> None:
    """Tells that nothing is posted before somebody approves it."""
    _tell(desk, event, "awaiting_approval", {"summary": summary}, lease)


def tell_rejected(desk: Desk, event: Event, reason: str, lease: str) -> None:
    """Tells that it will not be done, and why."""
    _tell(desk, event, "rejected", {"reason": reason}, lease)


def tell_decided(desk: Desk, event: Event, words: str, lease: str) -> None:
    """Tells an approver what became of a decision."""
    _tell(desk, event, "decided", {"words": words}, lease)


def _tell(desk: Desk, event: Event, outcome: str, facts: dict[str, str], lease: str) -> None:
    source = desk.source_of(event)
    if source is None:
        return
    key = f"{event.connection}/answer/{event.event_id}:{outcome}"
    try:
        answer = source.answer(received_of(event), outcome, facts | {"event_id": event.event_id}, topic=event.topic)
        if answer is not None:
            _send_once(desk, event, key, answer, lease)
    except BookhookError as trouble:
        # The document matters more than the message about it.
        desk.ledger.events.note(event.event_id, "answer_not_sent", trouble.message)


def _send_once(desk: Desk, event: Event, key: str, answer: Answer, lease: str) -> None:
    documents = desk.ledger.documents
    record = documents.claim_answer(key, event_id=event.event_id, lease=lease)
    try:
        if record.state == "new":
            documents.write(key, lease, {"state": "posting"})
            documents.write(key, lease, {"state": _deliver(desk, event, answer)})
    finally:
        documents.release(key, lease)


def _deliver(desk: Desk, event: Event, answer: Answer) -> str:
    try:
        desk.outbound.post_json(answer.url, answer.body, hosts=answer.hosts)
    except NotDelivered as failure:
        if failure.is_sure and answer.late is not None:
            return _deliver_late(desk, event, answer.late)
        desk.ledger.events.note(event.event_id, "answer_not_delivered", f"{failure}; it is not repeated")
        log.warning("answer_not_delivered", reason=str(failure))
        return "unknown"
    desk.ledger.events.note(event.event_id, "answered")
    return "posted"


def _deliver_late(desk: Desk, event: Event, post: Post) -> str:
    """Posts an answer whose own address takes it no more, as far as the sender's API takes it."""
    if tell_api(desk, event, post, otherwise="answer_not_delivered") is None:
        return "unknown"
    desk.ledger.events.note(event.event_id, "answered", f"by {post.host}")
    return "posted"
