"""Asking a sender what it had to tell lately, for webhooks that never came: as questions, pure.

What is listed becomes a request like the one the sender would have sent, except that nobody signed it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from mappings.conversions import Unfit
from mappings.drafting import failure, holds, run
from mappings.examples import compact, form_body
from mappings.expressions import Interpreter
from mappings.fetching import StepRun, Steps, find_host
from mappings.heal_grammar import Heal, HealList
from mappings.received import FORM, Received
from mappings.scopes import Scope


@dataclass(frozen=True, slots=True)
class Healing:
    """What a sender is asked, by a mapping's `heal` and a connection's options; nothing where the mapping says nothing.

    `media_type` is that of the requests the sender makes.
    """

    plan: Heal
    options: Mapping[str, str]
    media_type: str

    @property
    def is_possible(self) -> bool:
        """Whether the sender can be asked at all."""
        return bool(self.plan.lists)

    def hosts(self) -> Mapping[str, str | None]:
        """The hosts that are asked for nothing else, as the mapping writes them, with what the options make of each.

        None where they make it no host name.
        """
        return {written: find_host(api, Scope(options=self.options)) for written, api in self.plan.apis.items()}

    def credentials(self) -> Mapping[str, str]:
        """The settings of the credentials that those are asked with, each with the host it is for."""
        return {each.setting: host for host, api in self.plan.apis.items() for each in api.credentials}

    def gaps(self) -> list[str]:
        """The options without a value that the addresses are made of."""
        return sorted({name for each in self.plan.lists for name in each.options if not self.options.get(name)})

    def questions(self, *, since: float, until: float) -> Iterator[tuple[HealList, Steps]]:
        """Each list to ask for what the sender had to tell in that time (unix seconds), with the calls it takes.

        Their addresses see the time as `since`, `until` (`2026-03-14T09:00:00Z`), `since_unix` and `until_unix`.
        """
        times = {"since": since, "until": until}
        root = {name: f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}" for name, at in times.items()}
        root |= {f"{name}_unix": str(int(at)) for name, at in times.items()}
        for listed in self.plan.lists:
            yield listed, StepRun(listed.step, Interpreter(Scope(root, options=self.options)), "heal.lists").answers()

    def request(self, listed: HealList, item: object) -> Received | None:
        """The request that the sender would have sent of an item; None where it would not. Raises MappingError."""
        interpreter, path = Interpreter(Scope(item, options=self.options)), f"heal.lists.{listed.step.name}"
        if listed.when is not None and not holds(listed.when, interpreter, item, f"{path}.when"):
            return None
        headers = {"content-type": self.media_type}
        for name, template in listed.headers.items():
            try:
                headers[name] = template.fill_completely(interpreter, item)
            except Unfit as error:
                raise failure(f"{path}.headers.{name}", str(error)) from None
        body = run(listed.body, interpreter, item, f"{path}.body")
        written = form_body(body) if self.media_type == FORM and isinstance(body, dict) else compact(body)
        return Received(written.encode(), headers)
