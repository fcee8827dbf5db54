"""The connections to Zoho Books: what is connected, connecting, choosing, the default one, disconnecting."""

from typing import Any

from flask import abort, current_app, redirect, request, url_for
from werkzeug.wrappers import Response

from config.organizations import DATA_CENTERS, DEFAULT
from config.sealing import NO_KEY
from console import connected, connecting
from console.frame import Pages
from console.guard import needs, services, visitor
from console.notices import give_notice
from errors import BookhookError
from zoho.connecting import SCOPES, SCOPES_OF_UNDO, api_console
from zoho.grants import ConsoleGrant

pages = Pages("zoho")


@pages.page("/zoho", "zoho.html")
def state() -> dict[str, Any]:
    """Every organization that is connected or needed."""
    needs_default = DEFAULT in {each.organization_id for each in services().connections.values()}
    return {
        "now": services().clock(),
        "organizations": connected.organizations(services()),
        "may_connect": bool(services().grants.seal),
        "no_key": NO_KEY,
        "needs_default": needs_default and connecting.needs_default(services()),
        "may_name_default": connecting.may_name_default(services()),
        "waiting_for_default": services().ledger.events.backlog(DEFAULT),
    }


@pages.page("/zoho/connect", "zoho_connect.html", may="administer")
def form() -> dict[str, Any]:
    """What to do at Zoho's API console, and what to enter here; for one organization, or a new one."""
    organization_id = _asked_for()
    kept = services().organizations.held.grants.get(organization_id or "")
    entry = services().settings.organization_entries.get(organization_id or "", services().settings.usual_organization)
    return {
        "organization_id": organization_id,
        "data_center": kept.data_center if kept else entry.data_center or "us",
        "api_consoles": {name: api_console(name) for name in DATA_CENTERS},
        "redirect_uri": _redirect_uri(),
        "scopes": dict(SCOPES),
        "scopes_of_undo": dict(SCOPES_OF_UNDO),
        "client_known": _client_known(kept),
        "may_connect": bool(services().grants.seal),
        "no_key": NO_KEY,
    }


@pages.action("/zoho/connect", may="administer")
def connect() -> str:
    """Gets ready for the consent."""
    data_center, organization_id = request.form.get("data_center", ""), _asked_for()
    if data_center not in DATA_CENTERS:
        abort(400, f"The data centre is one of {', '.join(DATA_CENTERS)}.")
    _note("zoho_connecting", subject=organization_id or "", detail=data_center)
    client = (request.form.get("client_id", "").strip(), request.form.get("client_secret", "").strip())
    try:
        connecting.ask(
            services(),
            visitor().session,
            data_center=data_center,
            organization_id=organization_id,
            client=client,
            with_undo="undo" in request.form,
        )
    except BookhookError as trouble:
        _tell(connecting.say(trouble), is_error=True)
        return url_for("zoho.form", organization=organization_id)
    return url_for("zoho.consent")


@pages.page("/zoho/consent", "zoho_consent.html", may="administer")
def consent() -> dict[str, Any] | Response:
    """The way to Zoho's own page, which a form must not take by itself."""
    begun = connecting.consents(services()).begun(visitor().session)
    if begun is None:
        return _back("Ten minutes are over, or nothing was begun: connect again.", is_error=True)
    return {
        "organization_id": begun.organization_id,
        "host": connecting.hosts(services(), begun.organization_id, begun.data_center).accounts_url,
        "data_center": begun.data_center,
        "client_id": begun.client_id,
        "scopes": {scope: {**SCOPES, **SCOPES_OF_UNDO}[scope] for scope in begun.scopes},
        "url": connecting.url_of(services(), begun, _redirect_uri()),
    }


@pages.route("/zoho/callback")
@needs("administer")
def callback() -> Response:
    """Takes Zoho's answer; its address, which holds a code, is left at once."""
    try:
        connecting.take_answer(services(), visitor().session, request.args, _redirect_uri())
    except BookhookError as trouble:
        _note("zoho_not_connected", detail=trouble.code)
        return _back(connecting.say(trouble), is_error=True)
    return redirect(url_for("zoho.choose"), 303)


