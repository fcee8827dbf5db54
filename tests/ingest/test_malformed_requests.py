"""Whatever a stranger sends, whichever way a connection proves its senders: a clear refusal, never an error."""

import pytest
import sentry_sdk
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sentry_sdk.transport import Transport

from config.connection import Connection
from config.sentry import configure_sentry
from errors import SignatureMismatch
from ingest.app import create_app
from ingest.door import Door
from ingest.schemes import Request
from mappings import load_sources
from tests.ingest.key_pairs import pair, public_pem
from tests.ingest.senders import ALL, PLATFORMS, TOKEN

KEY_PAIRS = ("rsa", "jws_detached", "jwt_body")
SECRETS = {sent.platform: sent.secret for sent in ALL} | {"stripe": "whsec_hush", "paddle": "hush"}
NOW = 1_700_000_000.0
HEADERS = sorted(
    {
        value.lower()
        for said in PLATFORMS.values()
        for name, value in said.items()
        if name in ("header", "second_header", "timestamp_header")
    }
    | {"authorization", "x-slack-signature", "x-slack-request-timestamp"}
    | {"webhook-id", "webhook-timestamp", "webhook-signature", "content-type"}
)
PIECES = st.sampled_from(
    [
        *(
            "t=",
            "ts=",
            "v1=",
            "v1,",
            "h1=",
            "v0=",
            "sha256=",
            ",",
            ";",
            " ",
            ".",
            "..",
            "=",
            "%%%",
            "Basic ",
            "Bearer ",
        ),
        *("1700000000", "1700000000000", "-1", "1e9", "NaN", "٣", "9" * 400, "deadbeef", "AAAA", "é", "ÿ", "\ud800"),
        *("eyJhbGciOiJub25lIn0", "eyJhbGciOiJIUzI1NiJ9", "eyJhbGciOiJSUzI1NiIsImNyaXQiOlsiYjY0Il0sImI2NCI6ZmFsc2V9"),
        *("Bearer ", "e30", "bnVsbA", "W10", "A" * 10_000, "\x00"),
    ]
)
VALUES = st.lists(PIECES, max_size=6).map("".join) | st.text(max_size=40)
BODIES = (
    st.binary(max_size=200)
    | st.lists(PIECES, max_size=6).map(lambda pieces: "".join(pieces).encode("utf-8", "surrogatepass"))
    | st.sampled_from([b"{}", b"[]", b"null", b'{"token":5}', b'{"token":"\\ud800"}', b'{"eventId":[]}', b"[" * 9000])
)


def is_plain(text: str) -> bool:
    """Whether a header can carry it."""
    return text.isprintable() and text.isascii()


def secret_for(platform: str) -> str:
    return public_pem(pair("ours")) if PLATFORMS[platform]["scheme"] in KEY_PAIRS else SECRETS[platform]


@pytest.fixture(scope="module")
def door(tmp_path_factory):
    """A door with a connection for every platform."""
    folder = tmp_path_factory.mktemp("sources")
    names = {platform.replace(" ", "-"): platform for platform in PLATFORMS}
    for name, platform in names.items():
        (folder / name).mkdir()
        said = {**PLATFORMS[platform], "secret": "SHOP_SECRET"}
        shape = "body: jwt\n" if said["scheme"] == "jwt_body" else ""
        (folder / name / "mapping.yaml").write_text(
            f"source: {name}\nverify: {said}\n{shape}identify: {{topic: type}}\n"
            'events: {paid: {once_per: "{id}", cancel: {date: day}}}\n'
        )
    sources = load_sources(folder)
    connections = {
        name: Connection(name=name, source=name, secrets=(secret_for(platform),), organization_id="1")
        for name, platform in names.items()
    }
    return Door(sources, connections, "https://hooks.example.com")


@pytest.mark.parametrize("platform", PLATFORMS)
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(headers=st.dictionaries(st.sampled_from(HEADERS), VALUES), body=BODIES, token=VALUES, query=VALUES)
def test_a_strangers_request_is_refused_with_a_code(door, platform, headers, body, token, query):
    name = platform.replace(" ", "-")
    guard = door._guards[name]

    with pytest.raises(SignatureMismatch) as refused:
        guard.verify(Request(body, headers, "POST", f"{guard.url}?{query}", token, query), NOW)

    assert refused.value.code in ("missing_signature", "bad_signature", "stale_signature")
    assert refused.value.status == 401


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    platform=st.sampled_from(sorted(PLATFORMS)),
    headers=st.dictionaries(st.sampled_from(HEADERS), VALUES.filter(is_plain)),
    body=BODIES,
)
def test_a_strangers_request_is_answered_401_at_the_door(door, platform, headers, body):
    def record(arrivals):
        raise AssertionError("nothing of it may be recorded")

    client = create_app(door, None, max_body_bytes=100_000, record=record, clock=lambda: NOW).test_client()  # type: ignore[arg-type]

    answer = client.post(f"/hooks/{platform.replace(' ', '-')}", data=body, headers=headers)

    assert answer.status_code == 401
    assert set(answer.json["error"]) == {"code", "message"}


class Mailbox(Transport):
    def __init__(self) -> None:
        super().__init__()
        self.sent = b""

    def capture_envelope(self, envelope) -> None:
        self.sent += envelope.serialize()


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        (f"/hooks/salesforce/{TOKEN}", "/hooks/salesforce/[removed]"),
        (f"/hooks/jotform?token={TOKEN}", "/hooks/jotform"),
    ],
)
def test_an_unexpected_error_tells_logs_and_sentry_no_token(door, path, kept, logged):
    def fail(arrivals):
        raise RuntimeError(f"cannot record {path}")

    mailbox = Mailbox()
    with sentry_sdk.isolation_scope():
        configure_sentry("https://publickey@sentry.example/1", transport=mailbox)
        app = create_app(door, None, max_body_bytes=100_000, record=fail, clock=lambda: NOW)  # type: ignore[arg-type]
        answer = app.test_client().post(path, data=b"{}", content_type="application/json")
        sentry_sdk.flush()
        sentry_sdk.get_client().close()
        sentry_sdk.get_global_scope().set_client(None)

    assert answer.status_code == 500
    told = answer.text + logged() + mailbox.sent.decode()
    assert TOKEN not in told
    assert b"RuntimeError" in mailbox.sent
    assert kept in mailbox.sent.decode()
    assert "RuntimeError" in logged()
