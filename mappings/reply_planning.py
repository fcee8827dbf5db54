"""What the sender is answered, as a mapping file says it: replies to events, and handshakes."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from typing import Any

from mappings.fetch_grammar import Api
from mappings.grammar import (
    KEYS,
    METHODS,
    OTHERWISE,
    REPLY_KINDS,
    STATUSES,
    AnswerPlan,
    HandshakePlan,
    ReplyPlan,
    ThenPlan,
)
from mappings.posts import read_fault, read_place
from mappings.reading import Reader
from mappings.scopes import NOTHING_KNOWN, Known
from mappings.signing import read_proof
from mappings.templates import JsonTemplate, Template

HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")


def read_handshake(reader: Reader, value: object, path: str, apis: Mapping[str, Api]) -> HandshakePlan:
    """The checked handshake."""
    found = reader.keys(value, path, *KEYS["handshake"])
    if "signed" in found and "verify" in found:
        reader.report(path, "give either signed or verify")
    verify = read_proof(reader, found["verify"], f"{path}.verify") if "verify" in found else None
    signed, method = found.get("signed", True), found.get("method", "POST")
    if not isinstance(signed, bool):
        reader.report(f"{path}.signed", "must be true or false")
    if method not in METHODS:
        reader.report(f"{path}.method", f"must be one of {', '.join(METHODS)}")
    is_proven = verify is not None or signed is True
    if "then" in found and not is_proven:
        reader.report(f"{path}.then", "only what a sender asks for that has proved itself is done")
    return HandshakePlan(
        when=reader.expression(found.get("when", "@"), f"{path}.when", Known(asked=True)),
        method=method,
        signed=is_proven,
        verify=verify,
        reply=_read_reply(reader, found, path, Known(asked=True, proven=is_proven)),
        then=_read_then(reader, found["then"], f"{path}.then", apis) if "then" in found else None,
    )


def _read_then(reader: Reader, value: object, path: str, apis: Mapping[str, Api]) -> ThenPlan:
    found = reader.keys(value, path, *KEYS["then"])
    known = Known(asked=True)
    return ThenPlan(
        post=read_place(reader, found.get("post", ""), f"{path}.post", apis),
        content=reader.json(found.get("json"), f"{path}.json", known),
        fault=read_fault(reader, found.get("fault", "@"), f"{path}.fault"),
        otherwise=_read_otherwise(reader, found.get("otherwise", {}), f"{path}.otherwise", known),
    )


def _read_otherwise(reader: Reader, value: object, path: str, known: Known) -> AnswerPlan:
    found = reader.keys(value, path, *KEYS["otherwise"])
    return read_telling(reader, found, path, known, (OTHERWISE,))


def read_telling(
    reader: Reader, found: Mapping[str, Any], path: str, known: Known, outcomes: Sequence[str]
) -> AnswerPlan:
    """Where something is told, and what of each of the outcomes that are given."""
    bodies = {each: found[each] for each in outcomes if each in found}
    with_facts = replace(known, facts=True)
    return AnswerPlan(
        url=reader.expression(found.get("url", "@"), f"{path}.url", known),
        hosts=reader.texts(found.get("hosts", []), f"{path}.hosts", HOST, "a host name in lower case"),
        bodies={each: reader.json(body, f"{path}.{each}", with_facts) for each, body in bodies.items()},
    )


def read_replies(reader: Reader, value: object, path: str, known: Known = NOTHING_KNOWN) -> dict[str, ReplyPlan]:
    """The checked replies by what became of the event."""
    found = reader.keys(value, path, (), STATUSES)
    return {
        status: _read_reply(reader, reader.keys(each, f"{path}.{status}", *KEYS["reply"]), f"{path}.{status}", known)
        for status, each in found.items()
    }


def _read_reply(reader: Reader, found: dict[str, Any], path: str, known: Known) -> ReplyPlan:
    status = found.get("status", 200)
    if not isinstance(status, int) or not 200 <= status <= 299:
        reader.report(f"{path}.status", "must be a number from 200 to 299")
    kinds = [kind for kind in REPLY_KINDS if kind in found]
    if len(kinds) != 1:
        reader.report(path, f"give one of {', '.join(REPLY_KINDS)}")
        return ReplyPlan(status, None, "json")
    [kind] = kinds
    return ReplyPlan(status, _read_content(reader, found[kind], f"{path}.{kind}", kind, known), kind)


def _read_content(reader: Reader, value: object, path: str, kind: str, known: Known) -> JsonTemplate:
    if kind == "json":
        return reader.json(value, path, known)
    template = reader.template(value, path, known)
    if kind == "xml" and template.parts and not _is_xml(template):
        reader.report(path, "is not well-formed XML")
    return template


def _is_xml(template: Template) -> bool:
    text = "".join(part if isinstance(part, str) else "x" for part in template.parts)
    is_xml: bool = import_module("mappings.xml_bodies").is_xml(text.encode())
    return is_xml
