"""Plain pages that show what the sandbox holds; they need no script.

`/app/<organization_id>#/invoices/<invoice_id>` is the shape of Zoho's own links: the fragment names the row.
"""

import re
from html import unescape
from typing import Any

from flask import Blueprint, Response, abort, current_app, render_template
from markupsafe import Markup, escape

from sandbox.call import world
from sandbox.control import records

pages = Blueprint("pages", __name__)
_MARKUP = (
    (r"&lt;@(\w+)&gt;", r"<b>@\1</b>"),
    (r"&lt;(https?://[^|&\s]+)\|([^&]*)&gt;", r'<a href="\1" rel="noreferrer">\2</a>'),
    (r"`([^`\n]+)`", r"<code>\1</code>"),
    (r"\*([^*\n]+)\*", r"<strong>\1</strong>"),
    (r"\n", "<br>"),
)


@pages.get("/")
def show_everything() -> str:
    return render_template("records.html", title="Zoho Books sandbox", **records())


@pages.get("/app/<organization_id>")
def show_organization(organization_id: str) -> str:
    if organization_id not in world().books:
        abort(404)
    title = world().books[organization_id].organization["name"]
    return render_template("records.html", title=title, **records(organization_id))


@pages.get("/slack")
def show_slack() -> str:
    workspace = world().slack_workspace
    messages = list(workspace.messages.values())[::-1]
    return render_template("slack.html", views=workspace.views[::-1], messages=messages, told=world().slack[::-1])


@pages.after_request
def allow_nothing_foreign(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'self'; base-uri 'none'"
    return response


@pages.app_template_filter("mrkdwn")
def mrkdwn(text: str) -> Markup:
    """Slack's own markup as it reads there: bold, code, links, people, lines (docs.slack.dev/messaging/formatting)."""
    shown = str(escape(unescape(text)))
    for pattern, written in _MARKUP:
        shown = re.sub(pattern, written, shown)
    return Markup(shown)  # noqa: S704  all of it is escaped above


@pages.app_template_filter("as_json")
def as_json(value: Any) -> str:
    """The value as JSON text, amounts as they were written."""
    return current_app.json.dumps(value, ensure_ascii=False, indent=2)
