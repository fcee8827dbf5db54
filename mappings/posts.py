"""JSON that is posted to a sender's API because of an event or a handshake, and what is read of its answer.

The host and the path are the mapping's own words; what an event holds only gets into the JSON.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from mappings.conversions import Unfit
from mappings.expressions import Expression, Interpreter, suggest
from mappings.fetch_grammar import Api
from mappings.fetching import find_host
from mappings.grammar import CHAPTERS, AskPlan
from mappings.post_grammar import Place
from mappings.reading import Reader
from mappings.scopes import Known, Scope
from mappings.templates import JsonTemplate, Template, fill_json

_ADDRESS = re.compile(r"https://(?P<host>[^/]+)(?P<path>/[A-Za-z0-9._~/-]+)")


@dataclass(frozen=True)
class Post:
    """JSON that is to be posted, once."""

    api: Api = field(repr=False)
    host: str
    target: str
    body: Mapping[str, object] = field(repr=False)
    fault: Expression = field(repr=False)
    keep: Mapping[str, Expression] = field(default_factory=dict, repr=False)

    def kept(self, answer: object) -> dict[str, str]:
        """What is to be kept of the answer, by name, as far as it is there."""
        found = {name: _read(expression, answer) for name, expression in self.keep.items()}
        return {name: str(value) for name, value in found.items() if isinstance(value, str | int)}

    def refusal(self, answer: object) -> str | None:
        """Why the answer says it was not taken; None where it was."""
        found = _read(self.fault, answer, otherwise="its answer cannot be read")
        return str(found) if found not in (None, False, "") else None


def _read(expression: Expression, answer: object, *, otherwise: object = None) -> object:
    try:
        return expression.run(Interpreter(Scope(answer)), answer)
    except Unfit:
        return otherwise


def read_place(reader: Reader, value: object, path: str, apis: Mapping[str, Api]) -> Place:
    """The checked address, written out."""
    found = _ADDRESS.fullmatch(reader.text(value, path))
    if found is None:
        reader.report(path, "must look like https://api.example.com/messages, without expressions")
        return Place(Api(Template(())), "")
    if found["host"] not in apis:
        reader.report(path, f"{found['host']} is not among the apis{suggest(found['host'], apis)}")
    return Place(apis.get(found["host"], Api(Template(()))), found["path"])


def read_fault(reader: Reader, value: object, path: str) -> Expression:
    """The expression over an answer."""
    return reader.expression(value, path, Known())


def fill_post(place: Place, content: JsonTemplate, fault: Expression, interpreter: Interpreter) -> Post | None:
    """The JSON with everything in it; None where something it is made of is not there. Raises NeedsAttention."""
    host = find_host(place.api, interpreter.scope)
    try:
        body = fill_json(content, interpreter, interpreter.scope.root)
    except Unfit:
        return None
    return Post(place.api, host, place.path, body, fault) if host and isinstance(body, dict) else None


def fill_ask(plan: AskPlan, chapter: str, interpreter: Interpreter) -> Post | None:
    """The message to approvers, to be posted or, when something was decided, edited. Raises NeedsAttention."""
    is_first = chapter == CHAPTERS[0]
    post = fill_post(plan.post if is_first else plan.edit, plan.bodies[chapter], plan.fault, interpreter)
    return replace(post, keep=plan.keep) if post and is_first else post
