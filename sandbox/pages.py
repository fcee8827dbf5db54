"""Plain pages that show what the sandbox holds; they need no script.

`/app/<organization_id>#/invoices/<invoice_id>` is the shape of Zoho's own links: the fragment names the row.
"""

from typing import Any

from flask import Blueprint, Response, abort, current_app, render_template

from sandbox.call import world
from sandbox.control import records

pages = Blueprint("pages", __name__)


@pages.get("/")
def show_everything() -> str:
    return render_template("records.html", title="Zoho Books sandbox", **records())


@pages.get("/app/<organization_id>")
def show_organization(organization_id: str) -> str:
    if organization_id not in world().books:
        abort(404)
    title = world().books[organization_id].organization["name"]
    return render_template("records.html", title=title, **records(organization_id))


@pages.after_request
def allow_nothing_foreign(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'self'; base-uri 'none'"
    return response


@pages.app_template_filter("as_json")
def as_json(value: Any) -> str:
    """The value as JSON text, amounts as they were written."""
    return current_app.json.dumps(value, ensure_ascii=False, indent=2)
