"""What an event needs from the sender's API: which calls, in which order, and what becomes of their answers.

Pure: it says what to ask and is told what was answered; whoever drives it makes the calls. What an event holds gets
into a call only as a plain word of the path, or quoted as a value of the query; it never chooses the host.
"""

import re
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urljoin, urlsplit

from errors import NeedsAttention
from mappings.conversions import NOTHING, Unfit, as_text, kind_of
from mappings.drafting import failure, holds, is_true, run
from mappings.expressions import Expression, Interpreter
from mappings.fetch_grammar import MOST_ITEMS, Api, Pages, Step
from mappings.fetch_planning import HOST
from mappings.grammar import Event
from mappings.rendering import glance, name_order
from mappings.scopes import Scope
from mappings.templates import Template

_WORD = re.compile(r"(?!\.+\Z)[A-Za-z0-9._~:@=-]{1,200}")
_LONGEST_VALUE = 500
_UNSAFE = "%!$&'()*+,;=:@/?~"


@dataclass(frozen=True)
class Call:
    """A GET that is to be made: at `host`, for the path and query in `target`; an `optional` one may find nothing.

    `item` says for which of the step's items it is, `page` which of the `pages` it asks for, both counted from 0.
    """

    step: str
    api: Api = field(repr=False)
    host: str
    target: str
    optional: bool = False
    item: int | None = None
    pages: Pages | None = field(default=None, repr=False)
    page: int = 0


@dataclass(frozen=True)
class Page:
    """What a call was answered: its JSON, and the target of a `Link: rel="next"` if there was one."""

    content: object
    link: str | None = None


Steps = Generator[Call, Page | None, Any]
"""Gives calls, is sent their answers (None: there is no such thing), and returns what came of them."""


class TooMuchToFetch(NeedsAttention):
    """Raised when a step would take more calls than it may."""

    code = "too_much_to_fetch"


def fetch(event: Event, scope: Scope, done: Mapping[str, object]) -> Steps:
    """What each of the event's steps gives, by name, those of `done` as they are. Raises MappingError."""
    if not event.fetches:
        return done
    found = dict(done)
    interpreter = glance(event, replace(scope, fetched=found))
    if not event.is_named_late:
        name_order(event, interpreter)  # what has no name will not be posted, whatever is fetched
    for step in event.fetches:
        if step.name not in found:
            found[step.name] = yield from StepRun(step, interpreter).answers()
    return found


def find_host(api: Api, scope: Scope) -> str | None:
    """The API's host; None where an option of the connection makes it none."""
    try:
        host = api.host.fill(Interpreter(scope), None)
    except Unfit:
        return None
    return host if HOST.fullmatch(host) else None


