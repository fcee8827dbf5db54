"""A server of files, kind and unkind, on this machine."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.serving import serving

PDF = b"%PDF-1.7\n" + b"receipt " * 40


@dataclass
class FileServer:
    """Serves `files` by path; `answers` are statuses instead, `unkind` is what is done to a path."""

    origin: str = ""
    files: dict[str, bytes] = field(default_factory=lambda: {"/receipt.pdf": PDF})
    answers: dict[str, int] = field(default_factory=dict)
    unkind: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    credentials: list[str | None] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)


def handler_of(server: FileServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server.asked.append(self.path)
            server.credentials.append(self.headers.get("Authorization"))
            path = self.path.partition("?")[0]
            content = server.files.get(path, PDF)
            status = server.answers.get(path, 200)
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", f"{server.origin}/receipt.pdf")
            if server.unkind.get(path) != "no_length":
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.give(content, server.unkind.get(path))

        def give(self, content: bytes, unkindness: str | None) -> None:
            if unkindness == "cut":
                self.wfile.write(content[:20])
            elif unkindness in ("drip", "no_length"):
                for byte in content:
                    self.wfile.write(bytes([byte]))
                    if server.ended.wait(0.05):
                        return
            else:
                self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

    return Handler


@contextmanager
def served_files() -> Iterator[FileServer]:
    """A running server; it ends with the block."""
    server = FileServer()
    http = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(server))
    http.daemon_threads = True
    server.origin = f"http://127.0.0.1:{http.server_port}"
    with serving(http):
        try:
            yield server
        finally:
            server.ended.set()
