"""Who is at work in this process: any number of events, or one suspect alone.

An event that was at work when a worker died, and once more, may be what kills. Tried alone, it is known for certain.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Company:
    """Lets in many, or one alone; whoever waits to be alone is let in before others."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._inside = 0
        self._want_alone = 0
        self._is_one_alone = False

    @contextmanager
    def among_others(self) -> Iterator[None]:
        """Waits while one is alone or waits to be."""
        with self._changed:
            self._changed.wait_for(lambda: not self._is_one_alone and not self._want_alone)
            self._inside += 1
        try:
            yield
        finally:
            with self._changed:
                self._inside -= 1
                self._changed.notify_all()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Waits until nobody else is inside, and keeps everybody out."""
        with self._changed:
            self._want_alone += 1
            self._changed.wait_for(lambda: not self._is_one_alone and not self._inside)
            self._want_alone -= 1
            self._is_one_alone = True
        try:
            yield
        finally:
            with self._changed:
                self._is_one_alone = False
                self._changed.notify_all()
