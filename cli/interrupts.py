"""Being asked to stop, by Ctrl-C, SIGTERM or a terminal that is closed: all alike, once, and not at a bad moment."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


def interrupt_once() -> None:
    """Has the first wish to stop raise KeyboardInterrupt; further ones are ignored, so that all can be undone.

    For the main thread and the rest of the process. Under nohup the terminal may go away.
    """
    for number in SIGNALS:
        if number == signal.SIGINT or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _interrupt)


def ignore_interrupts() -> None:
    """From here on nothing can be interrupted; for what must be undone completely."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Holds a wish to stop back until the end of the context, which should be short."""
    wishes: list[int] = []
    before = {number: signal.signal(number, lambda number, frame: wishes.append(number)) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for number in wishes[:1]:
            signal.raise_signal(number)


def _interrupt(number: int, frame: FrameType | None) -> None:
    ignore_interrupts()
    raise KeyboardInterrupt
