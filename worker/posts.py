"""Posting to a sender's API on behalf of an event, once; what is not taken is a line in the event's timeline."""

import structlog

from errors import BookhookError
from ledger.records import Event
from mappings import Post
from outbound import ApiLimited
from worker.desk import Desk
from worker.fetching import address_of_post

log = structlog.get_logger()


def tell_api(desk: Desk, event: Event, post: Post, *, otherwise: str) -> object | None:
    """The answer; None where it was not taken, or possibly not: the timeline says so as the step `otherwise`."""
    try:
        return tell_api_or_wait(desk, event, post, otherwise=otherwise)
    except ApiLimited as trouble:
        _note(desk, event, otherwise, trouble.message)
    return None


def tell_api_or_wait(desk: Desk, event: Event, post: Post, *, otherwise: str) -> object | None:
    """As `tell_api`, but raises ApiLimited where it was surely not taken and may be posted again later."""
    call = address_of_post(desk.connections, desk.keys, event.connection, post)
    try:
        answer = desk.apis.tell(call, post.body)
    except ApiLimited:
        raise
    except BookhookError as trouble:
        _note(desk, event, otherwise, trouble.message)
        return None
    if (reason := post.refusal(answer)) is None:
        return answer
    _note(desk, event, otherwise, f"{post.host}: {reason}")
    return None


def _note(desk: Desk, event: Event, step: str, reason: str) -> None:
    desk.ledger.events.note(event.event_id, step, reason)
    log.warning(step, reason=reason)
