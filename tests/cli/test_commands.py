"""The commands as people type them."""

import datetime
import json

import pytest
import requests

from cli.main import COMMANDS
from console.facts import when_clear
from tests.scene import example

ORDER = example("shopify/paid_order")


@pytest.fixture
def posted(hooks, worker) -> str:
    event_id = hooks.deliver(ORDER).json["event_id"]
    worker.drain()
    return event_id


@pytest.fixture
def parked(hooks, worker, clock) -> str:
    clock.advance(1)
    event_id = hooks.deliver(example("standard/order_without_identity")).json["event_id"]
    worker.drain()
    return event_id


def json_lines(result) -> list[dict]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_every_command_explains_itself(run):
    for name in COMMANDS:
        result = run(name, "--help")
        assert result.exit_code == 0
        assert name in result.stdout


def test_help_lists_every_command(run):
    result = run("--help")

    assert all(name in result.stdout for name in COMMANDS)


def test_a_wrong_use_exits_with_two(run):
    assert run("events", "--state", "nowhere").exit_code == 2
    assert run("retry").exit_code == 2
    assert run("send", "shopify/nothing").exit_code == 2
    assert run("map", "nobody", "nothing").exit_code == 2


def test_events_are_listed_filtered_and_found(run, posted, parked):
    assert [event["event_id"] for event in json_lines(run("events", "--json"))] == [parked, posted]
    assert [event["state"] for event in json_lines(run("events", "--state", "parked", "--json"))] == ["parked"]
    assert [event["event_id"] for event in json_lines(run("events", "--connection", "shopify", "--json"))] == [posted]
    assert [event["event_id"] for event in json_lines(run("events", "--find", "#1001", "--json"))] == [posted]
    assert posted in run("events").stdout


@pytest.mark.parametrize("term", ["mara.lindqvist@example.com", "INV-000001", "#1001"])
def test_an_event_is_found_by_address_zoho_number_and_order_number(run, posted, term):
    assert posted in run("events", "--find", term).stdout


def test_show_keeps_to_the_promised_shape(run, posted, sandbox):
    shown = json.loads(run("show", posted, "--json").stdout)

    assert {
        name: shown[name] for name in ("event_id", "connection", "source", "topic", "state", "attempts", "error")
    } == {
        "event_id": posted,
        "connection": "shopify",
        "source": "shopify",
        "topic": "orders/paid",
        "state": "posted",
        "attempts": 1,
        "error": None,
    }
    assert shown["due_at"] is None
    invoice, contact, sent, payment = shown["documents"]
    assert (sent["kind"], payment["kind"], payment["total"]) == ("sent", "payment", "114.38")
    assert (contact["kind"], contact["zoho_id"]) == ("contact", sandbox.contacts[0]["contact_id"])
    assert (invoice["kind"], invoice["state"], invoice["number"]) == ("invoice", "posted", "INV-000001")
    assert (invoice["total"], invoice["control_total"]) == ("114.38", "114.38")
    assert invoice["business_key"] == f"shopify/invoice/order:{json.loads(ORDER.body)['id']}"
    assert [set(step) for step in shown["timeline"]] == [{"at", "step", "detail"}] * len(shown["timeline"])


def test_show_lists_every_call_where_it_is_asked_to_without_what_is_private(run, posted):
    told, bare = run("show", posted, "--calls").stdout, run("show", posted).stdout
    as_json = json.loads(run("show", posted, "--json").stdout)["calls"]

    assert "POST /invoices  201, code 0, 0." in told
    assert "GET /contacts?email=(text)&contact_type=customer" in told
    assert "POST /invoices" not in bare
    assert set(as_json[0]) == {
        *("at", "seconds", "method", "path", "params", "status", "code", "message", "counted", "worker"),
        *("body", "length", "answer", "is_cut"),
    }
    assert "lindqvist" not in f"{told}{as_json}".casefold()


def test_show_tells_a_person_what_is_wrong_and_what_to_do(run, parked):
    page = run("show", parked).stdout

    assert "parked after 1 attempt\n" in page
    assert "mapping_failed at contact.email: nothing there" in page
    assert "what to do:" in page


