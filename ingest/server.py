"""The WSGI application on granian's event loop: a body is read there, within a time, before the application is called.

A server that reads bodies in its worker threads can be held up by a few dozen connections that send nothing; here they
cost a little memory for as long as BODY_SECONDS, and hold up nobody. The application is called on the event loop, too:
to hand a request to a thread and back takes longer than to answer it. Only while an answer may take long, threads are
taken, so that those who wait do so together.
"""

import asyncio
import io
import json
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Protocol
from urllib.parse import unquote_to_bytes

from errors import TooSlow
from ingest.gathering import Gathering

BODY_SECONDS = 10.0
WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Scope(Protocol):
    """What granian tells of a request (RSGI 1.x)."""

    method: str
    path: str
    query_string: str
    scheme: str
    http_version: str
    client: str
    headers: Mapping[str, str]


class Exchange(Protocol):
    """Granian's side of a request: its body, whole or in parts, and the answer."""

    async def __call__(self) -> bytes: ...

    def __aiter__(self) -> AsyncIterator[bytes]: ...

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None: ...


class Server:
    """Runs a WSGI application; bodies beyond `most` bytes are cut off one byte later.

    Those called on the event loop record with the `gathering`. Whenever it `may_take_long`, the application is called
    in one of `threads` threads.
    """

    def __init__(
        self, app: WsgiApp, gathering: Gathering, *, most: int, threads: int, may_take_long: Callable[[], bool]
    ) -> None:
        self._app = app
        self._gathering = gathering
        self._most = most
        self._may_take_long = may_take_long
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="web")

    async def __rsgi__(self, scope: Scope, exchange: Exchange) -> None:
        """Answers one request."""
        try:
            body = await self._read(scope, exchange)
        except TooSlow as refusal:
            answer = json.dumps({"error": {"code": refusal.code, "message": refusal.message}}).encode()
            headers = [("content-type", "application/json"), ("connection", "close")]
            exchange.response_bytes(refusal.status, headers, answer)
            return
        request = environ(scope, body)
        if self._may_take_long():
            loop = asyncio.get_running_loop()
            exchange.response_bytes(*await loop.run_in_executor(self._pool, self._call, request))
        else:
            exchange.response_bytes(*await self._gathering.run(partial(self._call, request)))

    async def _read(self, scope: Scope, exchange: Exchange) -> bytes:
        """The body; empty when it says itself that it is too large, since it is refused unread."""
        announced = _announced(scope.headers)
        if announced > self._most:
            return b""
        body = bytearray()
        try:
            async with asyncio.timeout(BODY_SECONDS):
                if announced:  # then HTTP lets no more arrive
                    return await exchange()
                async for part in exchange:
                    body += part
                    if len(body) > self._most:
                        break
        except TimeoutError:
            raise TooSlow(f"The body did not arrive within {BODY_SECONDS:.0f} seconds.") from None
        return bytes(body[: self._most + 1])

    def _call(self, request: dict[str, Any]) -> tuple[int, list[tuple[str, str]], bytes]:
        started: list[tuple[int, list[tuple[str, str]]]] = []

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
            started[:] = [(int(status.split()[0]), [(name.lower(), value) for name, value in headers])]

        answer = b"".join(self._app(request, start_response))
        return *started[0], answer


def environ(scope: Scope, body: bytes) -> dict[str, Any]:
    """The WSGI environment of a request whose body is at hand (PEP 3333: texts are Latin-1)."""
    announced = _announced(scope.headers)
    request = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(scope.path).decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "SERVER_NAME": "bookhook",
        "SERVER_PORT": "0",
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": scope.client.rpartition(":")[0],
        "CONTENT_LENGTH": str(max(announced, len(body))),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in scope.headers.items():
        key = name.upper().replace("-", "_")
        if key == "CONTENT_TYPE":
            request[key] = value
        elif key not in ("CONTENT_LENGTH", "TRANSFER_ENCODING") and "_" not in name:  # x_y could pass for x-y
            request[f"HTTP_{key}"] = value
    return request


def _announced(headers: Mapping[str, str]) -> int:
    length = headers.get("content-length") or ""
    return int(length) if length.isascii() and length.isdigit() and len(length) < 19 else 0
