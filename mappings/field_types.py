"""The types of a draft's fields: what each takes, and what becomes of what does not fit.

Messages never hold the value they complain about.
"""

import datetime
import re
from decimal import Decimal
from typing import Any

from marshmallow import ValidationError, fields

from mappings import conversions, times
from mappings.conversions import NOTHING_THERE, Unfit

SHORT = 99
"""Zoho's limits are exclusive: "less than 100 characters" allows 99."""

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")


class Words(fields.Field[str]):
    """A text of one line with at most `longest` characters; numbers are taken as written. Nothing left is nothing."""

    def __init__(self, *, longest: int | None = SHORT, **options: Any) -> None:
        super().__init__(error_messages={"required": NOTHING_THERE}, **options)
        self.longest = longest

    def _deserialize(self, value: object, attr: str | None, data: object, **_: Any) -> str:
        words = self._clean(value)
        if not words and self.required:
            raise ValidationError(NOTHING_THERE)
        return words if self.longest is None or len(words) <= self.longest else self._overlong(words, self.longest)

    def _overlong(self, words: str, longest: int) -> str:
        raise ValidationError(f"is longer than the {longest} characters Zoho takes")

    def _clean(self, value: object) -> str:
        return _fitting(conversions.text, value) or ""


class Shortened(Words):
    """A text that is cut where it is too long, with an ellipsis: no amount and no identity hangs on it."""

    def _overlong(self, words: str, longest: int) -> str:
        return conversions.shorten(words, longest)


class Phone(Words):
    """A telephone number; one that is too long is left out, because a part of it reaches somebody else."""

    def _overlong(self, words: str, longest: int) -> str:
        return ""


class Paragraphs(Words):
    """A text whose line breaks stay."""

    def _clean(self, value: object) -> str:
        lines = _fitting(conversions.as_text, value).splitlines()
        return "\n".join(conversions.text(line) or "" for line in lines).strip()


class Signed(fields.Field[Decimal]):
    """An exact number, also below zero."""

    def _deserialize(self, value: object, attr: str | None, data: object, **_: Any) -> Decimal:
        amount: Decimal = _fitting(conversions.money, value)
        return amount


class Amount(Signed):
    """An exact number, not below zero."""

    def _deserialize(self, value: object, attr: str | None, data: object, **options: Any) -> Decimal:
        amount = super()._deserialize(value, attr, data, **options)
        if amount < 0:
            raise ValidationError("is below zero, which Zoho does not take here")
        return amount


class Positive(Amount):
    """An exact number above zero."""

    def _deserialize(self, value: object, attr: str | None, data: object, **options: Any) -> Decimal:
        amount = super()._deserialize(value, attr, data, **options)
        if not amount:
            raise ValidationError("must be above zero")
        return amount


class Day(fields.Field[datetime.date]):
    """A calendar day, or its text like 2026-01-31."""

    def _deserialize(self, value: object, attr: str | None, data: object, **_: Any) -> datetime.date:
        if isinstance(value, datetime.date):
            return value
        if not isinstance(value, str) or not _DAY.fullmatch(value):
            raise ValidationError("is not a day like 2026-01-31; date(…) makes one of a time")
        day: datetime.date = _fitting(lambda text: times.date(text, "UTC"), value)
        return day


class Truth(fields.Field[bool]):
    """True or false and nothing like them."""

    def _deserialize(self, value: object, attr: str | None, data: object, **_: Any) -> bool:
        if not isinstance(value, bool):
            raise ValidationError(f"must be true or false, not {conversions.kind_of(value)}")
        return value


class OneOf(Words):
    """One of some fixed words."""

    def __init__(self, *words: str, **options: Any) -> None:
        super().__init__(**options)
        self.words = words

    def _clean(self, value: object) -> str:
        word = super()._clean(value)
        if word and word not in self.words:
            raise ValidationError(f"must be one of {', '.join(self.words)}")
        return word


class Names(fields.Field[tuple[str, ...]]):
    """Words for one and the same, each once: a text or a list of texts, in which nothing counts for nothing."""

    def _deserialize(self, value: object, attr: str | None, data: object, **_: Any) -> tuple[str, ...]:
        given = value if isinstance(value, list) else [value]
        words = (_fitting(conversions.text, each) for each in given)
        names = tuple(dict.fromkeys(word for word in words if word))
        if not names and self.required:
            raise ValidationError(NOTHING_THERE)
        return names


class Currency(Words):
    """A code of three letters, in upper case."""

    def _clean(self, value: object) -> str:
        code = super()._clean(value).upper()
        if not re.fullmatch("[A-Z]{3}", code):
            raise ValidationError("is not a currency code of three letters")
        return code


class Email(Words):
    """An e-mail address, checked loosely: something, one @, something, no spaces."""

    def _clean(self, value: object) -> str:
        address = super()._clean(value)
        if address and not _EMAIL.fullmatch(address):
            raise ValidationError("is not an e-mail address")
        return address


def _fitting(convert: Any, value: object) -> Any:
    try:
        converted = convert(value)
    except Unfit as error:
        raise ValidationError(str(error)) from None
    return converted
