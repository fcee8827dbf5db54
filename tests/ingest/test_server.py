"""The server under the application: bodies arrive in time or are refused, whatever they hold up meanwhile."""

import asyncio
import io
import json
import threading

import pytest
from flask import Flask, request

from ingest import server
from ingest.gathering import Gathering
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

    async def __call__(self):
        return b"".join([part async for part in self])

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

    return serving(app)


def serving(app, *, may_take_long: bool = False) -> Server:
    return Server(app, Gathering(list), most=10, threads=2, may_take_long=lambda: may_take_long)


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


def test_calls_are_made_where_bodies_are_read_unless_they_may_take_long():
    called_in = []

    def app(request, start_response):
        called_in.append(threading.current_thread() is threading.main_thread())
        start_response("200 OK", [])
        return [b"{}"]

    ask(serving(app), Wire(b""))
    ask(serving(app, may_take_long=True), Wire(b""))

    assert called_in == [True, False]


def test_calls_that_may_take_long_do_so_together_and_hold_nobody_up():
    both_are_here = threading.Barrier(2)

    def app(request, start_response):
        both_are_here.wait(30)
        start_response("200 OK", [])
        return [b"{}"]

    async def serve():
        served, wires = serving(app, may_take_long=True), [Wire(b""), Wire(b"")]
        await asyncio.gather(*(served.__rsgi__(Request({}), wire) for wire in wires))
        return [wire.answer[0] for wire in wires]

    assert asyncio.run(serve()) == [200, 200]


def test_a_header_with_an_underscore_does_not_pass_for_another(served):
    _, told = ask(served, Wire(b""), **{"x_odd_name": "forged"})

    assert told["odd"] is None


@pytest.mark.parametrize("length", ["-1", "abc", "9" * 30, "", "٣"])
def test_a_length_that_is_no_number_is_not_believed(served, length):
    _, told = ask(served, Wire(b"abc"), **{"content-length": length})

    assert told["length"] == 3
