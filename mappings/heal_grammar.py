"""What a mapping file may say of asking the sender what it had to tell lately, and its checked form."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from mappings.expressions import Expression
from mappings.fetch_grammar import Api, Keys, Step
from mappings.templates import Template

_OPTION = re.compile(r"option\('([a-z][a-z0-9_]*)'\)")

HEAL_KEYS: Mapping[str, Keys] = {
    "heal": (frozenset({"lists"}), frozenset({"apis"})),
    "heal_list": (frozenset({"url"}), frozenset({"pages", "when", "headers", "body"})),
}


@dataclass(frozen=True)
class HealList:
    """One list of the sender's: its items, each the body of a request with these headers, if `when` holds."""

    step: Step
    body: Expression
    when: Expression | None = None
    headers: Mapping[str, Template] = field(default_factory=dict)

    @property
    def options(self) -> frozenset[str]:
        """The connection's options that its address is made of."""
        parts = (*self.step.path.parts, *self.step.query.parts)
        return frozenset(name for part in parts if isinstance(part, Expression) for name in _OPTION.findall(part.text))


@dataclass(frozen=True)
class Heal:
    """Every list, and the hosts that are asked for nothing else."""

    apis: Mapping[str, Api] = field(default_factory=dict)
    lists: tuple[HealList, ...] = ()
