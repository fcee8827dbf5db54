"""Reads the values of a mapping file, and collects everything that is wrong with them.

A complaint reads `<path>: <what>, did you mean …?`. Nothing here raises: what cannot be used is reported and replaced
by something harmless, so that one complaint never hides another.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Any

import yaml

from mappings.expressions import BadExpression, Expression, compile_expression, suggest
from mappings.scopes import NOTHING_KNOWN, Known
from mappings.templates import JsonTemplate, Template, compile_json, compile_template

TO_DO = "TODO"
"""How a text begins that stands for what is still to be written."""

_NOTHING = compile_expression("@")
_HINT = "not YAML (write in block style: a key ending in ? and an expression with [ ] break inside { })"


class Reader:
    """Reads one file; every complaint lands in `problems`, without the file's name.

    `options` are the options that its expressions may name.
    """

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.options: frozenset[str] = frozenset()

    def report(self, path: str, what: str) -> None:
        """Notes a problem."""
        self.problems.append(f"{path}: {what}" if path else what)

    def load(self, content: bytes) -> object:
        """What a file of that content holds; None after a complaint."""
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(content)
        try:
            node = loader.get_single_node()
            for key, line in _repeated_keys(node, set()):
                self.report(f"line {line}", f"the key {key} stands here a second time")
            return loader.construct_document(node) if node else {}
        except (yaml.YAMLError, ValueError) as error:
            mark = getattr(error, "problem_mark", None)
            self.report(f"line {mark.line + 1}" if mark else "", _hint(content, mark))
            return None
        finally:
            loader.dispose()

    def keys(
        self, value: object, path: str, required: Collection[str], further: Collection[str] = ()
    ) -> dict[str, Any]:
        """The mapping, once it has all required keys and none but these."""
        found = self.mapping(value, path)
        known = {*required, *further}
        for key in [key for key in found if key not in known]:
            self.report(path, f"no such key: {key}{suggest(key, known)}")
            del found[key]
        for key in sorted(set(required) - set(found)):
            self.report(path, f"{key} is missing")
        return found

    def mapping(self, value: object, path: str) -> dict[str, Any]:
        """A copy of the mapping, its keys all texts."""
        if not isinstance(value, dict):
            self.report(path, "must be a mapping of keys to values")
            return {}
        for key in value:
            if not isinstance(key, str):
                self.report(path, f"the key {key} is not a text, put it between quotes")
        return {key: each for key, each in value.items() if isinstance(key, str)}

    def list(self, value: object, path: str) -> list[Any]:
        """The list."""
        if isinstance(value, list):
            return value
        self.report(path, "must be a list")
        return []

    def text(self, value: object, path: str) -> str:
        """The text, not empty."""
        if isinstance(value, str) and value:
            return value
        self.report(path, "must be a text, put it between quotes")
        return ""

    def texts(self, value: object, path: str, pattern: re.Pattern[str], what: str) -> tuple[str, ...]:
        """The texts of a list, each of the given form."""
        items = self.list(value, path)
        if not items:
            self.report(path, "must not be empty")
        for index, each in enumerate(items):
            if not isinstance(each, str) or not pattern.fullmatch(each):
                self.report(f"{path}[{index}]", f"must be {what}")
        return tuple(str(each) for each in items)

    def expression(self, value: object, path: str, known: Known = NOTHING_KNOWN) -> Expression:
        """The checked expression; only a text is one."""
        if not isinstance(value, str):
            self.report(path, 'must be an expression, as text; a number is written "`1`"')
            return _NOTHING
        try:
            return self.compile(value, known)
        except BadExpression as error:
            self.report(path, str(error))
            return _NOTHING

    def template(self, value: object, path: str, known: Known = NOTHING_KNOWN) -> Template:
        """The checked text with expressions."""
        if not isinstance(value, str):
            self.report(path, "must be a text, put it between quotes")
            return Template(())
        try:
            return compile_template(value, lambda text: self.compile(text, known))
        except BadExpression as error:
            self.report(path, str(error))
            return Template(())

    def key(self, value: object, path: str, known: Known = NOTHING_KNOWN) -> Template:
        """The same for what names one thing of many, which no fixed text does."""
        found = self.template(value, path, known)
        if isinstance(value, str) and value and all(isinstance(part, str) for part in found.parts) and found.parts:
            self.report(
                path, f"this text would name all of them: put what tells them apart in braces, {_braced(value)}"
            )
        return found

    def json(self, value: object, path: str, known: Known = NOTHING_KNOWN) -> JsonTemplate:
        """JSON whose texts are checked texts with expressions."""
        try:
            return compile_json(value, lambda text: self.compile(text, known))
        except BadExpression as error:
            self.report(path, str(error))
            return None

    def compile(self, text: str, known: Known) -> Expression:
        """The checked expression, which may name the file's options, too. Raises BadExpression."""
        return compile_expression(text, replace(known, options=self.options) if self.options else known)


def left_to_do(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    """Path and words of every text that only says what is to be written there (`TODO the order's number`), in order."""
    if isinstance(value, str) and value.startswith(TO_DO):
        yield path, value.removeprefix(TO_DO).strip()
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from left_to_do(key, path)
            word = "…" if str(key).startswith(TO_DO) else key
            yield from left_to_do(each, f"{path}.{word}" if path else str(word))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from left_to_do(each, f"{path}[{index}]")


def _braced(text: str) -> str:
    """The text with what it ends in as an expression."""
    before, colon, last = text.rpartition(":")
    return f"such as {before}{colon}{{{last.strip() or 'id'}}}"


def _hint(content: bytes, mark: yaml.Mark | None) -> str:
    """What to write otherwise, where YAML broke off."""
    line = content.decode("utf-8", "replace").splitlines()[mark.line : mark.line + 1] if mark else []
    character = line[0][mark.column : mark.column + 1] if mark and line else ""
    if character == "\t":
        return "not YAML: indent with spaces, not with tabs"
    if character in ("`", "@", "%", "!"):
        return f"not YAML: what begins with {character} stands between quotes"
    return _HINT


def _repeated_keys(node: yaml.Node | None, seen: set[int]) -> Iterator[tuple[str, int]]:
    if not isinstance(node, yaml.CollectionNode) or id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        keys: set[str] = set()
        for key, _ in node.value:
            if key.value in keys if isinstance(key, yaml.ScalarNode) else False:
                yield key.value, key.start_mark.line + 1
            keys.add(str(key.value))
    for each in node.value:
        for child in each if isinstance(each, tuple) else (each,):
            yield from _repeated_keys(child, seen)
