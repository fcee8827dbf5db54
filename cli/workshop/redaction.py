"""Real requests without the people in them: each name, address and number is replaced, the same one by the same.

What is private is known by the names of fields and by how texts look, so somebody has to read the result: a field
called `remark2` says nothing of what is in it.
"""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from functools import lru_cache, partial
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from cli.workshop.ibans import IBAN, is_iban
from config.redaction import is_private_name
from mappings.examples import compact

FIRST_NAMES = ("Ada", "Bram", "Chiara", "Dilan", "Edda", "Farid", "Greta", "Hugo", "Ines", "Jonas")
LAST_NAMES = ("Okafor", "Lindqvist", "Moreau", "Tanaka", "Novak", "Haddad", "Silva", "Berger", "Rossi", "Quist")

# The kind of what is in a field, by its name without signs, or with its words apart (`billing_city`): the first to fit.
FIELDS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("email", re.compile(r"e?mail(address)?$")),
    ("first_name", re.compile(r"(first|given|fore)name$")),
    ("last_name", re.compile(r"(last|family|sur)name$")),
    (
        "full_name",
        re.compile(
            r"^(full|display|customer|consumer|contact|(card|account)?holder|recipient|user|nick|buyer)name$|^attention$"
        ),
    ),
    ("company", re.compile(r"company(name)?$|businessname$|organi[sz]ationname$")),
    ("phone", re.compile(r"phone(number)?$|mobile$|^fax$")),
    ("number", re.compile(r"^house(number|no)$|^street(number|no)$")),
    (
        "street",
        re.compile(r"street(address|and(house)?(number|no)|line|name)?[0-9]?$|^address(line)?[0-9]?$|^line[0-9]$"),
    ),
    ("street", re.compile(r"(billing|delivery|formatted|full|home|postal|shipping)address(line)?[0-9]?$")),
    ("city", re.compile(r"^(billing|shipping|address)?city$|(^|_)(city|town|locality)(_name)?$")),
    ("zip", re.compile(r"(^|_)(zip(_?code)?|plz)$|post(al)?code$")),
    ("ip", re.compile(r"^(browser|client|customer|remote|user)?ip$|ipaddress$")),
    ("place", re.compile(r"^(lat|lng|latitude|longitude)$")),
    ("birthday", re.compile(r"birth(day|date)?$|^dob$")),
    ("iban", re.compile(r"iban$|^consumeraccount$")),
    (
        "number",
        re.compile(
            r"^((consumer)?bic|bin|last4|ssn|vat(id|number)?|tax(id|number)|po(number)?)$|(card|account)number$"
        ),
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
    r"(customer|buyer|billing|shipping|address|contact|recipient|owner|user|person|payer|supporter|member|client)"
    r"(info(rmation)?|detail)?s?$"
)
# What a buyer answered to a question of the shop's: anything at all, unless it is a short number.
ANSWER = frozenset({"name", "value"}), frozenset({"key", "value"})
SHORT_NUMBER = re.compile(r"[-+]?[0-9.,]{1,8}")
SECRET = re.compile(r"^(order|access|private)key$|(licen[sc]e|activation)(key|code)s?$")
NAMES = ("first_name", "last_name", "full_name", "email", "phone")
# In texts such cities may be something else, and so may short ones: they count beside more of their address alone.
ORDINARY = frozenset({"Buffalo", "Cologne", "Jersey", "Mobile", "Orange", "Phoenix", "Reading", "Center", "Central"})
AREA = re.compile(r"(state|province|region|county|country|zone)(code|name)?$")
SHORTEST_CITY, SHORTEST_STREET, SHORTEST_PART = 6, 5, 3
# What looks private wherever it stands.
PATTERNS = {
    "url": re.compile(r"https?://[^\s\"'<>]+"),
    "email": re.compile(r"[\w.+'-]+@[\w-]+(?:\.[\w-]+)+"),
    "phone": re.compile(r"\+[0-9][0-9 ().-]{6,}[0-9]"),
    "ip": re.compile(r"\b(?:[0-9]{1,3}\.){3}[0-9]{1,3}\b"),
}


