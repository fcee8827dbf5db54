"""What a mapping may give a draft and no example shows: a field that nobody has seen filled may be misspelt."""

from collections.abc import Iterator, Mapping

from cli.workshop.trial import Trial
from mappings.grammar import Block, Event

_SINGLE = ("contact", "invoice", "expense", "cancel")
_SEVERAL = ("payments", "refunds")
# What drafts call otherwise than mappings do.
_IN_DRAFTS = {
    "expense.category": "expense.account_name",
    "expense.receipt.file": "expense.receipt.content",
}


def find_unshown(trial: Trial) -> list[str]:
    """The optional fields that come out of no example, as `contact.phone`, by name."""
    shown = {path for outcome in trial.outcomes.values() for path in _paths(outcome.get("drafts", {}), "")}
    mapped = {path for event in trial.source.plan.events.values() for path in _optional(event)}
    return sorted(path for path in mapped if _IN_DRAFTS.get(path, path) not in shown)


def _optional(event: Event) -> Iterator[str]:
    for name in _SINGLE:
        if isinstance(block := getattr(event, name), Block):
            yield from _of_block(block, name)
    for name in _SEVERAL:
        blocks = getattr(event, name)
        for block in blocks.blocks if blocks else ():
            yield from _of_block(block, name)


def _of_block(block: Block, path: str) -> Iterator[str]:
    yield from (f"{path}.{each.name}" for each in block.fields if each.optional)
    for nested in block.blocks:
        yield from _of_block(nested.block, f"{path}.{nested.name}")
    for rows in block.lists:
        for each in rows.blocks:
            yield from _of_block(each, f"{path}.{rows.name}")


def _paths(value: object, path: str) -> Iterator[str]:
    """The ways to everything in a draft, those of a list's items all alike."""
    if isinstance(value, Mapping):
        for name, each in value.items():
            at = f"{path}.{name}" if path else str(name)
            yield at
            yield from _paths(each, at)
    elif isinstance(value, list):
        for each in value:
            yield from _paths(each, path)
