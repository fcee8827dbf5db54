"""JMESPath expressions of a mapping: checked when the file is read, exact and strict when they run.

Differences from plain JMESPath (https://jmespath.org/specification.html): our own functions; none that would break a
`Decimal`; `root('…')` leaves an `each`; and inside `total(…)`, `spread(…)` and `beside(…)` projections keep nulls, so
that a missing amount is seen.
"""

import re
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from typing import Any

from jmespath import exceptions
from jmespath.functions import Functions
from jmespath.parser import Parser
from jmespath.visitor import Options as InterpreterOptions
from jmespath.visitor import TreeInterpreter

from mappings import conversions
from mappings.conversions import Unfit
from mappings.functions import PURE
from mappings.scopes import NOTHING_KNOWN, SCOPED, WHERE, Known, Scope
from mappings.wording import WORDS

Node = dict[str, Any]

BORROWED = frozenset(
    {"contains", "ends_with", "join", "keys", "length", "map", "merge", "not_null", "reverse", "starts_with"}
    | {"to_array", "values"}
)
INSTEAD = {"sum": "total", "to_number": "money", "to_string": "text"}
REFUSED = frozenset(Functions.FUNCTION_TABLE) - BORROWED


FUNCTIONS = frozenset(PURE) | frozenset(SCOPED) | {"root"}
"""Every function of our own."""

_WRITTEN_OUT = dict.fromkeys(("header", "let", "fact", "file", "option", "fetched", "query", "word", "root"), 0) | {
    "match": 1,
    "beside": 1,
    "unfold": 1,
}
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
    fields: tuple[str, ...] = field(repr=False, compare=False)
    """The names on its way, where it only goes from field to field: most do, and are then walked at once."""

    functions: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False, compare=False)
    """Every function it calls, and what each is given that is written out, such as the names in `let('name')`."""

    def named(self, function: str) -> tuple[str, ...]:
        """What it names with a function whose argument is written out, such as `let`."""
        return self.functions.get(function, ())

    def calls(self, function: str) -> bool:
        """Whether it calls the function."""
        return function in self.functions

    def run(self, interpreter: Interpreter, value: object) -> object:
        """The value it selects. Raises Unfit, in words without the value, for whatever goes wrong."""
        if self.fields:
            return _walk_fields(self.fields, value)
        try:
            return interpreter.visit(self.tree, value)
        except exceptions.JMESPathTypeError as error:
            raise Unfit(_unwanted(error)) from None
        except (ValueError, TypeError, AttributeError, LookupError, ArithmeticError, RecursionError):
            raise Unfit("the expression does not fit what was sent") from None


@cache
def compile_expression(text: str, known: Known = NOTHING_KNOWN) -> Expression:
    """A checked expression that may name what is known. Raises BadExpression.

    Compiled once each: mapping files say the same again and again, and a process may read them twice.
    """
    tree = _parse(text)
    for node in _walk(tree):
        _check(node, known)
    prepared = _prepare(tree, known, whole=False)
    return Expression(text, prepared, _fields(prepared), _functions(prepared))


def _functions(tree: Node) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for node in _walk(tree):
        if node["type"] == "function_expression":
            first: Node = next(iter(node["children"]), {})
            given = (str(first["value"]),) if first.get("type") == "literal" else ()
            found[node["value"]] = found.get(node["value"], ()) + given
    return found


def _unwanted(error: exceptions.JMESPathTypeError) -> str:
    """What is wrong with an argument; of a list with a gap also what to do."""
    wanted = " or ".join(error.expected_types)
    if error.function_name == "join" and error.actual_type in ("NoneType", "null"):
        return "one of the texts that join() puts together is not there: leave gaps out by [a, b][?@]"
    return f"{error.function_name}() wants {wanted}, found {error.actual_type}"


def _fields(node: Node) -> tuple[str, ...]:
    if node["type"] == "field":
        return (node["value"],)
    if node["type"] != "subexpression":
        return ()
    parts = [_fields(child) for child in node["children"]]
    return tuple(name for part in parts for name in part) if all(parts) else ()


def _walk_fields(names: tuple[str, ...], value: object) -> object:
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def suggest(word: str, known: Collection[str]) -> str:
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
        place = error.lex_position or 0
        raise BadExpression(f"not an expression at character {place + 1}: {text}{_how_to_write(text, place)}") from None
    except Warning:
        raise BadExpression(f"what stands between backticks must be JSON, texts stand between quotes: {text}") from None


