"""Checks a request body against a table of fields: nothing unknown, nothing of the wrong type, nothing too long.

Zoho drops some unknown fields in silence; the sandbox refuses them, so that a misspelt name is found here.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Protocol

from sandbox.answers import ApiError, Record, wrong_value

LARGEST = Decimal(10) ** 15
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_AMOUNT = re.compile(r"-?\d{1,15}(\.\d+)?")
_PERCENT = re.compile(r"\d{1,3}(\.\d+)?%")


class Rule(Protocol):
    """What one field may hold; `name` is its path in the body, for the refusal."""

    def check(self, value: Any, name: str) -> None: ...


Fields = Mapping[str, Rule]


@dataclass(frozen=True, slots=True)
class Text:
    """A text shorter than `limit` (a limit of 100 allows 99), or one of `choices`."""

    limit: int | None = None
    choices: tuple[str, ...] = ()

    def check(self, value: Any, name: str) -> None:
        if not isinstance(value, str) or (self.choices and value not in self.choices):
            raise wrong_type(name)
        if self.limit is not None and len(value) >= self.limit:
            raise ApiError(400, 15, f"Please ensure that the {name} has less than {self.limit} characters.")


@dataclass(frozen=True, slots=True)
class Id:
    """An id: a text of digits, never a number (18 digits do not survive as a float)."""

    def check(self, value: Any, name: str) -> None:
        if not isinstance(value, str) or not value.isascii() or not value.isdigit():
            raise wrong_type(name)


@dataclass(frozen=True, slots=True)
class Number:
    """A JSON number of sensible size."""

    def check(self, value: Any, name: str) -> None:
        if isinstance(value, bool) or not isinstance(value, int | Decimal) or abs(Decimal(value)) >= LARGEST:
            raise wrong_type(name)


@dataclass(frozen=True, slots=True)
class Whole:
    """A JSON integer from 0 to `largest`."""

    largest: int = 10**9

    def check(self, value: Any, name: str) -> None:
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= self.largest:
            raise wrong_type(name)


@dataclass(frozen=True, slots=True)
class Amount:
    """A number, or a text that holds one ("25.00")."""

    or_percent: bool = False

    def check(self, value: Any, name: str) -> None:
        if not isinstance(value, str):
            Number().check(value, name)
        elif not _AMOUNT.fullmatch(value) and not (self.or_percent and _PERCENT.fullmatch(value)):
            raise wrong_type(name)


@dataclass(frozen=True, slots=True)
class Flag:
    """true or false."""

    def check(self, value: Any, name: str) -> None:
        if not isinstance(value, bool):
            raise wrong_type(name)


@dataclass(frozen=True, slots=True)
class Day:
    """A calendar day as yyyy-mm-dd."""

    def check(self, value: Any, name: str) -> None:
        if not isinstance(value, str) or not _DAY.fullmatch(value):
            raise wrong_type(name)
        try:
            date.fromisoformat(value)
        except ValueError:
            raise wrong_type(name) from None


@dataclass(frozen=True, slots=True)
class Scalar:
    """A text, a number or a flag."""

    def check(self, value: Any, name: str) -> None:
        if not isinstance(value, str | int | Decimal):
            raise wrong_type(name)


@dataclass(frozen=True, slots=True)
class Group:
    """An object with fields of its own."""

    fields: Fields

    def check(self, value: Any, name: str) -> None:
        if not isinstance(value, dict):
            raise wrong_type(name)
        check_fields(value, self.fields, within=f"{name}.")


@dataclass(frozen=True, slots=True)
class Rows:
    """A list whose entries all follow one rule."""

    rule: Rule

    def check(self, value: Any, name: str) -> None:
        if not isinstance(value, list):
            raise wrong_type(name)
        for index, entry in enumerate(value):
            self.rule.check(entry, f"{name}[{index}]")


def check_body(body: Any, fields: Fields, *, required: Iterable[str]) -> Record:
    """The body, known to fit the table and to hold what is required; else ApiError 2, 4 or 15."""
    if not isinstance(body, dict):
        raise wrong_value("Invalid value passed for JSONString")
    check_fields(body, fields)
    for name in required:
        if body.get(name) in (None, "", []):
            raise wrong_value(f"Invalid value passed for {name}: it is required")
    return body


def check_fields(values: Record, fields: Fields, *, within: str = "") -> None:
    """Refuse the first field that is unknown or does not follow its rule."""
    for name, value in values.items():
        if name not in fields:
            raise ApiError(400, 2, f"Invalid field passed: {within}{name} is not in Zoho's description of this call")
        fields[name].check(value, f"{within}{name}")


def wrong_type(name: str) -> ApiError:
    """Zoho's refusal for a value of the wrong type; a nested field is followed by its path."""
    label = re.sub(r"\[\d+\]", "", name.rpartition(".")[2]).replace("_", " ").title()
    place = f" ({name})" if "." in name or "[" in name else ""
    return ApiError(400, 2, f"Invalid value passed for {label}{place}")
