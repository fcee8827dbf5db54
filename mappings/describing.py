"""What a source is and does, for people who choose or look after one."""

from collections.abc import Callable, Mapping

from mappings.examples import Example, request_files
from mappings.grammar import Event
from mappings.source import Source

# What an event may come to, in the order in which an order lives.
DEEDS: Mapping[str, Callable[[Event], bool]] = {
    "invoice": lambda event: event.invoice is not None and not event.is_edit,
    "change": lambda event: event.is_edit,
    "payment": lambda event: event.payments is not None,
    "refund": lambda event: event.refunds is not None,
    "cancelled": lambda event: event.cancel is not None,
    "expense": lambda event: event.expense is not None,
}


def title(source: Source) -> str:
    """How people call the sender: the heading of its README."""
    heading = readme(source).partition("\n")[0]
    return heading.removeprefix("# ").strip() or source.name


def readme(source: Source) -> str:
    """What its README says; empty where there is none."""
    page = source.folder / "README.md"
    return page.read_text("utf-8", "replace") if page.is_file() else ""


def deeds_by_topic(source: Source) -> dict[str, list[str]]:
    """What comes of each topic, by the names of DEEDS."""
    return {topic: [name for name, does in DEEDS.items() if does(event)] for topic, event in source.plan.events.items()}


def read_cases(source: Source) -> tuple[list[Example], dict[str, str]]:
    """The examples by name, those without an outcome yet expecting nothing; and why other files cannot be read."""
    examples: list[Example] = []
    unreadable: dict[str, str] = {}
    for file in request_files(source.folder / "examples"):
        try:
            examples.append(source.read_example(file))
        except (OSError, ValueError, TypeError, AttributeError) as error:
            unreadable[file.name] = str(error)
    return examples, unreadable
