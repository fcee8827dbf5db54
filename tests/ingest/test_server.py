"""The server under the application: bodies arrive in time or are refused, whatever they hold up meanwhile."""

import asyncio
import io
import json

import pytest
from flask import Flask, request

from ingest import server
from ingest.server import Server, environ


class Request:
    """A request as granian describes it."""

    method = "POST"
    path = "/hooks/sh%6Fpify"
    query_string = "a=1"
    scheme = "http"
    http_version = "1.1"
    client = "203.0.113.9:4711"

    def __init__(self, headers: dict[str, str]) -> None:
        self.headers = headers


class Wire:
    """The body in parts, the answer as it was given."""

    def __init__(self, *parts: bytes, stalls: bool = False) -> None:
        self._parts = parts
        self._stalls = stalls
        self.answer: tuple[int, dict[str, str], bytes] | None = None

    async def __aiter__(self):
        for part in self._parts:
            yield part
        if self._stalls:
            await asyncio.Event().wait()

    def response_bytes(self, status, headers, body):
        self.answer = (status, dict(headers), body)


@pytest.fixture
def served() -> Server:
    app = Flask("test")

    @app.post("/hooks/<name>")
    def echo(name):
        told = {"name": name, "length": len(request.get_data()), "query": request.args, "from": request.remote_addr}
        return {**told, "odd": request.headers.get("X-Odd-Name")}

    return Server(app, most=10, threads=2)


def ask(served: Server, wire: Wire, **headers: str):
    asyncio.run(served.__rsgi__(Request(headers), wire))
    assert wire.answer is not None
    status, _, body = wire.answer
    return status, json.loads(body)


def test_the_application_sees_the_request_as_it_came(served):
    status, told = ask(served, Wire(b"abc", b"de"), **{"content-length": "5"})

    assert (status, told["name"], told["length"]) == (200, "shopify", 5)
    assert (told["query"], told["from"]) == ({"a": "1"}, "203.0.113.9")


def test_a_body_without_a_length_arrives_whole(served):
    status, told = ask(served, Wire(b"abc", b"de"), **{"transfer-encoding": "chunked"})

    assert (status, told["length"]) == (200, 5)


def test_a_body_beyond_the_limit_is_cut_off_one_byte_later(served):
    _, told = ask(served, Wire(b"x" * 8, b"x" * 8, b"x" * 8), **{"transfer-encoding": "chunked"})

    assert told["length"] == 11


def test_a_body_that_says_it_is_too_large_is_not_read():
    request = environ(Request({"content-length": "11"}), b"")

    assert request["CONTENT_LENGTH"] == "11"
    assert isinstance(request["wsgi.input"], io.BytesIO)


def test_a_body_that_does_not_arrive_in_time_is_refused(served, monkeypatch):
    monkeypatch.setattr(server, "BODY_SECONDS", 0.05)

    status, told = ask(served, Wire(b"a", stalls=True), **{"content-length": "10"})

    assert (status, told["error"]["code"]) == (408, "too_slow")


def test_stalled_bodies_hold_nobody_up(served, monkeypatch):
    monkeypatch.setattr(server, "BODY_SECONDS", 60)

    async def serve():
        stalled = [
            asyncio.create_task(served.__rsgi__(Request({"content-length": "9"}), Wire(b"a", stalls=True)))
            for _ in range(200)
        ]
        wire = Wire(b"ok")
        await asyncio.wait_for(served.__rsgi__(Request({"content-length": "2"}), wire), 30)
        for task in stalled:
            task.cancel()
        return wire.answer

    status, _, _ = asyncio.run(serve())
    assert status == 200


def test_a_header_with_an_underscore_does_not_pass_for_another(served):
    _, told = ask(served, Wire(b""), **{"x_odd_name": "forged"})

    assert told["odd"] is None


@pytest.mark.parametrize("length", ["-1", "abc", "9" * 30, "", "٣"])
def test_a_length_that_is_no_number_is_not_believed(served, length):
    _, told = ask(served, Wire(b"abc"), **{"content-length": length})

    assert told["length"] == 3
