"""The values of one draft: selected by the plan, checked and built by a schema.

Every error names its field as a path in the draft (`invoice.lines[2].rate`, lines counted from 0), the expression it is
written as, and the reason, never a value of the body.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from marshmallow import Schema, ValidationError

from errors import MappingError
from mappings import conversions
from mappings.conversions import NOTHING, NOTHING_THERE, Unfit
from mappings.expressions import Expression, Interpreter
from mappings.grammar import Block, Blocks, Nested
from mappings.schemas import first_complaint
from mappings.templates import Template

Values = dict[str, Any]

_LONGEST_KEY = 200
_NONE_LACKING: frozenset[str] = frozenset()
_REMEDY = (
    "Compare this field of the mapping with what the sender sent (the raw body is kept); "
    "correct the order or the mapping, then retry the event."
)
_NO = ("false", "0")
_COMPARE = "compare it, as in test == 'true'"
_INSIDE_EACH = "inside each the item is the root; use root('…') for the rest of the body"


def failure(path: str, reason: str, expression: str | None = None, **more: Any) -> MappingError:
    """The error for one field, its expression named."""
    written = f" (written as {expression})" if expression else ""
    return MappingError(f"{path}: {reason}{written}.", **{"remedy": _REMEDY, "field": path, **more})


def run(expression: Expression, interpreter: Interpreter, value: object, path: str) -> object:
    """The expression's value. Raises MappingError."""
    try:
        return expression.run(interpreter, value)
    except Unfit as error:
        raise failure(path, _reason(str(error), interpreter, value, expression), expression.text) from None


def _reason(reason: str, interpreter: Interpreter, item: object, expression: Expression) -> str:
    """The reason; where nothing is there for an item of a list, also how to reach what is outside of the item."""
    is_inside_each = item is not interpreter.scope.root
    if reason == NOTHING_THERE and is_inside_each and "root(" not in expression.text:
        return f"{reason}; {_INSIDE_EACH}"
    return reason


def is_true(value: object) -> bool:
    """JMESPath's truth: everything but null, false and what is empty; 0 is true."""
    return value is not None and value is not False and value not in ("", [], {})


def holds(condition: Expression, interpreter: Interpreter, item: object, path: str) -> bool:
    """Whether the condition holds. Raises MappingError, also for what reads like no and would count as yes."""
    found = run(condition, interpreter, item, path)
    if isinstance(found, str) and found.strip().lower() in _NO:
        raise failure(path, f"a text that says {found.strip().lower()} counts as true: {_COMPARE}", condition.text)
    if isinstance(found, int | Decimal) and not isinstance(found, bool) and found == 0:
        raise failure(path, "the number 0 counts as true: ask nonzero(…)", condition.text)
    return is_true(found)


def business_key(template: Template, interpreter: Interpreter, item: object, path: str) -> str:
    """What names the thing in the real world. Raises MappingError."""
    try:
        key = template.fill_completely(interpreter, item)
        tidy = conversions.text(key)
    except Unfit as error:
        raise failure(path, str(error)) from None
    if not key or len(key) > _LONGEST_KEY:
        raise failure(path, f"must give 1 to {_LONGEST_KEY} characters")
    if key != tidy:  # tidied, two keys could become one
        raise failure(path, "has spaces at its ends or in a row, or control characters")
    return key


class Drafting:
    """Collects the values of one draft and remembers how each is written."""

    def __init__(self, interpreter: Interpreter) -> None:
        self.interpreter = interpreter
        self.written: dict[str, str] = {}

    def values(self, block: Block, item: object, path: str, *, may_lack: frozenset[str] = _NONE_LACKING) -> Values:
        """The block's values for one item; what is optional and not there is left out. Raises MappingError."""
        values = self.fields(block, item, path)
        for each in block.fields:
            if each.name not in values and not each.optional and each.name not in may_lack:
                raise self.missing(f"{path}.{each.name}", each.expression, item)
        if block.once_per:
            values["once_per"] = business_key(block.once_per, self.interpreter, item, f"{path}.once_per")
        for rows in block.lists:
            values[rows.name] = self.rows(rows, item, f"{path}.{rows.name}")
        for nested in block.blocks:
            values |= self.inner(nested, item, f"{path}.{nested.name}")
        return values

    def fields(self, block: Block, item: object, path: str) -> Values:
        """The values of the block's own fields, as far as there are any. Raises MappingError."""
        values: Values = {}
        for each in block.fields:
            at = f"{path}.{each.name}"
            self.written[at] = each.expression.text
            value = run(each.expression, self.interpreter, item, at)
            if value not in NOTHING:
                values[each.name] = value
        return values

    def inner(self, nested: Nested, item: object, path: str) -> Values:
        """The object under its name; an optional one of which nothing is there is left out. Raises MappingError."""
        if self.fields(nested.block, item, path):
            return {nested.name: self.values(nested.block, item, path)}
        if not nested.optional:
            raise failure(path, NOTHING_THERE)
        return {}

    def rows(self, rows: Blocks, item: object, path: str) -> list[Values]:
        """The values of every item of every block, in order. Raises MappingError."""
        found: list[Values] = []
        for block in rows.blocks:
            for each in self.items(block, item, path, optional=rows.optional or block.each_optional):
                if self.holds(block, each, f"{path}[{len(found)}]"):
                    found.append(self.values(block, each, f"{path}[{len(found)}]"))
        return found

    def items(self, block: Block, item: object, path: str, *, optional: bool) -> list[object]:
        """What the block repeats over. Raises MappingError for anything but a list without nulls."""
        if block.each is None:
            return [item]
        found = run(block.each, self.interpreter, item, path)
        if found is None and optional:
            return []
        if found is None:
            raise self.missing(path, block.each, item)
        if not isinstance(found, list):
            raise failure(path, f"{conversions.kind_of(found)} is not a list", block.each.text)
        if None in found:
            raise failure(f"{path}[{found.index(None)}]", "the item is null", block.each.text)
        return found

    def missing(self, path: str, expression: Expression, item: object) -> MappingError:
        """The error for an expression that gives nothing."""
        return failure(path, _reason(NOTHING_THERE, self.interpreter, item, expression), expression.text)

    def holds(self, block: Block, item: object, path: str) -> bool:
        """Whether the block's condition holds, if it has one, in JMESPath's sense. Raises MappingError."""
        return block.when is None or holds(block.when, self.interpreter, item, f"{path}.when")

    def build(self, schema: Schema, values: Mapping[str, Any], path: str) -> Any:
        """The frozen draft. Raises MappingError."""
        try:
            return schema.load(values)
        except ValidationError as error:
            place, reason = first_complaint(error)
            at = f"{path}.{place}" if place else path
            raise failure(at, reason, self.written.get(at)) from None
