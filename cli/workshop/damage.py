"""Bodies as no platform should send them: an example's with one thing wrong, the same for the same `Random`.

Whatever comes, the door must not answer 500, and a worker must post it or say why not.
"""

import json
from collections.abc import Callable
from decimal import Decimal
from random import Random
from typing import Any
from urllib.parse import parse_qsl, urlencode

from simplejson import RawJSON

from ingest.schemes.fields import write_json
from mappings.received import FORM

Place = tuple[Any, Any]
"""A dict or list and a key of it."""

LONG = "x" * 5000
DEEP = 3000


JUNK: tuple[object, ...] = (
    *(
        None,
        "",
        " ",
        [],
        {},
        True,
        False,
        0,
        -1,
        10**30,
        [None],
        {"": None},
        LONG,
        "\x00",
        "\u202e",
        "<b>&amp;",
        "{id}",
    ),
    *("0.001", "-0", "1e5", "1,234.50", "٣", "NaN", "0001-01-01", "9999-12-31T23:59:59+14:00", "2026-02-30", "USDX"),
    *(RawJSON(each) for each in ("NaN", "-Infinity", "1e400", "1e-400", "-0.0", "9" * 5000, "0.1" + "0" * 2000)),
    *(RawJSON(each) for each in ('"\\ud800"', "[" * DEEP + "]" * DEEP, '{"a":' * DEEP + "1" + "}" * DEEP, "'", "01")),
)


def damage(body: bytes, media_type: str, random: Random) -> bytes:
    """The body with something wrong with it: among its values where it can be read, else among its bytes."""
    if random.random() < 0.2:
        return _damage_bytes(body, random)
    if media_type == FORM:
        return _damage_form(body, random)
    try:
        content = json.loads(body, parse_float=Decimal)
    except ValueError:
        return _damage_bytes(body, random)
    return _damage_json(content, random)


def _damage_json(content: Any, random: Random) -> bytes:
    if random.random() < 0.1:
        return _name_twice(content, random)
    whole = [content]
    container, key = random.choice(_places(whole))
    go_wrong = random.choice(WAYS)
    go_wrong(container, key, random)
    return "".join(map(write_json, whole)).encode("utf-8", "surrogatepass")


def _places(value: Any) -> list[Place]:
    """Every place in it, however deep."""
    found: list[Place] = []
    containers = [value]
    for container in containers:
        is_object = isinstance(container, dict)
        found += [(container, key) for key in (container if is_object else range(len(container)))]
        containers += [
            each for each in (container.values() if is_object else container) if isinstance(each, dict | list)
        ]
    return found


def _leave_out(container: Any, key: Any, random: Random) -> None:
    del container[key]


def _put_junk(container: Any, key: Any, random: Random) -> None:
    container[key] = random.choice(JUNK)


def _change_type(container: Any, key: Any, random: Random) -> None:
    value = container[key]
    text = write_json(value)
    container[key] = random.choice([text, [value], {"value": value}, RawJSON(text.strip('"') or "0")])


def _repeat(container: Any, key: Any, random: Random) -> None:
    container[key] = [container[key]] * random.choice([0, 2, 40])


def _swap(container: Any, key: Any, random: Random) -> None:
    keys = list(container) if isinstance(container, dict) else list(range(len(container)))
    other = random.choice(keys)
    container[key], container[other] = container[other], container[key]


WAYS: tuple[Callable[[Any, Any, Random], None], ...] = (_leave_out, _put_junk, _put_junk, _change_type, _repeat, _swap)


def _name_twice(content: Any, random: Random) -> bytes:
    text = write_json(content)
    named = [f"{write_json(key)}:" for container, key in _places([content]) if isinstance(container, dict)]
    key = random.choice(named or [""])
    return text.replace(key, f"{key}{write_json(random.choice(JUNK))},{key}", 1).encode("utf-8", "surrogatepass")


def _damage_form(body: bytes, random: Random) -> bytes:
    fields = dict(parse_qsl(body.decode(), keep_blank_values=True))
    name = random.choice(list(fields))
    words = [str(each) for each in JUNK if isinstance(each, str)]
    fields[name] = random.choice([*words, *fields.values()])
    return urlencode(fields, errors="surrogatepass").encode()


def _damage_bytes(body: bytes, random: Random) -> bytes:
    place = random.randrange(len(body) + 1)
    inserted = random.choice([b"\xff", b"\xc3", b"\x00", b"%", b"&", b'"', b"}", b"\r\n\r\n", b"<!DOCTYPE x>"])
    return random.choice([body[:place], body[place:], body[:place] + inserted + body[place:], b"", body + body])
