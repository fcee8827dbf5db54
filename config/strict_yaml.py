"""A YAML file read strictly: whatever is misspelt, stands twice or is of the wrong kind is reported with its place.

Every value is a text as written (`no`, `1.10` and `0123` stay what they are); nothing here guesses.
"""

import difflib
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import yaml

from config.problems import ConfigError

LOADER: type = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
PLAIN = re.compile(r"[a-z][a-z_-]{0,39}")
NEWLINE = "\n"
LONGEST_SHOWN = 12
MOST_LISTED = 30
DEEPEST = 20
OPENING = (
    yaml.BlockMappingStartToken,
    yaml.BlockSequenceStartToken,
    yaml.FlowMappingStartToken,
    yaml.FlowSequenceStartToken,
)
CLOSING = (yaml.BlockEndToken, yaml.FlowMappingEndToken, yaml.FlowSequenceEndToken)

Default = TypeVar("Default")
Value = TypeVar("Value")
Word = TypeVar("Word", bound=str)


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a file, and where problems of the whole file are collected."""

    file: str
    path: str
    problems: list[str]

    def report(self, words: str) -> None:
        """Notes a problem of this place."""
        self.problems.append(f"{self.file}: {self.path}: {words}" if self.path else f"{self.file}: {words}")

    def below(self, key: str) -> "Place":
        """The place of one of its keys."""
        return Place(self.file, f"{self.path}.{shown(key)}" if self.path else shown(key), self.problems)


class Section:
    """One mapping of a file; a key gives its value, else the default, and reports what is wrong with it."""

    def __init__(self, place: Place, content: object, known: Collection[str] | None = None) -> None:
        self.place = place
        self._content = _mapping(place, content)
        for key in self._content if known is not None else ():
            if key not in (known or ()):
                name = f": {key}" if PLAIN.fullmatch(key) else " (not shown, since it may be a secret)"
                place.report(f"no such key{name}{did_you_mean(key, known or ())}")

    def __iter__(self) -> Iterator[str]:
        """Its keys, in the order they stand there."""
        return iter(self._content)

    def __len__(self) -> int:
        """How many keys it has."""
        return len(self._content)

    def section(self, key: str, known: Collection[str] | None = None) -> "Section":
        """The mapping at `key`, empty where there is none; with `known`, no other keys are allowed in it."""
        return Section(self.place.below(key), self._content.get(key, {}), known)

    def text(self, key: str, default: Default) -> str | Default:
        """The text at `key`, never empty."""
        return self._read(key, default, _text)

    def parsed(self, key: str, parse: Callable[[str], Value], default: Default) -> Value | Default:
        """What `parse` makes of the text at `key`; its ValueError says what the text is not."""
        return self._read(key, default, lambda value: parse(_text(value)))

    def word(self, key: str, allowed: Collection[Word], default: Word) -> Word:
        """One of the words allowed."""

        def parse(value: object) -> Word:
            for word in allowed:
                if value == word:
                    return word
            raise ValueError(f"must be one of {', '.join(allowed)}")

        return self._read(key, default, parse)

    def flag(self, key: str, default: bool) -> bool:
        """true or false."""
        return self.word(key, ("true", "false"), "true" if default else "false") == "true"

    def texts(
        self, key: str, default: Default, check: Callable[[str], None] = lambda text: None
    ) -> tuple[str, ...] | Default:
        """The list of texts at `key`; `check` raises ValueError for one that does not belong there."""

        def parse(value: object) -> tuple[str, ...]:
            if not isinstance(value, list):
                raise ValueError("must be a list")
            texts = tuple(_text(each) for each in value)
            for text in texts:
                check(text)
            return texts

        return self._read(key, default, parse)

    def words(self, key: str, default: Mapping[str, str], allowed: Collection[str] | None = None) -> Mapping[str, str]:
        """The texts by word at `key`, over those of the default; words are case-folded, since senders are careless."""
        section = self.section(key, allowed)
        given = {word.strip().casefold(): section.text(word, "") for word in section}
        if len(given) < len(section):
            section.place.report("names a word twice, in another case of letters")
        return {**default, **given}

    def _read(self, key: str, default: Default, parse: Callable[[object], Value]) -> Value | Default:
        if key not in self._content:
            return default
        try:
            return parse(self._content[key])
        except ValueError as error:
            self.place.below(key).report(str(error))
            return default


def shown(word: str) -> str:
    """The word as it may be printed: what is long and no lower-case word may be a secret in the wrong place."""
    return word if PLAIN.fullmatch(word) or len(word) <= LONGEST_SHOWN else "…"


def did_you_mean(word: str, known: Collection[str]) -> str:
    """`, did you mean …?` when something known is close, else what there is."""
    close = difflib.get_close_matches(word, list(known), n=1)
    if close:
        return f", did you mean {close[0]}?"
    more = f" and {len(known) - MOST_LISTED} more" if len(known) > MOST_LISTED else ""
    return f"; there are {', '.join(list(known)[:MOST_LISTED])}{more}"


def load(file: Path, problems: list[str]) -> object:
    """What the file holds, every scalar as text; raises ConfigError when it cannot be read at all."""
    try:
        text = file.read_text(encoding="utf-8")
        _refuse_traps(file, text)
        node = yaml.compose(text, LOADER)
    except (OSError, UnicodeDecodeError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or "not UTF-8 text"
        raise ConfigError([f"{file}: cannot be read: {reason.lower()}"]) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"line {min(mark.line, text.count(NEWLINE)) + 1}: " if mark else ""  # the end may count as a line
        raise ConfigError([f"{file}: {place}not YAML"]) from error
    problems += [
        f"{file}: line {line}: the key {shown(key)} stands here a second time" for key, line in _repeated(node)
    ]
    return _value(node)


def _refuse_traps(file: Path, text: str) -> None:
    """Raises ConfigError for what is short to write and endless to read: aliases, and too deep a nesting."""
    depth = 0
    for token in yaml.scan(text, LOADER):
        if isinstance(token, yaml.AliasToken):
            raise ConfigError([f"{file}: an alias (*name) stands in it: write its value out"])
        depth += isinstance(token, OPENING) - isinstance(token, CLOSING)
        if depth > DEEPEST:
            raise ConfigError([f"{file}: line {token.start_mark.line + 1}: nested too deeply"])


def _repeated(node: yaml.Node | None) -> Iterator[tuple[str, int]]:
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if str(key.value) in seen:
                yield str(key.value), key.start_mark.line + 1
            seen.add(str(key.value))
            yield from _repeated(value)
    elif isinstance(node, yaml.SequenceNode):
        for each in node.value:
            yield from _repeated(each)


def _value(node: yaml.Node | None) -> object:
    if isinstance(node, yaml.MappingNode):
        return {str(key.value): _value(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [_value(each) for each in node.value]
    return "" if node is None else str(node.value)


def _mapping(place: Place, content: object) -> Mapping[str, object]:
    if isinstance(content, Mapping):
        return content
    if content != "":
        place.report("must be a mapping of keys to values")
    return {}


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("must be a text")
    if not value.strip():
        raise ValueError("is empty")
    return value.strip()
