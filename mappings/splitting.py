"""Several events in one request: each becomes a request of its own, as if it had come alone."""

from mappings.drafting import failure, run
from mappings.examples import compact
from mappings.expressions import Expression, Interpreter
from mappings.received import Received
from mappings.scopes import Scope

MOST_EVENTS = 500
_OF_THE_WHOLE = frozenset({"content-type", "content-length"})


def split(each_event: Expression, received: Received, scope: Scope) -> list[Received]:
    """The events of a request, each as JSON; a request that holds no list of them is itself the only one.

    Raises MappingError for an empty list, and for one of more than MOST_EVENTS.
    """
    found = run(each_event, Interpreter(scope), scope.root, "each_event")
    if not isinstance(found, list | dict):
        return [received]
    events = found if isinstance(found, list) else [found]
    if not events:
        raise failure("each_event", "the request holds no event", each_event.text)
    if len(events) > MOST_EVENTS:
        raise failure("each_event", f"the request holds more than {MOST_EVENTS} events", each_event.text)
    headers = {name: text for name, text in received.headers.items() if name not in _OF_THE_WHOLE}
    headers["content-type"] = "application/json"
    return [Received(_written(each), headers, received.fetched, at=received.at) for each in events]


def _written(event: object) -> bytes:
    try:
        return compact(event).encode()
    except RecursionError:
        raise failure("each_event", "an event is nested too deeply") from None
