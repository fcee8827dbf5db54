"""An event may come with files: one part is the event, those with a file name are files, byte for byte."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from errors import Unreadable
from mappings import Received

HEADERS = {"Content-Type": "multipart/form-data; boundary=frontier"}
EVENT = b'Content-Disposition: form-data; name="event"\r\n\r\n{"id": 7}'


def file(content=b"%PDF-1.4", name='name="receipt"; filename="lunch.pdf"'):
    return b"Content-Disposition: form-data; " + name.encode() + b"\r\nContent-Type: application/pdf\r\n\r\n" + content


def body(*parts):
    return b"".join(b"--frontier\r\n" + part + b"\r\n" for part in parts) + b"--frontier--\r\n"


def test_the_part_called_event_is_the_event_and_the_others_are_files():
    request = Received(body(EVENT, file()), HEADERS)

    assert request.root == {"id": 7}
    assert [(name, each.name, each.content) for name, each in request.files.items()] == [
        ("receipt", "lunch.pdf", b"%PDF-1.4")
    ]


def test_an_event_may_have_a_file_name_itself_and_a_field_without_one_is_left_aside():
    event = EVENT.replace(b'"event"', b'"event"; filename="event.json"')
    field = b'Content-Disposition: form-data; name="note"\r\n\r\nhello'
    request = Received(body(field, event), HEADERS)

    assert (request.root, request.files) == ({"id": 7}, {})


def test_nothing_but_such_a_body_has_files():
    assert Received(b"{}", {"Content-Type": "application/json"}).files == {}


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ('filename="lunch.pdf"', "lunch.pdf"),
        ('filename="/home/jo/lunch.pdf"', "lunch.pdf"),
        ('filename="C:\\\\receipts\\\\lunch.pdf"', "lunch.pdf"),
        ("filename*=utf-8''d%C3%A9jeuner.pdf", "déjeuner.pdf"),
        ('filename="déjeuner.pdf"', "déjeuner.pdf"),
        ('filename="a\tb.pdf"', "a b.pdf"),
        ('filename="../.."', ".."),
        (f'filename="{"a" * 200}.pdf"', "a" * 96 + ".pdf"),
    ],
)
def test_a_file_is_called_without_its_folders_and_keeps_its_ending(given, name):
    [found] = Received(body(EVENT, file(name=f'name="receipt"; {given}')), HEADERS).files.values()

    assert found.name == name


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "no end"),
        (b"--frontier--", "none of its parts is called event"),
        (body(file()), "none of its parts is called event"),
        (body(EVENT)[:-8], "no end"),
        (body(EVENT, EVENT), "the same name"),
        (body(EVENT, file(), file()), "the same name"),
        (body(EVENT, b"no head"), "no head"),
        (body(EVENT, b"X: " + b"x" * 5000 + b"\r\n\r\n"), "too long a head"),
        (body(EVENT, b"Content-Type: text/plain\r\n\r\nhello"), "no name"),
        (body(EVENT, b'Content-Disposition: attachment; name="a"\r\n\r\nhello'), "no name"),
        (body(EVENT, b'Content-Disposition: form-data; name="\xff"\r\n\r\nhello'), "cannot be read"),
        (body(EVENT, file(name='name="a"; filename*0=a; filename*=b')), "cannot be read"),
        (body(EVENT, file(name="name*0=a; name*=b")), "cannot be read"),
        (body(EVENT).replace(b"--frontier\r\n", b"--frontiers\r\n"), "begins like a boundary"),
        (body(EVENT, *(file(name=f'name="f{n}"; filename="f"') for n in range(60))), "more than 50 parts"),
        (body(EVENT.replace(b"7", b"")), "not JSON"),
        (body(EVENT.replace(b"7", b"\xff")), "not UTF-8"),
    ],
)
def test_a_body_that_is_not_what_it_says_is_unreadable(raw, reason):
    for ask in (lambda request: request.root, lambda request: request.files):
        with pytest.raises(Unreadable, match=reason):
            ask(Received(raw, HEADERS))


@pytest.mark.parametrize("content_type", ["multipart/form-data", "multipart/form-data; boundary=", "x"])
def test_a_body_without_a_boundary_is_unreadable(content_type):
    headers = {"Content-Type": content_type if "multi" in content_type else f"multipart/form-data; boundary={'b' * 71}"}

    with pytest.raises(Unreadable, match="no boundary"):
        _ = Received(body(EVENT), headers).root


def test_a_boundary_that_stands_there_twice_is_unreadable():
    headers = {"Content-Type": "multipart/form-data; boundary*0=frontier; boundary*=frontier"}

    with pytest.raises(Unreadable, match="content type cannot be read"):
        _ = Received(body(EVENT), headers).root


@given(st.binary(max_size=300).filter(lambda content: b"--frontier" not in content))
def test_a_file_arrives_byte_for_byte(content):
    assert Received(body(EVENT, file(content)), HEADERS).files["receipt"].content == content


def is_read_or_unreadable(request):
    try:
        return isinstance(request.files, dict)
    except Unreadable as error:
        return error.field == "body"


@settings(max_examples=200)
@given(st.data())
def test_a_spoiled_body_is_read_or_unreadable_and_never_worse(data):
    whole = body(EVENT, file())
    start, end = sorted(data.draw(st.tuples(*[st.integers(0, len(whole))] * 2)))
    spoiled = Received(whole[:start] + data.draw(st.binary(max_size=20)) + whole[end:], HEADERS)

    assert is_read_or_unreadable(spoiled)
