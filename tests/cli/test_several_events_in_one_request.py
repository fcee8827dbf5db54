"""Commands on a source whose requests may hold several events."""

import json

import pytest
from click.testing import CliRunner

from cli.main import bookhook

SHOP = """
source: shop
verify:
  scheme: bearer
  secret: SHOP_WEBHOOK_SECRET
each_event: "@"
identify:
  topic: type
events:
  called off:
    ignore_if: test
    once_per: "order:{id}"
    cancel:
      date: date(day)
"""


@pytest.fixture
def run_shop(environ, tmp_path, monkeypatch):
    """Runs a command where there is such a source, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "sources" / "shop"
    folder.mkdir(parents=True)
    (folder / "mapping.yaml").write_text(SHOP)
    settings = {**environ, "BOOKHOOK_SOURCES": "sources", "SHOP_WEBHOOK_SECRET": "hush"}
    return lambda *words: CliRunner().invoke(bookhook, words, env=settings)


def called_off(number: int, **changes: object) -> dict[str, object]:
    return {"type": "called off", "id": number, "day": "2026-03-01", **changes}


def test_map_shows_each_event_of_a_request(run_shop, tmp_path):
    body = [called_off(1), called_off(2, test=True), called_off(3, day="soon")]
    (tmp_path / "request.json").write_text(json.dumps({"body": body}))

    result = run_shop("map", "shop", "request.json")

    assert result.exit_code == 1
    assert "event 1 of 3:\nPOST /invoices" in result.stdout
    assert "event 2 of 3:\nwould be ignored: test" in result.stdout
    assert "event 3 of 3:\n" in result.stdout
    assert "would be parked: mapping_failed at cancel.date" in result.stderr


def test_map_says_nothing_of_numbers_where_there_is_one(run_shop, tmp_path):
    (tmp_path / "request.json").write_text(json.dumps({"body": [called_off(1)]}))

    result = run_shop("map", "shop", "request.json")

    assert (result.exit_code, result.stdout.split()[0]) == (0, "POST")


def test_backfill_takes_one_event_a_line(run_shop, tmp_path, worker):
    lines = [called_off(1), {"body": [called_off(2)]}, {"body": [called_off(3), called_off(4)]}]
    (tmp_path / "history.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))

    result = run_shop("backfill", "shop", "history.jsonl")

    assert "of 3 lines 2 are queued, 0 ignored, 0 recorded before, 1 unreadable" in result.stdout
    assert "the line holds 2 events: write each on a line of its own" in result.stderr
    assert {json.loads(each.body)["id"] for each in worker.desk.ledger.events.list()} == {1, 2}
