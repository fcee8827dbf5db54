"""What may become a receipt, and fetching it from an address that a stranger gave."""

import socket
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.keys import Key
from outbound import Keeper, NotFetched, Outbound, ReceiptRefused, recognise
from outbound.fetching import fetch
from outbound.files import LONGEST_NAME, MOST_BYTES, TYPES
from outbound.pinned import is_public
from tests.outbound.files import PDF, FileServer, served_files

HERE = ("127.0.0.1",)


@pytest.fixture
def files() -> Iterator[FileServer]:
    with served_files() as server:
        yield server


def fetched(files: FileServer, path: str, **more):
    return Outbound(loopback_origins=[files.origin]).fetch_file(f"{files.origin}{path}", hosts=HERE, **more)


@pytest.mark.parametrize("extension", TYPES)
def test_every_type_zoho_takes_is_known_by_name_and_beginning(extension):
    media_type, beginnings = TYPES[extension]

    for beginning in beginnings:
        file = recognise(f"Taxi 14.{extension.upper()}", beginning + b"...")
        assert (file.name, file.media_type) == (f"Taxi 14.{extension.upper()}", media_type)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("receipt.exe", b"MZ...", "its name does not end in one of gif"),
        ("receipt", PDF, "its name does not end in one of"),
        ("pdf", PDF, "its name does not end in one of"),
        ("receipt.pdf", b"<html>", "its name says pdf, but"),
        ("receipt.png", PDF, "its name says png, but"),
        ("receipt.pdf", b"", "it is empty"),
        ("receipt.pdf", PDF + b"\0" * MOST_BYTES, "it is larger than 10 MB"),
    ],
)
def test_what_is_no_such_file_is_refused_with_the_reason(name, content, reason):
    with pytest.raises(ReceiptRefused) as caught:
        recognise(name, content)

    assert reason in caught.value.message
    assert caught.value.code == "receipt_refused"


@given(st.text(max_size=300))
def test_a_name_never_leads_to_another_folder_and_never_breaks_a_header(name):
    plain = recognise(f"{name}.pdf", PDF).name

    assert not set(plain) & set('/\\"\r\n\0')
    assert plain.endswith(".pdf")
    assert len(plain) <= LONGEST_NAME


def test_a_file_is_fetched_whole(files):
    file = fetched(files, "/receipt.pdf?signed=1")

    assert (file.name, file.content, file.media_type) == ("receipt.pdf", PDF, "application/pdf")
    assert files.asked == ["/receipt.pdf?signed=1"]


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("https://files.example.net/receipt.pdf", "not among the connection's"),
        ("https://files.example.com.evil.example/receipt.pdf", "not among the connection's"),
        ("https://files.example.com@evil.example/receipt.pdf", "not among the connection's"),
        ("http://files.example.com/receipt.pdf", "not a plain https://"),
        ("https://files.example.com:8443/receipt.pdf", "not a plain https://"),
        ("https://user:pass@files.example.com/receipt.pdf", "not a plain https://"),
        ("ftp://files.example.com/receipt.pdf", "not a plain https://"),
        ("file:///etc/passwd", "not among the connection's"),
        ("https://127.0.0.1/receipt.pdf", "not on the public internet"),
        ("https://169.254.169.254/receipt.pdf", "not on the public internet"),
        ("https://10.0.0.1/receipt.pdf", "not on the public internet"),
        ("http://127.0.0.1:1/receipt.pdf", "not a plain https://"),
        ("", "not among the connection's"),
        ("https://[::1", "cannot be read"),
    ],
)
def test_an_address_that_is_not_allowed_is_never_called(url, reason):
    hosts = ("files.example.com", "127.0.0.1", "169.254.169.254", "10.0.0.1")

    with pytest.raises(ReceiptRefused) as caught:
        Outbound().fetch_file(url, hosts=hosts)

    assert reason in caught.value.message


def test_a_name_with_one_private_address_is_not_called_at_all(monkeypatch):
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, 443)) for ip in ("93.184.216.34", "192.168.0.7")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_more: found)

    with pytest.raises(ReceiptRefused, match="not on the public internet"):
        Outbound().fetch_file("https://files.example.com/receipt.pdf", hosts=["files.example.com"])


