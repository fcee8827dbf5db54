"""Serves the sandbox on a socket: a thread per connection, HTTP/1.1 with connections kept alive.

Werkzeug's own handler closes every connection; this one reads the whole request and writes the whole answer, with
its length, so that the next request can follow. A fault may cut the connection meanwhile (`gate.reset_connection`).
"""

import socket
import time
from collections.abc import Callable
from io import BytesIO
from typing import Any

from werkzeug.serving import BaseWSGIServer, ThreadedWSGIServer, WSGIRequestHandler
from werkzeug.test import run_wsgi_app

from sandbox.app import create_app

IDLE_SECONDS = 120
BACKLOG = 128


class KeepAliveHandler(WSGIRequestHandler):
    """One connection: requests one after the other until the client, or a fault, closes it."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = IDLE_SECONDS

    def run_wsgi(self) -> None:
        environ = self.make_environ()
        length = None if environ.get("wsgi.input_terminated") else int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(-1 if length is None else length)
        environ |= {"wsgi.input": BytesIO(body), "wsgi.input_terminated": True}
        chunks, status, headers = run_wsgi_app(self.server.app, environ, buffered=True)
        if self.connection.fileno() == -1:
            self.close_connection = True
            return
        self._answer(status, [*headers], b"".join(chunks))

    def _answer(self, status: str, headers: list[tuple[str, str]], body: bytes) -> None:
        code, _, reason = status.partition(" ")
        self.send_response(int(code), reason)
        for name, value in headers:
            self.send_header(name, value)
        if not any(name.lower() == "content-length" for name, _ in headers):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing: what came in is on the sandbox's own page."""

    def log_error(self, format: str, *args: Any) -> None:
        """Say nothing of a connection that was kept and not used any more."""
        if not any(isinstance(each, TimeoutError) for each in args):
            super().log_error(format, *args)


def make_server(
    host: str = "127.0.0.1",
    port: int = 8099,
    *,
    clock: Callable[[], float] = time.time,
    seed: int = 0,
) -> BaseWSGIServer:
    """A sandbox bound to its port (0 takes a free one, see `.server_port`); run its `serve_forever()`.

    OSError if the port is taken.
    """
    app = create_app(clock=clock, seed=seed)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, port), family=family, backlog=BACKLOG) as listener:
        server = ThreadedWSGIServer(host, port, app, KeepAliveHandler, fd=listener.fileno())
    server.server_name, server.server_port = host, server.port
    return server
