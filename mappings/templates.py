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
_STEPS = ("each", "when")


@dataclass(frozen=True)
class Template:
    """A checked text with expressions."""

    parts: tuple[str | Expression, ...]

    def fill(
        self, interpreter: Interpreter, value: object, *, write: Callable[[object], str] = conversions.as_text
    ) -> str:
        """The text with every expression's value in it, as `write` writes it; nothing there leaves nothing.

        Raises Unfit.
        """
        return "".join(
            part if isinstance(part, str) else write(found)
            for part, found in self._pieces(interpreter, value)
            if found is not None
        )

    def fill_completely(self, interpreter: Interpreter, value: object) -> str:
        """The same for a key: an expression with nothing there raises Unfit."""
        pieces = list(self._pieces(interpreter, value))
        for part, found in pieces:
            if found in NOTHING:
                raise Unfit(f"nothing there for {part.text if isinstance(part, Expression) else 'it'}")
        return "".join(conversions.as_text(found) for _, found in pieces)

    def _pieces(self, interpreter: Interpreter, value: object) -> Iterator[tuple[str | Expression, object]]:
        """Each part and what it is."""
        for part in self.parts:
            yield part, part if isinstance(part, str) else part.run(interpreter, value)


@dataclass(frozen=True)
class Part:
    """An object of JSON for each item of a list, which is its root, or one that is there only when something holds."""

    content: "JsonTemplate"
    each: Expression | None
    when: Expression | None

    def fill(self, interpreter: Interpreter, value: object) -> list[object] | object:
        """The objects of a list that is gone through, else the one object or nothing. Raises Unfit."""
        if self.each is None:
            return fill_json(self.content, interpreter, value) if self._holds(interpreter, value) else None
        items = self.each.run(interpreter, value)
        if not isinstance(items, list | None):
            raise Unfit(f"{conversions.kind_of(items)} is not a list")
        return [fill_json(self.content, interpreter, each) for each in items or () if self._holds(interpreter, each)]

    def _holds(self, interpreter: Interpreter, value: object) -> bool:
        found = True if self.when is None else self.when.run(interpreter, value)
        return found is not False and found not in EMPTY


JsonTemplate = Template | Part | dict[str, "JsonTemplate"] | list["JsonTemplate"] | bool | int | None
EMPTY: tuple[object, ...] = (*NOTHING, [], {})


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
    """JSON whose texts are checked texts. Raises BadExpression, also for what JSON does not know.

    In an object `each` and `when` are expressions that steer it; a key that ends in ? is left out if it holds nothing.
    """
    if isinstance(value, str):
        return compile_template(value, compile_part)
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise BadExpression("the keys of JSON are texts")
        return _compile_object(value, compile_part)
    if isinstance(value, list):
        return [compile_json(each, compile_part) for each in value]
    if value is None or isinstance(value, bool | int):
        return value
    raise BadExpression("only texts, whole numbers, true, false, null, lists and mappings may stand here")


def _compile_object(value: dict[str, object], compile_part: Compile) -> JsonTemplate:
    content = {key: compile_json(each, compile_part) for key, each in value.items() if key not in _STEPS}
    steps = {key: compile_part(_expression(key, value[key])) for key in _STEPS if key in value}
    return Part(content, steps.get("each"), steps.get("when")) if steps else content


def _expression(key: str, value: object) -> str:
    if not isinstance(value, str):
        raise BadExpression(f"{key} must be an expression, as text")
    return value


def fill_json(template: JsonTemplate, interpreter: Interpreter, value: object) -> object:
    """The JSON value with every text filled. Raises Unfit."""
    if isinstance(template, Template):
        return template.fill(interpreter, value)
    if isinstance(template, Part):
        return template.fill(interpreter, value)
    if isinstance(template, dict):
        return dict(_members(template, interpreter, value))
    if isinstance(template, list):
        return [filled for each in template for filled in _items(each, interpreter, value)]
    return template


def _members(
    template: dict[str, JsonTemplate], interpreter: Interpreter, value: object
) -> Iterator[tuple[str, object]]:
    for key, each in template.items():
        filled = fill_json(each, interpreter, value)
        if not key.endswith("?") or filled not in EMPTY:
            yield key.removesuffix("?"), filled


def _items(template: JsonTemplate, interpreter: Interpreter, value: object) -> list[object]:
    """What an item of a list becomes: itself, or however many objects its `each` and `when` leave."""
    filled = fill_json(template, interpreter, value)
    if not isinstance(template, Part):
        return [filled]
    return filled if isinstance(filled, list) else [] if filled is None else [filled]


def calls(template: JsonTemplate, function: str) -> bool:
    """Whether an expression in it calls the function."""
    if isinstance(template, Template):
        return any(isinstance(part, Expression) and part.calls(function) for part in template.parts)
    if isinstance(template, Part):
        steps = (step for step in (template.each, template.when) if step is not None)
        return calls(template.content, function) or any(step.calls(function) for step in steps)
    inner = template.values() if isinstance(template, dict) else template if isinstance(template, list) else ()
    return any(calls(each, function) for each in inner)


def json_bytes(value: object) -> bytes:
    """The value as compact UTF-8 JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