def test_exactly_the_address_that_was_checked_is_called(monkeypatch):
    """A name that answers differently the second time leads nowhere."""
    answers = iter([[(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", 443))]])
    called = []

    def connect(address, *_args, **_more):
        called.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_more: next(answers))
    monkeypatch.setattr("urllib3.util.connection.create_connection", connect)

    with pytest.raises(NotFetched):
        Outbound().fetch_file("https://files.example.com/receipt.pdf", hosts=["files.example.com"])
    assert called == [("93.184.216.34", 443)]


@pytest.mark.parametrize(
    ("address", "verdict"),
    [
        *(("8.8.8.8", True), ("2606:4700::1111", True)),
        *(("127.0.0.1", False), ("0.0.0.0", False), ("10.1.2.3", False), ("172.16.0.1", False)),  # noqa: S104
        *(("192.168.1.1", False), ("169.254.1.1", False), ("100.64.0.1", False), ("224.0.0.1", False)),
        *(("::1", False), ("fe80::1", False), ("fe80::1%eth0", False), ("fc00::1", False), ("::", False)),
        *(("fec0::1", False), ("::10.0.0.1", False), ("::ffff:0:10.0.0.1", False), ("5f00::1", False)),
        *(("192.0.0.8", False), ("::ffff:8.8.8.8", True)),
        *(("::ffff:10.0.0.1", False), ("64:ff9b::a00:1", False), ("2002:a00:1::", False), ("ff0e::1", False)),
    ],
)
def test_only_public_addresses_are_public(address, verdict):
    assert is_public(address) is verdict


@pytest.mark.parametrize(
    ("status", "error"),
    [
        *((302, ReceiptRefused), (404, ReceiptRefused), (403, ReceiptRefused), (204, ReceiptRefused)),
        *((500, NotFetched), (503, NotFetched), (429, NotFetched)),
    ],
)
def test_an_answer_that_is_no_file_is_refused_or_tried_again_and_never_followed(files, status, error):
    files.answers["/receipt.pdf"] = status

    with pytest.raises(error) as caught:
        fetched(files, "/receipt.pdf")

    assert str(status) in caught.value.message
    assert len(files.asked) == 1


def test_a_file_that_is_too_large_is_not_read_to_its_end(files):
    files.files["/receipt.pdf"] = PDF * 1000

    with pytest.raises(ReceiptRefused, match="larger"):
        fetched(files, "/receipt.pdf", most_bytes=1000)


def test_a_file_that_breaks_off_is_tried_again(files):
    files.unkind["/receipt.pdf"] = "cut"

    with pytest.raises(NotFetched):
        fetched(files, "/receipt.pdf")


@pytest.mark.parametrize("unkindness", ["drip", "no_length"])
def test_a_file_that_trickles_in_is_cut_off_in_time(files, unkindness):
    files.unkind["/receipt.pdf"] = unkindness
    begun = time.monotonic()

    with pytest.raises(NotFetched):
        fetch(
            f"{files.origin}/receipt.pdf",
            hosts=HERE,
            keepers={},
            most_bytes=MOST_BYTES,
            loopback_origins=[files.origin],
            seconds=0.3,
        )
    assert time.monotonic() - begun < 3


def test_this_machine_is_called_only_where_the_connection_lists_it(files):
    with pytest.raises(ReceiptRefused, match="not among"):
        Outbound(loopback_origins=[files.origin]).fetch_file(f"{files.origin}/receipt.pdf", hosts=["files.example.com"])
    assert files.asked == []


def keeper(files: FileServer, way: str = "bearer") -> dict[str, Keeper]:
    """A host that keeps files for whoever has the token; the file server stands for it."""
    key = Key(setting="FORMS_TOKEN", value="t0ken", way=way, name="token" if way == "query" else "")
    return {"api.forms.example": Keeper(keys=(key,), origin=files.origin)}


@pytest.mark.parametrize(
    ("way", "asked", "credential"),
    [
        ("bearer", "/receipt.pdf?inline=true", "Bearer t0ken"),
        ("query", "/receipt.pdf?inline=true&token=t0ken", None),
    ],
)
def test_a_host_of_the_senders_api_gets_its_credential_and_need_not_be_listed(files, way, asked, credential):
    url = "https://api.forms.example/receipt.pdf?inline=true"

    file = Outbound().fetch_file(url, hosts=[], keepers=keeper(files, way))

    assert (file.name, file.content) == ("receipt.pdf", PDF)
    assert (files.asked, files.credentials) == ([asked], [credential])


def test_no_other_host_gets_the_credential(files):
    fetched(files, "/receipt.pdf", keepers=keeper(files))

    assert files.credentials == [None]


@pytest.mark.parametrize(
    "url",
    [
        "http://api.forms.example/receipt.pdf",
        "https://api.forms.example:8443/receipt.pdf",
        "https://user@api.forms.example/receipt.pdf",
        "https://api.forms.example.evil.example/receipt.pdf",
        "https://evil.example/@api.forms.example/receipt.pdf",
    ],
)
def test_an_address_that_only_looks_like_that_host_is_never_called(files, url):
    with pytest.raises(ReceiptRefused):
        Outbound().fetch_file(url, hosts=[], keepers=keeper(files))

    assert files.asked == []


def test_a_credential_that_may_not_read_the_file_is_told_by_its_setting(files):
    files.answers["/receipt.pdf"] = 403

    with pytest.raises(ReceiptRefused, match="answered with 403: FORMS_TOKEN may not read it") as caught:
        Outbound().fetch_file("https://api.forms.example/receipt.pdf", hosts=[], keepers=keeper(files))
    assert "t0ken" not in caught.value.message


def test_a_host_of_the_senders_api_must_be_public_as_any(monkeypatch):
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.1", 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_more: found)

    with pytest.raises(ReceiptRefused, match="not on the public internet"):
        Outbound().fetch_file("https://api.forms.example/a.pdf", hosts=[], keepers={"api.forms.example": Keeper()})


def test_an_error_never_names_the_address(files):
    files.answers["/secret-path.pdf"] = 404

    with pytest.raises(ReceiptRefused) as caught:
        fetched(files, "/secret-path.pdf")

    assert "secret-path" not in f"{caught.value.message} {caught.value.remedy}"
