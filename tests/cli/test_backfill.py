"""`bookhook backfill`: history from a file, once, behind what comes in now."""

import io
import json
import time
from pathlib import Path

import pytest

from cli.jsonl import Requests
from tests.scene import SOURCES, example

SHOPIFY = example("shopify/paid_order")
ORDER = example("standard/order")


def request_line(source=ORDER, **changes):
    """A line with a request whose order is another."""
    body = json.loads(source.body)
    body["data"] = {**body["data"], **changes}
    return json.dumps({"headers": {"Content-Type": "application/json"}, "body": body})


def orders(count, start=1):
    return [request_line(id=f"old-{number}", number=f"OLD-{number}") for number in range(start, start + count)]


@pytest.fixture
def write(tmp_path):
    def write_lines(lines, name="orders.jsonl") -> Path:
        path = tmp_path / name
        path.write_text("".join(f"{line}\n" for line in lines))
        return path

    return write_lines


def reference_numbers(sandbox):
    return sorted(invoice["reference_number"].split()[0] for invoice in sandbox.invoices)


def batch_of(result):
    return result.stdout.split()[1].rstrip(":")


def test_every_line_becomes_an_event_and_is_posted(run, write, worker, sandbox):
    result = run("backfill", "standard", str(write(orders(3))))
    worker.drain()

    assert result.exit_code == 0
    assert "of 3 lines 3 are queued, 0 ignored, 0 recorded before, 0 unreadable" in result.stdout
    assert reference_numbers(sandbox) == ["OLD-1", "OLD-2", "OLD-3"]


def test_what_comes_in_now_goes_before(run, write, hooks, redis, clock):
    run("backfill", "standard", str(write(orders(8))))
    clock.now = time.time() + 60
    live = hooks.deliver(ORDER).json["event_id"]

    waiting = [event_id.decode() for event_id in redis.zrange("bh:ready:10000001", 0, -1)]

    assert waiting[0] == live
    assert len(waiting) > 1


def test_a_file_read_twice_is_recorded_once(run, write, worker, sandbox):
    file = str(write(orders(2)))
    run("backfill", "standard", file)

    again = run("backfill", "standard", file)
    other_batch = run("backfill", "standard", file, "--batch", "again")
    worker.drain()

    assert "of 2 lines 2 are queued, 0 ignored, 0 recorded before" in again.stdout
    assert "of 2 lines 0 are queued, 0 ignored, 2 recorded before" in other_batch.stdout
    assert len(sandbox.invoices) == 2


def test_an_interrupted_file_goes_on_where_it_was(run, write, worker, redis, monkeypatch):
    file = str(write(orders(5)))
    recorded = []

    original = type(worker.desk.ledger.events).record

    def record(events, arrival):
        if len(recorded) == 3:
            raise KeyboardInterrupt
        recorded.append(arrival)
        return original(events, arrival)

    with monkeypatch.context() as patched:
        patched.setattr("ledger.events.Events.record", record)
        assert run("backfill", "standard", file).exit_code == 1

    result = run("backfill", "standard", file)

    assert "of 5 lines 5 are queued, 0 ignored, 0 recorded before" in result.stdout
    assert worker.desk.ledger.events.counts()["queued"] == 5


def test_an_order_as_the_platform_gives_it_needs_its_topic(run, write, worker, sandbox):
    bare = json.loads(SHOPIFY.body)
    file = str(write([json.dumps({**bare, "id": 77, "name": "#77"})]))

    refused = run("backfill", "shopify", file)
    assert refused.exit_code == 1
    assert "give its topic with --topic" in refused.stderr
    assert "1 unreadable" in refused.stdout
    assert run("backfill", "shopify", file, "--topic", "orders/nothing").exit_code == 2

    assert run("backfill", "shopify", file, "--topic", "orders/paid").exit_code == 0
    worker.drain()

    assert reference_numbers(sandbox) == ["#77"]
    assert worker.only_event().topic == "orders/paid"


@pytest.mark.parametrize("topic", [[], ["--topic", "order.completed"]], ids=["without a topic", "with a topic"])
def test_where_the_topic_stands_in_the_body_it_is_said_how_a_line_looks(run, write, topic):
    bare = json.dumps(json.loads(ORDER.body)["data"])

    result = run("backfill", "standard", str(write([bare])), *topic)

    assert result.exit_code == 1
    assert "standard reads that in the body, so a line looks like {" in result.stderr
    assert '"type": …' in result.stderr
    assert '"data": …' in result.stderr
    assert "--topic" not in result.stderr


def test_amounts_keep_their_digits(run, write, worker):
    line = request_line(id="old-1", exchange_rate=1).replace(
        '"exchange_rate": 1', '"exchange_rate": 1.10000000000000000001'
    )
    run("backfill", "standard", str(write([line])))

    assert b'"exchange_rate":1.10000000000000000001' in worker.only_event().body


