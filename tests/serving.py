"""Servers of a test, in a thread of its process."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import BaseServer

# How soon a server notices that it is to end; half a second, as is usual, would be most of many a test.
POLL_SECONDS = 0.01


@contextmanager
def serving(server: BaseServer) -> Iterator[None]:
    """Serves until the block ends, and closes the server."""
    thread = threading.Thread(target=server.serve_forever, args=(POLL_SECONDS,))
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
