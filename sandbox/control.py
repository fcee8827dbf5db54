"""The control routes, under /_sandbox: what is held, start anew, limits, faults, additions, Slack's ear."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, jsonify, request

from sandbox.additions import give_account, give_tax
from sandbox.answers import ControlError, Record, parse_json
from sandbox.call import world
from sandbox.creditnotes import shown as shown_credit_note
from sandbox.custom_fields import set_up, shown
from sandbox.limits import changed
from sandbox.payments import shown as shown_payment
from sandbox.settling import receivables
from sandbox.state import Books

api = Blueprint("control", __name__, url_prefix="/_sandbox")


@api.get("/records")
def show_records() -> Response:
    organization_id = request.args.get("organization_id")
    if organization_id is not None and organization_id not in world().books:
        raise ControlError(f"no such organization; there are: {', '.join(world().books)}")
    return jsonify(records(organization_id))


@api.post("/reset")
def reset() -> Response:
    world().reset()
    return jsonify(status="reset")


@api.route("/limits", methods=["GET", "POST"])
def limits() -> Response:
    if request.method == "POST":
        world().limit(replace(world().meter.limits, **changed(world().meter.limits, _json_body())))
    now = world().meter.limits
    return jsonify({name: getattr(now, name) for name in now.__slots__})


@api.get("/faults")
def show_faults() -> Response:
    return jsonify(world().faults.active())


@api.post("/faults")
def order_faults() -> Response:
    world().faults.order(_json_body(), seed=world().seed)
    return show_faults()


@api.delete("/faults")
def clear_faults() -> Response:
    world().faults.clear()
    return show_faults()


@api.route("/custom_fields", methods=["GET", "POST"])
def custom_fields() -> Response:
    if request.method == "POST":
        set_up(_json_body())
    return jsonify(shown())


@api.post("/taxes")
def add_tax() -> Response:
    return jsonify(give_tax(_json_body()))


@api.post("/accounts")
def add_account() -> Response:
    return jsonify(give_account(_json_body()))


@api.post("/slack", defaults={"path": ""})
@api.post("/slack/<path:path>")
def hear_slack(path: str) -> Response:
    if "expired" in path.split("/"):
        return Response('{"ok": false, "error": "expired_url"}', 404, mimetype="application/json")
    message = {"path": request.path, "time": world().clock(), "body": _json_body()}
    world().slack.append(message)
    return Response("ok", mimetype="text/plain")


@api.errorhandler(ControlError)
def explain(error: ControlError) -> tuple[Response, int]:
    return jsonify(error=str(error)), 400


def records(organization_id: str | None = None) -> Record:
    """Everything held, of one organization or of all; each record says which it belongs to."""
    chosen = [held for key, held in world().books.items() if organization_id in (None, key)]
    documents = {
        kind: [{"organization_id": held.organization_id, **record} for held in chosen for record in whole(held)]
        for kind, whole in _WHOLE.items()
    }
    return {
        "organizations": [held.organization for held in chosen],
        **documents,
        "slack": world().slack,
        "slack_views": world().slack_workspace.views,
        "slack_messages": list(world().slack_workspace.messages.values()),
        "calls": _sums(world().calls, organization_id),
        "refused": _sums(world().refused, organization_id),
        "faults": _sums(world().met, organization_id),
    }


_WHOLE: dict[str, Callable[[Books], Iterable[Record]]] = {
    "contacts": lambda held: [held.contacts[contact_id] | sums for contact_id, sums in receivables(held).items()],
    "invoices": lambda held: held.invoices.values(),
    "customerpayments": lambda held: [
        shown_payment(held, payment) | _refunds(held, payment["payment_id"])
        for payment in held.customerpayments.values()
    ],
    "creditnotes": lambda held: [
        shown_credit_note(held, note) | _refunds(held, note["creditnote_id"]) for note in held.creditnotes.values()
    ],
    "expenses": lambda held: held.expenses.values(),
    "emails": lambda held: held.emails,
}


def _refunds(held: Books, source_id: str) -> Record:
    return {"refunds": list(held.refunds_of(source_id).values())}


def _sums(counted: dict[tuple[str, str], int], organization_id: str | None) -> dict[str, int]:
    sums: dict[str, int] = {}
    for (counted_for, name), count in counted.items():
        if organization_id in (None, counted_for):
            sums[name] = sums.get(name, 0) + count
    return sums


def _json_body() -> Any:
    try:
        return parse_json(request.get_data())
    except ValueError:
        raise ControlError("the body is not JSON") from None
