"""How commands tell what is wrong."""

import re

_THEN_RETRY = re.compile(r",? then retry( the event)?\.$")


def describe_trouble(code: str, field: str | None, message: str) -> str:
    """The code, the place and the reason in one line; a message that begins with the place does not repeat it."""
    return f"{code} at {field}: {message.removeprefix(f'{field}: ')}" if field else f"{code}: {message}"


def without_event(remedy: str) -> str:
    """What to do about a request of which there is no event yet."""
    return _THEN_RETRY.sub(".", remedy)
