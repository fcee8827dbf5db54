"""What editors complete and check a mapping file by: a JSON Schema made from the grammar.

It knows keys, kinds and words. Whether an expression can be read, and whether names are known, only the reader says.
Draft 7, because that is what editors' YAML support understands best.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from mappings.fetch_grammar import CREDENTIALS, PAGINGS, Keys
from mappings.grammar import (
    ALONE,
    APPROVALS,
    CHAPTERS,
    KEYS,
    KINDS,
    METHODS,
    OUTCOMES,
    PARTS,
    REPLY_KINDS,
    STATUSES,
    Kind,
)
from mappings.signing import SCHEMES, SCHEMES_OF_HANDSHAKES, Parameter

Shape = dict[str, Any]

DRAFT = "http://json-schema.org/draft-07/schema#"
SETTING: Shape = {
    "type": "string",
    "pattern": "^[A-Z][A-Z0-9_]*$",
    "description": "The name of a setting, never a value.",
}
TEXT: Shape = {"type": "string", "minLength": 1}
EXPRESSION: Shape = {"type": "string", "minLength": 1, "description": "A JMESPath expression, as text."}
TEMPLATE: Shape = {"type": "string", "description": "A text with {expressions}."}
JSON: Shape = {"description": "JSON whose texts may hold {expressions}."}
STATUS: Shape = {"type": "integer", "minimum": 200, "maximum": 299}
OPTION_NAME = "^[a-z][a-z0-9_]{0,39}$"
PARAMETERS: Mapping[str, Shape] = {
    "text": TEXT,
    "header": {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9-]*$", "description": "The name of a header."},
    "field": {"type": "string", "pattern": r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$", "description": "The way to a field."},
    "name": {"type": "string", "pattern": "^[A-Za-z0-9_-]+$"},
    "window": {"type": "integer", "minimum": 1, "maximum": 86400},
    "parts": TEXT,
    "expressions": TEMPLATE,
}


def mapping_schema() -> Shape:
    """The schema of a mapping file."""
    return {
        "$schema": DRAFT,
        "title": "A source of Bookhook",
        "description": "How the webhooks of a sender become documents; docs/mapping-reference.md explains each key.",
        **_part("file", _file()),
        "definitions": {name: _kind(kind) for name, kind in KINDS.items()} | {"event": _event()},
    }


def _file() -> dict[str, Shape]:
    words = _told("The texts to choose from.", {"type": "array", "minItems": 2, "uniqueItems": True, "items": _text()})
    option = _part("option", {"meaning": TEXT, "default": _text(), "example": _text(), "one_of": words})
    media_types = {"type": "array", "minItems": 1, "items": _text("^[a-z0-9.+-]+/[a-z0-9.+-]+$")}
    identify = _part("identify", dict.fromkeys(("topic", "delivery", "delivery?"), EXPRESSION))
    return {
        "source": _told("The folder's name.", {"type": "string", "pattern": "^[a-z][a-z0-9_-]*$"}),
        "options": _told("What a connection says about itself.", _each(option) | {"propertyNames": _text(OPTION_NAME)}),
        "accepts": _told("What it sends.", media_types),
        "body": _told("jwt where the body is a web token.", {"enum": ["jwt"]}),
        "xml_lists": _told("Elements of XML that may stand several times.", {"type": "array", "items": TEXT}),
        "verify": _told("Is it genuine?", {"anyOf": [_scheme(name) for name in SCHEMES]}),
        "apis": _told("The hosts that may be called.", _each({"anyOf": [{"type": "null"}, _api()]})),
        "reply": _replies(),
        "approval": _told("Whether expenses await approval unless told otherwise.", {"enum": list(APPROVALS)}),
        "handshakes": _told("What is answered and recorded nowhere.", {"type": "array", "items": _handshake()}),
        "heal": _told("How to ask for what never came.", _heal()),
        "each_event": {**EXPRESSION, "description": "The list of events that a request holds."},
        "identify": _told("Which event is it?", identify),
        "events": _told("What to do, by topic.", {**_each(_ref("event")), "minProperties": 1}),
    }


def _heal() -> Shape:
    apis = _each({"anyOf": [{"type": "null"}, _api()]})
    listed = {**_step()["properties"], "headers": _each(TEMPLATE), "body": EXPRESSION}
    shapes = {key: listed[key] for key in sorted(frozenset().union(*KEYS["heal_list"]))}
    lists = {**_each(_part("heal_list", shapes)), "minProperties": 1}
    return _part("heal", {"apis": _told("The hosts that are asked for nothing else.", apis), "lists": lists})


def _scheme(name: str) -> Shape:
    return _mapping(*_parameters(name, SCHEMES[name], {"secret": SETTING}))


def _proof(name: str) -> Shape:
    return _mapping(*_parameters(name, SCHEMES_OF_HANDSHAKES[name], {}))


def _parameters(
    name: str, parameters: Mapping[str, Parameter], further: Mapping[str, Shape]
) -> tuple[list[str], dict[str, Shape]]:
    shapes = {key.rstrip("?"): _parameter(each) for key, each in parameters.items()}
    required = ["scheme", *further, *(key for key in parameters if not key.endswith("?"))]
    return required, {"scheme": {"const": name}, **further, **shapes}


def _parameter(parameter: Parameter) -> Shape:
    return {"enum": sorted(parameter.words)} if parameter.kind == "word" else PARAMETERS[parameter.kind]


def _api() -> Shape:
    way = {"anyOf": [_way("credential", "as", name, keys, {"setting": SETTING}) for name, keys in CREDENTIALS.items()]}
    several = {"type": "array", "items": way}
    number = {"type": "integer", "minimum": 1, "maximum": 86400}
    return _part(
        "api",
        {
            "credential": _told("How a call says who makes it.", {"anyOf": [way, several]}),
            "credential?": _told(
                "The same, where it may be missing: then it is not called.", {"anyOf": [way, several]}
            ),
            "headers": _each(TEXT),
            "limit": _told("How often it may be called.", _part("limit", {"calls": number, "seconds": number})),
        },
    )


def _way(part: str, key: str, name: str, keys: Keys, shapes: Mapping[str, Shape]) -> Shape:
    """A part of the file that takes other keys for each of the words at `key`."""
    (required, further), (needed, optional) = KEYS[part], keys
    known: dict[str, Shape] = {
        "next": EXPRESSION,
        "first": {"enum": [0, 1]},
        "name": TEXT,
        "parameter": TEXT,
        "prefix": TEXT,
        **shapes,
    }
    wanted = {each: known[each] for each in sorted({*required, *further, *needed, *optional} - {key})}
    return _mapping(sorted(required | needed), {key: {"const": name}, **wanted})


def _handshake() -> Shape:
    shapes = {
        "when": EXPRESSION,
        "method": {"enum": list(METHODS)},
        "signed": _told("Whether its signature is checked first.", {"type": "boolean"}),
        "verify": _told("How it proves itself otherwise.", {"anyOf": [_proof(name) for name in SCHEMES_OF_HANDSHAKES]}),
        **_reply_shapes(),
        "then": _told("What is done once it is answered.", _then()),
    }
    either = {"not": {"required": ["signed", "verify"]}}
    proven = {"not": {"required": ["signed", "then"], "properties": {"signed": {"const": False}}}}
    return _part("handshake", shapes) | _exactly_one(*REPLY_KINDS) | {"allOf": [either, proven]}


def _then() -> Shape:
    otherwise = _part("otherwise", {"url": EXPRESSION, "hosts": _hosts(), "json": {"type": "object", **JSON}})
    shapes = {
        "post": _place(),
        "json": {"type": "object", **JSON},
        "fault": EXPRESSION,
        "otherwise": _told("What is told where that was refused.", otherwise),
    }
    return _part("then", shapes)


def _hosts() -> Shape:
    return {"type": "array", "minItems": 1, "items": _text(r"^[a-z0-9-]+(\.[a-z0-9-]+)+$")}


def _reply() -> Shape:
    return _part("reply", _reply_shapes()) | _exactly_one(*REPLY_KINDS)


def _replies() -> Shape:
    return _told("What the sender gets instead of our JSON.", _mapping((), dict.fromkeys(STATUSES, _reply())))


def _reply_shapes() -> dict[str, Shape]:
    return {"status": STATUS, "text": TEMPLATE, "json": JSON, "xml": TEMPLATE}


def _event() -> Shape:
    blocks = {"contact": "contact", "edit": "invoice", "invoice": "invoice", "cancel": "cancel"}
    shapes = {
        "let": _told("Named values, in order.", _each(EXPRESSION)),
        "fetch": _told("What is asked of the sender's API, in order.", _each(_step())),
        "ignore_if": _told("Not for us?", {"anyOf": [EXPRESSION, {"type": "array", "items": _ignore()}]}),
        "park_if": _told("For a person?", {"type": "array", "items": _park()}),
        "once_per": _told("What names the order or the expense for good.", TEMPLATE),
        "version?": _told("When the order was last changed.", EXPRESSION),
        **{part: _ref(kind) for part, kind in blocks.items()},
        **{part: _ref(part) for part in ALONE},
        "payments": _blocks("payment"),
        "refunds": _blocks("refund"),
        "reply": _replies(),
        "answer": _told("What is told later.", _answer()),
        "asks": _told("How approvers are asked.", _asks()),
    }
    return _part("event", shapes) | {"anyOf": [{"required": [part]} for part in PARTS], "allOf": _rules()}


def _rules() -> list[Shape]:
    """What a reader says of parts that do not go together."""
    alone = [
        {"if": {"required": [part]}, "then": {"not": _any_of(each for each in PARTS if each != part)}} for part in ALONE
    ]
    billed = _any_of(("invoice", "edit"))
    return [
        *alone,
        {"not": {"required": ["invoice", "edit"]}},
        {"if": billed, "then": {"required": ["contact"]}, "else": {"not": {"required": ["contact"]}}},
    ]


def _ignore() -> Shape:
    return _part("ignore_if", {"when": EXPRESSION, "because": TEMPLATE})


def _park() -> Shape:
    return _part("park_if", {"when": EXPRESSION, "because": TEMPLATE, "remedy": TEMPLATE})


def _step() -> Shape:
    items = dict.fromkeys(("items", "items?", "while"), EXPRESSION)
    most = {"most": {"type": "integer", "minimum": 1, "maximum": 1000}}
    pages = [_way("pages", "by", name, keys, items | most) for name, keys in PAGINGS.items()]
    url = _told("The address, on one of the apis.", {"type": "string", "pattern": "^https://[^/]+/"})
    shapes = {"url": url, **dict.fromkeys(("when", "each", "each?"), EXPRESSION), "pages": {"anyOf": pages}}
    return _part("fetch", shapes)


def _asks() -> Shape:
    chapters = {chapter: {"type": "object", **JSON} for chapter in CHAPTERS}
    return _part(
        "asks", {"post": _place(), "edit": _place(), "fault": EXPRESSION, "keep": _each(EXPRESSION), **chapters}
    )


def _place() -> Shape:
    return _told("The address, on one of the apis.", _text("^https://[^/]+/[A-Za-z0-9._~/-]+$"))


def _answer() -> Shape:
    bodies = {outcome: {"type": "object", **JSON} for outcome in OUTCOMES}
    shapes = {"post": _place(), "json": {"type": "object", **JSON}, "fault": EXPRESSION}
    late = _told("Where it is posted if the address refuses it.", _part("late", shapes))
    return _part("answer", {"url": EXPRESSION, "hosts": _hosts(), "late": late, **bodies})


def _kind(kind: Kind) -> Shape:
    """The shape of a block that becomes a draft."""
    shapes: dict[str, Shape] = {}
    for name in sorted(kind.keys):
        shape = _value(kind, name)
        shapes |= {name: shape} if name in kind.required else {name: shape, f"{name}?": shape}
    steps = KEYS[kind.steps][1] if kind.steps else frozenset[str]()
    told = _mapping(sorted(kind.required), shapes | dict.fromkeys(sorted(steps), EXPRESSION))
    choice = [{"required": [key]} for name in kind.one_of for key in (name, f"{name}?")]
    return told | ({"anyOf": choice} if choice else {})


def _value(kind: Kind, name: str) -> Shape:
    if name in kind.lists:
        return _blocks(kind.lists[name])
    if name in kind.blocks:
        return _ref(kind.blocks[name])
    if name == "once_per":
        return TEMPLATE
    return {**EXPRESSION, "description": kind.meanings.get(name, EXPRESSION["description"])}


def _blocks(kind: str) -> Shape:
    return {"anyOf": [_ref(kind), {"type": "array", "minItems": 1, "items": _ref(kind)}]}


def _part(name: str, shapes: Mapping[str, Shape]) -> Shape:
    """The shape of a part of the file, with exactly the keys that the grammar gives it."""
    required, further = KEYS[name]
    order = list(shapes)
    return _mapping(sorted(required), {key: shapes[key] for key in sorted(required | further, key=order.index)})


def _mapping(required: Iterable[str], shapes: Mapping[str, Shape]) -> Shape:
    """A mapping with these keys and no others, none of them with a ? and without."""
    twice = [{"not": {"required": [key, f"{key}?"]}} for key in shapes if f"{key}?" in shapes]
    told = {"type": "object", "additionalProperties": False, "required": list(required), "properties": dict(shapes)}
    return told | ({"allOf": twice} if twice else {})


def _each(shape: Shape) -> Shape:
    """A mapping of any names."""
    return {"type": "object", "additionalProperties": shape}


def _exactly_one(*keys: str) -> Shape:
    return {"oneOf": [{"required": [key]} for key in keys]}


def _any_of(keys: Iterable[str]) -> Shape:
    return {"anyOf": [{"required": [key]} for key in keys]}


def _text(pattern: str | None = None) -> Shape:
    return {"type": "string"} | ({"pattern": pattern} if pattern else {})


def _told(words: str, shape: Shape) -> Shape:
    return {"description": words, **{key: value for key, value in shape.items() if key != "description"}}


def _ref(name: str) -> Shape:
    return {"$ref": f"#/definitions/{name}"}
