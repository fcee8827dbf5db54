"""The HTTP contract of the public side, through the front door."""

import io
import json
from dataclasses import replace

import pytest

from ingest.app import create_app
from ingest.door import Door
from ingest.intake import Intake
from ingest.spool import Spool
from tests.scene import SOURCES, Hooks, example, two_secrets

ORDER = example("shopify/paid_order")


def with_body(body: bytes, **headers: str):
    return type(ORDER)(ORDER.source, ORDER.case, body, {**ORDER.headers, **headers}, ORDER.expected)


def test_a_signed_order_is_acknowledged_with_the_id_of_its_event(hooks, worker):
    answer = hooks.deliver(ORDER)

    assert (answer.status_code, answer.json["status"]) == (202, "queued")
    assert worker.event(answer.json["event_id"]).state == "queued"


def test_a_repeat_is_acknowledged_with_the_first_event(hooks):
    first = hooks.deliver(ORDER)

    again = hooks.deliver(ORDER)

    assert (again.status_code, again.json) == (200, {"event_id": first.json["event_id"], "status": "duplicate"})


def test_a_repeat_under_another_delivery_id_is_recognised_by_its_body(hooks):
    first = hooks.deliver(ORDER)

    again = hooks.deliver(with_body(ORDER.body, **{"X-Shopify-Event-Id": "another", "X-Shopify-Webhook-Id": "another"}))

    assert again.json == {"event_id": first.json["event_id"], "status": "duplicate"}


def test_a_topic_that_is_not_mapped_is_ignored_and_says_so(hooks, worker):
    answer = hooks.deliver(with_body(ORDER.body, **{"X-Shopify-Topic": "products/update"}))

    assert (answer.status_code, answer.json["status"]) == (200, "ignored")
    steps = worker.desk.ledger.events.timeline(answer.json["event_id"])
    assert "products/update" in steps[-1].detail


def test_checks_come_in_the_promised_order(deployment, ledger, clock, sandbox, tmp_path):
    intake = Intake(ledger, Spool(tmp_path / "spool"))
    small = create_app(Door(SOURCES, deployment.connections), intake, max_body_bytes=100, clock=clock)
    hooks = Hooks(small.test_client(), clock, sandbox.url)
    huge = b"x" * 101
    assert hooks.client.post("/hooks/nobody", data=huge).status_code == 404
    assert hooks.client.post("/hooks/shopify", data=huge).status_code == 413
    assert hooks.client.post("/hooks/slack", data={"ssl_check": "1"}).status_code == 200
    assert hooks.client.post("/hooks/shopify", data=b"{}", content_type="text/plain").status_code == 401
    assert hooks.deliver(with_body(b"{}", **{"Content-Type": "text/plain"})).status_code == 415


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("POST", "/hooks/nobody", 404), ("GET", "/hooks/shopify", 405), ("GET", "/", 404), ("POST", "/hooks/", 404)],
)
def test_every_refusal_is_json_with_a_code_and_a_message(hooks, method, path, status):
    answer = hooks.client.open(path, method=method)

    assert answer.status_code == status
    assert set(answer.json["error"]) == {"code", "message"}


def test_a_body_over_the_limit_is_refused_unread(hooks, worker):
    answer = hooks.deliver(with_body(b" " * 5_000_000))

    assert (answer.status_code, answer.json["error"]["code"]) == (413, "too_large")
    assert list(worker.desk.ledger.events.list()) == []


def test_a_body_that_does_not_say_its_length_is_refused_once_it_is_too_long(hooks):
    stream = io.BytesIO(b" " * 2_000_001)

    answer = hooks.client.post(
        "/hooks/shopify",
        input_stream=stream,
        environ_overrides={"wsgi.input_terminated": True},
        headers={"Transfer-Encoding": "chunked"},
    )

    assert (answer.status_code, answer.json["error"]["code"]) == (413, "too_large")


def nested(depth: int) -> bytes:
    return b'{"a":' + b"[" * depth + b"]" * depth + b"}"


