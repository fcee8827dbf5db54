"""The receipt of an expense: a picture is shown, everything else is offered as a file."""

from typing import Any

from flask import Response, abort, url_for
from werkzeug.http import dump_options_header

from console.frame import Pages
from console.guard import needs, services
from console.pages.events import say
from console.receipts import picture_type
from errors import BookhookError
from outbound import File

pages = Pages("receipts")


@pages.page("/events/<event_id>/receipt", "receipt.html", may="examine")
def receipt(event_id: str) -> dict[str, Any]:
    """What came as the receipt, or why it cannot be shown."""
    try:
        file = services().receipts.get(event_id)
    except BookhookError as trouble:
        return {"event_id": event_id, "file": None, "trouble": say(trouble)}
    return {"event_id": event_id, "file": _told(event_id, file) if file else None, "trouble": None}


@pages.route("/events/<event_id>/receipt/file")
@needs("examine")
def content(event_id: str) -> Response:
    """The file itself; a browser may show it only where it begins like a picture."""
    try:
        file = services().receipts.get(event_id)
    except BookhookError as trouble:
        abort(502, say(trouble))
    if file is None:
        abort(404, "No receipt came with this event.")
    shown = picture_type(file.content)
    response = Response(file.content, mimetype=shown or "application/octet-stream")
    place = "inline" if shown else "attachment"
    response.headers["Content-Disposition"] = dump_options_header(place, {"filename": file.name})
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def _told(event_id: str, file: File) -> dict[str, Any]:
    return {
        "name": file.name,
        "bytes": len(file.content),
        "is_picture": picture_type(file.content) is not None,
        "address": url_for("receipts.content", event_id=event_id),
    }
