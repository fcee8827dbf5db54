"""`bookhook new-source`: the folder of a source that is still to be written."""

import re
from pathlib import Path

import click

from cli.workshop.places import SETTING, own_folder
from cli.workshop.skeletons import write_skeleton
from mappings import BUILT_IN

NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")


@click.command("new-source")
@click.argument("name")
@click.option("--into", type=click.Path(file_okay=False, path_type=Path), help="Write its folder into this one.")
def new_source(name: str, into: Path | None) -> None:
    """Write the folder of a source NAME that says what is still to do, into BOOKHOOK_SOURCES unless said otherwise.

    Where that is not set, and the current folder is in Bookhook's own repository, it becomes one of those that come
    along. Anywhere else one of the two has to be said.
    """
    if not NAME.fullmatch(name):
        raise click.UsageError(f"{name!r} is no name: lower-case letters, digits, - and _, a letter first, at most 40.")
    folder = (into or own_folder() or _folder_of_ours()) / name
    if folder.exists() or (BUILT_IN / name).exists():
        there = folder if folder.exists() else BUILT_IN / name
        raise click.UsageError(f"{there} is there already. To write another mapping of it, copy that folder.")
    write_skeleton(folder)
    click.echo(f"wrote {folder}: mapping.yaml, README.md, examples/")
    click.echo(
        f"Next: fill in mapping.yaml from top to bottom; `bookhook test-source {_word(folder)}` says what is left."
    )


def _folder_of_ours() -> Path:
    """Where our own sources are, if whoever asks is in their repository; nobody else means to write there."""
    repository = BUILT_IN.parents[1].resolve()
    if (repository / "pyproject.toml").is_file() and Path.cwd().resolve().is_relative_to(repository):
        return BUILT_IN
    raise click.UsageError(f"Say where: set {SETTING} to a folder of your own sources, or give --into.")


def _word(folder: Path) -> str:
    """How other commands find the folder: by its name where they look for it."""
    known = {place.resolve() for place in (BUILT_IN, own_folder()) if place}
    return folder.name if folder.parent.resolve() in known else str(folder)
