"""What each source can do, read off its mapping."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from cli.workshop.signing import window_seconds
from ingest.schemes import make_scheme
from mappings import Example, Source
from mappings.describing import DEEDS, title
from mappings.examples import request_files
from mappings.grammar import Event

TRAITS: Mapping[str, Callable[[Source], bool]] = {
    "tax": lambda source: any(map(_has_taxes, source.plan.events.values())),
    "time signed": lambda source: _signs_time(source),
    "handshake": lambda source: bool(source.plan.handshakes),
    "several at once": lambda source: source.may_send_several,
    "healed": lambda source: source.healing.is_possible,
}


def capabilities(source: Source) -> dict[str, bool]:
    """What a source does of all that sources can do, by name."""
    events = source.plan.events.values()
    deeds = {name: any(map(does, events)) for name, does in DEEDS.items()}
    return deeds | {name: has(source) for name, has in TRAITS.items()}


def how_verified(source: Source) -> str:
    """The scheme, and what people should know about it."""
    scheme = source.verify.scheme
    return f"{scheme} (weak)" if make_scheme(source.verify).weakness else scheme


def asked_hosts(source: Source) -> list[str]:
    """The hosts of the sender's API that it asks; what a connection says of itself stands as <option>."""
    return [re.sub(r"\{option\('(\w+)'\)\}", r"<\1>", host) for host in source.hosts()]


def markdown(sources: Iterable[Source]) -> str:
    """A table of sources and what they can do, for a page in the folder above theirs."""
    rows = [_row(source) for source in sorted(sources, key=lambda source: source.name)]
    columns = ["source", "verified by", *DEEDS, *TRAITS, "asks"]
    return "\n".join(_lines([columns, ["---"] * len(columns), *rows]))


def _lines(rows: Iterable[Iterable[str]]) -> Iterator[str]:
    return (f"| {' | '.join(row)} |" for row in rows)


def _row(source: Source) -> list[str]:
    able = ["✓" if can else "" for can in capabilities(source).values()]
    hosts = [f"`{host}`" for host in asked_hosts(source)]
    link = f"[{title(source)}](mappings/sources/{source.name})"
    return [link, how_verified(source), *able, ", ".join(hosts)]


def _has_taxes(event: Event) -> bool:
    blocks = [event.invoice, *(event.refunds.blocks if event.refunds else ())]
    lines = [line for block in blocks if block for rows in block.lists for line in rows.blocks]
    return any(rows.name == "taxes" for line in lines for rows in line.lists)


def _signs_time(source: Source) -> bool:
    files = request_files(source.folder / "examples")
    sent = source.read_example(files[0]) if files else Example(source.name, "", b"{}", {}, {})
    return window_seconds(source, sent) is not None
