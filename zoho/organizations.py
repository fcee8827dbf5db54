"""The organizations of a deployment as they are now: those of the settings, and those connected in the console.

A grant from the console counts before the settings' one of the same organization, until it is disconnected there.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import structlog

from config.organization_file import OrganizationEntry
from config.organization_list import make_organization
from config.organizations import CONSOLE, DEFAULT, PLANS, Organization
from config.settings import Settings
from zoho.grants import ConsoleGrant, Grants, Held

log = structlog.get_logger(__name__)


class Organizations(Mapping[str, Organization]):
    """Organizations by id, the default one first; safe to share between threads, one a process.

    They are as they were when `look` was called last.
    """

    def __init__(self, settings: Settings, grants: Grants) -> None:
        self._settings = settings
        self.grants = grants
        self.held = Held(version=-1)
        self._now: Mapping[str, Organization] = settings.organizations

    def look(self) -> list[str]:
        """Takes note of what was changed in the console; the ids of those whose grant is another now.

        Costs one command where nothing was changed.
        """
        if self.grants.version() == self.held.version:
            return []
        held, before = self.grants.all(), self._now
        self._now, self.held = _combined(self._settings, held), held
        for grant in held.grants.values():
            if not grant.is_readable:
                log.error("grant_unreadable", organization=grant.organization_id)
        return [id_ for id_, organization in self._now.items() if before.get(id_) != organization]

    @property
    def default_id(self) -> str | None:
        """The id of the organization that is meant where none is named."""
        return self._settings.organization_ids.get(DEFAULT) or self.held.default_id

    def meant(self, organization_id: str) -> str:
        """The id, where it may be the name of the default organization instead, as far as that is known."""
        return (self.default_id or DEFAULT) if organization_id == DEFAULT else organization_id

    def missing(self) -> list[str]:
        """The ids of organizations that are needed and not connected; the default one's name while it has no id."""
        named = (self.meant(each.organization_id) for each in self._settings.connections.values())
        needed = dict.fromkeys([*self._settings.organization_entries, *named])
        return [organization_id for organization_id in needed if organization_id not in self]

    def lacks(self) -> list[str]:
        """What `missing` names, in words, each with what to do."""
        return list(self._settings.lacks) or [_lack(organization_id) for organization_id in self.missing()]

    def unreadable(self) -> list[str]:
        """Which grants of the console cannot be read, in words, each with what to do."""
        return [
            f"the grant of organization {grant.organization_id} cannot be read: BOOKHOOK_SECRET_KEY is another than "
            "the one that encrypted it. Set that one (as a second, after a comma), or connect again in the console"
            for grant in self.held.grants.values()
            if not grant.is_readable
        ]

    def __getitem__(self, organization_id: str) -> Organization:
        return self._now[organization_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._now)

    def __len__(self) -> int:
        return len(self._now)


def entry_of(settings: Settings, organization_id: str | None, data_center: str) -> OrganizationEntry:
    """What the settings say of an organization that lives there; what they say of any, where they do not know it."""
    entry = settings.organization_entries.get(organization_id or "", settings.usual_organization)
    return replace(entry, data_center=data_center)


def _combined(settings: Settings, held: Held) -> dict[str, Organization]:
    default_id = settings.organization_ids.get(DEFAULT) or held.default_id
    connected = {
        id_: _connected(settings, grant, is_default=id_ == default_id)
        for id_, grant in held.grants.items()
        if grant.is_readable
    }
    everything = {**settings.organizations, **connected}
    return {id_: everything[id_] for id_ in sorted(everything, key=lambda id_: id_ != default_id)}


def _connected(settings: Settings, grant: ConsoleGrant, *, is_default: bool) -> Organization:
    entry = entry_of(settings, grant.organization_id, grant.data_center)
    if grant.organization_id not in settings.organization_entries:
        entry = _unsaid(entry, grant, is_default=is_default)
    return make_organization(entry, grant.secrets, timeout_seconds=settings.timeout_seconds, places=CONSOLE)


def _unsaid(usual: OrganizationEntry, grant: ConsoleGrant, *, is_default: bool) -> OrganizationEntry:
    """What counts for an organization of which only the console knows: Zoho's plan, and what the settings say of any.

    The settings' limits, time zone and custom field are the default organization's.
    """
    entry = replace(
        usual,
        organization_id=grant.organization_id,
        name=DEFAULT if is_default else grant.name,
        plan=grant.plan if grant.plan in PLANS else "free",
    )
    if is_default:
        return entry
    return replace(
        entry, calls_per_minute=None, calls_per_day=None, concurrent_calls=None, time_zone=None, unique_field=None
    )


def _lack(organization_id: str) -> str:
    if organization_id == DEFAULT:
        return "no organization is connected yet: connect one in the console, under Zoho; until then its events wait"
    return (
        f"organization {organization_id} is not connected: connect it in the console, under Zoho, "
        "or set its grant; until then its events wait"
    )
