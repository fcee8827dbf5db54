"""Finds the sources of some folders and reads them all, or says everything that is wrong with them."""

from pathlib import Path

from mappings.planning import read_plan
from mappings.source import Source

BUILT_IN = Path(__file__).parent / "sources"
"""The folder of the sources that come along."""


class MappingFileErrors(Exception):
    """Raised when mapping files cannot be used; `problems` holds all of them as `<file>: <path>: <what>`.

    `sources` are the good ones, for whoever wants to say what else is wrong.
    """

    def __init__(self, problems: list[str], sources: dict[str, Source]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems
        self.sources = sources


def load_sources(*folders: Path) -> dict[str, Source]:
    """Every source of the folders by name; a later folder's source replaces an earlier one of that name.

    Raises MappingFileErrors with every problem of every file.
    """
    problems: list[str] = []
    sources: dict[str, Source] = {}
    for folder in folders:
        if not folder.is_dir():
            problems.append(f"{_shown(folder)}: there is no such folder")
            continue
        sources |= {source.name: source for source in _read_folder(folder, problems)}
    if problems:
        raise MappingFileErrors(problems, sources)
    return sources


def _read_folder(folder: Path, problems: list[str]) -> list[Source]:
    sources = []
    for place in sorted(each for each in folder.iterdir() if each.is_dir() and each.name[0] not in "._"):
        file = place / "mapping.yaml"
        if not file.is_file():
            problems.append(f"{_shown(file)}: there is no such file")
            continue
        plan, complaints = read_plan(file)
        problems += [f"{_shown(file)}: {each}" for each in complaints]
        if plan:
            sources.append(Source(place, plan))
    return sources


def _shown(path: Path) -> str:
    absolute, here = path.absolute(), Path.cwd()
    return str(absolute.relative_to(here) if absolute.is_relative_to(here) else absolute)
