"""Connecting an organization in the console: what is asked of Zoho, what its answer gives, and taking it back.

zoho.com/accounts/protocol/oauth/multi-dc/client-authorization.html: the answer names the accounts server of whoever
consented, which may be in another data centre than the one that was asked.
"""

import secrets
from collections.abc import Collection, Mapping

from config.organization_list import hosts_of
from config.organizations import DATA_CENTERS, DEFAULT, DataCenter
from console.consents import Consent, Consents, Granted
from console.services import Services
from console.sessions import Session
from errors import BookhookError, NeedsAttention, ZohoUnavailable
from zoho.connecting import (
    SCOPES,
    SCOPES_OF_UNDO,
    Found,
    NotConnected,
    consent_url,
    exchange,
    list_organizations,
    revoke,
)
from zoho.grants import ConsoleGrant
from zoho.organizations import entry_of

# What went wrong, and what to do.
Words = tuple[str, str]
NO_CLIENT: Words = (
    "Client id and client secret are needed.",
    "Enter both, as Zoho's API console shows them.",
)
FOREIGN: Words = (
    "This answer of Zoho is to nothing that was begun in this session, or it was taken already.",
    "It changed nothing. Connect here, in one window, and within ten minutes.",
)
REJECTED: Words = (
    "Access was not granted at Zoho.",
    "Nothing was changed. To connect, press Accept on Zoho's page.",
)
FOREIGN_SERVER: Words = (
    "The answer names an accounts server that is none of Zoho's data centres.",
    "The code in it was sent nowhere. Connect again, from the console's own page.",
)
NO_CODE: Words = (
    "Zoho's answer holds no code.",
    "Connect again; what Zoho's page said may tell more.",
)


def hosts(services: Services, organization_id: str | None, data_center: str) -> DataCenter:
    """Where an organization is, or any that lives there, with the settings' overrides."""
    return hosts_of(entry_of(services.settings, organization_id, data_center))


def ask(
    services: Services,
    session: Session,
    *,
    data_center: str,
    organization_id: str | None,
    client: tuple[str, str],
    with_undo: bool,
) -> None:
    """Gets everything ready for somebody to consent. Raises NotConnected and ConfigError."""
    client_id, client_secret = client if any(client) else _known_client(services, organization_id)
    if not (client_id and client_secret):
        raise _not_connected(NO_CLIENT)
    consent = Consent(
        state=secrets.token_urlsafe(32),
        data_center=data_center,
        organization_id=organization_id,
        client_id=client_id,
        client_secret=client_secret,
        scopes=(*SCOPES, *(SCOPES_OF_UNDO if with_undo else ())),
    )
    consents(services).begin(session, consent)


def consents(services: Services) -> Consents:
    """What is on its way."""
    return Consents(services.ledger.redis, services.grants.seal)


def url_of(services: Services, consent: Consent, redirect_uri: str) -> str:
    """Where the person consents."""
    return consent_url(
        hosts(services, consent.organization_id, consent.data_center),
        client_id=consent.client_id,
        redirect_uri=redirect_uri,
        scopes=consent.scopes,
        state=consent.state,
    )


def take_answer(services: Services, session: Session, answer: Mapping[str, str], redirect_uri: str) -> Granted:
    """What Zoho granted, exchanged at once and kept until it is put to use. Raises BookhookError."""
    consent = consents(services).end(session, answer.get("state", ""))
    if consent is None:
        raise _not_connected(FOREIGN)
    if "error" in answer:
        raise _refused(answer["error"])
    data_center = _data_center(services, consent, answer.get("accounts-server"))
    place = hosts(services, consent.organization_id, data_center)
    if not (code := answer.get("code", "")):
        raise _not_connected(NO_CODE)
    grant = exchange(
        place,
        client_id=consent.client_id,
        client_secret=consent.client_secret,
        code=code,
        redirect_uri=redirect_uri,
    )
    granted = Granted(
        data_center=data_center,
        organization_id=consent.organization_id,
        client_id=consent.client_id,
        client_secret=consent.client_secret,
        refresh_token=grant.refresh_token,
        scopes=consent.scopes if grant.scopes is None else grant.scopes,
        found=tuple(list_organizations(place, grant)),
    )
    consents(services).keep_granted(session, granted)
    return granted


