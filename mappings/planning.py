"""A mapping file becomes a plan, or a list of everything that is wrong with it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from mappings.blocks import read_block, read_blocks
from mappings.expressions import Expression, suggest
from mappings.fetch_grammar import Api, Step
from mappings.fetch_planning import read_apis, read_step, step_names
from mappings.grammar import (
    ALONE,
    APPROVALS,
    CHAPTERS,
    KEYS,
    KINDS,
    OUTCOMES,
    PARTS,
    AnswerPlan,
    AskPlan,
    Event,
    Field,
    Ignore,
    LatePlan,
    Let,
    OptionPlan,
    Park,
    Plan,
)
from mappings.heal_grammar import Heal
from mappings.heal_planning import read_heal
from mappings.multipart import MULTIPART
from mappings.patching import lay_over
from mappings.posts import read_fault, read_place
from mappings.reading import Reader, left_to_do
from mappings.received import XML, Shape
from mappings.reply_planning import read_handshake, read_replies, read_telling
from mappings.scopes import Known
from mappings.signing import read_verify
from mappings.templates import Template

_NAME = re.compile(r"[a-z][a-z0-9_-]*")
_OPTION = re.compile(r"[a-z][a-z0-9_]{0,39}")
_WORD = re.compile(r"|\S(?:.*\S)?")
_ELEMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_MEDIA_TYPE = re.compile(r"[a-z0-9.+-]+/[a-z0-9.+-]+")


def read_plan(mapping: bytes, folder: str) -> tuple[Plan | None, list[str]]:
    """The plan of a mapping file in the folder of that name, if nothing is wrong with it, and what is wrong.

    Each complaint has its path in the file.
    """
    reader = Reader()
    content = reader.load(mapping)
    plan = None if content is None or _is_unfinished(reader, content) else _plan(reader, content, folder)
    return (None if reader.problems else plan), reader.problems


def read_patched_plan(mapping: bytes, patch: bytes, folder: str) -> tuple[Plan | None, list[str]]:
    """The plan once the patch is laid over the mapping file, and what is wrong, each with its path in the patch.

    Nothing is wrong with the file by itself.
    """
    reader = Reader()
    base, changes = Reader().load(mapping), reader.load(patch)
    if not changes and not reader.problems:
        reader.report("", "holds nothing: write what is otherwise than in the source's mapping, or leave the patch out")
    elif isinstance(base, dict) and isinstance(changes, dict):
        content = lay_over(base, changes, reader.report)
        plan = None if _is_unfinished(reader, content) else _plan(reader, content, folder)
        return (None if reader.problems else plan), reader.problems
    elif changes is not None:
        reader.report("", "must be a mapping of keys to values")
    return None, reader.problems


def _is_unfinished(reader: Reader, content: object) -> bool:
    """Whether something is left to do; until it is done nothing else is worth a complaint."""
    left = list(left_to_do(content))
    for path, words in left:
        reader.report(path, f"still to do: {words}" if words else "still to do")
    return bool(left)


def _plan(reader: Reader, content: object, folder: str) -> Plan:
    found = reader.keys(content, "", *KEYS["file"])
    options = _options(reader, found.get("options", {}))
    reader.options = frozenset(options)
    identify = reader.keys(found.get("identify", {}), "identify", *KEYS["identify"])
    apis = read_apis(reader, found.get("apis", {}), "apis")
    accepts = reader.texts(found.get("accepts", ["application/json"]), "accepts", _MEDIA_TYPE, "a media type")
    return Plan(
        name=_name(reader, found.get("source", folder), folder),
        options=options,
        verify=read_verify(reader, found.get("verify", {})),
        accepts=accepts,
        shape=_shape(reader, found, accepts),
        replies=read_replies(reader, found.get("reply", {}), "reply"),
        handshakes=tuple(
            read_handshake(reader, each, f"handshakes[{index}]", apis)
            for index, each in enumerate(reader.list(found.get("handshakes", []), "handshakes"))
        ),
        topic=reader.expression(identify.get("topic", "@"), "identify.topic"),
        delivery=_delivery(reader, identify),
        events=_events(reader, found.get("events", {}), apis),
        apis=apis,
        each_event=_each_event(reader, found, accepts),
        heal=read_heal(reader, found["heal"], apis) if "heal" in found else Heal(),
        holds_expenses=_approval(reader, found.get("approval", "none")) == "always",
    )


def _each_event(reader: Reader, found: dict[str, Any], accepts: tuple[str, ...]) -> Expression | None:
    if "each_event" not in found:
        return None
    if MULTIPART in accepts:
        reader.report("each_event", f"an event that comes with files comes alone: leave {MULTIPART} out of accepts")
    return reader.expression(found["each_event"], "each_event")


def _name(reader: Reader, value: object, folder: str) -> str:
    if value != folder or not _NAME.fullmatch(folder):
        reader.report("source", f"must be the name of its folder ({folder}), in lower-case letters, digits, - and _")
    return folder


def _approval(reader: Reader, value: object) -> object:
    if value not in APPROVALS:
        reader.report("approval", f"must be one of {', '.join(APPROVALS)}")
    return value


def _options(reader: Reader, value: object) -> dict[str, OptionPlan]:
    found = reader.mapping(value, "options")
    return {name: _option(reader, name, each, f"options.{name}") for name, each in found.items()}


def _option(reader: Reader, name: str, value: object, path: str) -> OptionPlan:
    if not _OPTION.fullmatch(name):
        reader.report(path, "an option's name is at most 40 lower-case letters, digits and _, a letter first")
    found = reader.keys(value, path, *KEYS["option"])
    for key in ("default", "example"):
        if key in found and not isinstance(found[key], str):
            reader.report(f"{path}.{key}", "must be a text, put it between quotes")
    meaning = reader.text(found.get("meaning", "?"), f"{path}.meaning")
    one_of = _words_of_option(reader, found, path) if "one_of" in found else ()
    return OptionPlan(meaning, found.get("default"), found.get("example"), one_of)


def _words_of_option(reader: Reader, found: dict[str, Any], path: str) -> tuple[str, ...]:
    """The words to choose from; an empty one may be what the option is where nobody gives it."""
    at = f"{path}.one_of"
    before = len(reader.problems)
    words = reader.texts(found["one_of"], at, _WORD, "a text, put it between quotes")
    if len(reader.problems) > before:
        return words
    if len(set(words)) < max(len(words), 2):
        reader.report(at, "must be at least two texts, each of them once")
    if "" in words and found.get("default") != "":
        reader.report(at, 'an empty text is only possible as the default, and default is not ""')
    for key in ("default", "example"):
        if isinstance(found.get(key), str) and found[key] not in words:
            told = ", ".join(filter(None, words))
            reader.report(f"{path}.{key}", f"must be one of {told}{suggest(found[key], words)}")
    return words


def _shape(reader: Reader, found: Mapping[str, Any], accepts: tuple[str, ...]) -> Shape:
    is_token = "body" in found
    if is_token and found["body"] != "jwt":
        reader.report("body", "can only be jwt: how other bodies are read is told by their content type")
    verify = found.get("verify")
    if isinstance(verify, dict) and (verify.get("scheme") == "jwt_body") != is_token:
        reader.report("body", "jwt and the scheme jwt_body need each other")
    if "xml_lists" not in found:
        return Shape(is_token=is_token)
    if not XML & set(accepts):
        reader.report("xml_lists", f"accepts names no XML, such as {min(XML, key=len)}")
    names = reader.texts(found["xml_lists"], "xml_lists", _ELEMENT, "the name of an element")
    return Shape(is_token=is_token, lists=frozenset(names))


def _delivery(reader: Reader, identify: dict[str, Any]) -> Field | None:
    given = [key for key in ("delivery", "delivery?") if key in identify]
    if len(given) > 1:
        reader.report("identify", "delivery stands here twice, with and without a ?")
    if not given:
        return None
    key = given[0]
    return Field("delivery", reader.expression(identify[key], f"identify.{key}"), key.endswith("?"))


def _events(reader: Reader, value: object, apis: Mapping[str, Api]) -> dict[str, Event]:
    found = reader.mapping(value, "events")
    if not found:
        reader.report("events", "must hold at least one topic")
    return {topic: _event(reader, each, f"events.{topic}", topic, apis) for topic, each in found.items()}


def _event(reader: Reader, value: object, path: str, topic: str, apis: Mapping[str, Api]) -> Event:
    found = reader.keys(value, path, *KEYS["event"])
    fetched = step_names(reader, found.get("fetch", {}), f"{path}.fetch")
    lets = _lets(reader, found.get("let", {}), f"{path}.let", frozenset(fetched))
    names = _Names(lets, fetched)
    at_once, known = names.known(0), names.known(len(fetched))
    _check_parts(reader, found, path)
    once_per = reader.key(found.get("once_per", ""), f"{path}.once_per", known)
    is_named_late = any(names.is_late(part) for part in once_per.parts if not isinstance(part, str))
    if is_named_late and "version?" in found:
        reader.report(f"{path}.version?", "the door must know the order to compare versions: once_per uses fetched()")
    return Event(
        topic=topic,
        once_per=once_per,
        is_named_late=is_named_late,
        version=reader.expression(found["version?"], f"{path}.version?", at_once) if "version?" in found else None,
        lets=lets,
        fetches=_fetches(reader, found.get("fetch", {}), f"{path}.fetch", apis, names),
        ignore_if=_ignore_if(reader, found.get("ignore_if", []), f"{path}.ignore_if", names),
        park_if=_park_if(reader, found.get("park_if", []), f"{path}.park_if", known),
        replies=read_replies(reader, found.get("reply", {}), f"{path}.reply", at_once),
        answer=_answer(reader, found["answer"], f"{path}.answer", known, apis) if "answer" in found else None,
        asks=_asks(reader, found["asks"], f"{path}.asks", known, apis) if "asks" in found else None,
        is_edit="edit" in found,
        **_parts(reader, found, path, known),
    )


@dataclass(frozen=True)
class _Names:
    """What an event's expressions may name, and what of it is there before anything, or only a part, is fetched."""

    lets: tuple[Let, ...]
    fetched: tuple[str, ...]

    def known(self, steps: int) -> Known:
        """What is known once so many steps are done."""
        there, later = self.fetched[:steps], frozenset(self.fetched[steps:])
        lets = frozenset(let.name for let in self.lets if not self._needs(let.expression) & later)
        return Known(lets, frozenset(there), later | frozenset(let.name for let in self.lets) - lets)

    def is_late(self, expression: Expression) -> bool:
        """Whether it needs anything that is fetched."""
        return bool(self._needs(expression))

    def _needs(self, expression: Expression) -> frozenset[str]:
        """The steps whose answers it is made of."""
        named = [self._needs_of_lets[name] for name in expression.named("let") if name in self._needs_of_lets]
        return frozenset(expression.named("fetched")).union(*named)

    @cached_property
    def _needs_of_lets(self) -> dict[str, frozenset[str]]:
        """The same of every named value; each may only use those above it."""
        found: dict[str, frozenset[str]] = {}
        for let in self.lets:
            named = [found[name] for name in let.expression.named("let") if name in found]
            found[let.name] = frozenset(let.expression.named("fetched")).union(*named)
        return found


