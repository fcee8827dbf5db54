"""Giving the organizations their turns: what waits goes to RQ once its calls are reserved."""

from config.organizations import DEFAULT
from worker.desk import Desk
from zoho.books import Books


def dispatch(desk: Desk) -> int:
    """Hands RQ what may go now, organization by organization, the longest passed over first; gives how many.

    Run by every worker process several times a second; costs one command when nothing waits.
    """
    return sum(_give_turn(desk, organization) for organization in desk.ledger.dispatch.take_turns())


def _give_turn(desk: Desk, organization: str) -> int:
    if organization == DEFAULT:
        default_id = desk.organizations.default_id
        return _give_turn(desk, default_id) if default_id and desk.ledger.dispatch.assign(default_id) else 0
    books = desk.books.get(organization)
    at_once = books.organization.limits.concurrent if books else 1
    offered = desk.ledger.dispatch.offer(organization, at_once=at_once)
    if not offered:
        return 0
    if books is None:  # its events are parked as soon as they are looked at
        return len(desk.ledger.dispatch.hand(organization, dict.fromkeys(offered, ())))
    return _hand_with_tickets(desk, books, offered)


def _hand_with_tickets(desk: Desk, books: Books, offered: dict[str, int]) -> int:
    granted = books.quota.reserve_ahead(list(offered.values()))
    tickets = dict(zip(offered, granted, strict=False))
    if not tickets:
        return 0
    handed = desk.ledger.dispatch.hand(books.organization.organization_id, tickets)
    for event_id in set(tickets) - set(handed):
        books.quota.give_back(tickets[event_id])
    return len(handed)