_MEANT: tuple[tuple[str, str], ...] = (
    (r"=(?!=)", "whether two things are equal is asked by =="),
    (r"\s*-?[0-9]", "a number stands between backticks: `100`"),
    (r"-\w", "a field with a - in its name stands between double quotes; there is no arithmetic, see less()"),
    (r"[-/+]\s*\w", "there is no arithmetic, see total(), less(), times() and scaled()"),
    (r"\s*\w", "a fixed text stands between single quotes, a field whose name is not one word between double ones"),
)


def _how_to_write(text: str, place: int) -> str:
    """What was probably meant where an expression breaks off."""
    if re.search(r"\{[\w.]+\}", text):
        return "; only once_per and addresses have braces, elsewhere texts are put together: join(' ', [a, b])"
    return next((f"; {told}" for begins, told in _MEANT if re.match(begins, text[place:])), "")


def _walk(node: Node) -> Iterator[Node]:
    yield node
    for child in node.get("children", ()):
        if isinstance(child, dict):
            yield from _walk(child)


def _check(node: Node, known: Known) -> None:
    if node["type"] == "literal" and _holds_float(node["value"]):
        raise BadExpression("a number with a point is not exact: write it as text, money('1.5')")
    if node["type"] == "function_expression":
        _check_known(node["value"], known)
        _check_count(node["value"], len(node["children"]))
        _check_written_out(node, known)


def _holds_float(value: object) -> bool:
    if isinstance(value, dict | list):
        return any(_holds_float(each) for each in (value.values() if isinstance(value, dict) else value))
    return isinstance(value, float)


def _check_known(name: str, known: Known) -> None:
    needed, where = WHERE.get(name, ("", ""))
    if needed and not getattr(known, needed):
        raise BadExpression(f"{name}() is only known {where}")
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


def _check_written_out(node: Node, known: Known) -> None:
    name = node["value"]
    if name not in _WRITTEN_OUT:
        return
    argument = node["children"][_WRITTEN_OUT[name]]
    if argument["type"] != "literal" or not isinstance(argument["value"], str):
        raise BadExpression(f"{name}() wants a text between quotes there")
    if name == "let":
        _check_named(argument["value"], known.lets, known, "nothing is called {} above")
    if name == "fetched":
        _check_named(argument["value"], known.fetched, known, "nothing is fetched as {}")
    if name == "option" and argument["value"] not in known.options:
        hint = suggest(argument["value"], known.options)
        raise BadExpression(f"no option is called {argument['value']}{hint or ': declare it in options, at the top'}")
    if name == "word" and argument["value"] not in WORDS:
        hint = suggest(argument["value"], WORDS) or f"; there are {', '.join(sorted(WORDS))}"
        raise BadExpression(f"no word of ours: {argument['value']}{hint}")
    if name == "match":
        _check_pattern(argument["value"])


def _check_named(name: str, there: frozenset[str], known: Known, otherwise: str) -> None:
    if name not in there and name in known.later:
        raise BadExpression(f"{name} is not known here: it is fetched only after this is read")
    if name not in there:
        raise BadExpression(f"{otherwise.format(name)}{suggest(name, there)}")


def _check_pattern(pattern: str) -> None:
    try:
        compiled = conversions.compile_pattern(pattern)
    except re.error as error:
        raise BadExpression(f"not a regular expression: {error}") from None
    if not compiled.groupindex:
        raise BadExpression("the regular expression names no group: write (?<name>…)")


def _prepare(node: Node, known: Known, *, whole: bool) -> Node:
    kind, value = node["type"], node.get("value")
    if kind == "function_expression" and value == "root":
        inner = compile_expression(node["children"][0]["value"], known).tree
        return {"type": "root", "children": [inner]}
    if whole and kind in ("projection", "filter_projection"):
        kind = f"whole_{kind}"
    whole = whole or (kind == "function_expression" and value in _WHOLE)
    prepared = {**node, "type": kind}
    prepared["children"] = [
        _prepare(child, known, whole=whole) if isinstance(child, dict) else child for child in node.get("children", ())
    ]
    return prepared
