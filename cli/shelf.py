"""Sources by name, of which those that come along are read when they are first asked for.

A deployment uses a few of them, and reading all takes longer than most commands. Nothing can be wrong with the others:
tests read them. `bookhook check` reads all the same. Several threads may ask.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from config.problems import ConfigError
from mappings import BUILT_IN, MappingFileErrors, Source, load_source

_SECRET = re.compile(r"^verify:.*?^  secret: ([A-Z][A-Z0-9_]*)", re.MULTILINE | re.DOTALL)
_APPROVAL = re.compile(r"^approval: always\b", re.MULTILINE)


class Shelf(Mapping[str, Source]):
    """The sources that come along, and those of `own` before them; raises ConfigError for one that cannot be read."""

    def __init__(self, own: Mapping[str, Source]) -> None:
        self._read = dict(own)
        folders = (file.parent for file in BUILT_IN.glob("[!._]*/mapping.yaml"))
        self._coming = {folder.name: folder for folder in folders if folder.name not in own}
        self._texts: dict[str, str] = {}

    def __getitem__(self, name: str) -> Source:
        if name not in self._read and name in self._coming:
            self._read[name] = _load(self._coming[name])
        return self._read[name]

    def __iter__(self) -> Iterator[str]:
        return iter(sorted({*self._read, *self._coming}))

    def __len__(self) -> int:
        return len({*self._read, *self._coming})

    def __contains__(self, name: object) -> bool:
        return name in self._read or name in self._coming

    def secret_settings(self) -> dict[str, str]:
        """The setting that holds each source's secrets, as all files say without being read further."""
        return {name: self._secret_setting(name) for name in self}

    def held(self) -> frozenset[str]:
        """The sources whose expenses await approval where nobody says otherwise, read like `secret_settings`."""
        return frozenset(name for name in self if self._is_held(name))

    def _secret_setting(self, name: str) -> str:
        found = _SECRET.search(self._text(name)) if name in self._coming else None
        return found[1] if found else self[name].setting

    def _is_held(self, name: str) -> bool:
        return bool(_APPROVAL.search(self._text(name))) if name in self._coming else self[name].holds_expenses

    def _text(self, name: str) -> str:
        """The file of one that is not read yet."""
        if name not in self._texts:
            self._texts[name] = (self._coming[name] / "mapping.yaml").read_text()
        return self._texts[name]

    def find_problems(self, names: Iterable[str]) -> list[str]:
        """What is wrong with the files of these sources."""
        found: list[str] = []
        for name in names:
            try:
                _ = self[name]
            except ConfigError as error:
                found += error.problems
        return found


def _load(folder: Path) -> Source:
    try:
        return load_source(folder)
    except MappingFileErrors as errors:
        raise ConfigError(errors.problems) from None
