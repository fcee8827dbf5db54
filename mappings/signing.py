"""How a request proves who sent it: what `verify` in a mapping file may say, and its checked form.

The schemes themselves are in ingest.schemes.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from mappings.expressions import suggest
from mappings.reading import Reader

DIGESTS = ("sha256", "sha1", "sha512")
WINDOW_SECONDS = 300
_SIGNED = {"body", "base64_body", "query"}
_LONGEST_WINDOW_SECONDS = 86_400
_HEADER = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*")
_SETTING = re.compile(r"[A-Z][A-Z0-9_]*")
_FIELD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*")
_QUERY_NAME = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True)
class Parameter:
    """How a parameter is read: one of `words`, or a text of `parts`, or what its kind says."""

    kind: Literal["text", "word", "header", "field", "name", "window", "parts", "expressions"]
    words: tuple[str, ...] = ()


def _word(*words: str) -> Parameter:
    return Parameter("word", words)


def _parts(*words: str) -> Parameter:
    return Parameter("parts", words)


_TEXT, _HEADER_NAME, _FIELD_PATH = Parameter("text"), Parameter("header"), Parameter("field")
_WINDOW = {"unit?": _word("seconds", "milliseconds"), "window_seconds?": Parameter("window")}
_TIME = {"timestamp_header?": _HEADER_NAME, "timestamp_prefix?": _TEXT, **_WINDOW}
_DIGEST = {"digest": _word(*DIGESTS), "encoding": _word("base64", "hex")}
_SIGNATURE = {
    "header": _HEADER_NAME,
    **_DIGEST,
    "prefix?": _TEXT,
    "separator?": _word(",", ";", " "),
    "key?": _word("text", "hex", "base64"),
}

Schemes = Mapping[str, Mapping[str, Parameter]]

SCHEMES: Schemes = {
    "hmac": {**_SIGNATURE, "timestamp_field?": _FIELD_PATH, **_WINDOW},
    "timestamped_hmac": {"template": _parts("ts", "id", "body"), **_SIGNATURE, **_TIME, "id_header?": _HEADER_NAME},
    "url_hmac": {
        "template": _parts("method", "url", "body", "ts"),
        **_SIGNATURE,
        **_TIME,
        "decode?": _TEXT,
    },
    "fields_hmac": {"template": Parameter("expressions"), **_SIGNATURE},
    "secret_digest": {"header": _HEADER_NAME, "template": _parts("method", "url", "body"), **_DIGEST},
    "slack": {},
    "standard_webhooks": {"key?": _word("standard", "text")},
    "basic": {},
    "bearer": {},
    "header_token": {"header": _HEADER_NAME, "prefix?": _TEXT},
    "body_token": {"field": _FIELD_PATH},
    "path_token": {"query?": Parameter("name")},
    "rsa": {
        "header": _HEADER_NAME,
        "second_header?": _HEADER_NAME,
        "template?": _parts("body", "base64_body"),
        **_DIGEST,
    },
    "jws_detached": {"header": _HEADER_NAME},
    "jwt_body": {"window_seconds?": Parameter("window")},
}
"""Signature schemes and their parameters."""

SCHEMES_OF_HANDSHAKES: Schemes = {
    **SCHEMES,
    "url_hmac": {
        **SCHEMES["url_hmac"],
        "template": _parts("method", "url", "query", "body", "ts"),
        "timestamp_query?": Parameter("name"),
    },
}
"""The same for handshakes, some of which sign nothing but the query of their address."""


@dataclass(frozen=True)
class SignedText:
    """What is signed: texts and, at odd places, the names of parts of the request between them."""

    pieces: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The parts of the request that it holds."""
        return self.pieces[1::2]


@dataclass(frozen=True)
class Verify:
    """How a request proves who sent it: the scheme, the name of the secret's setting, the scheme's parameters.

    A parameter is a text, a whole number, a SignedText or a Template, as its scheme takes it.
    """

    scheme: str
    secret: str
    parameters: Mapping[str, Any]


def read_verify(reader: Reader, value: object, path: str = "verify") -> Verify:
    """The checked scheme, setting and parameters of a mapping's `verify`."""
    secret = value.get("secret", "A") if isinstance(value, dict) else "A"
    if not _SETTING.fullmatch(reader.text(secret, f"{path}.secret")):
        reader.report(f"{path}.secret", "must be the name of a setting like SHOP_WEBHOOK_SECRET, never a value")
    found = _read_scheme(reader, value, path, SCHEMES, {"secret"})
    return replace(found, secret=secret) if found.scheme else found


