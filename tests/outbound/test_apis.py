"""Asking a sender's API: who is asked and how, and what becomes of every kind of answer."""

import base64
import dataclasses
import socket
import time
from collections.abc import Iterator

import pytest

from config.keys import Key
from errors import NeedsAttention
from outbound.apis import ApiCall, ApiLimited, ApiRefused, Apis, ApiUnavailable
from outbound.pace import Limit
from tests.outbound.api_server import ApiServer, Reply, served_api

SECRET = "sk_live_very_secret"
BEARER = Key(setting="SHOP_API_KEY", value=SECRET, way="bearer")


@pytest.fixture
def server() -> Iterator[ApiServer]:
    with served_api() as running:
        yield running


@pytest.fixture
def call(server) -> ApiCall:
    return ApiCall(
        what="line_items",
        host="api.shop.example",
        target="/v1/orders/1?limit=2",
        caller="event",
        keys=(BEARER,),
        headers={"Shop-Version": "2"},
        limit=Limit(100, 1),
        origin=server.origin,
    )


@pytest.fixture
def ask(server, call):
    """Asks with these changes, of a server that gives these replies."""

    def ask(*replies: Reply, seconds: float = 5, most_bytes: int = 1000, **changes: object):
        server.replies = list(replies) or [Reply()]
        return Apis(None, seconds=seconds, most_bytes=most_bytes).ask(dataclasses.replace(call, **changes))

    return ask


def test_the_answer_is_given_as_it_came(ask, server):
    answer = ask(Reply(b'{"total": 1.10}', headers={"Content-Type": "application/json; charset=utf-8"}))

    assert (answer.content, answer.link) == (b'{"total": 1.10}', None)
    [(path, headers)] = server.asked
    assert path == "/v1/orders/1?limit=2"
    assert (headers["shop-version"], headers["accept"]) == ("2", "application/json")
    assert server.origin.endswith(headers["host"])


@pytest.mark.parametrize(
    ("key", "header", "value"),
    [
        (BEARER, "authorization", f"Bearer {SECRET}"),
        (Key(setting="A", value="u:p", way="basic"), "authorization", f"Basic {base64.b64encode(b'u:p').decode()}"),
        (Key(setting="A", value="sk", way="basic_user"), "authorization", f"Basic {base64.b64encode(b'sk:').decode()}"),
        (Key(setting="A", value="t", way="header", name="X-Auth-Token"), "x-auth-token", "t"),
        (Key(setting="A", value="t", way="header", name="X-Key", prefix="Token "), "x-key", "Token t"),
        (
            Key(setting="A", value="t", way="header", name="Authorization", prefix="Token token="),
            "authorization",
            "Token token=t",
        ),
    ],
)
def test_a_credential_is_sent_the_way_the_mapping_says(ask, server, key, header, value):
    ask(keys=(key,))

    assert server.asked[0][1][header] == value


def test_a_credential_in_the_query_stands_there_once_and_encoded(ask, server):
    key = Key(setting="A", value="a&b=c", way="query", name="token")

    ask(keys=(key,), target="/v1/x?token=old&q=%26")
    ask(keys=(key,), target="/v1/x")

    assert [path for path, _ in server.asked] == ["/v1/x?q=%26&token=a%26b%3Dc", "/v1/x?token=a%26b%3Dc"]


@pytest.mark.parametrize("value", ["a b", "a\r\nX: y", "é", ""])
def test_a_credential_that_is_none_is_never_sent(ask, server, value):
    with pytest.raises(ApiRefused, match="SHOP_API_KEY must be of visible ASCII") as caught:
        ask(keys=(dataclasses.replace(BEARER, value=value),))

    assert server.asked == []
    assert value == "" or value not in caught.value.message


@pytest.mark.parametrize("status", [404, 410])
def test_what_is_not_there_is_none(ask, status):
    assert ask(Reply(status=status)) is None


def test_no_content_is_null(ask):
    assert ask(Reply(b"", status=204)).content == b"null"


