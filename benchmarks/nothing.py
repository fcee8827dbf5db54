"""The job of the baseline: RQ's own worker runs it, and it does nothing."""


def do_nothing(event_id: str) -> None:
    """Does nothing with an event's id."""
