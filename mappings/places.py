"""Where in the text of a mapping file a complaint or a trouble belongs: its path, walked to a line."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import yaml

_LINE = re.compile(r"line (\d+): ")
_UNKNOWN_KEY = re.compile(r"(?:(.*): )?no such (?:key|field): ([^\s,]+)")
_WRITTEN = re.compile(r"\(written as (.*)\)\.$", re.DOTALL)
_INDEX = re.compile(r"\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class _Place:
    """A place on a path: its line, the text there, and what is left of the path."""

    line: int
    text: str
    rest: str


def line_of_complaint(content: str, complaint: str) -> int | None:
    """The line, counted from 1, of what a file of that content is told off for; None if it is not known."""
    if named := _LINE.match(complaint):
        return int(named[1])
    if unknown := _UNKNOWN_KEY.match(complaint):
        path = ".".join(part for part in unknown.groups() if part)
    else:
        path = complaint.partition(": ")[0]
    nearest = min(_find(content, [path]), key=lambda place: len(place.rest), default=None)
    return nearest.line if nearest else None


def place_of_trouble(contents: Mapping[str, str], field: str, message: str, *, topic: str) -> tuple[str, int] | None:
    """Which of the contents, and which line of it, gave a field of an event of that topic its value.

    `message` says how the field is written, which tells one block of a list from the other. None if it is not known.
    """
    found = _WRITTEN.search(message)
    written = found[1] if found else None
    paths = [f"events.{topic}.{field}", f"events.{topic}.invoice.{field}", field]
    places = [(name, place) for name, content in contents.items() for place in _find(content, paths, written)]
    best = min(places, key=lambda found: (len(found[1].rest), found[1].text != written), default=None)
    return (best[0], best[1].line) if best else None


def _find(content: str, paths: Iterable[str], written: str | None = None) -> list[_Place]:
    """Every place along the paths; those at their ends have nothing left of them."""
    try:
        root = yaml.compose(content, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (yaml.YAMLError, ValueError, RecursionError):
        return []
    return [place for path in paths for place in _walk(root, path, written)]


def _walk(node: yaml.Node | None, path: str, written: str | None) -> Iterator[_Place]:
    """Every place along the path."""
    for child, rest, line in _steps(node, path.lstrip("."), written):
        yield _Place(line, child.value if isinstance(child, yaml.ScalarNode) else "", rest)
        yield from _walk(child, rest, written)


def _steps(node: yaml.Node | None, path: str, written: str | None) -> Iterator[tuple[yaml.Node, str, int]]:
    """Each node that is one step along, with what is left of the path then, and its line."""
    index = _INDEX.match(path)
    if isinstance(node, yaml.MappingNode) and index:  # a single block, without a list around it
        yield node, path[index.end() :], node.start_mark.line + 1
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if (rest := _rest(path, str(key.value))) is not None:
                # What an alias stands for is above, and only there can it be mended.
                yield value, rest, min(key.start_mark.line, value.start_mark.line) + 1
    elif isinstance(node, yaml.SequenceNode) and index:
        # Lines of a document are counted from one block to the next: which it was, only the text there tells.
        place = int(index[1])
        for each in node.value if written is not None else node.value[place : place + 1]:
            yield each, path[index.end() :], each.start_mark.line + 1


def _rest(path: str, key: str) -> str | None:
    """The path behind that key, with or without its `?`; None where it does not begin with it."""
    for name in filter(None, (key, key.removesuffix("?"))):
        rest = path.removeprefix(name)
        if len(rest) < len(path) and rest[:1] in ("", ".", "["):
            return rest
    return None
