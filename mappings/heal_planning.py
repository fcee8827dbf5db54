"""Reads what a mapping file says of asking the sender what it had to tell lately."""

import re
from collections.abc import Mapping

from mappings.fetch_grammar import Api
from mappings.fetch_planning import read_apis, read_step
from mappings.heal_grammar import HEAL_KEYS, Heal, HealList
from mappings.reading import Reader
from mappings.scopes import NOTHING_KNOWN

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_HEADER = re.compile(r"[A-Za-z0-9-]+")


def read_heal(reader: Reader, value: object, apis: Mapping[str, Api]) -> Heal:
    """What a mapping file says of it; `apis` are the hosts that events are completed from."""
    found = reader.keys(value, "heal", *HEAL_KEYS["heal"])
    own = read_apis(reader, found.get("apis", {}), "heal.apis")
    lists = reader.mapping(found.get("lists", {}), "heal.lists")
    if "lists" in found and not lists:
        reader.report("heal.lists", "must not be empty")
    return Heal(own, tuple(_list(reader, name, each, {**apis, **own}) for name, each in lists.items()))


def _list(reader: Reader, name: str, value: object, apis: Mapping[str, Api]) -> HealList:
    path = f"heal.lists.{name}"
    if not _NAME.fullmatch(name):
        reader.report("heal.lists", f"{name} is not a name: lower-case letters, digits and _, a letter first")
    found = reader.keys(value, path, *HEAL_KEYS["heal_list"])
    headers = reader.mapping(found.get("headers", {}), f"{path}.headers")
    for header in headers:
        if not _HEADER.fullmatch(header):
            reader.report(f"{path}.headers", f"{header} is not the name of a header")
    step = {key: found[key] for key in ("url", "pages") if key in found}
    return HealList(
        step=read_step(reader, name, {"url": "", **step}, path, apis=apis, known=NOTHING_KNOWN),
        body=reader.expression(found.get("body", "@"), f"{path}.body"),
        when=reader.expression(found["when"], f"{path}.when") if "when" in found else None,
        headers={name: reader.template(each, f"{path}.headers.{name}") for name, each in headers.items()},
    )
