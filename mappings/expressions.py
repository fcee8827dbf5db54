"""JMESPath expressions of a mapping: checked when the file is read, exact and strict when they run.

Differences from plain JMESPath (https://jmespath.org/specification.html): our own functions; none that would break a
`Decimal`; `root('…')` leaves an `each`; and inside `total(…)`, `spread(…)` and `beside(…)` projections keep nulls, so
that a missing amount is seen.
"""

import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from re import error as RegexError  # noqa: N812 (re.PatternError only from 3.13)
from typing import Any

from jmespath import exceptions
from jmespath.functions import Functions
from jmespath.parser import Parser
from jmespath.visitor import Options as InterpreterOptions
from jmespath.visitor import TreeInterpreter

from mappings import conversions, times
from mappings.conversions import Unfit
from mappings.functions import PURE
from mappings.multipart import File

Node = dict[str, Any]

BORROWED = frozenset(
    {"contains", "ends_with", "join", "keys", "length", "map", "merge", "not_null", "reverse", "starts_with"}
    | {"to_array", "values"}
)
INSTEAD = {"sum": "total", "to_number": "money", "to_string": "text"}
REFUSED = frozenset(Functions.FUNCTION_TABLE) - BORROWED


@dataclass(frozen=True)
class Scope:
    """What an expression reaches besides the value it is applied to."""

    root: object = None
    headers: Mapping[str, str] = field(default_factory=dict)
    time_zone: str = "UTC"
    named: Mapping[str, object] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, File] = field(default_factory=dict)


SCOPED: Mapping[str, tuple[Callable[..., object], int, int]] = {
    "header": (lambda scope, name: scope.headers.get(name.lower()), 1, 1),
    "let": (lambda scope, name: scope.named[name], 1, 1),
    "fact": (lambda scope, name: scope.facts.get(name), 1, 1),
    "file": (lambda scope, name: scope.files.get(name), 1, 1),
    "date": (lambda scope, value: times.date(value, scope.time_zone), 1, 1),
}
FUNCTIONS = frozenset(PURE) | frozenset(SCOPED) | {"root"}
"""Every function of our own."""

_WRITTEN_OUT = {"header": 0, "let": 0, "fact": 0, "file": 0, "root": 0, "match": 1, "beside": 1}
_WHOLE = frozenset({"total", "spread", "beside"})


class BadExpression(Exception):
    """Raised when a text is not an expression a mapping may hold; says what is wrong with it."""


class _Calls(Functions):
    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def call_function(self, function_name: str, resolved_args: Any) -> Any:
        if function_name in PURE:
            return PURE[function_name][0](*resolved_args)
        if function_name in SCOPED:
            return SCOPED[function_name][0](self._scope, *resolved_args)
        return super().call_function(function_name, resolved_args)


class Interpreter(TreeInterpreter):
    """Runs checked expressions in one scope."""

    def __init__(self, scope: Scope) -> None:
        super().__init__(InterpreterOptions(custom_functions=_Calls(scope)))
        self.scope = scope

    def visit(self, node: Any, *args: Any, **kwargs: Any) -> Any:
        return _VISITS[node["type"]](self, node, *args, **kwargs)

    def visit_root(self, node: Any, _value: object) -> object:
        return self.visit(node["children"][0], self.scope.root)

    def visit_whole_projection(self, node: Any, value: object) -> object:
        base = self.visit(node["children"][0], value)
        return [self.visit(node["children"][1], each) for each in base] if isinstance(base, list) else None

    def visit_whole_filter_projection(self, node: Any, value: object) -> object:
        base, wanted, condition = self.visit(node["children"][0], value), node["children"][1], node["children"][2]
        if not isinstance(base, list):
            return None
        chosen = [each for each in base if self._is_true(self.visit(condition, each))]  # type: ignore[attr-defined]
        return [self.visit(wanted, each) for each in chosen]


# Looked up once: an interpreter that lives for one event would spend most of its time learning its own methods.
_VISITS: Mapping[str, Callable[..., Any]] = {
    name.removeprefix("visit_"): getattr(Interpreter, name) for name in dir(Interpreter) if name.startswith("visit_")
}


@dataclass(frozen=True)
class Expression:
    """A checked expression; `text` is how it is written."""

    text: str
    tree: Node = field(repr=False, compare=False)

    def run(self, interpreter: Interpreter, value: object) -> object:
        """The value it selects. Raises Unfit, in words without the value, for whatever goes wrong."""
        try:
            return interpreter.visit(self.tree, value)
        except exceptions.JMESPathTypeError as error:
            wanted = " or ".join(error.expected_types)
            raise Unfit(f"{error.function_name}() wants {wanted}, found {error.actual_type}") from None
        except (ValueError, TypeError, AttributeError, LookupError, ArithmeticError, RecursionError):
            raise Unfit("the expression does not fit what was sent") from None


