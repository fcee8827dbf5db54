"""The organizations, connected or not, as JSON values for the page that shows them."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from config.organizations import DEFAULT, PLANS
from console.services import Services
from ledger.records import second
from zoho.connecting import SCOPES, SCOPES_OF_UNDO
from zoho.grants import ConsoleGrant
from zoho.organizations import entry_of


def organizations(services: Services) -> list[dict[str, Any]]:
    """Every organization that is connected or needed, the default one first."""
    known = services.organizations
    needed = [each.organization_id for each in services.connections.values() if each.organization_id != DEFAULT]
    ids = dict.fromkeys([*known, *known.held.grants, *services.settings.organization_entries, *needed])
    return [organization(services, id_) for id_ in ids]


def organization(services: Services, id_: str) -> dict[str, Any]:
    """One organization: where it is known from, what it may, and what is wrong."""
    grant = services.organizations.held.grants.get(id_)
    entry = entry_of(services.settings, id_, grant.data_center if grant else "us")
    if id_ in services.settings.organization_entries and grant is None:
        entry = services.settings.organization_entries[id_]
    return {
        "id": id_,
        "name": grant.name if grant else "" if entry.name == DEFAULT else entry.name,
        "is_connected": id_ in services.organizations,
        "connected_in": _place(services, id_, grant),
        "is_default": id_ == services.organizations.default_id,
        "data_center": grant.data_center if grant else entry.data_center or "us",
        "plan": grant.plan if grant else entry.plan,
        "is_plan_known": not grant or grant.plan in PLANS,
        "currency_code": grant.currency_code if grant else None,
        "connected_at": _moment(grant.connected_at) if grant else None,
        "connected_by": grant.connected_by if grant else None,
        "scopes_missing": _missing(grant, SCOPES) if grant else [],
        "may_undo": not _missing(grant, SCOPES_OF_UNDO) if grant else None,
        "backlog": services.ledger.events.backlog(id_),
        "trouble": _trouble(services, id_, grant),
    }


def _place(services: Services, id_: str, grant: ConsoleGrant | None) -> str | None:
    if grant is not None:
        return "console"
    return "settings" if id_ in services.settings.organizations else None


def _trouble(services: Services, id_: str, grant: ConsoleGrant | None) -> str | None:
    """Why it cannot be worked for just now, in words."""
    if grant is not None and not grant.is_readable:
        return "What it was connected with cannot be read, since BOOKHOOK_SECRET_KEY is another now. Connect again."
    if id_ not in services.organizations:
        return "Not connected. Events for it wait; nothing is lost."
    pause = services.ledger.dispatch.paused(id_)
    is_paused = pause is not None and pause.until > services.clock()  # over, it is tried just now
    return pause.reason if pause and is_paused else services.books[id_].paused()


def _missing(grant: ConsoleGrant, scopes: Iterable[str]) -> list[str]:
    return [scope for scope in scopes if scope not in grant.scopes]


def _moment(unix_seconds: float) -> str:
    return second(datetime.fromtimestamp(unix_seconds, UTC))
