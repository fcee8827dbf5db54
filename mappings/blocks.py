"""The blocks of a mapping file that become drafts, read and checked key by key."""

from typing import Any

from mappings.expressions import Expression, suggest
from mappings.grammar import KEYS, KINDS, Block, Blocks, Field, Kind, Nested
from mappings.reading import Reader
from mappings.scopes import Known

_NO_STEPS: frozenset[str] = frozenset()
_ONCE_PER = "once_per"


def read_block(reader: Reader, value: object, path: str, kind: Kind, known: Known) -> Block:
    """The block, once it has all keys its kind needs and none but these."""
    found = reader.mapping(value, path)
    steps = KEYS[kind.steps][1] if kind.steps else _NO_STEPS
    _check_keys(reader, found, path, kind, steps)
    given = {key: f"{path}.{key}" for key in found if key.removesuffix("?") in kind.keys and key not in steps}
    texts = _expressions(reader, {key: found[key] for key in found if key in steps}, path, known)
    return Block(
        fields=tuple(
            Field(_bare(key), reader.expression(found[key], at, known), key.endswith("?"))
            for key, at in given.items()
            if _bare(key) not in {*kind.lists, *kind.blocks, _ONCE_PER}
        ),
        lists=tuple(
            read_blocks(reader, key, found[key], path, KINDS[kind.lists[_bare(key)]], known)
            for key in given
            if _bare(key) in kind.lists
        ),
        blocks=tuple(
            Nested(
                _bare(key), read_block(reader, found[key], at, KINDS[kind.blocks[_bare(key)]], known), key.endswith("?")
            )
            for key, at in given.items()
            if _bare(key) in kind.blocks
        ),
        each=texts.get("each"),
        each_optional="each?" in found,
        when=texts.get("when"),
        once_per=reader.key(found[_ONCE_PER], f"{path}.{_ONCE_PER}", known) if _ONCE_PER in given else None,
    )


def read_blocks(reader: Reader, key: str, value: object, path: str, kind: Kind, known: Known) -> Blocks:
    """The list under `key`: one block, or several."""
    at = f"{path}.{key}"
    items = {"": value} if isinstance(value, dict) else {f"[{i}]": v for i, v in enumerate(reader.list(value, at))}
    if not items:
        reader.report(at, "must hold at least one block")
    blocks = tuple(read_block(reader, each, f"{at}{place}", kind, known) for place, each in items.items())
    return Blocks(_bare(key), blocks, key.endswith("?"))


def _bare(key: str) -> str:
    return key.rstrip("?")


def _expressions(reader: Reader, found: dict[str, Any], path: str, known: Known) -> dict[str, Expression]:
    return {_bare(key): reader.expression(each, f"{path}.{key}", known) for key, each in found.items()}


def _check_keys(reader: Reader, found: dict[str, Any], path: str, kind: Kind, steps: frozenset[str]) -> None:
    names = [_bare(key) for key in found]
    for key in found:
        if key not in steps and key.removesuffix("?") not in kind.keys:
            reader.report(path, f"no such field: {key}{suggest(_bare(key), kind.keys | steps)}")
        if key.endswith("?") and key.removesuffix("?") in kind.required:
            reader.report(f"{path}.{key}", "every draft needs this field: write it without the ?")
        if names.count(_bare(key)) > 1 and not key.endswith("?"):
            reader.report(path, f"{key} stands here twice, with and without a ?")
    for name in sorted(kind.required - set(names)):
        reader.report(path, f"{name} is missing")
    if kind.one_of and not set(kind.one_of) & set(names):
        reader.report(path, f"{' or '.join(kind.one_of)} is missing")
