"""Signals that reach a waiting main thread, and processes that end with their parent.

The kernel may hand a signal to any thread, Python runs its handler in the main thread only, and a main thread that
waits for a lock is not woken for it: a server that waits like that may never notice that it was asked to stop.
"""

import os
import signal
import threading

NUDGE = signal.SIGURG  # ignored by default, and used by nobody else here
PARENT_SECONDS = 1.0


def wake_main_thread_on_signals() -> None:
    """Has every signal wake the main thread, which must be the caller; in each process anew."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.signal(NUDGE, lambda number, frame: None)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    main_thread = threading.get_ident()
    threading.Thread(target=_nudge, args=(reading, main_thread), name="signals", daemon=True).start()


def end_with_parent() -> None:
    """Asks this process to stop when its parent is gone, however that ended; a server without one serves nobody."""
    parent = os.getppid()
    threading.Thread(target=_watch, args=(parent,), name="parent", daemon=True).start()


def _nudge(reading: int, main_thread: int) -> None:
    while numbers := os.read(reading, 64):
        if set(numbers) - {NUDGE}:
            signal.pthread_kill(main_thread, NUDGE)


def _watch(parent: int) -> None:
    pause = threading.Event()
    while os.getppid() == parent:
        pause.wait(PARENT_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
