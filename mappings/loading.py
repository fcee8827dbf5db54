"""Finds the sources of some folders and reads them all, or says everything that is wrong with them."""

from pathlib import Path

from mappings.planning import read_patched_plan, read_plan
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


def load_source(folder: Path) -> Source:
    """The source in that folder, whatever is beside it. Raises MappingFileErrors with every problem of its file."""
    problems: list[str] = []
    source = _read_source(folder, problems)
    if source is None:
        raise MappingFileErrors(problems, {})
    return source


def patch_source(source: Source, patch: Path) -> Source:
    """The source with a patch laid over its mapping. Raises MappingFileErrors with every problem, each of the patch."""
    try:
        texts = (source.folder / "mapping.yaml").read_bytes(), patch.read_bytes()
        plan, complaints = read_patched_plan(*texts, source.name)
    except OSError as error:
        plan, complaints = None, [f"cannot be read: {(error.strerror or type(error).__name__).lower()}"]
    if plan is None:
        raise MappingFileErrors([f"{_shown(patch)}: {each}" for each in complaints], {})
    return Source(source.folder, plan).as_in_examples()


def read_source(folder: Path, mapping: str, patch: str = "") -> Source:
    """The source in that folder as if its mapping file were that text, with a patch laid over it if there is one.

    Raises MappingFileErrors with every problem, each beginning with `mapping: ` or `patch: `.
    """
    plan, complaints = read_plan(mapping.encode(), folder.name)
    where = "mapping"
    if plan and patch.strip():
        plan, complaints = read_patched_plan(mapping.encode(), patch.encode(), folder.name)
        where = "patch"
    if plan is None:
        raise MappingFileErrors([f"{where}: {each}" for each in complaints], {})
    return Source(folder, plan).as_in_examples()


def _read_folder(folder: Path, problems: list[str]) -> list[Source]:
    places = sorted(each for each in folder.iterdir() if each.is_dir() and each.name[0] not in "._")
    return [source for place in places if (source := _read_source(place, problems))]


def _read_source(folder: Path, problems: list[str]) -> Source | None:
    file = folder / "mapping.yaml"
    if not file.is_file():
        problems.append(f"{_shown(file)}: there is no such file")
        return None
    plan, complaints = read_plan(file.read_bytes(), folder.name)
    problems += [f"{_shown(file)}: {each}" for each in complaints]
    return Source(folder, plan).as_in_examples() if plan else None


def _shown(path: Path) -> str:
    absolute, here = path.absolute(), Path.cwd()
    return str(absolute.relative_to(here) if absolute.is_relative_to(here) else absolute)
