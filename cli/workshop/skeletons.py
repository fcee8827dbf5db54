"""The folder of a source that is still to be written, with everything in it that is the same for all."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

from cli.schema import schema_text
from mappings import BUILT_IN
from mappings.signing import SCHEMES

SKELETON = Path(__file__).parent / "skeleton"
SCHEMA_FILE = "mapping.schema.json"
PUBLISHED_SCHEMA = BUILT_IN.parents[1] / "docs" / SCHEMA_FILE


def write_skeleton(folder: Path) -> None:
    """Writes the folder of a source of its name, and the schema for editors where the repository's is not near."""
    (folder / "examples").mkdir(parents=True)
    words = {
        "name": folder.name,
        "setting": f"{re.sub('[^A-Z0-9]', '_', folder.name.upper())}_WEBHOOK_SECRET",
        "schemes": ", ".join(SCHEMES),
        "schema": _schema_near(folder),
    }
    for file in SKELETON.iterdir():
        (folder / file.name).write_text(_filled(file.read_text(), words))


def _schema_near(folder: Path) -> str:
    """The way from the folder to the schema, which is written beside it where there is none."""
    if folder.parent.resolve() == BUILT_IN.resolve() and PUBLISHED_SCHEMA.is_file():
        return os.path.relpath(PUBLISHED_SCHEMA, folder)
    (folder.parent / SCHEMA_FILE).write_text(schema_text())
    return f"../{SCHEMA_FILE}"


def _filled(text: str, words: Mapping[str, str]) -> str:
    return re.sub(rf"<({'|'.join(words)})>", lambda found: words[found[1]], text)
