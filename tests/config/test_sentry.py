import json

import flask
import pytest
import sentry_sdk
import structlog
from sentry_sdk.transport import Transport

from config.logs import configure_logs
from config.reports import start_reports
from config.sentry import LONGEST_TEXT, configure_sentry, report, scrub
from errors import ZohoUnavailable

BODY = '{"customer": "Jane Private"}'
DSN = "https://publickey@sentry.example/1"


class Mailbox(Transport):
    """A transport that keeps what would be sent, as the JSON that would go over the wire."""

    def __init__(self):
        super().__init__()
        self.events = []

    def capture_envelope(self, envelope):
        self.events += [json.loads(item.payload.get_bytes()) for item in envelope.items if item.type == "event"]


@pytest.fixture
def alone():
    with sentry_sdk.isolation_scope():
        yield
        sentry_sdk.get_client().close()
        sentry_sdk.get_global_scope().set_client(None)


@pytest.fixture
def mailbox(alone):
    transport = Mailbox()
    configure_sentry(DSN, transport=transport)
    return transport


def sent(mailbox):
    [event] = mailbox.events
    return event, json.dumps(event)


def test_without_a_dsn_nobody_is_told():
    start_reports(None)(ValueError("unexpected"))

    assert not sentry_sdk.get_client().is_active()


@pytest.mark.usefixtures("alone")
def test_with_a_dsn_sentry_is_told():
    report_error = start_reports(DSN)

    assert sentry_sdk.get_client().is_active()
    assert report_error is report


def test_an_error_arrives_with_type_and_place_and_without_variables_and_addresses(mailbox):
    try:
        card = "4242" * 4
        raise ValueError(f"no contact jane@shop.example {len(card)}")
    except ValueError as error:
        report(error)

    event, text = sent(mailbox)
    [exception] = event["exception"]["values"]
    assert (exception["type"], exception.get("value")) == ("ValueError", None)
    assert "jane@shop.example" not in text
    assert exception["stacktrace"]["frames"][-1]["function"].startswith("test_an_error_arrives")
    assert "vars" not in text
    assert "4242424242424242" not in text


def test_a_failing_request_arrives_without_body_query_cookies_and_headers(mailbox):
    app = flask.Flask("shop")

    @app.post("/hooks/<connection>")
    def receive(connection):
        flask.request.get_data()
        raise RuntimeError("unexpected")

    answer = app.test_client().post(
        "/hooks/shopify?hmac=abcdef",
        data=BODY,
        content_type="application/json",
        headers={"X-Shopify-Hmac-SHA256": "c2lnbmF0dXJl", "Cookie": "session=s", "X-Forwarded-For": "203.0.113.9"},
    )

    assert answer.status_code == 500
    event, text = sent(mailbox)
    assert event["request"] == {
        "method": "POST",
        "url": "http://localhost/hooks/shopify",
        "headers": {"Content-Type": "application/json"},
    }
    for private in ("Jane Private", "abcdef", "c2lnbmF0dXJl", "session=s", "203.0.113.9"):
        assert private not in text


def test_an_error_that_was_logged_arrives_named_after_its_line_with_its_facts(mailbox):
    configure_logs("INFO")
    try:
        raise KeyError("currency_code")
    except KeyError:
        structlog.get_logger("worker.jobs").exception("job_failed", event_id="e1", access_token="t0ken-of-mine")

    event, text = sent(mailbox)
    assert event["logentry"] == {"message": "job_failed"}
    assert (event["extra"]["event_id"], event["extra"]["access_token"]) == ("e1", "[removed]")
    assert event["exception"]["values"][0]["type"] == "KeyError"
    assert "t0ken-of-mine" not in text


def test_breadcrumbs_keep_what_happened_and_lose_with_what(mailbox):
    sentry_sdk.add_breadcrumb(category="http", message="GET https://zoho.example/a?token=abc", data={"body": "Jane"})
    sentry_sdk.capture_message("stop")

    event, text = sent(mailbox)
    crumb = event["breadcrumbs"]["values"][-1]
    assert (crumb["category"], crumb.get("message")) == ("http", None)
    assert "Jane" not in text


def test_a_user_never_leaves(mailbox):
    sentry_sdk.set_user({"email": "jane@shop.example", "id": "7"})
    sentry_sdk.capture_message("stop")

    assert "user" not in sent(mailbox)[0]


def test_this_projects_own_errors_keep_their_words(mailbox):
    sentry_sdk.capture_exception(ZohoUnavailable("Zoho gave no answer."))

    [exception] = sent(mailbox)[0]["exception"]["values"]
    assert exception["value"] == "Zoho gave no answer."


def test_a_long_text_is_cut_since_it_may_quote_a_body(mailbox):
    sentry_sdk.capture_exception(ZohoUnavailable("x" * 5000))

    [exception] = sent(mailbox)[0]["exception"]["values"]
    assert len(exception["value"]) == LONGEST_TEXT + 1


def test_scrubbing_leaves_the_event_it_was_given_alone():
    event = {"message": "jane@shop.example", "user": {"id": "7"}, "extra": {"secret": "s", "n": 1}}

    assert scrub(event) == {"message": "[removed]", "extra": {"secret": "[removed]", "n": 1}}
    assert event["user"] == {"id": "7"}
