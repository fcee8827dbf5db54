"""A patch: what one connection has otherwise than its source's mapping file says, laid over it.

Mappings are merged key by key, whatever else stands there is replaced as a whole, and null takes a key away. A key is
the same with and without its `?`; the patch's is written. Nothing is changed in place: an alias in the file shares its
parts.
"""

from collections.abc import Callable, Mapping
from typing import Any

from mappings.expressions import suggest

FIXED = {
    "source": "a patch is for one source, and does not rename it",
    "verify.secret": "give the connection its `secret` instead",
}

Report = Callable[[str, str], None]


def lay_over(base: Mapping[str, Any], patch: Mapping[str, Any], report: Report, path: str = "") -> dict[str, Any]:
    """The base with the patch laid over it; what cannot be meant so is reported with its path."""
    merged = dict(base)
    for key, value in patch.items():
        at = f"{path}.{key}" if path else str(key)
        known = next((each for each in merged if _bare(each) == _bare(key)), key)
        if at in FIXED:
            report(at, FIXED[at])
        elif path == "events" and known not in merged and isinstance(value, dict) and "once_per" not in value:
            report(at, f"the source has no such topic to change{suggest(str(key), {str(each) for each in merged})}")
        elif value is not None:
            merged = _put(merged, known, key, _laid(merged.get(known), value, report, at))
        elif merged.pop(known, None) is None:
            report(at, f"there is nothing to take away{suggest(str(key), {str(each) for each in merged})}")
    return merged


def _laid(base: object, value: object, report: Report, path: str) -> object:
    if isinstance(value, dict):
        return lay_over(base if isinstance(base, dict) else {}, value, report, path)
    return value


def _put(merged: dict[str, Any], known: str, key: str, value: object) -> dict[str, Any]:
    """The mapping with the value under the key, in the place of the known one if that is there."""
    if known not in merged:
        return {**merged, key: value}
    return {key if each == known else each: value if each == known else old for each, old in merged.items()}


def _bare(key: object) -> str:
    return str(key).removesuffix("?")  # YAML takes a bare number for one
