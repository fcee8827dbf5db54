"""A Slack workspace: forms that are opened, messages in channels, and their changes.

It takes the calls of the Web API that Bookhook makes, at /_sandbox/apis/slack.com/api/<method>, and answers as
docs.slack.dev/reference/methods says: always with 200, and `ok` false where it refuses.
"""

from collections.abc import Callable, Iterator
from typing import Any

from flask import Blueprint, Response, jsonify, request

from sandbox.answers import Record, parse_json
from sandbox.call import world

api = Blueprint("slack", __name__, url_prefix="/_sandbox/apis/slack.com/api")
MOST_BLOCKS, MOST_OPTIONS = {"modal": 100, "message": 50}, 100
LONGEST = {"title": 24, "submit": 24, "close": 24, "label": 2000, "private_metadata": 3000, "option": 75, "button": 75}


class Refused(Exception):
    """Raised with Slack's word for what is wrong."""


@api.post("/<method>")
def call(method: str) -> Response:
    if not request.headers.get("Authorization", "").removeprefix("Bearer "):
        return jsonify(ok=False, error="not_authed")
    if method not in _METHODS:
        return jsonify(ok=False, error="unknown_method")
    try:
        return jsonify(ok=True, **_METHODS[method](_body()))
    except Refused as refusal:
        return jsonify(ok=False, error=str(refusal))


def _body() -> Record:
    try:
        body = parse_json(request.get_data())
    except ValueError:
        raise Refused("invalid_json") from None
    if not isinstance(body, dict):
        raise Refused("invalid_json")
    return body


def _open_view(body: Record) -> Record:
    view, trigger = body.get("view"), str(body.get("trigger_id", ""))
    if not trigger:
        raise Refused("invalid_trigger_id")
    if trigger in world().slack_workspace.triggers:
        raise Refused("exchanged_trigger_id")
    if not isinstance(view, dict) or view.get("type") != "modal" or any(_faults_of_view(view)):
        raise Refused("invalid_arguments")
    world().slack_workspace.triggers.add(trigger)
    opened = {**view, "id": f"V{len(world().slack_workspace.views) + 1:08d}", "hash": f"{world().clock():.0f}.1"}
    world().slack_workspace.views.append(opened)
    return {"view": opened}


def _post(body: Record) -> Record:
    channel = str(body.get("channel", ""))
    if channel[:1] not in ("C", "D", "G", "U"):
        raise Refused("channel_not_found")
    _refuse_bad_message(body)
    ts = f"{world().clock():.0f}.{len(world().slack_workspace.messages) + 1:06d}"
    message = {"channel": channel, "ts": ts, "text": body["text"], "blocks": body.get("blocks", []), "changes": 0}
    world().slack_workspace.messages[ts] = message
    return {"channel": channel, "ts": ts, "message": message}


def _update(body: Record) -> Record:
    message = world().slack_workspace.messages.get(str(body.get("ts")))
    if message is None or message["channel"] != body.get("channel"):
        raise Refused("message_not_found")
    _refuse_bad_message(body)
    message |= {"text": body["text"], "blocks": body.get("blocks", []), "changes": message["changes"] + 1}
    return {"channel": message["channel"], "ts": message["ts"], "text": message["text"]}


_METHODS: dict[str, Callable[[Record], Record]] = {
    "views.open": _open_view,
    "chat.postMessage": _post,
    "chat.update": _update,
}


def _refuse_bad_message(body: Record) -> None:
    if not isinstance(body.get("text"), str) or not body["text"]:
        raise Refused("no_text")
    if any(_faults_of_blocks(body.get("blocks", []), "message")):
        raise Refused("invalid_blocks")


def _faults_of_view(view: Record) -> Iterator[str]:
    for name in ("title", "submit", "close"):
        if name in view:
            yield from _faults_of_text(view[name], LONGEST[name])
    if "title" not in view or len(view.get("private_metadata", "")) > LONGEST["private_metadata"]:
        yield "title or private_metadata"
    yield from _faults_of_blocks(view.get("blocks"), "modal")


def _faults_of_blocks(blocks: Any, surface: str) -> Iterator[str]:
    if not isinstance(blocks, list) or len(blocks) > MOST_BLOCKS[surface]:
        yield "blocks"
        return
    names = [block["block_id"] for block in blocks if "block_id" in block]
    if len(set(names)) < len(names):
        yield "block_id"
    for block in blocks:
        if block.get("type") == "input":
            yield from _faults_of_text(block.get("label"), LONGEST["label"])
            yield from _faults_of_element(block.get("element"))
        for element in block.get("elements", ()) if block.get("type") == "actions" else ():
            yield from _faults_of_text(element.get("text"), LONGEST["button"])


def _faults_of_element(element: Any) -> Iterator[str]:
    if not isinstance(element, dict) or "type" not in element:
        yield "element"
    elif element["type"] == "static_select":
        options = element.get("options", [])
        if not 1 <= len(options) <= MOST_OPTIONS or element.get("initial_option", options[0]) not in options:
            yield "options"
        for option in options:
            yield from _faults_of_text(option.get("text"), LONGEST["option"])


def _faults_of_text(text: Any, longest: int) -> Iterator[str]:
    is_plain = isinstance(text, dict) and text.get("type") == "plain_text"
    if not is_plain or not 1 <= len(text.get("text", "")) <= longest:
        yield "text"
