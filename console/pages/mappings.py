"""What this deployment understands: its connections and how they fare, every source, and what each mapping says."""

from collections.abc import Iterable
from typing import Any

from flask import abort, request

from config.connection import Connection
from console import facts
from console.frame import Pages
from console.guard import services
from console.versions import comes_along, live_version
from ledger.records import second
from ledger.traffic import Traffic
from mappings import Example, Source
from mappings.describing import deeds_by_topic, read_cases, readme, title

DAY_SECONDS = 86400
HEALTHS = ("paused", "failures", "well", "quiet")
pages = Pages("mappings")


@pages.page("/mappings", "mappings.html")
def listing() -> dict[str, Any]:
    """The connections with their health, and every source that is understood, by filters."""
    asked = {name: request.args.get(name, "").strip() for name in ("find", "show")}
    sources = [describe(source) for source in services().known.values()]
    return {
        "now": services().ledger.clock(),
        "asked": asked,
        "connections": connections(services().connections.values()),
        "sources": [told for told in sources if _is_shown(told, **asked)],
        "known": len(sources),
    }


@pages.page("/mappings/<name>", "mapping.html")
def one(name: str) -> dict[str, Any]:
    """One source: its mapping file, what comes of each topic, its examples, and who uses it."""
    source = find_source(name)
    users = [each for each in services().connections.values() if each.source == name]
    return {
        **describe(source),
        "now": services().ledger.clock(),
        "comes_along": comes_along(source),
        "options": {name: option.explanation for name, option in source.plan.options.items()},
        "asks": list(source.plan.apis),
        "examples": [_example(each) for each in read_cases(source)[0]],
        "used_by": connections(users),
        "mapping": live_version(source, None).mapping,
        "patches": {each.name: live_version(source, each).patch for each in users if each.patch},
        "readme": readme(source),
    }


def find_source(name: str) -> Source:
    """The source of that name, whether or not a connection uses it."""
    if name not in services().known:
        abort(404, f"There is no source {name}.")
    return services().known[name]


def connections(wanted: Iterable[Connection]) -> list[dict[str, Any]]:
    """How it goes with each of these connections, those in trouble first."""
    by_name = {each.name: each for each in wanted}
    traffic = services().ledger.traffic.of(list(by_name), seconds=DAY_SECONDS)
    told = [_connection(each, traffic[name]) for name, each in by_name.items()]
    return sorted(told, key=lambda each: (HEALTHS.index(each["health"]), not each["came"], each["name"]))


def describe(source: Source) -> dict[str, Any]:
    """What a source is, and what it makes of each topic."""
    return {
        "name": source.name,
        "title": title(source),
        "scheme": source.verify.scheme,
        "setting": source.setting,
        "topics": deeds_by_topic(source),
        "connections": sorted(each.name for each in services().connections.values() if each.source == source.name),
    }


def _connection(connection: Connection, traffic: Traffic) -> dict[str, Any]:
    came, failed = sum(traffic.counts.values()), traffic.counts["parked"]
    organization = facts.organization_of(connection, services())
    return {
        "name": connection.name,
        "source": connection.source,
        "health": _health(traffic, is_paused=organization["paused"] is not None),
        "organization": organization,
        "secret_setting": connection.secret_setting,
        "secrets": len(connection.secrets),
        "patch": connection.patch.name if connection.patch else None,
        "counts": dict(traffic.counts),
        "came": came,
        "failed": failed,
        "failed_share": round(failed / came, 4) if came else 0,
        "last_at": second(traffic.last_at) if traffic.last_at else None,
        "last_failure": _failure(traffic),
    }


def _health(traffic: Traffic, *, is_paused: bool) -> str:
    if is_paused:
        return "paused"
    if traffic.counts["parked"]:
        return "failures"
    return "well" if sum(traffic.counts.values()) else "quiet"


def _failure(traffic: Traffic) -> dict[str, Any] | None:
    event = services().ledger.events.get(traffic.last_parked) if traffic.last_parked else None
    return facts.event_line(event) if event else None


def _example(example: Example) -> dict[str, Any]:
    told = example.expected
    return {"case": example.case, "topic": told.get("topic"), "state": told.get("state")}


def _is_shown(told: dict[str, Any], *, find: str, show: str) -> bool:
    words = " ".join((told["name"], told["title"], told["setting"], *told["topics"], *told["connections"]))
    is_connected = bool(told["connections"])
    return find.casefold() in words.casefold() and show in ("", "connected" if is_connected else "unconnected")
