"""What only shows on a real socket: connections, resets, held answers, and many callers at once."""

import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

import sandbox
from sandbox.server import KeepAliveHandler


def wait_until(is_so: Callable[[], bool]) -> None:
    """Ask until it is so; the test fails after 2,000 answers."""
    assert any(is_so() for _ in range(2_000))


def test_connections_are_kept_alive_across_answers_of_every_kind(served: Any) -> None:
    host, port = served.base.removeprefix("http://").split(":")
    request = "GET {} HTTP/1.1\r\nHost: x\r\n\r\n"

    with socket.create_connection((host, int(port)), timeout=5) as connection, connection.makefile("rb") as answers:
        seen = []
        for path in ("/", "/nowhere", "/static/sandbox.css", "/books/v3/items", "/_sandbox/faults"):
            connection.sendall(request.format(path).encode())
            seen.append(int(answers.readline().split()[1]))
            headers = dict(line.decode().strip().lower().split(": ", 1) for line in iter(answers.readline, b"\r\n"))
            answers.read(int(headers["content-length"]))

    assert seen == [200, 404, 200, 401, 200]


def test_a_chunked_body_is_read(served: Any) -> None:
    response = served.call(
        "POST",
        "/contacts",
        data=iter([b'{"contact_', b'name": "Ann"}']),
        headers={"Content-Type": "application/json"},
    )

    assert response.status_code == 201


@pytest.mark.parametrize(("action", "saved"), [("reset", 0), ("reset_after_saving", 1)])
def test_a_reset_connection_breaks_off_without_an_answer(served: Any, action: str, saved: int) -> None:
    served.control("faults", {"on": "POST /contacts", "do": action})

    with pytest.raises(requests.ConnectionError) as broken:
        served.call("POST", "/contacts", json={"contact_name": "Ann"})

    assert "reset by peer" in str(broken.value)
    assert len(served.records()["contacts"]) == saved
    assert served.call("POST", "/contacts", json={"contact_name": "Ben"}).status_code == 201


def test_a_timeout_after_saving_keeps_the_record_and_withholds_the_answer(served: Any) -> None:
    served.control("faults", {"on": "POST /contacts", "do": "timeout_after_saving", "seconds": 60})

    with pytest.raises(requests.ReadTimeout):
        served.call("POST", "/contacts", json={"contact_name": "Ann"}, timeout=0.2)

    wait_until(lambda: [contact["contact_name"] for contact in served.records()["contacts"]] == ["Ann"])


def test_a_save_after_timeout_saves_late(served: Any) -> None:
    served.control("faults", {"on": "POST /contacts", "do": "save_after_timeout", "seconds": 1})

    with pytest.raises(requests.ReadTimeout):
        served.call("POST", "/contacts", json={"contact_name": "Ann"}, timeout=0.1)

    assert served.records()["contacts"] == []
    wait_until(lambda: len(served.records()["contacts"]) == 1)


def test_a_held_answer_comes_in_the_end_and_holds_up_nobody_else(served: Any) -> None:
    served.control("faults", {"on": "POST /contacts", "do": "timeout_after_saving", "seconds": 1})

    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(served.call, "POST", "/contacts", json={"contact_name": "Ann"})
        wait_until(lambda: len(served.records()["contacts"]) == 1)
        assert served.call("GET", "/contacts").status_code == 200
        assert not held.done()
        assert held.result(timeout=5).status_code == 201


def test_a_reset_of_the_sandbox_drops_what_was_being_held(served: Any) -> None:
    served.control("faults", {"on": "POST /contacts", "do": "save_after_timeout", "seconds": 60})

    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(served.call, "POST", "/contacts", json={"contact_name": "Ann"})
        wait_until(lambda: "POST /contacts" in served.records()["calls"])
        served.control("reset")
        with pytest.raises(requests.ConnectionError):
            held.result(timeout=5)

    assert served.records()["contacts"] == []


def test_calls_in_flight_are_counted_while_they_are_held(served: Any) -> None:
    served.control("limits", {"concurrent": 1})
    served.control("faults", {"on": "POST /contacts", "do": "timeout_after_saving", "seconds": 60})

    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(served.call, "POST", "/contacts", json={"contact_name": "Ann"})
        wait_until(lambda: len(served.records()["contacts"]) == 1)
        refused = served.call("GET", "/items")
        served.control("reset")
        with pytest.raises(requests.ConnectionError):
            held.result(timeout=5)

    assert (refused.status_code, refused.json()["code"]) == (429, 1070)


def test_many_callers_at_once_get_one_contact_and_a_number_each(served: Any) -> None:
    with ThreadPoolExecutor(8) as pool:
        created = [*pool.map(lambda _: served.call("POST", "/contacts", json={"contact_name": "Ann"}), range(16))]
        customer = next(r.json()["contact"]["contact_id"] for r in created if r.status_code == 201)
        body = {"customer_id": customer, "line_items": [{"name": "Shirt", "rate": 10}]}
        invoices = [*pool.map(lambda _: served.call("POST", "/invoices", json=body).json()["invoice"], range(32))]

    assert sorted(response.status_code for response in created) == [201] + [400] * 15
    assert sorted(invoice["invoice_number"] for invoice in invoices) == [f"INV-{n:06}" for n in range(1, 33)]
    assert served.records()["calls"]["POST /invoices"] == 32


def test_a_taken_port_is_an_error_that_can_be_caught(served: Any) -> None:
    with pytest.raises(OSError, match="in use"):
        sandbox.make_server("127.0.0.1", int(served.base.rpartition(":")[2]))


def test_a_connection_that_is_kept_and_not_used_is_closed_without_a_word(
    monkeypatch: pytest.MonkeyPatch, served: Any, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(KeepAliveHandler, "timeout", 0.05)
    host, port = served.base.removeprefix("http://").split(":")

    with socket.create_connection((host, int(port)), timeout=5) as connection:
        assert connection.recv(1) == b""

    assert caplog.records == []
