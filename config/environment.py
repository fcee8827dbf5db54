"""Where the texts of settings come from: a variable, or the file a NAME_FILE variable names."""

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from dotenv import dotenv_values

from config.problems import ConfigError

FILE_SUFFIX = "_FILE"


def deployment_environ(folder: Path = Path()) -> Mapping[str, str]:
    """This process's environment over what `folder`/.env sets; a missing .env is no trouble."""
    from_file = dotenv_values(folder / ".env", interpolate=False)
    return {name: text for name, text in from_file.items() if text is not None} | os.environ


def read_text(environ: Mapping[str, str], name: str) -> str | None:
    """The trimmed text of the setting `name`, from NAME or from the file NAME_FILE names; None when unset or empty.

    Raises ConfigError when both are set, or when the file cannot be read as UTF-8 text.
    """
    text = environ.get(name, "").strip()
    path = environ.get(name + FILE_SUFFIX, "").strip()
    if text and path:
        raise ConfigError([f"{name} and {name}{FILE_SUFFIX} are both set; keep one"])
    return (_read_file(path, name) if path else text) or None


def read_texts(environ: Mapping[str, str], names: Iterable[str]) -> tuple[dict[str, str], list[str]]:
    """The texts of those of `names` that are set, and the problems met in reading the others."""
    texts: dict[str, str] = {}
    problems: list[str] = []
    for name in names:
        try:
            text = read_text(environ, name)
        except ConfigError as error:
            problems += error.problems
        else:
            if text is not None:
                texts[name] = text
    return texts, problems


def find_unset(environ: Mapping[str, str], names: Iterable[str]) -> list[str]:
    """Those of `names` that are not set; one whose text cannot be read is."""
    unset = []
    for name in names:
        with suppress(ConfigError):
            if read_text(environ, name) is None:
                unset.append(name)
    return unset


def _read_file(path: str, name: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or "not UTF-8 text"
        raise ConfigError([f"{name}{FILE_SUFFIX}: {path!r} cannot be read: {reason.lower()}"]) from error