@pytest.mark.parametrize(
    ("reply", "code", "said"),
    [
        (Reply(status=401), "api_unauthorized", "api.shop.example answered 401: the setting SHOP_API_KEY holds a key"),
        (Reply(status=403), "api_forbidden", "the setting SHOP_API_KEY may not read line_items"),
        (Reply(status=400), "api_refused", "answered with 400 when asked for line_items"),
        (Reply(status=418), "api_refused", "answered with 418"),
        (Reply(status=302, headers={"Location": "http://169.254.169.254/latest"}), "api_refused", "not followed"),
        (Reply(status=301, headers={"Location": "/v2"}), "api_refused", "a redirect"),
        (Reply(b"<html>", headers={"Content-Type": "text/html"}), "api_refused", "not as JSON"),
        (Reply(b"{}", headers={"Content-Type": "application/jsonp"}), "api_refused", "not as JSON"),
        (Reply(b"[" + b"1," * 500 + b"1]"), "api_refused", "with more than"),
        (Reply(b"[1,", pace="endless"), "api_refused", "with more than"),
    ],
)
def test_what_a_person_must_see_to_is_said_with_its_remedy(ask, server, reply, code, said):
    with pytest.raises(ApiRefused, match=said) as caught:
        ask(reply)

    assert caught.value.code == code
    assert caught.value.remedy
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("reply", "error", "seconds"),
    [
        (Reply(status=500), ApiUnavailable, None),
        (Reply(status=503, headers={"Retry-After": "7"}), ApiUnavailable, 7),
        (Reply(status=408), ApiUnavailable, None),
        (Reply(status=429), ApiLimited, None),
        (Reply(status=429, headers={"Retry-After": "30"}), ApiLimited, 30),
        (Reply(status=429, headers={"Retry-After": "99999999999"}), ApiLimited, 3600),
        (Reply(status=429, headers={"Retry-After": "Thu, 01 Jan 1970 00:00:00 GMT"}), ApiLimited, 1),
        (Reply(status=429, headers={"Retry-After": "soon"}), ApiLimited, None),
        (Reply(b"[1, 2]", pace="cut"), ApiUnavailable, None),
    ],
)
def test_what_passes_is_tried_again_when_the_api_says_so(ask, reply, error, seconds):
    with pytest.raises(error) as caught:
        ask(reply)

    assert caught.value.retry_after_seconds == seconds
    assert "api.shop.example" in caught.value.message


def test_an_answer_that_trickles_in_is_cut_off_in_time(ask):
    begun = time.monotonic()

    with pytest.raises(ApiUnavailable):
        ask(Reply(b"1" * 900, pace="drip"), seconds=0.3)
    assert time.monotonic() - begun < 3


def test_nobody_who_listens_is_tried_again(ask):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(ApiUnavailable, match="could not be asked"):
            ask(origin=f"http://127.0.0.1:{taken.getsockname()[1]}")


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "169.254.169.254", "10.0.0.1", "::1", "fd00::1", "::ffff:192.168.0.1"]
)
def test_a_host_that_leads_inside_is_never_called(ask, server, monkeypatch, address):
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, 443)) for each in ("93.184.216.34", address)]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_more: found)

    with pytest.raises(ApiRefused, match="not on the public internet"):
        ask(origin=None)
    assert server.asked == []


def test_exactly_the_address_that_was_checked_is_called(ask, monkeypatch):
    answers = iter([[(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", 443))]])
    called = []

    def connect(address, *_args, **_more):
        called.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_more: next(answers))
    monkeypatch.setattr("urllib3.util.connection.create_connection", connect)

    with pytest.raises(ApiUnavailable):
        ask(origin=None)
    assert called == [("93.184.216.34", 443)]


def test_a_host_that_is_not_found_is_tried_again(ask, monkeypatch):
    def nowhere(*_args, **_more):
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", nowhere)

    with pytest.raises(ApiUnavailable, match="could not be found"):
        ask(origin=None)


@pytest.mark.parametrize("link", ['</v1/x?page=2>; rel="next"', '<a>; rel="prev", </v1/x?page=2>; title="x"; rel=next'])
def test_the_next_page_of_a_link_header_is_told(ask, link):
    assert ask(Reply(b"[]", headers={"Link": link})).link == "/v1/x?page=2"


@pytest.mark.parametrize("link", ["", "<<<<<<<<", ";;;", "</x>", "</x>; rel=prev", "<" * 60000])
def test_a_link_header_without_a_next_page_tells_none(ask, link):
    assert ask(Reply(b"[]", headers={"Link": link})).link is None


@pytest.mark.parametrize("status", [200, 302, 400, 401, 403, 429, 500])
@pytest.mark.parametrize("way", ["bearer", "query", "basic_user"])
def test_no_error_holds_the_credential_or_the_address(ask, status, way):
    key = dataclasses.replace(BEARER, way=way, name="token")
    reply = Reply(f"{SECRET} /v1/orders".encode(), status, {"Content-Type": "text/html", "Location": f"/?{SECRET}"})

    with pytest.raises((ApiRefused, ApiUnavailable, ApiLimited)) as caught:
        ask(reply, keys=(key,))

    error = caught.value
    words = f"{error.message} {error!r} {error.__cause__} {error.__suppress_context__}"
    words += error.remedy if isinstance(error, NeedsAttention) else ""
    assert SECRET not in words
    assert "/v1/orders" not in words
    assert SECRET not in repr(key)
