"""A request that holds several events: each is recorded and ends by itself, and the sender gets one answer."""

import json
from collections.abc import Callable
from random import Random
from unittest.mock import Mock

import pytest

from cli.deployment import Deployment, read_deployment
from cli.desk import open_desk
from ingest.app import create_app
from ingest.door import Door
from ingest.intake import Intake
from ingest.schemes import Request, make_scheme
from ingest.spool import Spool
from mappings.splitting import MOST_EVENTS
from tests.ingest.machine import worker_at
from tests.scene import Worker, example

SHOP = """
source: shop
accepts: [application/json, application/x-www-form-urlencoded]
verify:
  scheme: hmac
  digest: sha256
  encoding: hex
  header: X-Signature
  secret: SHOP_WEBHOOK_SECRET
each_event: rows || @
identify:
  topic: type
  delivery?: seen
events:
  paid:
    once_per: "order:{id}"
    contact:
      email?: email
      name: email
    invoice:
      reference_number: text(id)
      date: date(day)
      currency_code: "'USD'"
      lines:
        - name: "'Mug'"
          quantity: "`1`"
          rate: money(amount)
      control_total: money(amount)
  cancelled:
    once_per: "order:{id}"
    cancel:
      date: date(day)
    reply:
      queued:
        status: 201
        text: "{id} is off, as {header('X-Shop')} says"
"""


def paid(number: int, **changes: object) -> dict[str, object]:
    told = {"type": "paid", "id": number, "seen": f"s-{number}", "day": "2026-03-01", "email": "a@example.com"}
    return {**told, "amount": "10.50", **changes}


def off(number: int) -> dict[str, object]:
    return paid(number, type="cancelled", seen=f"off-{number}")


class Shop:
    """The sender: signs what it sends and posts it."""

    def __init__(self, deployment: Deployment, intake: Intake, clock: Callable[[], float]) -> None:
        door = Door(deployment.configured, deployment.connections)
        self.client = create_app(door, intake, max_body_bytes=10**6, clock=clock).test_client()
        self.scheme = make_scheme(deployment.configured["shop"].verify)

    def send(self, body: object, content_type: str = "application/json"):
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        request = Request(raw, {"Content-Type": content_type, "X-Shop": "acme"})
        signed = self.scheme.sign(request, "hush", message_id="", timestamp=0)
        return self.client.post("/hooks/shop", data=raw, headers=dict(signed.headers))


@pytest.fixture
def deployment(environ, tmp_path) -> Deployment:
    folder = tmp_path / "sources" / "shop"
    folder.mkdir(parents=True)
    (folder / "mapping.yaml").write_text(SHOP)
    return read_deployment({**environ, "BOOKHOOK_SOURCES": str(folder.parent), "SHOP_WEBHOOK_SECRET": "hush"})


@pytest.fixture
def intake(ledger, tmp_path) -> Intake:
    return Intake(ledger, Spool(tmp_path / "spool"))


@pytest.fixture
def shop(deployment, intake, clock) -> Shop:
    return Shop(deployment, intake, clock)


@pytest.fixture
def worker(deployment, ledger, redis) -> Worker:
    reported: list[BaseException] = []
    return Worker(open_desk(deployment, ledger, report=reported.append, random=Random(1)), redis, reported)


def states(worker: Worker, answer) -> list[str]:
    return [worker.event(each["event_id"]).state for each in answer.json["events"]]


def test_each_event_is_posted_ignored_or_parked_by_itself(shop, worker, sandbox):
    answer = shop.send([paid(1), {"type": "looked at"}, paid(2, amount=None), paid(3, amount="7.00")])
    worker.drain()

    told = [each["status"] for each in answer.json["events"]]
    assert (answer.status_code, told) == (202, ["queued", "ignored", "queued", "queued"])
    assert states(worker, answer) == ["posted", "ignored", "parked", "posted"]
    assert sorted(each["total"] for each in sandbox.invoices) == [7.0, 10.5]
    assert worker.reported == []


def test_the_events_of_a_request_are_recorded_together(shop, ledger, monkeypatch):
    record_all = Mock(wraps=ledger.events.record_all)
    monkeypatch.setattr(ledger.events, "record_all", record_all)

    shop.send([paid(number) for number in range(100)])

    [call] = record_all.call_args_list
    assert len(call.args[0]) == len(list(ledger.events.list())) == 100


def test_an_event_is_kept_as_if_it_had_come_alone(shop, worker):
    answer = shop.send(b'{"rows": [{"type": "paid", "id": 1, "amount": 10.50, "name": "\xc3\xa9"}, {"type": "paid"}]}')

    event = worker.event(answer.json["event_id"])
    assert event.body == '{"type":"paid","id":1,"amount":10.50,"name":"é"}'.encode()
    assert (event.headers["content-type"], event.headers["x-shop"]) == ("application/json", "acme")
    assert "content-length" not in event.headers


