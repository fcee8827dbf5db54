"""What stands before every page: which host was asked for, who asks, what they may, and whether the form is ours.

A session is a cookie that no script can read and no other site can send with a form; every form carries the session's
token as well. Pages run no inline script or style, and nothing of another host.
"""

import hmac
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

from flask import Response, abort, current_app, g, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from config.checks import is_loopback
from console.people import May
from console.services import Services, Visitor
from console.sessions import matches

View = TypeVar("View", bound=Callable[..., Any])
PUBLIC = frozenset({"login", "log_in_elsewhere", "come_back", "static", "healthz"})
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # no-referrer would have browsers hide the origin of our own forms, too
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}
MONITORED = "metrics.metrics"
CHANGES = frozenset({"POST", "PUT", "PATCH", "DELETE"})


def services() -> Services:
    """What this console stands on."""
    return cast(Services, current_app.extensions["console"])


def visitor() -> Visitor:
    """Who asks for the page; only behind the guard."""
    return cast(Visitor, g.visitor)


def needs(what: May) -> Callable[[View], View]:
    """Lets only those see the view whose role permits it."""

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            if not visitor().person.may(what):
                abort(403, f"Your role, {visitor().person.role}, does not permit this.")
            return view(*args, **kwargs)

        return cast(View, guarded)

    return guard


def cookie_name() -> str:
    """The session's cookie; over TLS its name has the browser see to it that nobody else can set it."""
    return "__Host-bookhook" if current_app.config["SESSION_COOKIE_SECURE"] else "bookhook"


def check_host() -> None:
    """Refuses hosts that are not this console's: a page of another site must not reach it by a name of its own."""
    host = urlsplit(f"//{request.host}").hostname or ""
    if host != current_app.config["CONSOLE_HOST"] and not is_loopback(host):
        abort(421, f"This console is not called {host!r}; its address is the setting BOOKHOOK_CONSOLE_URL.")


def check_visitor() -> AnyResponse | None:
    """Finds out who asks; sends everybody else to log in, and back to what they asked for."""
    if request.endpoint in PUBLIC:
        return None
    if request.endpoint == MONITORED and _is_monitor():
        return None
    session = services().sessions.get(request.cookies.get(cookie_name(), ""))
    person = services().people.get(session.name) if session else None
    if session is None or person is None:
        is_page = not request.path.endswith(".json") and request.endpoint != MONITORED
        if not is_page or request.method in CHANGES:
            abort(401, "Log in first.")
        if "HX-Request" in request.headers:
            return _load_anew()
        return redirect(url_for("login", next=_onward()), 303)
    g.visitor = Visitor(person, session)
    return None


def _load_anew() -> Response:
    """Has the page that follows something ask to log in; the form in the place of a part of it would not be seen."""
    return Response("Log in first.", 401, {"HX-Refresh": "true"}, mimetype="text/plain")


def _is_monitor() -> bool:
    """Whether the request bears the monitor's token."""
    token, bearer = current_app.config["METRICS_TOKEN"], request.authorization
    if not token or bearer is None or bearer.type != "bearer" or not bearer.token:
        return False
    return hmac.compare_digest(bearer.token.encode(), token.encode())


def _onward() -> str:
    """Where somebody goes after logging in; the code in Zoho's answer goes into no other address."""
    return url_for("zoho.state") if request.endpoint == "zoho.callback" else request.full_path.rstrip("?")


def check_form() -> None:
    """Refuses changes that another site asks for, or that no form of this session does."""
    if request.method not in CHANGES:
        return
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != request.host:
        abort(403, "The form was sent from another site.")
    if request.endpoint not in PUBLIC and not matches(request.form.get("csrf_token", ""), visitor().session):
        abort(403, "The form is not, or no longer, one of this session: load the page again.")


def add_headers(response: Response) -> Response:
    """Keeps pages out of caches and frames, and foreign code out of pages."""
    response.headers.extend(HEADERS)
    if request.endpoint == "static":
        response.headers["Cache-Control"] = "private, max-age=86400"
    else:
        response.headers["Cache-Control"] = "no-store"
    return response