@pages.page("/zoho/choose", "zoho_choose.html", may="administer")
def choose() -> dict[str, Any] | Response:
    """The organizations that the grant opens."""
    granted = connecting.consents(services()).granted(visitor().session)
    if granted is None:
        return _back("Ten minutes are over, or nothing was granted: connect again.", is_error=True)
    found = [
        {name: getattr(each, name) for name in ("organization_id", "name", "currency_code", "plan_name")}
        for each in granted.found
    ]
    return {
        "wanted": granted.organization_id,
        "found": found,
        "data_center": granted.data_center,
        "missing": [scope for scope in SCOPES if scope not in granted.scopes],
        "asks_for_default": connecting.may_name_default(services()) and connecting.needs_default(services()),
        "waiting_for_default": services().ledger.events.backlog(DEFAULT),
    }


@pages.action("/zoho/choose", may="administer")
def use() -> str:
    """Connects the organizations that were ticked."""
    consents, session, chosen = connecting.consents(services()), visitor().session, request.form.getlist("organization")
    granted = consents.granted(session)
    if granted is None:
        _tell("Ten minutes are over, or it was done already.", is_error=True)
        return url_for("zoho.state")
    found = [each for each in granted.found if each.organization_id in chosen]
    if not found:
        _tell("Tick at least one organization.", is_error=True)
        return url_for("zoho.choose")
    _note("zoho_connected", subject=", ".join(each.organization_id for each in found), detail=granted.data_center)
    connecting.use(services(), granted, found, by=visitor().person.name)
    consents.forget_granted(session)
    default = request.form.get("default", "")
    if connecting.needs_default(services()) and default in [each.organization_id for each in found]:
        _make_default(default)
    _tell(f"Connected: {', '.join(f'{each.name} ({each.organization_id})' for each in found)}. What waits goes on.")
    return url_for("zoho.state")


@pages.action("/zoho/<organization_id>/default", may="administer")
def make_default(organization_id: str) -> str:
    """Has this organization meant where a connection names none."""
    _kept(organization_id)
    if not connecting.may_name_default(services()):
        abort(409, "ZOHO_ORGANIZATION_ID says which organization is the default one.")
    _make_default(organization_id)
    _tell(f"{organization_id} is the default organization from now on. What came before stays where it is.")
    return url_for("zoho.state")


@pages.page("/zoho/<organization_id>/disconnect", "zoho_disconnect.html", may="administer")
def ask_to_disconnect(organization_id: str) -> dict[str, Any]:
    """What disconnecting would do."""
    grant = _kept(organization_id)
    return {
        "organization": connected.organization(services(), organization_id),
        "sharing": connecting.sharing(services(), grant),
        "settings_take_over": organization_id in services().settings.organizations,
    }


@pages.action("/zoho/<organization_id>/disconnect", may="administer")
def disconnect(organization_id: str) -> str:
    """Takes the grant back."""
    grant = _kept(organization_id)
    _note("zoho_disconnected", subject=organization_id)
    _tell(f"{grant.name} ({organization_id}) is disconnected. {connecting.disconnect(services(), grant)}")
    return url_for("zoho.state")


def _asked_for() -> str | None:
    """The organization to connect, if it is to be a certain one."""
    organization_id = request.values.get("organization", "")
    if organization_id and not (organization_id.isascii() and organization_id.isdigit() and len(organization_id) <= 20):
        abort(400, "An organization is named by its id: digits only.")
    return organization_id or None


def _kept(organization_id: str) -> ConsoleGrant:
    grant = services().organizations.held.grants.get(organization_id)
    if grant is None:
        abort(404, f"No organization {organization_id} was connected in the console.")
    return grant


def _make_default(organization_id: str) -> None:
    _note("zoho_default", subject=organization_id)
    services().grants.make_default(organization_id)
    services().organizations.look()


def _client_known(kept: ConsoleGrant | None) -> str | None:
    """Which client is taken when none is entered, as the end of a sentence."""
    if kept is not None and kept.is_readable:
        return "the client it was connected with"
    return "ZOHO_CLIENT_ID and ZOHO_CLIENT_SECRET of the settings" if services().settings.client else None


def _redirect_uri() -> str:
    return f"{current_app.config['CONSOLE_URL']}{url_for('zoho.callback')}"


def _back(sentence: str, *, is_error: bool = False) -> Response:
    _tell(sentence, is_error=is_error)
    return redirect(url_for("zoho.state"), 303)


def _note(action: str, *, subject: str = "", detail: str = "") -> None:
    services().audit.note(visitor().person.name, action, subject=subject, detail=detail)


def _tell(sentence: str, *, is_error: bool = False) -> None:
    give_notice(services().ledger.redis, visitor().session, sentence, is_error=is_error)
