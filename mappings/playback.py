"""What a sender's API has to answer for an example to be fetched as it says: for whoever plays that API."""

from collections.abc import Mapping
from contextlib import suppress

from errors import NeedsAttention
from mappings.examples import Example
from mappings.expenses import Options
from mappings.fetch_grammar import Pages
from mappings.fetching import Call, Page, Steps
from mappings.received import Received
from mappings.source import Source

Answers = dict[tuple[str, str], object]
"""By host and target the JSON; None where there is no such thing."""


class NotPlayable(Exception):
    """Raised when no answer can be made of what an example says, and why."""


def play_back(source: Source, example: Example) -> Answers:
    """The answers to all calls the example leads to, until it leads no further. Raises NotPlayable."""
    answers: Answers = {}
    for received in source.events(Received(example.body, example.headers)):
        identity = source.identify(received)
        if identity.ignored is None and identity.problem is None:
            with suppress(NeedsAttention):  # the event is parked for it
                _collect(answers, source.fetching(received, Options(), topic=identity.topic), example.fetched)
    return answers


def _collect(answers: Answers, steps: Steps, fetched: Mapping[str, object]) -> None:
    call = next(steps, None)
    while call is not None:
        answers[call.host, call.target] = content = _content(call, fetched)
        try:
            call = steps.send(None if content is None else Page(content))
        except StopIteration:
            call = None


def _content(call: Call, fetched: Mapping[str, object]) -> object:
    """The answer to the call; all items are on the first page."""
    given = fetched.get(call.step)
    if call.item is not None:
        given = given[call.item] if isinstance(given, list) and call.item < len(given) else None
    if given is None or call.pages is None:
        return given
    return _wrap(call.pages, given if call.page == 0 else [])


def _wrap(pages: Pages, items: object) -> object:
    """The items where a page has them."""
    names = [] if pages.items.text == "@" else pages.items.text.split(".")
    if not all(name.replace("_", "a").isalnum() for name in names):
        raise NotPlayable(f"pages.items: {pages.items.text} is not a plain path like data.items")
    page = items
    for name in reversed(names):
        page = {name: page}
    return page