@pytest.mark.parametrize(
    "body",
    [
        b"not json",
        b'{"id": 1, "name": "\xff\xfe"}',
        nested(10_000),
        b'{"id": ' + b"9" * 5000 + b"}",
        b'{"id": NaN}',
        b"",
        b"null",
        b"[]",
        b'"text"',
    ],
    ids=["not json", "not utf-8", "deep", "long integer", "NaN", "empty", "null", "list", "text"],
)
def test_a_verified_body_that_cannot_be_read_is_recorded_and_parked(hooks, worker, body):
    answer = hooks.deliver(with_body(body))
    worker.drain()

    assert (answer.status_code, answer.json["status"]) == (202, "queued")
    event = worker.event(answer.json["event_id"])
    assert (event.state, event.body) == ("parked", body)
    assert event.error.message
    assert event.error.remedy
    assert event.error.field
    assert worker.reported == []


def changed(**changes) -> bytes:
    return json.dumps({**json.loads(ORDER.body), **changes}).encode()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (changed(total_price="1e400"), "control_total"),
        (changed(total_price=None), "control_total"),
        (changed(line_items=[], shipping_lines=[]), "lines"),
        (changed(line_items=[{**json.loads(ORDER.body)["line_items"][0], "quantity": -1}]), "quantity"),
        (changed(line_items=[{**json.loads(ORDER.body)["line_items"][0], "price": None}]), "rate"),
        (changed(email="not an address"), "email"),
    ],
    ids=["1e400", "no total", "no lines", "negative quantity", "no price", "bad e-mail"],
)
def test_an_order_that_cannot_be_mapped_is_parked_naming_the_field(hooks, worker, sandbox, body, field):
    event_id = hooks.deliver(with_body(body)).json["event_id"]
    worker.drain()

    event = worker.event(event_id)
    assert (event.state, event.error.code) == ("parked", "mapping_failed")
    assert field in event.error.field
    assert sandbox.invoices == []
    assert worker.reported == []


def test_an_order_without_an_address_is_invoiced_to_the_platforms_customer(hooks, worker, sandbox):
    customer = {**json.loads(ORDER.body)["customer"], "email": None}
    hooks.deliver(with_body(changed(email=None, contact_email=None, customer=customer)))
    worker.drain()

    [contact] = sandbox.contacts
    assert worker.only_event().state == "posted"
    assert str(customer["id"]) in contact["contact_name"]


def test_it_says_that_it_is_alive_and_ready(hooks):
    assert hooks.client.get("/healthz").json == {"status": "alive"}
    ready = hooks.client.get("/readyz").json
    assert (ready["status"], ready["redis"], ready["spooled"]) == ("ready", True, 0)


def test_a_handshake_is_answered_and_recorded_nowhere(hooks, worker):
    ping = hooks.client.post("/hooks/woocommerce", data={"webhook_id": "17"})
    check = hooks.client.post("/hooks/slack", data={"ssl_check": "1", "token": "x"})
    body = b'{"type":"url_verification","challenge":"3eZbrw1a"}'
    asked = type(ORDER)("slack", "challenge", body, {"Content-Type": "application/json"}, {})
    challenge = hooks.deliver(asked)
    forged = hooks.deliver(asked, secret="forged")

    assert (ping.status_code, check.status_code, forged.status_code) == (200, 200, 401)
    assert (challenge.status_code, challenge.json) == (200, {"challenge": "3eZbrw1a"})
    assert list(worker.desk.ledger.events.list()) == []


def test_no_log_line_holds_a_body_an_address_or_a_secret(hooks, logged):
    hooks.deliver(ORDER)
    hooks.deliver(ORDER, secret="forged")

    said = logged()
    assert '"event": "queued"' in said
    email = json.loads(ORDER.body)["email"]
    for hidden in (email, "forged", *two_secrets(SOURCES["shopify"]), json.loads(ORDER.body)["line_items"][0]["title"]):
        assert hidden not in said


UPLOAD = example("standard/expense_with_receipt")
TWICE = "multipart/form-data; boundary*0=----receipt-2204; boundary*=----receipt-2204"


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (UPLOAD.body.replace(b'filename="lunch.pdf"', b"filename*0=a; filename*=b"), {}),
        (UPLOAD.body, {"Content-Type": TWICE}),
    ],
    ids=["the head of a part", "the head of the request"],
)
def test_a_genuine_upload_that_nobody_can_read_is_recorded_and_parked(hooks, worker, body, headers):
    answer = hooks.deliver(replace(UPLOAD, body=body, headers={**UPLOAD.headers, **headers}))
    worker.drain()

    assert (answer.status_code, answer.json["status"]) == (202, "queued")
    event = worker.event(answer.json["event_id"])
    assert (event.state, event.error.code, event.body) == ("parked", "unreadable", body)
