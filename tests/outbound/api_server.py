"""A server that answers as it is told to, kind or not, on this machine."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TypeVar

from tests.serving import serving


@dataclass(frozen=True)
class Reply:
    """One answer; `pace` is how it comes: whole, byte by byte ("drip"), cut short ("cut") or without an end."""

    body: bytes = b"{}"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    pace: str = "whole"


@dataclass
class ApiServer:
    """Gives its replies in turn, the last one again and again; `asked` are paths with queries and headers."""

    origin: str = ""
    replies: list[Reply] = field(default_factory=lambda: [Reply()])
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    def reply_to(self, target: str, headers: dict[str, str]) -> Reply:
        """What a GET of the path and query is answered; the header names are in lower case."""
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]

    def pieces(self, reply: Reply) -> Iterator[bytes]:
        """The body, piece by piece, until the server ends."""
        if reply.pace == "drip":
            for byte in reply.body:
                yield bytes([byte])
                if self.ended.wait(0.05):
                    return
        elif reply.pace == "endless":
            while not self.ended.is_set():
                yield reply.body * 10000
        else:
            yield reply.body[: len(reply.body) // 2] if reply.pace == "cut" else reply.body


def handler_of(server: ApiServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            server.asked.append((self.path, headers))
            reply = server.reply_to(self.path, headers)
            self.send_response(reply.status)
            for name, value in {"Content-Type": "application/json", **reply.headers}.items():
                self.send_header(name, value)
            if reply.pace != "endless":
                self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            try:
                self.wfile.writelines(server.pieces(reply))
            except OSError:  # whoever asked has heard enough
                self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

    return Handler


Server = TypeVar("Server", bound=ApiServer)


@contextmanager
def served_api(kind: type[Server] = ApiServer) -> Iterator[Server]:
    """A running server of a kind; it ends with the block."""
    server = kind()
    http = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(server))
    http.daemon_threads = True
    server.origin = f"http://127.0.0.1:{http.server_port}"
    with serving(http):
        try:
            yield server
        finally:
            server.ended.set()
