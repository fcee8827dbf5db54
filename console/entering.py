"""Logging in and out: with a password, or by the word of an OpenID provider."""

from urllib.parse import urlsplit

from flask import Response, abort, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response as AnyResponse

from console import guard
from console.openid import NotRecognised, OpenIdLogin, read_errand
from outbound import ProviderFailed

ERRAND_SECONDS = 600
LONGEST_PATH = 1000
"""What fits into a cookie beside the rest; a browser drops one that is too long."""


def log_in() -> ResponseReturnValue:
    """The form, and what became of it."""
    onward = own_path(request.values.get("next", "/"))
    if request.method == "GET":
        return _form(onward=onward, said=_said()), 200
    name, address = request.form.get("name", "").strip().lower()[:64], request.remote_addr or ""
    services = guard.services()
    if not services.sessions.may_try(name, address):
        return _form("Too many tries: wait a quarter of an hour.", onward=onward, name=name), 429
    person = services.people.recognise(name, request.form.get("password", ""))
    if person is None:
        # Whoever mistook the fields has typed a password for a name.
        services.audit.note(name if services.people.get(name) else "somebody unknown", "login_failed")
        return _form("That name and password do not belong together.", onward=onward, name=name), 401
    services.sessions.succeeded(name, address)
    services.audit.note(name, "logged_in")
    return _enter(name, onward)


def log_in_elsewhere() -> ResponseReturnValue:
    """Sends the browser to the provider, which sends it back."""
    onward = own_path(request.args.get("next", "/"))
    try:
        place, errand = _elsewhere().begin(
            redirect_uri=_redirect_uri(), onward=onward if len(onward) <= LONGEST_PATH else "/"
        )
    except ProviderFailed as trouble:
        return _form(str(trouble)), 502
    response = redirect(place, 303)
    is_secure = current_app.config["SESSION_COOKIE_SECURE"]
    # The way back begins on another site: a strict cookie would not come along.
    response.set_cookie(
        _errand_cookie(), errand.as_cookie(), max_age=ERRAND_SECONDS, secure=is_secure, httponly=True, samesite="Lax"
    )
    return response


def come_back() -> ResponseReturnValue:
    """Logs in whoever the provider says has come, if they are one of the people here; never anybody else."""
    services, login, address = guard.services(), _elsewhere(), request.remote_addr or ""
    if not services.sessions.may_come_back(address):
        return _form("Too many tries: wait a quarter of an hour."), 429
    try:
        errand = read_errand(request.cookies.get(_errand_cookie(), ""))
        email = login.finish(errand, request.args, redirect_uri=_redirect_uri())
    except NotRecognised as reason:
        return _turn_away(str(reason), 401)
    except ProviderFailed as trouble:
        return _turn_away(str(trouble), 502)
    person = services.people.called(email)
    if person is None:
        return _turn_away("Nobody here is called by your e-mail address: ask an admin to add it to you.", 403)
    services.sessions.came_back(address)
    services.audit.note(person.name, "logged_in", detail=f"by {login.host}")
    return _forget_errand(_enter(person.name, own_path(errand.onward)))


def log_out() -> ResponseReturnValue:
    """Ends the session."""
    guard.services().audit.note(guard.visitor().person.name, "logged_out")
    guard.services().sessions.end(request.cookies.get(guard.cookie_name(), ""))
    response = redirect(url_for("login"), 303)
    response.delete_cookie(guard.cookie_name(), path="/")
    return response


def own_path(text: str) -> str:
    """A path of this console, whatever was asked for."""
    url = urlsplit(text.replace("\\", "/"))
    is_own = text.startswith("/") and not text.startswith("//") and not url.scheme and not url.netloc
    return text if is_own and text.isprintable() else "/"


def _enter(name: str, onward: str) -> AnyResponse:
    response = redirect(onward, 303)
    is_secure = current_app.config["SESSION_COOKIE_SECURE"]
    session_id = guard.services().sessions.begin(name)
    response.set_cookie(guard.cookie_name(), session_id, secure=is_secure, httponly=True, samesite="Lax")
    return response


def _said() -> str:
    """What led here, where it was not a mere visit."""
    return "Your password is changed. Log in with the new one." if "changed" in request.args else ""


def _form(problem: str = "", *, onward: str = "/", name: str = "", said: str = "") -> str:
    openid = guard.services().openid
    elsewhere = openid.host if openid else None
    return render_template("login.html", next=onward, problem=problem, name=name, said=said, elsewhere=elsewhere)


def _turn_away(problem: str, status: int) -> AnyResponse:
    guard.services().audit.note("somebody unknown", "login_failed", detail=problem)
    return _forget_errand(Response(_form(problem), status))


def _forget_errand(response: AnyResponse) -> AnyResponse:
    response.delete_cookie(_errand_cookie(), path="/", secure=current_app.config["SESSION_COOKIE_SECURE"])
    return response


def _elsewhere() -> OpenIdLogin:
    openid = guard.services().openid
    if openid is None:
        abort(404, "There is no OpenID provider here: BOOKHOOK_OIDC_ISSUER is not set.")
    return openid


def _redirect_uri() -> str:
    return f"{current_app.config['CONSOLE_URL']}{url_for('come_back')}"


def _errand_cookie() -> str:
    return f"{guard.cookie_name()}-errand"
