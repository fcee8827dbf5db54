"""Real sockets: what a server does to a connection, and what may be concluded from it."""

import datetime
import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from errors import OutcomeUnknown, ZohoUnavailable
from zoho.protocol import create, freeze, read
from zoho.transport import Exchange, NoAnswer, NotSent, Transport, check_url

LOOPBACK = ip_address("127.0.0.1")
OK = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n{"code": 0}'
FROZEN = freeze({"reference_number": "#1001"})
LIMIT = 0.6
LATEST = 3.0  # what a busy machine may add


@pytest.fixture
def client_of(make_client, responses, tokens_flow):
    """A client whose calls go to a real socket, while its token comes from a canned answer."""

    def make(server_url, **changes):
        tokens_flow()
        responses.add_passthru(server_url)
        return make_client(api_url=server_url, **changes)

    return make


def answer_ok(connection, number):
    connection.sendall(OK)


def reset(connection, number):
    linger_no_time = b"\x01\x00\x00\x00\x00\x00\x00\x00"
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_no_time)
    connection.close()


def answer_after(seconds, connection):
    threading.Event().wait(seconds)
    connection.sendall(OK)


def drip(start: bytes, drops: bytes) -> Callable[[socket.socket, int], None]:
    def answer(connection, number):
        connection.sendall(start)
        for drop in drops * 100:
            threading.Event().wait(0.05)
            connection.sendall(bytes([drop]))

    return answer


SLOW = {
    "silence": drip(b"", b""),
    "a dripping status line": drip(b"", b"HTTP/1.1 2"),
    "dripping headers": drip(b"HTTP/1.1 200 OK\r\n", b"X-Slow: x\r\n"),
    "a dripping body": drip(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n", b" " * 40),
    "a dripping body that ends with the connection": drip(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", b" " * 40),
    "dripping chunks": drip(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
}


@pytest.mark.parametrize("slowness", SLOW.values(), ids=SLOW)
def test_no_slowness_of_the_server_outlasts_the_limit(serve, slowness):
    server = serve(slowness)
    started = time.monotonic()

    with pytest.raises(NoAnswer):
        Transport().send("POST", server.url, seconds=LIMIT, headers={}, body="{}")

    assert LIMIT <= time.monotonic() - started < LATEST


def test_the_limit_holds_on_tls_too(serve, monkeypatch, tmp_path):
    authority, context = certify(tmp_path)
    monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", authority)
    fast, slow = serve(answer_ok, context), serve(SLOW["dripping headers"], context)
    transport = Transport()
    started = time.monotonic()

    assert transport.send("GET", fast.url, seconds=5, headers={}).body == b'{"code": 0}'
    with pytest.raises(NoAnswer):
        transport.send("POST", slow.url, seconds=LIMIT, headers={}, body="{}")

    assert time.monotonic() - started < LATEST


def test_a_certificate_of_nobodys_is_refused_before_anything_is_sent(serve, tmp_path, monkeypatch):
    authority, context = certify(tmp_path)
    server = serve(answer_ok, context)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", authority)

    with pytest.raises(NotSent):
        Transport().send("POST", server.url, seconds=LIMIT, headers={}, body="{}")

    assert server.requests == []


def test_connections_are_kept_and_each_call_has_its_own_limit(serve):
    server = serve(lambda connection, number: answer_after(0.8 if number == 3 else 0, connection))
    transport = Transport()

    for seconds in (0.5, 0.5, 5):
        transport.send("GET", server.url, seconds=seconds, headers={})

    assert (server.connections, len(server.requests)) == (1, 3)


def test_cookies_are_not_kept(serve):
    server = serve(lambda connection, number: connection.sendall(OK.replace(b"\r\n", b"\r\nSet-Cookie: a=b\r\n", 1)))
    transport = Transport()

    for _ in range(2):
        transport.send("GET", server.url, seconds=LIMIT, headers={})

    assert b"cookie" not in server.requests[1].lower()


def test_a_refused_connection_means_nothing_was_done(client_of):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"

    with pytest.raises(ZohoUnavailable, match="could not be reached"):
        client_of(url).call(create("/invoices", FROZEN))


def test_an_unknown_host_means_nothing_was_done(monkeypatch):
    def resolve(*args):
        raise socket.gaierror

    monkeypatch.setattr("socket.getaddrinfo", resolve)

    with pytest.raises(NotSent):
        Transport().send("POST", "https://zoho.invalid/", seconds=LIMIT, headers={}, body="{}")


def test_a_connection_that_is_ready_too_late_sends_nothing():
    exchange = Exchange(0)

    with socket.socket() as connected, pytest.raises(TimeoutError):
        exchange.begin(connected)

    assert isinstance(exchange.failure(TimeoutError()), NotSent)


@pytest.mark.parametrize("answer", [reset, SLOW["silence"], lambda connection, number: connection.close()])
def test_a_write_without_an_answer_is_unknown_and_is_not_repeated(serve, client_of, answer):
    server = serve(answer)

    with pytest.raises(OutcomeUnknown):
        client_of(server.url, timeout_seconds=LIMIT).call(create("/invoices", FROZEN))

    assert len(server.requests) == 1


def test_what_was_not_delivered_when_a_call_is_over_never_is():
    body = "x" * 60_000
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # so most of it waits on our side
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with pytest.raises(NoAnswer):
            Transport().send("POST", url, seconds=LIMIT, headers={}, body=body)
        connection, _ = listener.accept()

        assert received(connection) < len(body)


def received(connection) -> int:
    """How many bytes arrive until the connection ends in either way."""
    count = 0
    with connection, suppress(OSError):
        while part := connection.recv(65_536):
            count += len(part)
    return count


def test_a_read_without_an_answer_changed_nothing(serve, client_of):
    server = serve(reset)

    with pytest.raises(ZohoUnavailable):
        client_of(server.url).call(read("/invoices"))


def test_a_kept_connection_that_closes_on_the_second_write_leaves_it_unknown(serve, client_of):
    server = serve(lambda connection, number: answer_ok(connection, number) if number == 1 else connection.close())
    client = client_of(server.url)
    client.call(create("/invoices", FROZEN))

    with pytest.raises(OutcomeUnknown):
        client.call(create("/invoices", FROZEN))

    assert (server.connections, len(server.requests)) == (1, 2)


def test_an_answer_cut_short_is_unknown(serve, client_of):
    def half(connection, number):
        connection.sendall(OK[:-3])
        connection.close()

    with pytest.raises(OutcomeUnknown):
        client_of(serve(half).url).call(create("/invoices", FROZEN))


def test_no_message_holds_an_address(serve, client_of):
    server = serve(reset)

    with pytest.raises(ZohoUnavailable) as caught:
        list(client_of(server.url).rows("/contacts", email="jane@example.com"))

    assert "jane" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("url", ["http://zohoapis.com/books", "ftp://127.0.0.1/", "http://127.0.0.1.example/", ""])
def test_only_https_and_this_machine_are_called(url):
    with pytest.raises(ValueError, match="https only"):
        check_url(url)


@pytest.mark.parametrize(
    "url", ["https://zohoapis.com/books", "http://127.0.0.1:8099/x", "http://localhost", "http://[::1]:1"]
)
def test_a_sandbox_on_this_machine_may_be_called_plainly(url):
    assert check_url(url) == url


def certify(folder) -> tuple[str, ssl.SSLContext]:
    """A certificate for 127.0.0.1 that only its own file vouches for; that file, and the server's side of it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(LOOPBACK)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    public, private = folder / "certificate.pem", folder / "key.pem"
    public.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    return str(public), context
