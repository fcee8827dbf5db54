"""Amounts as people write them: `1.234,56`, `€42`, `USD 42.5`. Read by rule, never guessed: see docs/expenses.md.

What can be read in two ways becomes a question that shows both; what is no amount is nothing.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from mappings.conversions import decimals, minor_decimals
from mappings.currencies import CODES, MEANINGS

_LONGEST = 400
_MOST_DIGITS = 12
_SPACES = re.compile(r"[\s\u00a0\u2009\u202f]+")
_SIGNS = "|".join(re.escape(sign) for sign in sorted(MEANINGS, key=len, reverse=True))
# Words, unless all in capitals: more often "5 top hats" than five of Tonga's pa'anga.
_WORDS = "all|bam|bob|cop|cup|gel|mad|mop|nad|pen|ron|top|try"
_WORD = rf"(?!(?:{_WORDS})(?![a-z]))(?:[a-z]{{3}})(?![a-z])"
_CAPITALS = r"(?-i:[A-Z]{3})(?![a-z])"
_CURRENCY = rf"(?:{_SIGNS}|{_CAPITALS}|{_WORD})"
_CODE = rf"(?:{_SIGNS}|(?={_CAPITALS}|{_WORD})(?:{'|'.join(sorted(CODES))}))"
_NUMBER = r"[0-9]{1,3}(?: [0-9]{3})+(?![0-9])(?:[.,][0-9]+)?|[0-9]+(?:[.,'\u2019][0-9]+)*"
_SPOKEN = (
    rf"(?P<sign>[-\u2212+]?) ?(?P<before>{_CURRENCY})? ?(?P<minus>[-\u2212]?)(?P<number>{_NUMBER})"
    rf"(?P<even>[.,][-\u2013\u2014]{{1,2}})?(?: ?(?P<after>(?(before){_CODE}|{_CURRENCY})))?(?:$| +(?P<rest>.*))"
)
_SECOND_PART = re.compile(rf"[.,]? ?[0-9\u00bc-\u00be]+|(?:{_SIGNS}) ?[0-9]+", re.IGNORECASE)
_REST_OF_A_SUM = re.compile(
    r"[-\u2012-\u2014\u2212+*/x\u00d7%] ?[0-9]+|(?:k|tsd|mio|hundred|thousand|million|lakh|crore)(?![a-z])",
    re.IGNORECASE,
)
_GROUPED = re.compile(r"[0-9]{1,3}(?:([.,'\u2019 ])[0-9]{3})(?:\1[0-9]{3})*|[0-9]{1,2}(?:,[0-9]{2})+,[0-9]{3}")


@dataclass(frozen=True, slots=True)
class _Doubt(Exception):
    """Raised when a person must say what is meant."""

    question: str


def spoken(text: object) -> dict[str, object] | None:
    """An amount at the beginning of a text, what currency it is in, and the rest of the text.

    `{"amount", "currency", "rest"}` (the last two may be None), or `{"question"}` when it can be meant in two ways, or
    nothing when there is no amount. The amount is above zero and has no more decimals than its currency.
    """
    if not isinstance(text, str) or len(text) > _LONGEST:
        return None
    found = _pattern().fullmatch(_SPACES.sub(" ", text).strip())
    if found is None:
        return None
    try:
        code = _currency(found)
        return {"amount": _amount(found, code), "currency": code, "rest": found["rest"]}
    except _Doubt as doubt:
        return {"question": doubt.question}


@cache
def _pattern() -> re.Pattern[str]:
    """Compiled when an amount is first read: every command would wait for it, and most read none."""
    return re.compile(_SPOKEN, re.IGNORECASE)


def _amount(found: re.Match[str], code: str | None) -> Decimal:
    places = 2 if code is None else minor_decimals(code)
    if found["sign"] not in ("", "+") or found["minus"]:
        raise _Doubt("An expense is above zero. Please send it without the minus.")
    _refuse_a_second_part(found)
    amount = _read(found["number"], is_even=bool(found["even"]), places=places)
    if not amount:
        raise _Doubt("The amount is zero. Please send it again with what it cost.")
    if code is not None and decimals(amount) > places:
        raise _Doubt(f"{code} has {places} decimals, {amount:f} has more. Please send it again.")
    return amount


def _refuse_a_second_part(found: re.Match[str]) -> None:
    """Raises _Doubt where what stands behind the number may belong to the amount."""
    number, rest = found["number"], found["rest"] or ""
    if " " in number and not _ends_clearly(found):
        first, _, last = number.partition(" ")
        raise _Doubt(_both(number, number.replace(" ", ""), f"{first}, for “{last} …”", f", {first}.00 for the other"))
    more = _REST_OF_A_SUM.match(rest) or (number.isdigit() and not found["even"] and _SECOND_PART.match(rest))
    if more:
        raise _Doubt(
            f"“{number} {more[0]}”: is that one amount? Please send it again: the amount in one piece, as 1234.50, "
            "then what it was for."
        )


def _ends_clearly(found: re.Match[str]) -> bool:
    """Whether something after digits in groups says that the last group is one: decimals or the currency."""
    return bool(found["after"] or found["even"] or re.search(r"[.,]", found["number"]))


def _read(number: str, *, is_even: bool, places: int) -> Decimal:
    whole, mark, fraction = _split(number)
    if is_even and fraction:
        whole, fraction = number, ""
    digits = re.sub(r"[^0-9]", "", whole)
    if whole != digits and not _GROUPED.fullmatch(whole):
        raise _Doubt(f"“{number}” is not written like an amount. Please send it again, as 1234.50.")
    if len(digits) > _MOST_DIGITS or len(fraction) > _MOST_DIGITS:
        raise _Doubt("The amount has too many digits. Please send it again.")
    if mark and not is_even and _can_be_thousands(whole, fraction):
        second, has_room = f"{digits}.{fraction}", places >= len(fraction)
        hint = f", {second}0 for the other" if has_room else f"; the other has more than {places} decimals"
        raise _Doubt(_both(number, f"{digits}{fraction}", second, hint))
    return Decimal(f"{digits}.{fraction}" if fraction else digits)


def _split(number: str) -> tuple[str, str, str]:
    """What stands before and after the mark of the decimals: the last mark, if it is the only one of its kind."""
    found = re.fullmatch(r"(?P<whole>.*[^.,]|)(?P<mark>[.,])(?P<fraction>[0-9]+)", number)
    if found is None or found["mark"] in found["whole"]:
        return number, "", ""
    return found["whole"], found["mark"], found["fraction"]


def _can_be_thousands(whole: str, fraction: str) -> bool:
    return len(fraction) == 3 and whole.isdigit() and len(whole) <= 3 and not whole.startswith("0")


def _both(written: str, first: str, second: str, hint: str) -> str:
    question = f"“{written}” can be read as {first} or as {second}."
    return f"{question} Please send it again: write {first}.00 for the one{hint}."


def _currency(found: re.Match[str]) -> str | None:
    """The one currency that all that is written allows; None when nothing is."""
    written = [sign for sign in (found["before"], found["after"]) if sign]
    if not written:
        return None
    possible = set.intersection(*(set(_meanings(sign)) for sign in written))
    if len(possible) == 1:
        return possible.pop()
    if not possible:
        raise _Doubt("Which currency is it? Please send it again with one that there is, as 42.50 EUR.")
    several = ", ".join(_meanings(written[0]))
    raise _Doubt(
        f"“{written[0]}” is the sign of several currencies ({several}). Please write which, as 42.50 {several[:3]}."
    )


def _meanings(sign: str) -> tuple[str, ...]:
    code = sign.upper()
    return MEANINGS.get(code, (code,) if code in CODES else ())
