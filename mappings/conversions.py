"""What the functions of a mapping do to one value: exact, without a clock, never rounding.

Every function but `required` and `nonzero` gives nothing (None) for nothing, so that a missing value is reported, or
left out, where the field is written. What does not fit raises `Unfit`, whose text never holds the value itself.
"""

import html
import re
from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Context, Decimal

from mappings.multipart import File

EXACT = Context(prec=120)
NOTHING = (None, "")
NOTHING_THERE = "nothing there"

_AMOUNT = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
_MOST_INTEGER_DIGITS = 15
_MOST_DECIMALS = 10
# More than any amount has; beyond it even counting decimals would round.
_MOST_DIGITS = 60
_BINARY_BLUR = Decimal("0.000001")
_CURRENCY = re.compile(r"[A-Za-z]{3}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_LONGEST_MATCHED = 4000

_CURRENCIES_BY_DECIMALS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_DECIMALS = {code: places for places, codes in _CURRENCIES_BY_DECIMALS.items() for code in codes.split()}


class Unfit(Exception):
    """Raised when a value cannot be what it should be; the text says why, without the value."""


def money(value: object) -> Decimal | None:
    """The exact amount written in a text, a whole number or a decimal.

    Raises Unfit for anything else, for more than 15 digits before the point and for more than 10 after it.
    """
    amount = _read(value)
    return None if amount is None else _bounded(amount)


def number(value: object) -> Decimal | None:
    """What `money` gives, but with up to 60 decimals."""
    amount = _read(value)
    return None if amount is None else _bounded(amount, most_decimals=_MOST_DIGITS)


def _read(value: object) -> Decimal | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise Unfit(f"{kind_of(value)} is not an amount")
    if isinstance(value, str) and not _AMOUNT.fullmatch(value):
        raise Unfit("the text is not a plain amount like 1234.50")
    if isinstance(value, str) and len(value) > _MOST_DIGITS:
        raise Unfit("the amount has too many digits")
    return Decimal(value)


def exact(value: object, currency: object) -> Decimal | None:
    """The amount that a binary fraction stands for, in the currency's smallest units: 17.939999999999998 is 17.94.

    Raises Unfit for what is more than a millionth off.
    """
    amount = number(value)
    if amount is None or currency is None:
        return None
    whole = amount.quantize(Decimal(1).scaleb(-minor_decimals(currency)), ROUND_HALF_EVEN, EXACT)
    if abs(EXACT.subtract(whole, amount)) > _BINARY_BLUR:
        raise Unfit("the amount has more decimals than its currency")
    return whole


def _bounded(amount: Decimal, most_decimals: int = _MOST_DECIMALS) -> Decimal:
    if not amount.is_finite():
        raise Unfit("the amount is not a finite number")
    if not amount:
        return Decimal(0) if int(amount.as_tuple().exponent) > 0 else amount
    if amount.adjusted() >= _MOST_INTEGER_DIGITS:
        raise Unfit(f"the amount has more than {_MOST_INTEGER_DIGITS} digits before the point")
    if len(amount.as_tuple().digits) > _MOST_DIGITS or decimals(amount) > most_decimals:
        raise Unfit(f"the amount has more than {most_decimals} decimals")
    return Decimal(f"{amount:f}")


def decimals(amount: Decimal) -> int:
    """How many digits stand after the point, closing zeros not counted."""
    return max(0, -int(amount.normalize(EXACT).as_tuple().exponent))


def plain(amount: Decimal) -> Decimal:
    """The same amount without closing zeros and without an exponent."""
    return Decimal(f"{amount.normalize(EXACT):f}")


def minor_units(value: object, currency: object) -> Decimal | None:
    """The amount in the currency of a whole number of its smallest units (ISO 4217): 1999 of USD is 19.99."""
    if value is None or currency is None:
        return None
    amount = money(value)
    if amount is None or amount != amount.to_integral_value():
        raise Unfit("minor units come as a whole number")
    return plain(amount).scaleb(-minor_decimals(currency), EXACT)


def scaled(value: object, divisor: object) -> Decimal | None:
    """The amount of a whole number that comes with its divisor, a power of ten: 1999 of 100 is 19.99."""
    if value is None or divisor is None:
        return None
    amount, whole = money(value), money(divisor)
    if amount is None or amount != amount.to_integral_value():
        raise Unfit("an amount with a divisor comes as a whole number")
    places = next((places for places in range(_MOST_DECIMALS) if whole == 10**places), None)
    if places is None:
        raise Unfit("the divisor is not 1, 10, 100 and so on")
    return plain(amount).scaleb(-places, EXACT)


def minor_decimals(currency: object) -> int:
    """How many decimals ISO 4217 gives the currency."""
    if not isinstance(currency, str) or not _CURRENCY.fullmatch(currency):
        raise Unfit("the currency is not a code of three letters")
    return _DECIMALS.get(currency.upper(), 2)


def total(values: object) -> Decimal | None:
    """The exact sum of a list of amounts; 0 for an empty list. One missing amount is an error, not a zero."""
    if values is None:
        return None
    if not isinstance(values, list):
        raise Unfit(f"{kind_of(values)} is not a list of amounts")
    result = Decimal(0)
    for value in values:
        amount = money(value)
        if amount is None:
            raise Unfit("one of the amounts is missing")
        result = EXACT.add(result, amount)
    return result


def difference(first: object, second: object) -> Decimal | None:
    """The first amount less the second; a second amount that is larger is an error."""
    minuend, subtrahend = money(first), money(second)
    if minuend is None or subtrahend is None:
        return None
    if subtrahend > minuend:
        raise Unfit("the second amount is larger than the first")
    return EXACT.subtract(minuend, subtrahend)


def percent(value: object) -> Decimal | None:
    """A share of one in percent: 0.0825 is 8.25."""
    share = money(value)
    return None if share is None else plain(EXACT.multiply(share, Decimal(100)))


def nonzero(value: object) -> bool:
    """Whether an amount is there and is not zero."""
    return value not in NOTHING and money(value) != 0


def required(value: object) -> object:
    """The value itself; nothing there is an error even where a condition would take it for false."""
    if value in NOTHING:
        raise Unfit(NOTHING_THERE)
    return value


def text(value: object, longest: object = None) -> str | None:
    """One line of text, trimmed, without control characters and double spaces; nothing if it is empty.

    Numbers become text as written. With `longest`, a longer text is shortened to that many characters.
    """
    if value is None:
        return None
    cleaned = " ".join(_CONTROL.sub(" ", as_text(value)).split())
    if isinstance(longest, int) and longest > 0:
        cleaned = shorten(cleaned, longest)
    return cleaned or None


def as_text(value: object) -> str:
    """The value as text, untouched; only texts and numbers have one."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise Unfit(f"{kind_of(value)} is not a text")
    try:
        return str(value) if isinstance(value, int) else f"{_bounded(value):f}"
    except ValueError:
        raise Unfit("the number has too many digits") from None


def shorten(words: str, longest: int) -> str:
    """The text itself, or as much of it as fits with an ellipsis at the end."""
    return words if len(words) <= longest else words[: longest - 1].rstrip() + "…"


def match(value: object, pattern: str) -> dict[str, str | None] | None:
    """The named groups of a regular expression searched in a text of at most 4,000 characters, or nothing."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise Unfit(f"{kind_of(value)} is not a text")
    if len(value) > _LONGEST_MATCHED:
        raise Unfit(f"the text is longer than {_LONGEST_MATCHED} characters")
    found = compile_pattern(pattern).search(value)
    return found.groupdict() if found else None


def compile_pattern(pattern: str) -> re.Pattern[str]:
    """A compiled regular expression; `(?<name>…)` is understood as well as Python's `(?P<name>…)`."""
    return re.compile(re.sub(r"\(\?<(?=[A-Za-z_])", "(?P<", pattern))


def words(value: object) -> list[str] | None:
    """The words of a text, which stand between spaces and commas."""
    line = text(value)
    return None if line is None else line.replace(",", " ").split()


def lookup(rows: object, key: object, wanted: object, value: object) -> object:
    """The field `value` of the first row whose field `key` is what is wanted, or nothing."""
    if rows is None or wanted is None:
        return None
    if not isinstance(rows, list):
        raise Unfit(f"{kind_of(rows)} is not a list")
    return next((row.get(value) for row in rows if isinstance(row, dict) and row.get(key) == wanted), None)


def where(rows: object, key: object, wanted: object) -> list[object] | None:
    """All rows whose field `key` is what is wanted; none of them where nothing is."""
    if rows is None:
        return None
    if not isinstance(rows, list):
        raise Unfit(f"{kind_of(rows)} is not a list")
    return [row for row in rows if isinstance(row, dict) and wanted is not None and row.get(key) == wanted]


def escape(value: object) -> str | None:
    """A text with `&`, `<` and `>` written as entities, as HTML and Slack want them."""
    return None if value is None else html.escape(as_text(value), quote=False)


def unescape(value: object) -> str | None:
    """A text with its HTML entities turned into the characters they mean."""
    return None if value is None else html.unescape(as_text(value))


def kind_of(value: object) -> str:
    """What sort of value this is, in words."""
    kinds: Iterable[tuple[type | tuple[type, ...], str]] = (
        (type(None), "nothing"),
        (bool, "true or false"),
        (str, "a text"),
        ((int, Decimal), "a number"),
        (list, "a list"),
        (dict, "an object"),
        (File, "a file"),
    )
    return next((words for kind, words in kinds if isinstance(value, kind)), "a value of this kind")