def test_a_repeated_event_is_recognised_however_the_sender_bundles_it(shop, worker, sandbox):
    first = shop.send([paid(1), paid(2)])
    again = shop.send([paid(2, attempt=1), paid(3, attempt=1)])
    once_more = shop.send([paid(3, attempt=2), paid(1, attempt=2)])
    worker.drain()

    known = [each["event_id"] for each in first.json["events"]]
    assert (again.status_code, again.json["status"]) == (202, "queued")
    assert [each["status"] for each in again.json["events"]] == ["duplicate", "queued"]
    assert again.json["events"][0]["event_id"] == known[1]
    assert again.json["event_id"] == again.json["events"][1]["event_id"]
    assert (once_more.status_code, once_more.json["status"]) == (200, "duplicate")
    assert [each["event_id"] for each in once_more.json["events"]] == [again.json["event_id"], known[0]]
    assert len(sandbox.invoices) == 3


def test_the_same_event_twice_in_a_request_is_one(shop, ledger):
    answer = shop.send([paid(1), paid(1)])

    assert [each["status"] for each in answer.json["events"]] == ["queued", "duplicate"]
    assert len(list(ledger.events.list())) == 1


def test_where_one_cannot_be_recorded_the_sender_repeats_all_and_none_is_lost_or_doubled(
    shop, ledger, intake, monkeypatch, worker, sandbox
):
    record_all = ledger.events.record_all

    def refuse_the_second(arrivals):
        found = record_all(arrivals[:1])
        return [*found, ConnectionResetError(), *record_all(arrivals[2:])]

    with monkeypatch.context() as broken:
        broken.setattr(ledger.events, "record_all", refuse_the_second)
        broken.setattr(intake._spool, "append", Mock(side_effect=OSError(28, "no space")))
        refused = shop.send([paid(1), paid(2), paid(3)])
    repeated = shop.send([paid(1), paid(2), paid(3)])
    worker.drain()

    assert (refused.status_code, refused.json["error"]["code"]) == (503, "not_recorded")
    assert int(refused.headers["Retry-After"]) > 0
    assert [each["status"] for each in repeated.json["events"]] == ["duplicate", "queued", "duplicate"]
    assert len(sandbox.invoices) == 3


def test_all_of_them_wait_on_disk_while_redis_is_away(machine, clock):
    intake = machine.intake()
    shop = Shop(machine.deployment, intake, clock)
    machine.stop_redis()

    answer = shop.send([paid(1), paid(2)])
    machine.start_redis()
    clock.advance(2)
    intake.drain()
    worker = worker_at(machine)
    worker.drain()

    assert (answer.status_code, answer.json["status"]) == (202, "queued")
    assert states(worker, answer) == ["posted", "posted"]


@pytest.mark.parametrize(
    ("body", "field", "reason"),
    [
        (b"[]", "each_event", "the request holds no event"),
        (json.dumps([{}] * (MOST_EVENTS + 1)).encode(), "each_event", f"more than {MOST_EVENTS} events"),
        (b"[" + b"[" * 700 + b"]" * 700 + b"]", "each_event", "an event is nested too deeply"),
        (b'[{"type": "paid", "id": 1, "id": 2}]', "body", "names one of its keys twice"),
        (b'[{"type": "paid"', "body", "it is not JSON"),
        (b"7", "identify.topic", "nothing there"),
    ],
)
def test_what_cannot_be_taken_apart_is_recorded_as_it_came_and_parked(shop, worker, body, field, reason):
    answer = shop.send(body)
    worker.drain()

    event = worker.event(answer.json["event_id"])
    assert (answer.status_code, event.state, event.body) == (202, "parked", body)
    assert event.error.field == field
    assert reason in event.error.message
    assert worker.reported == []


@pytest.mark.parametrize("item", [None, 5, "text", [], {}])
def test_an_item_that_is_no_event_is_parked_beside_the_others(shop, worker, item):
    answer = shop.send([item, paid(1)])
    worker.drain()

    assert states(worker, answer) == ["parked", "posted"]
    assert worker.reported == []


def test_a_request_without_a_list_is_the_only_event_also_if_it_is_a_form(shop, worker):
    alone = shop.send(paid(1))
    form = shop.send(
        b"type=paid&id=2&amount=3.00&day=2026-03-01&email=a%40example.com", "application/x-www-form-urlencoded"
    )
    worker.drain()

    assert states(worker, alone) == states(worker, form) == ["posted"]


def test_an_event_may_answer_in_words_of_its_own(shop):
    first, second = shop.send([off(1), paid(2)]), shop.send([paid(2), off(1), off(3)])

    assert (first.status_code, first.text) == (201, "1 is off, as acme says")
    assert (second.status_code, second.text) == (201, "3 is off, as acme says")


def test_one_event_a_request_is_the_rule(hooks):
    assert set(hooks.deliver(example("shopify/paid_order")).json) == {"event_id", "status"}
