"""Real requests without the people in them: each name, address and number is replaced, the same one by the same.

What is private is known by the names of fields and by how texts look, so somebody has to read the result: a field
called `remark2` says nothing of what is in it.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from config.redaction import is_private_name
from mappings.examples import compact

FIRST_NAMES = ("Ada", "Bram", "Chiara", "Dilan", "Edda", "Farid", "Greta", "Hugo", "Ines", "Jonas")
LAST_NAMES = ("Okafor", "Lindqvist", "Moreau", "Tanaka", "Novak", "Haddad", "Silva", "Berger", "Rossi", "Quist")

# The kind of what is in a field, by its name without signs: the first that fits.
FIELDS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("email", re.compile(r"e?mail(address)?$")),
    ("first_name", re.compile(r"(first|given|fore)name$")),
    ("last_name", re.compile(r"(last|family|sur)name$")),
    (
        "full_name",
        re.compile(r"^(full|display|customer|contact|cardholder|recipient|user|nick|buyer)name$|^attention$"),
    ),
    ("company", re.compile(r"company(name)?$|businessname$|organi[sz]ationname$")),
    ("phone", re.compile(r"phone(number)?$|mobile$|^fax$")),
    ("street", re.compile(r"^(street|address)(line)?[0-9]?$|^line[0-9]$")),
    ("city", re.compile(r"^(billing|shipping|address)?city$|^town$|^locality$")),
    ("zip", re.compile(r"^zip(code)?$|post(al)?code$")),
    ("ip", re.compile(r"^(browser|client|customer|remote|user)?ip$|ipaddress$")),
    ("place", re.compile(r"^(lat|lng|latitude|longitude)$")),
    ("birthday", re.compile(r"birth(day|date)?$|^dob$")),
    (
        "number",
        re.compile(r"^(iban|bic|bin|last4|ssn|vat(id|number)?|tax(id|number)|po(number)?)$|(card|account)number$"),
    ),
    ("domain", re.compile(r"domain$")),
    (
        "words",
        re.compile(
            r"^(order|customer|buyer|gift|delivery|staff)?(notes?|comments?|messages?|instructions?|remarks?)$"
            r"|^tags$|useragent$"
        ),
    ),
)
# An object below such a key is about somebody, so its `name` is theirs.
PEOPLE = re.compile(
    r"(customer|buyer|billing|shipping|address|contact|recipient|owner|user|person|payer|supporter|member|client)s?$"
)
# What a buyer answered to a question of the shop's: anything at all, unless it is a short number.
ANSWER = frozenset({"name", "value"}), frozenset({"key", "value"})
SHORT_NUMBER = re.compile(r"[-+]?[0-9.,]{1,8}")
SECRET = re.compile(r"^(order|access)key$")
NAMES = ("first_name", "last_name", "full_name", "email", "phone")

# What looks private wherever it stands.
PATTERNS = {
    "url": re.compile(r"https?://[^\s\"'<>]+"),
    "email": re.compile(r"[\w.+'-]+@[\w-]+(?:\.[\w-]+)+"),
    "phone": re.compile(r"\+[0-9][0-9 ().-]{6,}[0-9]"),
    "ip": re.compile(r"\b(?:[0-9]{1,3}\.){3}[0-9]{1,3}\b"),
}


class Redaction:
    """Replaces what is private in JSON values; `counts` says how many different ones of each kind it has met."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, object], Any] = {}
        self._made = set[Any]()
        self.counts: Counter[str] = Counter()

    def redact(self, content: Any) -> Any:
        """The content with everything private replaced; what is known of one value holds for all that come after."""
        self._value(content, "", {})  # a name may stand in a text before it stands in its field
        return self._value(content, "", {})

    def _value(self, value: Any, key: str, parent: Mapping[str, Any], above: str = "") -> Any:
        if isinstance(value, dict):
            self._know_whole_name(value)
            return {name: self._value(each, name, value, key) for name, each in value.items()}
        if isinstance(value, list):
            return [self._value(each, key, parent, above) for each in value]
        if value is None or isinstance(value, bool) or value == "":
            return value
        kind = _kind_of(key, parent, above)
        return self._replaced(kind, value) if kind else self._text(value) if isinstance(value, str) else value

    def _know_whole_name(self, fields: Mapping[str, Any]) -> None:
        """A person whose names stand apart may be named whole in a text."""
        found = {_kind_of(key, fields, ""): value for key, value in fields.items() if isinstance(value, str) and value}
        if "first_name" in found and "last_name" in found:
            self._full_name(f"{found['first_name']} {found['last_name']}")

    def _text(self, text: str) -> str:
        """The text with what looks private in it replaced; JSON in it is read."""
        if text.lstrip()[:1] in ("{", "["):
            try:
                return compact(self._value(json.loads(text, parse_float=Decimal), "", {}))
            except ValueError:
                pass
        for (kind, original), replacement in list(self._known.items()):
            if kind in ("full_name", "street") and isinstance(original, str) and len(original) > 4:
                text = text.replace(original, str(replacement))
            elif kind in ("first_name", "last_name") and isinstance(original, str) and len(original) > 3:
                text = re.sub(rf"\b{re.escape(original)}\b", str(replacement), text)
        for kind, pattern in PATTERNS.items():
            text = pattern.sub(partial(self._found, kind), text)
        return text

    def _found(self, kind: str, found: re.Match[str]) -> str:
        return str(self._replaced(kind, found[0]))

    def _replaced(self, kind: str, value: Any) -> Any:
        if kind == "full_name":
            return self._full_name(value)
        known = (kind, value.lower() if kind == "email" and isinstance(value, str) else value)
        if known not in self._known and value not in self._made:
            self.counts[kind] += 1
            self._known[known] = MAKE[kind](self.counts[kind], value)
            self._made.add(self._known[known])
        return self._known.get(known, value)

    def _full_name(self, value: Any) -> str:
        """The name made of the same parts as where first and last name stand alone."""
        first, *last = str(value).split()
        parts = [self._replaced("first_name", first), *([self._replaced("last_name", " ".join(last))] if last else [])]
        return str(self._known.setdefault(("full_name", value), " ".join(parts)))