@cache
def compile_expression(text: str, *, names: frozenset[str] = frozenset(), facts: bool = False) -> Expression:
    """A checked expression that may use the given `let` names. Raises BadExpression.

    Compiled once each: mapping files say the same again and again, and a process may read them twice.
    """
    tree = _parse(text)
    for node in _walk(tree):
        _check(node, names=names, facts=facts)
    return Expression(text, _prepare(tree, whole=False, names=names, facts=facts))


def suggest(word: str, known: frozenset[str] | set[str]) -> str:
    """`, did you mean …?` when something known is close, else nothing."""
    close = get_close_matches(word, sorted(known), n=1)
    return f", did you mean {close[0]}?" if close else ""


def _parse(text: str) -> Node:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return dict(Parser().parse(text).parsed)
    except exceptions.EmptyExpressionError:
        raise BadExpression("the expression is empty") from None
    except exceptions.IncompleteExpressionError:
        raise BadExpression(f"the expression ends too early: {text}") from None
    except exceptions.ParseError as error:
        raise BadExpression(f"not an expression at character {(error.lex_position or 0) + 1}: {text}") from None
    except Warning:
        raise BadExpression(f"what stands between backticks must be JSON, texts stand between quotes: {text}") from None


def _walk(node: Node) -> Iterator[Node]:
    yield node
    for child in node.get("children", ()):
        if isinstance(child, dict):
            yield from _walk(child)


def _check(node: Node, *, names: frozenset[str], facts: bool) -> None:
    if node["type"] == "literal" and _holds_float(node["value"]):
        raise BadExpression("a number with a point is not exact: write it as text, money('1.5')")
    if node["type"] == "function_expression":
        _check_known(node["value"], facts=facts)
        _check_count(node["value"], len(node["children"]))
        _check_written_out(node, names)


def _holds_float(value: object) -> bool:
    if isinstance(value, dict | list):
        return any(_holds_float(each) for each in (value.values() if isinstance(value, dict) else value))
    return isinstance(value, float)


def _check_known(name: str, *, facts: bool) -> None:
    if name == "fact" and not facts:
        raise BadExpression("fact() is only known in an answer")
    if name in REFUSED:
        instead = f", use {INSTEAD[name]}()" if name in INSTEAD else ""
        raise BadExpression(f"{name}() does not keep amounts exact{instead}")
    if name not in FUNCTIONS | BORROWED:
        raise BadExpression(f"no such function: {name}(){suggest(name, FUNCTIONS | BORROWED)}")


def _check_count(name: str, count: int) -> None:
    least, most = _arity(name)
    if not least <= count <= most:
        wanted = str(least) if least == most else f"at least {least}" if most > 9 else f"{least} to {most}"
        raise BadExpression(f"{name}() takes {wanted} argument(s), not {count}")


def _arity(name: str) -> tuple[int, int]:
    if name == "root":
        return 1, 1
    if name in FUNCTIONS:
        return (PURE.get(name) or SCOPED[name])[1:]
    signature = Functions.FUNCTION_TABLE[name]["signature"]
    return len(signature), 99 if signature[-1].get("variadic") else len(signature)


def _check_written_out(node: Node, names: frozenset[str]) -> None:
    name = node["value"]
    if name not in _WRITTEN_OUT:
        return
    argument = node["children"][_WRITTEN_OUT[name]]
    if argument["type"] != "literal" or not isinstance(argument["value"], str):
        raise BadExpression(f"{name}() wants a text between quotes there")
    if name == "let" and argument["value"] not in names:
        raise BadExpression(f"nothing is called {argument['value']} above{suggest(argument['value'], names)}")
    if name == "match":
        _check_pattern(argument["value"])


def _check_pattern(pattern: str) -> None:
    try:
        compiled = conversions.compile_pattern(pattern)
    except RegexError as error:
        raise BadExpression(f"not a regular expression: {error}") from None
    if not compiled.groupindex:
        raise BadExpression("the regular expression names no group: write (?<name>…)")


def _prepare(node: Node, *, whole: bool, names: frozenset[str], facts: bool) -> Node:
    kind, value = node["type"], node.get("value")
    if kind == "function_expression" and value == "root":
        inner = compile_expression(node["children"][0]["value"], names=names, facts=facts).tree
        return {"type": "root", "children": [inner]}
    if whole and kind in ("projection", "filter_projection"):
        kind = f"whole_{kind}"
    whole = whole or (kind == "function_expression" and value in _WHOLE)
    prepared = {**node, "type": kind}
    prepared["children"] = [
        _prepare(child, whole=whole, names=names, facts=facts) if isinstance(child, dict) else child
        for child in node.get("children", ())
    ]
    return prepared