def test_a_line_may_hold_the_fields_of_a_form(run, write, worker):
    file = SOURCES["zoho_crm"].folder / "examples" / "deal_won.request.json"

    result = run("backfill", "zoho_crm", str(write([json.dumps(json.loads(file.read_text()))])))

    assert result.exit_code == 0
    assert worker.only_event().body == example("zoho_crm/deal_won").body
    worker.drain()
    assert worker.only_event().state == "posted"


@pytest.mark.parametrize(
    "line",
    [
        *("not json", "[]", '{"headers": [], "raw": "x"}', '{"headers": {}, "raw": 7}', '{"form": "a=1"}'),
        *(r'{"headers": {}, "raw": "\ud800"}', '{"headers": {"Content-Type": 5}, "raw": "x"}'),
        *('{"body": {"n": 1e9999999999999999999}}', f'{{"body": {"[" * 900}{"]" * 900}}}', "[" * 100_000),
    ],
    ids=[
        *("no JSON", "no object", "no headers", "no raw text", "no fields"),
        *("half a character", "no text in headers", "an extreme number", "900 nested lists", "100,000 nested lists"),
    ],
)
def test_a_line_that_is_no_request_is_told_and_the_others_go_on(run, write, worker, line):
    result = run("backfill", "standard", str(write([line, *orders(1)])))

    assert result.exit_code == 1
    assert "1 are queued" in result.stdout
    assert "1 unreadable" in result.stdout


def test_of_a_line_that_is_too_long_only_the_beginning_is_held():
    requests = Requests(SOURCES["standard"], topic=None, most_bytes=10)
    file = io.BytesIO(b"x" * 100 + b"\n" + b"y" * 79 + b"\n" + b"z" * 1000)

    assert [(line[:1], len(line)) for line in requests.lines(file)] == [(b"x", 81), (b"y", 80), (b"z", 81)]


def test_a_line_too_long_for_any_body_is_told_and_skipped(run, write, worker, environ):
    environ = {**environ, "BOOKHOOK_MAX_BODY_BYTES": "2000"}
    file = str(write([*orders(1), json.dumps({"raw": "x" * 50_000}), *orders(2, start=2)]))

    result = run("backfill", "standard", file, env=environ)

    assert result.exit_code == 1
    assert "the line is too long for any body" in result.stderr
    assert "of 4 lines 3 are queued, 0 ignored, 0 recorded before, 1 unreadable" in result.stdout


def test_a_batch_is_undone_by_its_name(run, write, worker, sandbox):
    name = batch_of(run("backfill", "standard", str(write(orders(3)))))
    worker.drain()
    assert name.startswith("standard-")

    result = run("undo", "--batch", name, "--yes")

    assert result.exit_code == 0
    assert sandbox.invoices == []


def test_a_dry_run_counts_what_would_come_of_it_and_records_nothing(run, write, worker):
    differing = request_line(id="old-9", total="9.99")
    incomplete = example("standard/order_without_identity").body.decode()
    file = str(write([*orders(3), differing, json.dumps({"body": json.loads(incomplete)}), "not json"]))

    result = run("backfill", "standard", file, "--dry-run")

    assert result.exit_code == 1
    told = result.stdout.splitlines()
    assert told[0] == "3 would be posted, 0 ignored, 3 parked"
    assert told[1] == "1 differ from the sender's total"
    assert any("total_differs at control_total" in line and "line 4" in line for line in told)
    assert any("mapping_failed at contact.email" in line and "line 5" in line for line in told)
    assert any("unreadable" in line and "line 6" in line for line in told)
    assert list(worker.desk.ledger.events.list()) == []


def test_a_dry_run_counts_a_line_that_stands_there_twice_once(run, write):
    result = run("backfill", "standard", str(write([*orders(2), *orders(1)])), "--dry-run")

    assert result.exit_code == 0
    assert result.stdout.splitlines()[0] == "2 would be posted, 0 ignored, 0 parked, 1 repeated"


def test_a_dry_run_needs_no_network_and_succeeds_when_nothing_would_be_parked(run, write, environ):
    offline = {**environ, "REDIS_URL": "redis://127.0.0.1:1", "ZOHO_API_URL": "http://127.0.0.1:1/books/v3"}

    result = run("backfill", "standard", str(write(orders(2))), "--dry-run", env=offline)

    assert result.exit_code == 0
    assert result.stdout.startswith("2 would be posted, 0 ignored, 0 parked\n")


def test_a_connection_that_is_not_set_up_is_a_wrong_use(run, write):
    assert run("backfill", "nobody", str(write(orders(1)))).exit_code == 2