def read_proof(reader: Reader, value: object, path: str) -> Verify:
    """The checked scheme and parameters of a handshake's `verify`; its secret is the connection's."""
    return _read_scheme(reader, value, path, SCHEMES_OF_HANDSHAKES, set())


def _read_scheme(reader: Reader, value: object, path: str, schemes: Schemes, further: set[str]) -> Verify:
    scheme = value.get("scheme") if isinstance(value, dict) else None
    if not isinstance(scheme, str) or scheme not in schemes:
        hint = suggest(scheme, set(schemes)) if isinstance(scheme, str) else ""
        reader.report(f"{path}.scheme", f"must be one of {', '.join(schemes)}{hint}")
        return Verify("", "", {})
    known = schemes[scheme]
    required = {"scheme", *further} | {key for key in known if not key.endswith("?")}
    found = reader.keys(value, path, required, {key.rstrip("?") for key in known})
    parameters = {
        name: _read(reader, found[name], f"{path}.{name}", parameter)
        for key, parameter in known.items()
        if (name := key.rstrip("?")) in found
    }
    for problem in _contradictions(scheme, parameters):
        reader.report(path, problem)
    return Verify(scheme, "", parameters)


def _read(reader: Reader, value: object, path: str, parameter: Parameter) -> Any:
    if parameter.kind == "window":
        return _read_window(reader, value, path)
    if parameter.kind == "expressions":
        return reader.template(value, path)
    text = reader.text(value, path)
    if parameter.kind == "parts":
        return _read_parts(reader, text, path, parameter.words)
    if text and (complaint := _complaint(text, parameter)):
        reader.report(path, complaint)
    return text


def _complaint(text: str, parameter: Parameter) -> str | None:
    if parameter.kind == "word" and text not in parameter.words:
        words = [word if word.isalnum() else repr(word) for word in sorted(parameter.words)]
        return f"must be one of {', '.join(words)}{suggest(text, set(parameter.words))}"
    if parameter.kind == "header" and not _HEADER.fullmatch(text):
        return "must be the name of a header, such as X-Signature"
    if parameter.kind == "field" and not _FIELD.fullmatch(text):
        return "must be the way to a field of the body, such as data.token"
    if parameter.kind == "name" and not _QUERY_NAME.fullmatch(text):
        return "must be a name of letters, digits, - and _"
    return None


def _read_window(reader: Reader, value: object, path: str) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= _LONGEST_WINDOW_SECONDS:
        return value
    reader.report(path, f"must be a whole number of seconds from 1 to {_LONGEST_WINDOW_SECONDS}")
    return WINDOW_SECONDS


def _read_parts(reader: Reader, text: str, path: str, known: Collection[str]) -> SignedText:
    pieces = tuple(re.split(r"\{([^{}]*)\}", text))
    for name in pieces[1::2]:
        if name not in known:
            reader.report(path, f"no such part: {name}{suggest(name, set(known))}; there are {', '.join(known)}")
    if any("{" in each or "}" in each for each in pieces[::2]):
        reader.report(path, "a brace without its partner")
    return SignedText(pieces)


def _contradictions(scheme: str, given: Mapping[str, Any]) -> list[str]:
    """What is wrong with parameters that are right one by one."""
    template = given.get("template")
    names = set(template.names) if isinstance(template, SignedText) else set()
    within = {"timestamp_field", "timestamp_query"}  # in what is signed anyway
    times = {"timestamp_header", "timestamp_prefix", *within} & given.keys()
    idle = ({"unit", "window_seconds"} & given.keys()) if "unit?" in SCHEMES[scheme] and not times else set()
    rules = (
        (isinstance(template, SignedText) and not names & _SIGNED, "the template must hold {body}"),
        (scheme == "url_hmac" and not names & {"url", "query"}, "the template must hold {url}"),
        (len(times) > 1, "give either timestamp_header or timestamp_prefix"),
        (
            bool(times - within) != ("ts" in names) or (scheme == "timestamped_hmac" and not times),
            "{ts} in the template and timestamp_header or timestamp_prefix need each other",
        ),
        (("id_header" in given) != ("id" in names), "{id} in the template and id_header need each other"),
        ("timestamp_prefix" in given and "separator" not in given, "timestamp_prefix needs a separator"),
        (bool(idle), f"no time is signed, so leave out {' and '.join(sorted(idle))}"),
    )
    return [words for is_wrong, words in rules if is_wrong]