def _fetches(reader: Reader, value: object, path: str, apis: Mapping[str, Api], names: _Names) -> tuple[Step, ...]:
    steps = enumerate(reader.mapping(value, path).items())
    return tuple(
        read_step(reader, key, each, f"{path}.{key}", apis=apis, known=names.known(index))
        for index, (key, each) in steps
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


def _parts(reader: Reader, found: dict[str, Any], path: str, known: Known) -> dict[str, Any]:
    kinds = {"contact": "contact", "edit": "invoice", "invoice": "invoice", "cancel": "cancel"}
    kinds |= {part: part for part in ALONE}
    blocks = {
        "invoice" if part == "edit" else part: read_block(reader, found[part], f"{path}.{part}", KINDS[kind], known)
        for part, kind in kinds.items()
        if part in found
    }
    lists = {
        part: read_blocks(reader, part, found[part], path, KINDS[kind], known)
        for part, kind in (("payments", "payment"), ("refunds", "refund"))
        if part in found
    }
    return blocks | lists


def _lets(reader: Reader, value: object, path: str, fetched: frozenset[str]) -> tuple[Let, ...]:
    lets: list[Let] = []
    for name, expression in reader.mapping(value, path).items():
        known = Known(frozenset(each.name for each in lets), fetched)
        lets.append(Let(name, reader.expression(expression, f"{path}.{name}", known)))
    return tuple(lets)


def _ignore_if(reader: Reader, value: object, path: str, names: _Names) -> tuple[Ignore, ...]:
    if isinstance(value, str):
        when = reader.expression(value, path, names.known(len(names.fetched)))
        return (Ignore(when, Template((value,)), names.is_late(when)),)
    return tuple(_ignore(reader, each, f"{path}[{i}]", names) for i, each in enumerate(reader.list(value, path)))


def _ignore(reader: Reader, value: object, path: str, names: _Names) -> Ignore:
    found = reader.keys(value, path, *KEYS["ignore_if"])
    known = names.known(len(names.fetched))
    when = reader.expression(found.get("when", "@"), f"{path}.when", known)
    is_late = names.is_late(when)
    because = reader.template(found.get("because", ""), f"{path}.because", known if is_late else names.known(0))
    return Ignore(when, because, is_late)


def _park_if(reader: Reader, value: object, path: str, known: Known) -> tuple[Park, ...]:
    return tuple(_park(reader, each, f"{path}[{i}]", known) for i, each in enumerate(reader.list(value, path)))


def _park(reader: Reader, value: object, path: str, known: Known) -> Park:
    found = reader.keys(value, path, *KEYS["park_if"])
    return Park(
        when=reader.expression(found.get("when", "@"), f"{path}.when", known),
        because=reader.template(found.get("because", ""), f"{path}.because", known),
        remedy=reader.template(found.get("remedy", ""), f"{path}.remedy", known),
    )


def _asks(reader: Reader, value: object, path: str, known: Known, apis: Mapping[str, Api]) -> AskPlan:
    found = reader.keys(value, path, *KEYS["asks"])
    kept = reader.mapping(found.get("keep", {}), f"{path}.keep")
    with_facts = replace(known, facts=True)
    return AskPlan(
        post=read_place(reader, found.get("post", ""), f"{path}.post", apis),
        edit=read_place(reader, found.get("edit", ""), f"{path}.edit", apis),
        fault=read_fault(reader, found.get("fault", "@"), f"{path}.fault"),
        keep={name: reader.expression(each, f"{path}.keep.{name}") for name, each in kept.items()},
        bodies={each: reader.json(found.get(each), f"{path}.{each}", with_facts) for each in CHAPTERS},
    )


def _answer(reader: Reader, value: object, path: str, known: Known, apis: Mapping[str, Api]) -> AnswerPlan:
    found = reader.keys(value, path, *KEYS["answer"])
    bodies = {each: reader.mapping(found[each], f"{path}.{each}") for each in OUTCOMES if each in found}
    told = read_telling(reader, found | bodies, path, known, OUTCOMES)
    return replace(told, late=_late(reader, found["late"], f"{path}.late", known, apis)) if "late" in found else told


def _late(reader: Reader, value: object, path: str, known: Known, apis: Mapping[str, Api]) -> LatePlan:
    found = reader.keys(value, path, *KEYS["late"])
    return LatePlan(
        post=read_place(reader, found.get("post", ""), f"{path}.post", apis),
        content=reader.json(found.get("json"), f"{path}.json", replace(known, facts=True)),
        fault=read_fault(reader, found.get("fault", "@"), f"{path}.fault"),
    )
