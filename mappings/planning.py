"""A mapping file becomes a plan, or a list of everything that is wrong with it."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mappings.expressions import suggest
from mappings.grammar import (
    KEYS,
    KINDS,
    OUTCOMES,
    SCHEMES,
    STATUSES,
    AnswerPlan,
    Block,
    Blocks,
    Event,
    Field,
    HandshakePlan,
    Ignore,
    Kind,
    Let,
    Nested,
    Plan,
    ReplyPlan,
    Verify,
)
from mappings.reading import NO_NAMES, Reader
from mappings.templates import Template

Names = frozenset[str]

_NAME = re.compile(r"[a-z][a-z0-9_-]*")
_SETTING = re.compile(r"[A-Z][A-Z0-9_]*")
_HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")
_MEDIA_TYPE = re.compile(r"[a-z0-9.+-]+/[a-z0-9.+-]+")


def read_plan(file: Path) -> tuple[Plan | None, list[str]]:
    """The plan the file holds, if nothing is wrong with it, and what is wrong, each with its path in the file."""
    reader = Reader()
    content = reader.load(file)
    plan = None if content is None else _plan(reader, content, file.parent.name)
    return (None if reader.problems else plan), reader.problems


def _plan(reader: Reader, content: object, folder: str) -> Plan:
    found = reader.keys(content, "", *KEYS["file"])
    identify = reader.keys(found.get("identify", {}), "identify", *KEYS["identify"])
    return Plan(
        name=_name(reader, found.get("source", folder), folder),
        verify=_verify(reader, found.get("verify", {})),
        accepts=reader.texts(found.get("accepts", ["application/json"]), "accepts", _MEDIA_TYPE, "a media type"),
        handshakes=tuple(
            _handshake(reader, each, f"handshakes[{index}]")
            for index, each in enumerate(reader.list(found.get("handshakes", []), "handshakes"))
        ),
        topic=reader.expression(identify.get("topic", "@"), "identify.topic"),
        delivery=_delivery(reader, identify),
        events=_events(reader, found.get("events", {})),
    )


def _name(reader: Reader, value: object, folder: str) -> str:
    if value != folder or not _NAME.fullmatch(folder):
        reader.report("source", f"must be the name of its folder ({folder}), in lower-case letters, digits, - and _")
    return folder


def _delivery(reader: Reader, identify: dict[str, Any]) -> Field | None:
    given = [key for key in ("delivery", "delivery?") if key in identify]
    if len(given) > 1:
        reader.report("identify", "delivery stands here twice, with and without a ?")
    if not given:
        return None
    key = given[0]
    return Field("delivery", reader.expression(identify[key], f"identify.{key}"), key.endswith("?"))


def _verify(reader: Reader, value: object) -> Verify:
    scheme = value.get("scheme") if isinstance(value, dict) else None
    if not isinstance(scheme, str) or scheme not in SCHEMES:
        hint = suggest(scheme, set(SCHEMES)) if isinstance(scheme, str) else ""
        reader.report("verify.scheme", f"must be one of {', '.join(SCHEMES)}{hint}")
        return Verify("", "", {})
    parameters = SCHEMES[scheme]
    required = {"scheme", "secret"} | {key for key in parameters if not key.endswith("?")}
    found = reader.keys(value, "verify", required, {key.rstrip("?") for key in parameters})
    texts = {key: reader.text(each, f"verify.{key}") for key, each in found.items()}
    for key, allowed in parameters.items():
        if allowed and key in texts and texts[key] not in allowed:
            reader.report(f"verify.{key}", f"must be one of {', '.join(sorted(allowed))}")
    if not _SETTING.fullmatch(texts.get("secret", "A")):
        reader.report("verify.secret", "must be the name of a setting like SHOP_WEBHOOK_SECRET, never a value")
    further = {key: text for key, text in texts.items() if key not in ("scheme", "secret")}
    return Verify(scheme, texts.get("secret", ""), further)


def _events(reader: Reader, value: object) -> dict[str, Event]:
    found = reader.mapping(value, "events")
    if not found:
        reader.report("events", "must hold at least one topic")
    return {topic: _event(reader, each, topic) for topic, each in found.items()}


def _event(reader: Reader, value: object, topic: str) -> Event:
    path = f"events.{topic}"
    found = reader.keys(value, path, *KEYS["event"])
    lets = _lets(reader, found.get("let", {}), f"{path}.let")
    names = frozenset(each.name for each in lets)
    _check_documents(reader, found, path)
    drafts = {
        kind: _block(reader, found[kind], f"{path}.{kind}", KINDS[kind], names)
        for kind in ("contact", "invoice", "expense")
        if kind in found
    }
    return Event(
        topic=topic,
        once_per=reader.template(found.get("once_per", ""), f"{path}.once_per", names),
        lets=lets,
        ignore_if=_ignore_if(reader, found.get("ignore_if", []), f"{path}.ignore_if", names),
        replies=_replies(reader, found.get("reply", {}), f"{path}.reply", names),
        answer=_answer(reader, found["answer"], f"{path}.answer", names) if "answer" in found else None,
        **drafts,
    )


def _check_documents(reader: Reader, found: dict[str, Any], path: str) -> None:
    if ("invoice" in found) == ("expense" in found):
        reader.report(path, "give either invoice or expense")
    if ("invoice" in found) != ("contact" in found):
        reader.report(path, "an invoice needs a contact, and only an invoice has one")


def _lets(reader: Reader, value: object, path: str) -> tuple[Let, ...]:
    lets: list[Let] = []
    for name, expression in reader.mapping(value, path).items():
        names = frozenset(each.name for each in lets)
        lets.append(Let(name, reader.expression(expression, f"{path}.{name}", names)))
    return tuple(lets)


def _ignore_if(reader: Reader, value: object, path: str, names: Names) -> tuple[Ignore, ...]:
    if isinstance(value, str):
        return (Ignore(reader.expression(value, path, names), Template((value,))),)
    return tuple(_ignore(reader, each, f"{path}[{i}]", names) for i, each in enumerate(reader.list(value, path)))


def _ignore(reader: Reader, value: object, path: str, names: Names) -> Ignore:
    found = reader.keys(value, path, *KEYS["ignore_if"])
    return Ignore(
        reader.expression(found.get("when", "@"), f"{path}.when", names),
        reader.template(found.get("because", ""), f"{path}.because", names),
    )


def _handshake(reader: Reader, value: object, path: str) -> HandshakePlan:
    found = reader.keys(value, path, *KEYS["handshake"])
    signed = found.pop("signed", True)
    if not isinstance(signed, bool):
        reader.report(f"{path}.signed", "must be true or false")
    when = reader.expression(found.pop("when", "@"), f"{path}.when")
    return HandshakePlan(when, signed is not False, _reply(reader, {"status": 200, **found}, path, NO_NAMES))


def _replies(reader: Reader, value: object, path: str, names: Names) -> dict[str, ReplyPlan]:
    found = reader.keys(value, path, (), STATUSES)
    return {status: _reply(reader, each, f"{path}.{status}", names) for status, each in found.items()}


def _reply(reader: Reader, value: object, path: str, names: Names) -> ReplyPlan:
    found = reader.keys(value, path, *KEYS["reply"])
    status = found.get("status", 200)
    if not isinstance(status, int) or not 200 <= status <= 299:
        reader.report(f"{path}.status", "must be a number from 200 to 299")
    if ("text" in found) == ("json" in found):
        reader.report(path, "give either text or json")
    if "text" in found:
        return ReplyPlan(status, reader.template(found["text"], f"{path}.text", names), is_json=False)
    return ReplyPlan(status, reader.json(found.get("json"), f"{path}.json", names), is_json=True)


def _answer(reader: Reader, value: object, path: str, names: Names) -> AnswerPlan:
    found = reader.keys(value, path, *KEYS["answer"])
    bodies = {each: reader.mapping(found[each], f"{path}.{each}") for each in OUTCOMES if each in found}
    return AnswerPlan(
        url=reader.expression(found.get("url", "@"), f"{path}.url", names),
        hosts=reader.texts(found.get("hosts", []), f"{path}.hosts", _HOST, "a host name in lower case"),
        bodies={each: reader.json(body, f"{path}.{each}", names, facts=True) for each, body in bodies.items()},
    )


def _block(reader: Reader, value: object, path: str, kind: Kind, names: Names, *, repeats: bool = False) -> Block:
    found = reader.mapping(value, path)
    _check_keys(reader, found, path, kind, KEYS["block"][1] if repeats else NO_NAMES)
    given = [(key.rstrip("?"), f"{path}.{key}", found[key]) for key in found if key.rstrip("?") in kind.keys]
    optional = {key.rstrip("?") for key in found if key.endswith("?")}
    steps = {key.rstrip("?"): reader.expression(found[key], f"{path}.{key}", names) for key in _steps(found, repeats)}
    return Block(
        fields=tuple(
            Field(name, reader.expression(each, at, names), name in optional)
            for name, at, each in given
            if name not in kind.lists and name not in kind.blocks
        ),
        lists=tuple(
            Blocks(name, _blocks(reader, each, at, KINDS[kind.lists[name]], names), name in optional)
            for name, at, each in given
            if name in kind.lists
        ),
        blocks=tuple(
            Nested(name, _block(reader, each, at, KINDS[kind.blocks[name]], names), name in optional)
            for name, at, each in given
            if name in kind.blocks
        ),
        each=steps.get("each"),
        each_optional="each?" in found,
        when=steps.get("when"),
    )


def _steps(found: dict[str, Any], repeats: bool) -> Iterator[str]:
    return (key for key in found if repeats and key in KEYS["block"][1])


def _check_keys(reader: Reader, found: dict[str, Any], path: str, kind: Kind, steps: frozenset[str]) -> None:
    names = [key.rstrip("?") for key in found]
    for key in found:
        if key not in steps and key.removesuffix("?") not in kind.keys:
            reader.report(path, f"no such field: {key}{suggest(key.rstrip('?'), kind.keys | steps)}")
        if key.endswith("?") and key.removesuffix("?") in kind.required:
            reader.report(f"{path}.{key}", "every draft needs this field: write it without the ?")
        if names.count(key.rstrip("?")) > 1 and not key.endswith("?"):
            reader.report(path, f"{key} stands here twice, with and without a ?")
    for name in sorted(kind.required - set(names)):
        reader.report(path, f"{name} is missing")
    if kind.one_of and not set(kind.one_of) & set(names):
        reader.report(path, f"{' or '.join(kind.one_of)} is missing")


def _blocks(reader: Reader, value: object, path: str, kind: Kind, names: Names) -> tuple[Block, ...]:
    items = (
        [("", value)] if isinstance(value, dict) else [(f"[{i}]", v) for i, v in enumerate(reader.list(value, path))]
    )
    if not items:
        reader.report(path, "must hold at least one block")
    return tuple(_block(reader, each, f"{path}{place}", kind, names, repeats=True) for place, each in items)