def _kind_of(key: str, parent: Mapping[str, Any], above: str) -> str | None:
    """What kind of private thing is in a field, if any: by its name, by what is beside it, and by what it is in."""
    plain = _plain(key)
    if SECRET.search(plain) or (is_private_name(key) and not re.search("mail|phone|addr", plain)):
        return "secret"
    if plain == "value" and any(pair <= set(parent) for pair in ANSWER):
        given = parent[key]
        return "words" if isinstance(given, str) and not SHORT_NUMBER.fullmatch(given) else None
    if plain == "name":
        return "full_name" if PEOPLE.search(_plain(above)) or (above and _is_somebody(parent)) else None
    return next((kind for kind, pattern in FIELDS if pattern.search(plain)), None)


def _is_somebody(parent: Mapping[str, Any]) -> bool:
    return any(pattern.search(_plain(key)) for key in parent for kind, pattern in FIELDS if kind in NAMES)


def _plain(key: str) -> str:
    return re.sub(r"[^a-z0-9]", "", key.lower())


def _of(words: Iterable[str]) -> Callable[[int, Any], str]:
    """Gives one word after the other; when all are used, with a number."""
    given = tuple(words)

    def pick(number: int, value: Any) -> str:
        turn, place = divmod(number - 1, len(given))
        return f"{given[place]}{turn + 1 if turn else ''}"

    return pick


def _number(number: int, value: Any) -> Any:
    """As many digits, none of them real."""
    digits = re.sub("[A-Za-z0-9]", "0", str(value))
    return int(f"1{digits[1:]}") if isinstance(value, int) else digits


MAKE: Mapping[str, Callable[[int, Any], Any]] = {
    "email": lambda number, value: f"person{number}@example.com",
    "first_name": _of(FIRST_NAMES),
    "last_name": _of(LAST_NAMES),
    "company": lambda number, value: f"Company {number}",
    "phone": lambda number, value: f"+1 555 01{number:02}" if isinstance(value, str) else 15550100 + number,
    "street": lambda number, value: f"{number} Main Street",
    "city": lambda number, value: "Springfield" if number == 1 else f"Springfield {number}",
    "zip": _number,
    "ip": lambda number, value: f"192.0.2.{number % 256}",
    "place": lambda number, value: type(value)(0),
    "birthday": lambda number, value: "1990-01-01",
    "number": _number,
    "domain": lambda number, value: "shop.example.com",
    "words": lambda number, value: "Some words.",
    "secret": lambda number, value: "removed",
    "url": lambda number, value: f"https://{urlsplit(value).hostname}/removed",
}
"""What stands for a value of a kind, given how many different ones there are by now."""
