"""The page on which somebody lets a client use their organizations, or does not, and the way back from it.

https://www.zoho.com/accounts/protocol/oauth/web-apps/authorization.html; the answer tells the accounts server as in
https://www.zoho.com/accounts/protocol/oauth/multi-dc/client-authorization.html
"""

from urllib.parse import urlencode, urlsplit

from flask import Blueprint, Response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from sandbox.call import world
from sandbox.scopes import is_scope
from sandbox.tokens import Grant

pages = Blueprint("consent", __name__, url_prefix="/oauth/v2")

DATA_CENTER = "us"
_ASKED = ("response_type", "client_id", "scope", "redirect_uri", "access_type", "prompt", "state")


@pages.get("/auth")
def ask() -> str | tuple[str, int]:
    """The page, or what is wrong with the address that led here."""
    if wrong := _what_is_wrong():
        return render_template("consent.html", wrong=wrong, asked={}, scopes=[]), 400
    asked = {name: request.args[name] for name in _ASKED if name in request.args}
    organizations = [books.organization for books in world().books.values()]
    return render_template(
        "consent.html", wrong="", asked=asked, scopes=_scopes(), organizations=organizations, client=asked["client_id"]
    )


@pages.post("/auth")
def answer() -> AnyResponse | tuple[str, int]:
    """Back to the client, with a code or with a no."""
    if wrong := _what_is_wrong():
        return render_template("consent.html", wrong=wrong, asked={}, scopes=[]), 400
    asked = request.values
    if asked.get("answer") != "accept":
        return _back({"error": "access_denied"})
    code = world().tokens.consent(
        Grant(asked["client_id"], frozenset(_scopes())),
        redirect_uri=asked["redirect_uri"],
        is_offline=asked.get("access_type") == "offline",
        now=world().clock(),
    )
    return _back({"code": code, "location": DATA_CENTER, "accounts-server": request.host_url.rstrip("/")})


@pages.after_request
def allow_nothing_foreign(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'self'; base-uri 'none'"
    return response


def _back(told: dict[str, str]) -> AnyResponse:
    state = {"state": request.values["state"]} if "state" in request.values else {}
    return redirect(f"{request.values['redirect_uri']}?{urlencode(state | told)}", 303)


def _scopes() -> list[str]:
    return [scope.strip() for scope in request.values.get("scope", "").split(",") if scope.strip()]


def _what_is_wrong() -> str:
    asked = request.values
    if asked.get("response_type") != "code":
        return "Invalid Response Type"
    if not asked.get("client_id"):
        return "Invalid Client"
    address = urlsplit(asked.get("redirect_uri", ""))
    if address.scheme not in ("http", "https") or not address.netloc or address.query or address.fragment:
        return "Invalid Redirect Uri"
    return "" if _scopes() and all(map(is_scope, _scopes())) else "Scope does not exist"
