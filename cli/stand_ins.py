"""The sandbox in the place of the senders' APIs: what an example says was fetched, it answers."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import requests

from mappings import Example, Source
from mappings.examples import compact
from mappings.playback import Answers, play_back

MADE_UP = {"basic": "user:made-up"}


def entries(sources: Iterable[Source], sandbox_url: str) -> dict[str, dict[str, Any]]:
    """What the connections of these sources need in the connections' file, by name; those that need nothing are out."""
    found = {source.name: _entry(source, sandbox_url) for source in sources}
    return {name: entry for name, entry in found.items() if entry}


def made_up_credentials(sources: Iterable[Source]) -> dict[str, str]:
    """A value for every setting that holds a credential for an API."""
    apis = [api for source in sources for api in source.plan.apis.values()]
    return {each.setting: MADE_UP.get(each.way, "made-up") for api in apis for each in api.credentials}


def answers(sources: Mapping[str, Source], example: Example) -> Answers:
    """What its sender's API answers for the example, whose source is one of these."""
    source = sources[example.source]
    return play_back(source, example) if source.plan.apis else {}


def expect(sandbox_url: str, source: Source, example: Example) -> None:
    """Has the sandbox answer what the example says its sender's API does."""
    by_host: dict[str, dict[str, str | None]] = {}
    for (host, target), content in answers({source.name: source}, example).items():
        by_host.setdefault(host, {})[target] = None if content is None else compact(content)
    for host, contents in by_host.items():
        body = json.dumps({"host": host, "answers": contents})
        requests.post(f"{sandbox_url}/_sandbox/apis", data=body, timeout=5).raise_for_status()


def _entry(source: Source, sandbox_url: str) -> dict[str, Any]:
    settings = {name: plan.example for name, plan in source.plan.options.items() if plan.example is not None}
    apis = {host: f"{sandbox_url}/_sandbox/apis/{host}" for host in source.hosts().values() if host}
    return {key: value for key, value in (("settings", settings), ("apis", apis)) if value}
