"""A page and its JSON twin: one view gives the facts, a template shows them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any

from flask import Blueprint, Response, jsonify, redirect, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response as AnyResponse

from console.guard import needs
from console.people import May
from console.sheets import Cell, as_csv

Facts = Mapping[str, Any]
Page = Callable[..., Facts | AnyResponse]
Sheet = Callable[..., Iterable[Sequence[Cell]]]


@dataclass(frozen=True, slots=True)
class Download:
    """A file for whoever asked for it."""

    name: str
    content: str
    media_type: str


class Pages(Blueprint):
    """Pages of one subject."""

    def __init__(self, name: str) -> None:
        super().__init__(name, f"console.pages.{name}")

    def page(self, rule: str, template: str, *, may: May = "view") -> Callable[[Page], Page]:
        """Shows what the view gives, JSON values by name, in the template, and as JSON under the same path + .json."""
        return self._page(rule, template, may=may, methods=("GET",))

    def form(self, rule: str, template: str, *, may: May) -> Callable[[Page], Page]:
        """A page whose form is sent to itself and changes nothing: what came of it is shown beside what was typed."""
        return self._page(rule, template, may=may, methods=("GET", "POST"))

    def _page(self, rule: str, template: str, *, may: May, methods: Sequence[str]) -> Callable[[Page], Page]:
        def register(view: Page) -> Page:
            @wraps(view)
            def answer(**places: Any) -> ResponseReturnValue:
                facts = view(**places)
                if isinstance(facts, AnyResponse):
                    return facts
                if request.path.endswith(".json"):
                    return jsonify(facts)
                return render_template(template, **facts)

            guarded = needs(may)(answer)
            twin = "/index.json" if rule == "/" else f"{rule}.json"
            self.add_url_rule(rule, view.__name__, guarded, methods=methods)
            self.add_url_rule(twin, f"{view.__name__}_json", guarded, methods=methods)
            return view

        return register

    def sheet(self, rule: str) -> Callable[[Sheet], Sheet]:
        """Gives the rows of the view, a header first, as a CSV file to whoever may see pages."""

        def register(view: Sheet) -> Sheet:
            @wraps(view)
            def answer() -> Response:
                return _as_file(Download(rule.rsplit("/", 1)[-1], as_csv(view()), "text/csv"))

            self.add_url_rule(rule, view.__name__, needs("view")(answer))
            return view

        return register

    def download(self, rule: str, *, may: May) -> Callable[[Callable[..., Download]], Callable[..., Download]]:
        """Gives what a form holds back as the file that the view makes of it."""

        def register(view: Callable[..., Download]) -> Callable[..., Download]:
            @wraps(view)
            def answer(**places: Any) -> Response:
                return _as_file(view(**places))

            self.add_url_rule(rule, view.__name__, needs(may)(answer), methods=["POST"])
            return view

        return register

    def action(self, rule: str, *, may: May) -> Callable[[Callable[..., str]], Callable[..., str]]:
        """Does what a form asks for, then shows the page whose address the view gives."""

        def register(view: Callable[..., str]) -> Callable[..., str]:
            @wraps(view)
            def answer(**places: Any) -> AnyResponse:
                return redirect(view(**places), 303)

            self.add_url_rule(rule, view.__name__, needs(may)(answer), methods=["POST"])
            return view

        return register


def _as_file(file: Download) -> Response:
    name = {"Content-Disposition": f'attachment; filename="{file.name}"'}
    return Response(file.content, mimetype=file.media_type, headers=name)


def refuse(status: int, message: str) -> Response:
    """An error page, or its JSON twin."""
    if request.path.endswith(".json"):
        response = jsonify({"error": {"code": status, "message": message}})
    else:
        response = Response(render_template("error.html", status=status, message=message))
    response.status_code = status
    return response