def use(services: Services, granted: Granted, chosen: Collection[Found], *, by: str) -> None:
    """Connects these of the organizations found; what waits for them is tried at once."""
    for each in chosen:
        services.grants.keep(_grant(granted, each, at=services.clock(), by=by))
    services.organizations.look()
    for each in chosen:
        services.ledger.dispatch.try_again(each.organization_id)


def needs_default(services: Services) -> bool:
    """Whether nobody knows yet which organization is meant where none is named."""
    return services.organizations.default_id is None


def may_name_default(services: Services) -> bool:
    """Whether that is for the console to say, as no setting does."""
    return DEFAULT not in services.settings.organization_ids


def sharing(services: Services, grant: ConsoleGrant) -> list[str]:
    """The other organizations that are used by the same grant, by id."""
    tokens = {id_: each.refresh_token for id_, each in services.settings.organizations.items()}
    tokens |= {id_: each.refresh_token for id_, each in services.organizations.held.grants.items()}
    same = {id_ for id_, token in tokens.items() if token == grant.refresh_token}
    return sorted(same - {grant.organization_id}) if grant.is_readable else []


def disconnect(services: Services, grant: ConsoleGrant) -> str:
    """Has Zoho forget the grant, unless others need it, then forgets it here; what became of it, in a sentence."""
    told = _take_back(services, grant)
    services.grants.remove(grant.organization_id)
    services.organizations.look()
    return told


def say(trouble: BookhookError) -> str:
    """The trouble and, where a person can do something, what."""
    return f"{trouble.message} {trouble.remedy}" if isinstance(trouble, NeedsAttention) else trouble.message


def _known_client(services: Services, organization_id: str | None) -> tuple[str, str]:
    """The client the organization was connected with, else that of the settings."""
    kept = services.organizations.held.grants.get(organization_id or "")
    if kept is not None and kept.is_readable:
        return kept.client_id, kept.client_secret
    return services.settings.client or ("", "")


def _not_connected(words: Words) -> NotConnected:
    return NotConnected(words[0], remedy=words[1])


def _refused(error: str) -> NotConnected:
    if error == "access_denied":
        return _not_connected(REJECTED)
    word = error if error.isascii() and error.replace("_", "").isalnum() and len(error) <= 40 else "an unknown error"
    return NotConnected(f"Zoho answered with {word}.", remedy="Nothing was changed. Connect again.")


def _data_center(services: Services, consent: Consent, accounts_server: str | None) -> str:
    """Where whoever consented lives; the one that was asked, where Zoho does not say."""
    if accounts_server is None:
        return consent.data_center
    for name in (consent.data_center, *DATA_CENTERS):
        if hosts(services, consent.organization_id, name).accounts_url == accounts_server.rstrip("/"):
            return name
    raise _not_connected(FOREIGN_SERVER)


def _grant(granted: Granted, found: Found, *, at: float, by: str) -> ConsoleGrant:
    return ConsoleGrant(
        organization_id=found.organization_id,
        name=found.name,
        currency_code=found.currency_code,
        plan=found.plan_name.lower(),
        data_center=granted.data_center,
        scopes=granted.scopes,
        connected_at=at,
        connected_by=by,
        client_id=granted.client_id,
        client_secret=granted.client_secret,
        refresh_token=granted.refresh_token,
    )


def _take_back(services: Services, grant: ConsoleGrant) -> str:
    if not grant.is_readable:
        return "What it was connected with cannot be read: remove Bookhook among the connected apps at Zoho, too."
    if others := sharing(services, grant):
        return f"The grant itself stays, as it is also that of {', '.join(others)}."
    try:
        is_known = revoke(hosts(services, grant.organization_id, grant.data_center), grant.refresh_token)
    except ZohoUnavailable as trouble:
        return f"{trouble.message} There the grant stands: remove Bookhook among the connected apps at Zoho, too."
    return "Zoho has forgotten the grant." if is_known else "Zoho did not know the grant any more."
