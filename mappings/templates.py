"""Texts with `{expressions}` in them, and JSON whose texts are such.

`{{` and `}}` stand for braces. An expression in a text holds braces only between quotes or backticks.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from mappings import conversions
from mappings.conversions import NOTHING, Unfit
from mappings.expressions import BadExpression, Expression, Interpreter

_PIECE = re.compile(
    r"""(?P<brace>\{\{|\}\})
      | \{(?P<expression>(?:[^{}'"`] | '(?:[^'\\]|\\.)*' | "(?:[^"\\]|\\.)*" | `(?:[^`\\]|\\.)*`)*)\}
      | (?P<text>[^{}]+)""",
    re.VERBOSE,
)

Compile = Callable[[str], Expression]


@dataclass(frozen=True)
class Template:
    """A checked text with expressions."""

    parts: tuple[str | Expression, ...]

    def fill(self, interpreter: Interpreter, value: object) -> str:
        """The text with every expression's value in it; nothing there leaves nothing. Raises Unfit."""
        return "".join(self._pieces(interpreter, value, complete=False))

    def fill_completely(self, interpreter: Interpreter, value: object) -> str:
        """The same for a key: an expression with nothing there raises Unfit."""
        return "".join(self._pieces(interpreter, value, complete=True))

    def _pieces(self, interpreter: Interpreter, value: object, *, complete: bool) -> Iterator[str]:
        for part in self.parts:
            found = part if isinstance(part, str) else part.run(interpreter, value)
            if found in NOTHING and complete:
                raise Unfit(f"nothing there for {part.text if isinstance(part, Expression) else 'it'}")
            yield "" if found is None else conversions.as_text(found)


JsonTemplate = Template | dict[str, "JsonTemplate"] | list["JsonTemplate"] | bool | int | None


def compile_template(text: str, compile_part: Compile) -> Template:
    """A checked text. Raises BadExpression."""
    parts: list[str | Expression] = []
    position = 0
    while position < len(text):
        piece = _PIECE.match(text, position)
        if piece is None:
            raise BadExpression(f"a brace without its partner at character {position + 1}: {text}")
        expression = piece["expression"]
        parts.append((piece["text"] or piece["brace"][0]) if expression is None else compile_part(expression))
        position = piece.end()
    return Template(tuple(parts))


def compile_json(value: object, compile_part: Compile) -> JsonTemplate:
    """JSON whose texts are checked texts. Raises BadExpression, also for what JSON does not know."""
    if isinstance(value, str):
        return compile_template(value, compile_part)
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise BadExpression("the keys of JSON are texts")
        return {key: compile_json(each, compile_part) for key, each in value.items()}
    if isinstance(value, list):
        return [compile_json(each, compile_part) for each in value]
    if value is None or isinstance(value, bool | int):
        return value
    raise BadExpression("only texts, whole numbers, true, false, null, lists and mappings may stand here")


def fill_json(template: JsonTemplate, interpreter: Interpreter, value: object) -> object:
    """The JSON value with every text filled. Raises Unfit."""
    if isinstance(template, Template):
        return template.fill(interpreter, value)
    if isinstance(template, dict):
        return {key: fill_json(each, interpreter, value) for key, each in template.items()}
    if isinstance(template, list):
        return [fill_json(each, interpreter, value) for each in template]
    return template


def json_bytes(value: object) -> bytes:
    """The value as compact UTF-8 JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