class Place(NamedTuple):
    """Where a value stands: the name of its field, what the field is in, and the fields beside it, itself included."""

    key: str
    above: str
    beside: Mapping[str, Any]


NOWHERE = Place("", "", {})


class Redaction:
    """Replaces what is private in JSON values; `counts` says how many different ones of each kind it has met."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, object], Any] = {}
        self._made = set[Any]()
        self.counts: Counter[str] = Counter()

    def redact(self, content: Any) -> Any:
        """The content with everything private replaced; what is known of one value holds for all that come after."""
        self._value(content, NOWHERE)  # a name may stand in a text before it stands in its field
        return self._value(content, NOWHERE)

    def _value(self, value: Any, place: Place) -> Any:
        if isinstance(value, dict):
            places = _places_in(value, place.key)
            self._know_whole_names(places.values())
            return {name: self._value(each, places[name]) for name, each in value.items()}
        if isinstance(value, list):
            return [self._value(each, place) for each in value]
        if value is None or isinstance(value, bool) or value == "":
            return value
        if kind := _kind_of(place, value):
            return self._replaced(kind, value)
        is_area = ("city", value) in self._known and AREA.search(_plain(place.key))  # New York is a state, too
        return self._text(value) if isinstance(value, str) and not is_area else value

    def _know_whole_names(self, places: Iterable[Place]) -> None:
        """A person whose names stand apart may be named whole in a text."""
        for place in places:
            first = place.beside[place.key]
            if isinstance(first, str) and _kind_of(place, first) == "first_name":
                found = {_kind_of(Place(key, place.above, {}), each): each for key, each in place.beside.items()}
                if isinstance(last := found.get("last_name"), str) and first and last:
                    self._full_name(f"{first} {last}")

    def _text(self, text: str) -> str:
        """The text with what looks private in it replaced; JSON in it is read."""
        if text.lstrip()[:1] in ("{", "["):
            try:
                return compact(self._value(json.loads(text, parse_float=Decimal), NOWHERE))
            except ValueError:
                pass
        text = self._without_addresses(text)
        for (kind, original), replacement in sorted(self._known.items(), key=lambda known: known[0][0] != "full_name"):
            if kind == "full_name" and isinstance(original, str) and len(original) > 4:
                text = text.replace(original, str(replacement))
            elif kind in ("first_name", "last_name") and isinstance(original, str) and len(original) > 3:
                text = re.sub(rf"\b{re.escape(original)}\b", str(replacement), text)
        for kind, pattern in PATTERNS.items():
            text = pattern.sub(partial(self._found, kind), text)
        return IBAN.sub(self._found_iban, text)

    def _without_addresses(self, text: str) -> str:
        """The text without the streets, cities and zip codes that are known from their fields.

        What may well be something else (a short city, a number) is replaced only beside more of an address.
        """
        found = {
            written: (kind, str(original), str(made))
            for (kind, original), made in self._known.items()
            if kind in ("street", "city", "zip")
            for written in _as_written(str(original))
            if len(written) >= SHORTEST_PART and written in text and _whole(written).search(text)
        }
        kinds = {kind for kind, *_ in found.values()}
        made = {
            written: made
            for written, (kind, original, made) in found.items()
            if len(kinds) > 1 or _tells_a_place(kind, original)
        }
        if not made:
            return text
        either = "|".join(_whole(written).pattern for written in sorted(made, key=len, reverse=True))
        return re.sub(either, lambda place: made[place[0]], text)

    def _found(self, kind: str, found: re.Match[str]) -> str:
        return str(self._replaced(kind, found[0]))

    def _found_iban(self, found: re.Match[str]) -> str:
        """The IBAN replaced, without words behind it that look like more of it; what only looks like one stays."""
        groups = found[0].split(" ")
        for count in range(len(groups), 0, -1):
            if is_iban("".join(groups[:count])):
                return " ".join([str(self._replaced("iban", " ".join(groups[:count]))), *groups[count:]])
        return found[0]

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


def _places_in(fields: Mapping[str, Any], above: str) -> dict[str, Place]:
    """Where each field's value stands; a form's `customer[name]` is the `name` in a `customer`, as in an object."""
    ways = {key: _way_to(key) for key in fields}
    beside: defaultdict[tuple[str, ...], dict[str, Any]] = defaultdict(dict)
    for key, way in ways.items():
        beside[way[:-1]][way[-1]] = fields[key]
    return {key: Place(way[-1], _last_word(way[:-1]) or above, beside[way[:-1]]) for key, way in ways.items()}


def _way_to(key: str) -> tuple[str, ...]:
    """The words of a form's key, `order[lines][0][name]` or `order.name`; of a list's, its own."""
    words = [word for word in re.split(r"[\[\].]+", key) if word]
    while len(words) > 1 and words[-1].isdigit():
        words.pop()
    return tuple(words) or (key,)


def _last_word(way: tuple[str, ...]) -> str:
    return next((word for word in reversed(way) if not word.isdigit()), "")


def _kind_of(place: Place, value: Any) -> str | None:
    """What kind of private thing is in a field, if any: by its name, by what is beside it, and by what it is in."""
    plain, above = _plain(place.key), _plain(place.above)
    if SECRET.search(plain) or (is_private_name(place.key) and not re.search("mail|phone|addr", plain)):
        return "secret"
    if plain == "value" and any(pair <= set(place.beside) for pair in ANSWER):
        return "words" if isinstance(value, str) and not SHORT_NUMBER.fullmatch(value) else None
    if plain == "name":
        return "full_name" if PEOPLE.search(above) or (above and _is_somebody(place.beside)) else None
    if plain in ("first", "last"):
        is_name = isinstance(value, str) and (PEOPLE.search(above) or above.endswith("name"))
        return f"{plain}_name" if is_name else None
    kind = _kind_by_name(place.key)
    if kind == "domain" and "." not in str(value):
        return "company" if "team" in (above, plain.removesuffix("domain")) else None  # as Slack says who it is
    return kind


@lru_cache(maxsize=1000)
def _kind_by_name(key: str) -> str | None:
    plain, apart = _plain(key), _apart(key)
    return next((kind for kind, pattern in FIELDS if pattern.search(plain) or pattern.search(apart)), None)


def _is_somebody(beside: Mapping[str, Any]) -> bool:
    return any(_kind_by_name(key) in NAMES for key in beside)


def _as_written(original: str) -> tuple[str, ...]:
    """How somebody else may have written a part of an address."""
    return tuple(dict.fromkeys((original, original.upper(), original.title())))


def _whole(words: str) -> re.Pattern[str]:
    """Finds the words where they stand for themselves, and not in a time zone, an address, an amount or a day."""
    before, behind = r"(?<![\w/@#.])(?<![0-9a-z]-)", r"(?![\w/@]|\.\w|(?<=[0-9]),[0-9]|-[0-9]{1,2}\b)"
    return re.compile(before + re.escape(words) + behind)


def _tells_a_place(kind: str, original: str) -> bool:
    """Whether a part of an address can hardly be anything else."""
    if kind == "zip":
        return " " in original and not original.isdecimal()  # SW1A 1AA
    if kind == "city":
        return len(original) >= SHORTEST_CITY and original[0].isupper() and original not in ORDINARY
    return len(original) >= SHORTEST_STREET


def _plain(key: str) -> str:
    return re.sub(r"[^a-z0-9]", "", key.lower())


def _apart(key: str) -> str:
    """The name with its words apart: `billingCity` is `billing_city`, and `capacity` has one word."""
    return "_".join(re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+", key)).lower()


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
    "iban": _number,
    "number": _number,
    "domain": lambda number, value: "shop.example.com",
    "words": lambda number, value: "Some words.",
    "secret": lambda number, value: "removed",
    "url": lambda number, value: f"https://{urlsplit(value).hostname}/removed",
}
"""What stands for a value of a kind, given how many different ones there are by now."""
