"""An organization whose connection to Zoho is broken pauses: people are told once, and once more when it goes on."""

import structlog

from outbound import NotDelivered
from worker.desk import Desk

log = structlog.get_logger()


def pause(desk: Desk, organization: str, *, reason: str, seconds: float) -> None:
    """Keeps the organization from being worked for; tells people if it was not paused before."""
    if desk.ledger.dispatch.pause(organization, reason=reason, seconds=seconds):
        log.error("organization_paused", organization=organization, reason=reason)
        _tell(desk, f"Bookhook paused organization {organization}: {reason} Its events wait; nothing is lost.")


def notice_connected(desk: Desk) -> None:
    """Takes note of organizations that were connected or disconnected; what waits for one is tried at once."""
    for organization in desk.organizations.look():
        desk.ledger.dispatch.try_again(organization)
        log.warning("organization_connected", organization=organization)


def tell_resumed(desk: Desk, organization: str) -> None:
    """Tells people that a pause is over."""
    log.warning("organization_resumed", organization=organization)
    _tell(desk, f"Bookhook works for organization {organization} again.")


def _tell(desk: Desk, text: str) -> None:
    try:
        desk.outbound.alert(text)
    except NotDelivered as failure:
        log.error("alert_not_delivered", reason=str(failure))
