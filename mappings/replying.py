"""What the sender is answered: bytes for its eyes, made of a reply's plan."""

import html
import re
from dataclasses import dataclass

from mappings.conversions import Unfit, as_text
from mappings.expressions import Interpreter
from mappings.grammar import ReplyPlan
from mappings.templates import Template, fill_json, json_bytes

_NOT_IN_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_CONTENT_TYPES = {"text": "text/plain; charset=utf-8", "json": "application/json", "xml": "text/xml; charset=utf-8"}


@dataclass(frozen=True)
class Reply:
    """An answer to the sender."""

    status: int
    content_type: str
    body: bytes


def fill_reply(plan: ReplyPlan, interpreter: Interpreter) -> Reply | None:
    """The answer; None where it holds what is not there."""
    try:
        return Reply(plan.status, _CONTENT_TYPES[plan.kind], _content(plan, interpreter))
    except (Unfit, UnicodeEncodeError):
        return None


def _content(plan: ReplyPlan, interpreter: Interpreter) -> bytes:
    root, content = interpreter.scope.root, plan.content
    if plan.kind == "xml" and isinstance(content, Template):
        return content.fill(interpreter, root, write=_as_xml).encode()
    filled = fill_json(content, interpreter, root)
    return json_bytes(filled) if plan.kind == "json" else str(filled).encode()


def _as_xml(value: object) -> str:
    return html.escape(_NOT_IN_XML.sub("", as_text(value)))
