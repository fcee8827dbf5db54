"""Where the folders of sources are, whatever state they are in."""

from collections.abc import Mapping
from pathlib import Path

import click

from config.environment import deployment_environ, read_texts
from mappings import BUILT_IN

SETTING = "BOOKHOOK_SOURCES"


def own_folder(environ: Mapping[str, str] | None = None) -> Path | None:
    """The folder of people's own sources, if one is set."""
    environ = deployment_environ(Path()) if environ is None else environ
    texts, _ = read_texts(environ, [SETTING])
    return Path(texts[SETTING]) if SETTING in texts else None


def find_folder(name: str) -> Path:
    """The folder of the source of that name, one's own before one that comes along; or the folder at that path.

    Raises UsageError naming those there are.
    """
    if "/" in name or Path(name, "mapping.yaml").is_file():
        if Path(name).is_dir():
            return Path(name).resolve()
        raise click.UsageError(f"There is no folder {name}.")
    places = [place for place in (own_folder(), BUILT_IN) if place and place.is_dir()]
    for place in places:
        if (place / name).is_dir():
            return place / name
    known = sorted({each.name for place in places for each in place.iterdir() if (each / "mapping.yaml").is_file()})
    raise click.UsageError(
        f"There is no source {name!r}; there are {', '.join(known)}. `bookhook new-source {name}` makes one."
    )