def test_show_says_when_there_is_no_such_event(run):
    result = run("show", "ev_nothing00")

    assert result.exit_code == 1
    assert "There is no event ev_nothing00" in result.stderr


def test_retry_hands_parked_events_over_and_says_what_it_could_not(run, posted, parked, worker):
    assert run("retry", "--state", "parked").stdout == "1 handed to the workers\n"
    assert worker.event(parked).state == "queued"

    refused = run("retry", posted, "ev_nothing00")
    assert refused.exit_code == 1
    assert f"{posted}: it is posted" in refused.stderr
    assert "ev_nothing00: there is no such event" in refused.stderr


def test_stats_keep_to_the_promised_shape(run, posted, parked):
    run("check")
    told = json.loads(run("stats", "--json").stdout)

    assert (told["events"]["posted"], told["events"]["parked"], told["events"]["queued"]) == (1, 1, 0)
    [organization] = told["organizations"]
    assert set(organization) == {
        *("id", "backlog", "clears_at", "minute_used", "minute_limit", "day_used", "day_limit", "in_flight", "paused"),
        *("name", "reconciled_at", "differences"),
    }
    assert (organization["id"], organization["backlog"], organization["clears_at"]) == ("10000001", 0, None)
    assert organization["minute_used"] > 0
    assert "posted             1" in run("stats").stdout


def test_stats_say_when_a_backlog_will_be_clear(run, hooks):
    hooks.deliver(ORDER)

    [organization] = json.loads(run("stats", "--json").stdout)["organizations"]

    assert organization["backlog"] == 1
    assert organization["clears_at"].endswith("Z")


@pytest.mark.parametrize(
    ("backlog", "day_used", "expected"),
    [
        (0, 0, "2026-03-14T12:00:00Z"),
        (200, 0, "2026-03-14T12:02:00Z"),
        (1000, 0, "2026-03-14T12:10:00Z"),
        (1000, 900, "2026-03-15T00:09:00Z"),
        (2150, 900, "2026-03-17T00:00:30Z"),
    ],
)
def test_a_backlog_is_clear_when_the_minute_and_the_day_allow(backlog, day_used, expected):
    usage = {"minute_limit": 100, "day_limit": 1000, "day_used": day_used}
    now = datetime.datetime(2026, 3, 14, 12, tzinfo=datetime.UTC)

    assert f"{when_clear(backlog, usage, now):%Y-%m-%dT%H:%M:%SZ}" == expected


def test_a_command_that_cannot_start_lists_every_reason(run, environ):
    result = CliRunnerMain(run, {**environ, "ZOHO_PLAN": "gold", "REDIS_URL": "localhost"})

    assert result.startswith("cannot start: 2 problems\n")
    assert "ZOHO_PLAN" in result
    assert "REDIS_URL" in result


def CliRunnerMain(run, env) -> str:  # noqa: N802
    return str(run("events", env=env).exception)


def test_send_says_when_nobody_listens(run):
    result = run("send", "shopify/paid_order", "--url", "http://127.0.0.1:1")

    assert result.exit_code == 1
    assert "Is `bookhook web` up?" in result.stderr


def test_send_names_the_setting_that_is_missing(run):
    result = run("send", "shopify/paid_order", env={})

    assert result.exit_code == 2
    assert "SHOPIFY_WEBHOOK_SECRET is not set" in result.stderr


def test_send_delivers_an_example_as_often_as_asked(run, hooks, monkeypatch, worker, clock):
    """The request it makes is handed to the door."""
    monkeypatch.setattr("cli.send.time.time", clock)

    def post(self, url, data, headers, **_options):
        answer = hooks.client.post(url.removeprefix("http://127.0.0.1:8000"), data=data, headers=headers)
        made = requests.Response()
        made.status_code, made._content = answer.status_code, answer.data
        return made

    monkeypatch.setattr(requests.Session, "post", post)
    result = run("send", "shopify/paid_order", "--times", "2", "--set", "name=#77")

    assert [line[:3] for line in result.stdout.splitlines()] == ["202", "200"]
    assert json.loads(worker.only_event().body)["name"] == "#77"
