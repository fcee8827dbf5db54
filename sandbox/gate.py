"""What happens to every call before and after its view: counting, faults, authorization, limits.

In this order: the call is counted; a fault may answer it or cut it; the token and the organization are checked; the
limits are; a fault may hold it; the view runs; a fault may hold or cut the answer. No call is held under the lock.
"""

import os
import re
import socket
import struct
from collections.abc import Callable
from typing import Any

from flask import Flask, Response, g, request
from werkzeug.exceptions import MethodNotAllowed, NotFound

from sandbox.answers import ApiError, refusal
from sandbox.call import world
from sandbox.faults import Fault
from sandbox.limits import concurrent_refusal, per_day_refusal, per_minute_refusal
from sandbox.scopes import scopes_for

BOOKS = "/books/v3"
TOKEN = "/oauth/v2/token"  # noqa: S105  a path
SLACK = "/_sandbox/slack"
FREE_PLAN_CALLS_PER_DAY = 1000


def guard(app: Flask) -> None:
    """Put the gate around every view of the app."""
    app.before_request(_enter)
    app.after_request(_leave)
    app.teardown_request(_end)
    app.register_error_handler(ApiError, _refuse)
    app.register_error_handler(NotFound, _no_such_url)
    app.register_error_handler(MethodNotAllowed, _no_such_method)


def route_of(method: str, path: str) -> str | None:
    """How a call is counted and named in faults (`GET /invoices/:id`); None for pages and control routes."""
    if path.startswith(f"{BOOKS}/"):
        return f"{method} {re.sub(r'/[0-9]+(?=/|$)', '/:id', path.removeprefix(BOOKS))}"
    if path.startswith(TOKEN):
        return f"{method} {path}"
    if path == SLACK or path.startswith(f"{SLACK}/"):
        return f"{method} {SLACK}"
    return None


def _enter() -> Response | None:
    route = route_of(request.method, request.path)
    if route is None:
        return None
    is_books_call = request.path.startswith(BOOKS)
    with world().lock:
        world().calls[_organization_named(), route] += 1
        fault = world().faults.meet(route, is_books_call=is_books_call)
        g.fault, g.ended = fault, world().ended
        if fault:
            world().met[_organization_named(), fault.do] += 1
        answer = _BEFORE[fault.do](fault) if fault and fault.do in _BEFORE else None
        if answer is not None:
            return answer
        if is_books_call:
            _admit()
    if fault and fault.do == "save_after_timeout":
        return _hold(fault.held_seconds)
    return None


def _organization_named() -> str:
    named = request.args.get("organization_id", "")
    return named if named in world().books else ""


def _admit() -> None:
    """Let the call in, or refuse it as Zoho would."""
    now = world().clock()
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    grant = world().tokens.live(token, now) if kind == "Zoho-oauthtoken" else None
    needed = scopes_for(request.method, request.path.removeprefix(BOOKS))
    if grant is None or not any(map(grant.covers, needed)):
        raise ApiError(401, 57, "You are not authorized to perform this operation")
    if request.path == f"{BOOKS}/organizations" or request.path.startswith(f"{BOOKS}/organizations/"):
        return
    organization_id = request.args.get("organization_id", "")
    if organization_id not in world().books:
        message = f"This user is not associated with the CompanyID/CompanyName:{organization_id}."
        raise ApiError(400, 6041, message)
    world().meter.enter(organization_id, now)
    g.books, g.meter = world().books[organization_id], world().meter


def _leave(response: Response) -> Response:
    fault: Fault | None = g.get("fault")
    if fault and fault.do == "reset_after_saving":
        return _cut()
    if fault and fault.do == "timeout_after_saving":
        return _hold(fault.held_seconds) or response
    return response


def _end(error: BaseException | None) -> None:
    if "meter" in g:
        with world().lock:
            g.meter.leave(g.books.organization_id)


def _hold(seconds: float) -> Response | None:
    """Wait outside the lock; if the sandbox is reset meanwhile, cut the call, unsaved."""
    return _cut() if g.ended.wait(seconds) else None


def _cut() -> Response:
    """Reset the connection; the empty answer that follows goes nowhere."""
    reset_connection(request.environ)
    return Response(status=500)


def reset_connection(environ: dict[str, Any]) -> None:
    """Cut the connection of this request with a TCP reset; nothing more can be sent on it.

    Needs `server.KeepAliveHandler`; anywhere else, such as a test client, it raises ConnectionResetError.
    """
    connection = environ.get("werkzeug.socket")
    if connection is None:
        raise ConnectionResetError("the sandbox resets this connection")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    os.close(connection.detach())


def _expire_tokens(_: Fault) -> None:
    world().tokens.expire_all()


def _hide_what_is_created(fault: Fault) -> None:
    g.hide_until = world().clock() + fault.held_seconds


def _answer(error: ApiError) -> Callable[[Fault], Response]:
    return lambda _: _refuse(error)


def _throttle(error: ApiError) -> Callable[[Fault], Response]:
    """A refusal that says when to come again if the order says so; Zoho's own has been seen without."""

    def answer(fault: Fault) -> Response:
        response = _refuse(error)
        if fault.seconds is not None:
            response.headers["Retry-After"] = str(max(round(fault.seconds), 1))
        return response

    return answer


_BEFORE: dict[str, Callable[[Fault], Response | None]] = {
    "answer_429_44": _throttle(per_minute_refusal()),
    "answer_429_45": _throttle(per_day_refusal(FREE_PLAN_CALLS_PER_DAY)),
    "answer_429_1070": _throttle(concurrent_refusal()),
    "answer_500": _answer(ApiError(500, 1000, "Internal error")),
    "answer_html_502": lambda _: Response("<html><body><h1>502 Bad Gateway</h1></body></html>", status=502),
    "reset": lambda _: _cut(),
    "expire_tokens": _expire_tokens,
    "hide_from_search": _hide_what_is_created,
}


def _refuse(error: ApiError) -> Response:
    if error.status == 429:
        with world().lock:
            world().refused[_organization_named(), str(error.code)] += 1
    return refusal(error)


def _no_such_url(error: NotFound) -> Response | NotFound:
    return refusal(ApiError(404, 5, "Invalid URL Passed")) if request.path.startswith(BOOKS) else error


def _no_such_method(error: MethodNotAllowed) -> Response | MethodNotAllowed:
    return refusal(ApiError(405, 5, "Invalid URL Passed")) if request.path.startswith(BOOKS) else error