@dataclass(frozen=True)
class StepRun:
    """One step, written in the mapping under `place`."""

    step: Step
    interpreter: Interpreter
    place: str = "fetch"

    @property
    def _path(self) -> str:
        return f"{self.place}.{self.step.name}"

    def answers(self) -> Steps:
        """What the step gives. Raises MappingError."""
        step, root = self.step, self.interpreter.scope.root
        if step.when is not None and not holds(step.when, self.interpreter, root, f"{self._path}.when"):
            return None
        if step.each is None:
            return (yield from self._answer(root, None))
        found = []
        for number, item in enumerate(self._items(step.each)):
            found.append((yield from self._answer(item, number)))
        return found

    def _items(self, each: Expression) -> list[object]:
        found = run(each, self.interpreter, self.interpreter.scope.root, f"{self._path}.each")
        if found is None and self.step.each_optional:
            return []
        if not isinstance(found, list):
            raise failure(f"{self._path}.each", f"{kind_of(found)} is not a list", each.text)
        if len(found) > MOST_ITEMS:
            raise _too_much(self._path, f"It would take {len(found)} calls, one for each item; {MOST_ITEMS} are made.")
        return found

    def _answer(self, item: object, number: int | None) -> Steps:
        step, target = self.step, self._target(item)
        if target is None:
            return None
        call = Call(step.name, step.api, self._host(), target, step.optional, number, step.pages)
        if step.pages is None:
            page = yield call
            return None if page is None else page.content
        return (yield from self._pages(step.pages, call))

    def _host(self) -> str:
        host = find_host(self.step.api, self.interpreter.scope)
        if host is None:
            raise failure(f"{self._path}.url", "an option of the connection makes no host name in lower case")
        return host

    def _target(self, item: object) -> str | None:
        """Path and query; nothing for an optional step that lacks what they are made of."""
        step, at = self.step, f"{self._path}.url"
        made_of = [part for part in (*step.path.parts, *step.query.parts) if not isinstance(part, str)]
        if step.optional and any(run(part, self.interpreter, item, at) in NOTHING for part in made_of):
            return None
        path = _filled(step.path, self.interpreter, item, at, _word)
        if {".", ".."} & set(path.split("/")):
            raise failure(at, "the path leads up")
        query = _filled(step.query, self.interpreter, item, at, _value)
        return _with(f"{path}?{query}" if query else path, _first_page(step.pages))

    def _pages(self, pages: Pages, call: Call) -> Steps:
        found: list[object] = []
        for _ in range(pages.most):
            page = yield call
            if page is None:
                return None
            items = self._items_of(pages, page)
            found += items
            target = self._next(pages, page, call.target, items, len(found))
            if target is None:
                return found
            call = replace(call, target=target, page=call.page + 1)
        raise _too_much(self._path, f"It has more than {pages.most} pages.")

    def _items_of(self, pages: Pages, page: Page) -> list[object]:
        items = self._of_page(pages.items, page, "items")
        if items is None and pages.items_optional:
            return []
        if not isinstance(items, list):
            raise failure(f"{self._path}.pages.items", f"{kind_of(items)} is not a list", pages.items.text)
        return items

    def _next(self, pages: Pages, page: Page, target: str, items: list[object], count: int) -> str | None:
        """Where the next page is; nothing after the last."""
        if not items and pages.by in ("number", "offset"):
            return None
        if pages.condition is not None and not is_true(self._of_page(pages.condition, page, "while")):
            return None
        if pages.by == "link":
            return None if page.link is None else self._same_host(page.link, target)
        if pages.next is None:
            number = count if pages.by == "offset" else _number_in(target, pages.parameter) + 1
            return _with(target, {pages.parameter: str(number)})
        found = self._of_page(pages.next, page, "next")
        if found in NOTHING:
            return None
        words = _text(found, f"{self._path}.pages.next")
        return self._same_host(words, target) if pages.by == "url" else _with(target, {pages.parameter: words})

    def _of_page(self, expression: Expression, page: Page, key: str) -> object:
        return run(expression, self.interpreter, page.content, f"{self._path}.pages.{key}")

    def _same_host(self, url: str, target: str) -> str:
        """The target that an address in an answer leads to, which must be where the answer came from."""
        here = f"https://{self._host()}"
        try:
            parts = urlsplit(urljoin(f"{here}{target}", url))
            is_here = parts.scheme == "https" and parts.netloc.lower() in (self._host(), f"{self._host()}:443")
        except ValueError:
            is_here = False
        if not is_here:
            raise failure(f"{self._path}.pages", "the next page is not on the same host")
        query = f"?{parts.query}" if parts.query else ""
        return quote(f"{parts.path or '/'}{query}", safe=_UNSAFE)


def _first_page(pages: Pages | None) -> dict[str, str]:
    return {pages.parameter: str(pages.first)} if pages is not None and pages.by == "number" else {}


def _with(target: str, parameters: Mapping[str, str]) -> str:
    """The target with other values for these parameters of its query."""
    if not parameters:
        return target
    path, _, query = target.partition("?")
    kept = [(name, value) for name, value in parse_qsl(query, keep_blank_values=True) if name not in parameters]
    return f"{path}?{urlencode([*kept, *parameters.items()], quote_via=quote)}"


def _number_in(target: str, parameter: str) -> int:
    return int(dict(parse_qsl(target.partition("?")[2]))[parameter])


def _filled(template: Template, interpreter: Interpreter, item: object, path: str, write: Any) -> str:
    """The text, each value in it written as it may stand there. Raises MappingError."""
    try:
        return "".join(
            quote(part, safe=_UNSAFE) if isinstance(part, str) else write(_there(part, interpreter, item))
            for part in template.parts
        )
    except Unfit as error:
        raise failure(path, str(error)) from None


def _there(expression: Expression, interpreter: Interpreter, item: object) -> str:
    value = expression.run(interpreter, item)
    if value in NOTHING:
        raise Unfit(f"nothing there for {expression.text}")
    return as_text(value)


def _word(text: str) -> str:
    if not _WORD.fullmatch(text):
        raise Unfit("a value in the path is not a plain word of letters, digits and - . _ ~ : @ =")
    return quote(text, safe="")


def _value(text: str) -> str:
    if len(text) > _LONGEST_VALUE:
        raise Unfit(f"a value in the query has more than {_LONGEST_VALUE} characters")
    return quote(text, safe="")


def _text(value: object, path: str) -> str:
    try:
        return as_text(value)
    except Unfit as error:
        raise failure(path, str(error)) from None


def _too_much(path: str, reason: str) -> TooMuchToFetch:
    return TooMuchToFetch(
        f"{path}: {reason}",
        remedy="If so much belongs to one event, raise `most` of the step, or narrow its address; then retry. Else the "
        "sender's answers do not end: post this one by hand.",
        field=path,
    )
