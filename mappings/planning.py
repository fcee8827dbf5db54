"""A mapping file becomes a plan, or a list of everything that is wrong with it."""

import re
from pathlib import Path
from typing import Any

from mappings.blocks import Names, read_block, read_blocks
from mappings.expressions import suggest
from mappings.grammar import (
    ALONE,
    KEYS,
    KINDS,
    OUTCOMES,
    PARTS,
    SCHEMES,
    STATUSES,
    AnswerPlan,
    Event,
    Field,
    HandshakePlan,
    Ignore,
    Let,
    Plan,
    ReplyPlan,
    Verify,
)
from mappings.reading import NO_NAMES, Reader
from mappings.templates import Template

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
    _check_parts(reader, found, path)
    return Event(
        topic=topic,
        once_per=reader.template(found.get("once_per", ""), f"{path}.once_per", names),
        version=reader.expression(found["version?"], f"{path}.version?", names) if "version?" in found else None,
        lets=lets,
        ignore_if=_ignore_if(reader, found.get("ignore_if", []), f"{path}.ignore_if", names),
        replies=_replies(reader, found.get("reply", {}), f"{path}.reply", names),
        answer=_answer(reader, found["answer"], f"{path}.answer", names) if "answer" in found else None,
        is_edit="edit" in found,
        **_parts(reader, found, path, names),
    )


def _check_parts(reader: Reader, found: dict[str, Any], path: str) -> None:
    given = [part for part in PARTS if part in found]
    if not given:
        reader.report(path, f"give at least one of {', '.join(PARTS)}")
    for part in ALONE:
        if part in given and len(given) > 1:
            reader.report(path, f"{part} stands alone, without {', '.join(each for each in given if each != part)}")
    if "invoice" in given and "edit" in given:
        reader.report(path, "give either invoice or edit")
    if bool({"invoice", "edit"} & set(given)) != ("contact" in found):
        reader.report(path, "an invoice needs a contact, and only an invoice has one")


def _parts(reader: Reader, found: dict[str, Any], path: str, names: Names) -> dict[str, Any]:
    kinds = {"contact": "contact", "edit": "invoice", "invoice": "invoice", "cancel": "cancel"}
    kinds |= {part: part for part in ALONE}
    blocks = {
        "invoice" if part == "edit" else part: read_block(reader, found[part], f"{path}.{part}", KINDS[kind], names)
        for part, kind in kinds.items()
        if part in found
    }
    lists = {
        part: read_blocks(reader, part, found[part], path, KINDS[kind], names)
        for part, kind in (("payments", "payment"), ("refunds", "refund"))
        if part in found
    }
    return blocks | lists


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
