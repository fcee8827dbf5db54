"""What a person does about fetching: a dry run that asks the sender's API, and a retry that asks it anew."""

import json
import logging
from dataclasses import replace

import pytest
from click.testing import CliRunner

from cli.main import bookhook
from outbound import Apis
from tests.outbound.api_server import Reply
from tests.thin_shop import ADDRESSES, ALL, LAST, ORDER, api, asked, deliver, environ

__all__ = ["api", "deliver", "environ"]


@pytest.fixture
def run(environ, tmp_path, monkeypatch):
    """Runs a command with the settings of the test, beside a file that holds a request."""
    (tmp_path / "paid.json").write_text('{"body": {"type": "paid", "id": 1}}')
    monkeypatch.chdir(tmp_path)
    return lambda *words, **settings: CliRunner().invoke(bookhook, [*words], env=environ | settings)


def test_a_dry_run_asks_nobody_and_says_what_is_missing(run, api):
    result = run("map", "corner", "paid.json")

    assert result.exit_code == 1
    assert "would be parked: not_fetched at fetch.order" in result.stderr
    assert "under `fetched`" in result.stderr
    assert api.asked == []


def test_a_dry_run_takes_the_answers_of_the_file(run, api, tmp_path):
    answers = {"order": json.loads(ORDER.body), "lines": json.loads(LAST.body)["data"], "customer": None}
    answers["order"]["total"] = "2.25"
    (tmp_path / "paid.json").write_text(json.dumps({"body": {"type": "paid", "id": 1}, "fetched": answers}))

    result = run("map", "corner", "paid.json")

    assert result.exit_code == 0
    assert '"name": "Mug"' in result.stdout
    assert api.asked == []


def test_a_dry_run_asks_where_it_is_told_to(run, api):
    result = run("map", "corner", "paid.json", "--fetch")

    assert result.exit_code == 0
    assert '"name": "Cap"' in result.stdout
    assert "fetched lines from api.corner.example, 2 calls\n" in result.stderr
    assert asked(api) == ADDRESSES


@pytest.mark.parametrize(
    ("reply", "said"),
    [(Reply(status=401), "CORNER_API_KEY holds a key that is not valid"), (Reply(status=503), "Try again later.")],
)
def test_a_dry_run_says_why_nothing_is_answered(run, api, reply, said):
    api.replies = [reply]

    result = run("map", "corner", "paid.json", "--fetch")

    assert result.exit_code == 1
    assert said in result.stderr
    assert "key-1" not in result.output


def test_what_is_logged_while_it_asks_is_as_private_as_anywhere(run, api, monkeypatch, logging_as_before):
    def ask(self, *arguments, **options):
        logging.getLogger("library").warning("retrying for ada@example.com")
        return asks(self, *arguments, **options)

    asks = Apis.ask
    monkeypatch.setattr(Apis, "ask", ask)
    result = run("map", "corner", "paid.json", "--fetch")

    lines = [json.loads(line) for line in result.stderr.splitlines() if line.startswith("{")]
    assert {line["logger"] for line in lines} == {"library"}
    assert "ada@example.com" not in result.stderr


def test_only_a_connection_asks(run):
    result = run("map", "shopify", "paid_order", "--fetch", SHOPIFY_WEBHOOK_SECRET="")

    assert result.exit_code == 2
    assert "--fetch asks as a connection does: shopify is none" in result.stderr


def test_a_retry_asks_anew_only_when_told_to(run, deliver, worker, api):
    api.replies = [replace(ORDER, body=ORDER.body.replace(b"3.50", b"9.99")), *ALL[1:], *ALL]
    event_id = deliver()
    worker.drain()
    api.asked.clear()

    run("retry", event_id)
    worker.drain()
    assert (worker.event(event_id).error.code, asked(api)) == ("total_differs", [])

    assert run("retry", event_id, "--refetch").exit_code == 0
    worker.drain()
    assert (worker.event(event_id).state, asked(api)) == ("posted", ADDRESSES)


def test_all_that_is_parked_can_be_asked_for_anew(run, deliver, worker, api):
    api.replies = [Reply(b"{}"), *ALL[1:3], *ALL]
    event_id = deliver()
    worker.drain()
    assert worker.event(event_id).state == "parked"

    run("retry", "--state", "parked", "--refetch")
    worker.drain()
    assert worker.event(event_id).state == "posted"


def test_asking_anew_goes_with_no_decision(run):
    result = run("retry", "ev_1", "--refetch", "--accept", "--by", "Ann")

    assert result.exit_code == 2
    assert "--refetch and --accept exclude each other" in result.stderr


def test_check_says_whom_a_connection_asks(run, api):
    [told] = [line for line in run("check").stdout.splitlines() if "/hooks/corner" in line]

    assert told.endswith(f"; asks api.corner.example ({api.origin} stands for it)")


def test_check_says_which_credential_is_missing(run):
    result = run("check", CORNER_API_KEY="")

    assert result.exit_code == 1
    assert "✗ CORNER_API_KEY is not set, but the connection corner asks api.corner.example with it" in result.stdout


def test_what_was_posted_keeps_its_answers(run, deliver, worker):
    event_id = deliver()
    worker.drain()

    assert run("retry", event_id, "--refetch").exit_code == 1
    assert worker.event(event_id).fetched


def test_the_same_line_of_a_file_is_no_news(run, api, tmp_path):
    file = tmp_path / "thin.jsonl"
    file.write_text('{"body": {"type": "paid", "id": 1}}\n' * 2)

    told = [run("backfill", "corner", str(file), "--batch", batch).stdout for batch in ("first", "again")]

    assert "1 are queued, 0 ignored, 1 recorded before" in told[0]
    assert "0 are queued, 0 ignored, 2 recorded before" in told[1]
