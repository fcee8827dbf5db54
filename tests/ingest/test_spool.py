"""The door stays open while Redis cannot record: through the front door, with a Redis that really stops."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner
from redis.exceptions import ResponseError

from cli.main import bookhook
from cli.send import deliver
from cli.stage import find_free_port
from ingest.spool import Spool
from tests.e2e.conftest import until
from tests.ingest.machine import (
    ORDER,
    SECRET,
    SHOPIFY,
    order,
    worker_at,
)
from tests.scene import example


@pytest.fixture
def hooks(machine, intake):
    return machine.hooks(intake)


def test_while_redis_is_away_a_request_is_answered_as_ever_and_becomes_one_invoice(machine, intake, hooks, sandbox):
    machine.stop_redis()
    answer = hooks.deliver(ORDER)
    came_at = machine.clock()
    machine.clock.advance(3600)
    machine.start_redis()
    intake.drain()
    worker = worker_at(machine)
    worker.drain()

    assert (answer.status_code, answer.json["status"]) == (202, "queued")
    event = worker.event(answer.json["event_id"])
    assert (event.state, event.received_at.timestamp(), event.body) == ("posted", came_at, ORDER.body)
    assert [step.step for step in machine.ledger.events.timeline(event.event_id)][:2] == ["received", "spooled"]
    assert len(sandbox.invoices) == 1
    assert machine.files() == []


def test_what_needs_no_work_is_answered_ignored_and_kept_too(machine, intake, hooks):
    machine.stop_redis()
    answer = hooks.deliver(replace(ORDER, headers={**ORDER.headers, "X-Shopify-Topic": "products/update"}))
    machine.start_redis()
    intake.drain()

    assert (answer.status_code, answer.json["status"]) == (200, "ignored")
    assert machine.ledger.events.get(answer.json["event_id"]).state == "ignored"


def test_a_source_answers_in_its_own_words_also_without_redis(machine, hooks):
    expense = example("slack/expense")
    with_redis = hooks.deliver(expense)
    machine.stop_redis()
    machine.clock.advance(1)

    without = hooks.deliver(replace(expense, body=expense.body.replace(b"42.50", b"43.50")))

    assert (without.status_code, without.content_type) == (with_redis.status_code, with_redis.content_type)
    assert without.json.keys() == with_redis.json.keys()


def test_an_unverified_request_is_not_kept(machine, hooks):
    machine.stop_redis()

    assert hooks.deliver(ORDER, secret="forged").status_code == 401
    assert machine.files() == []


@pytest.mark.parametrize(
    "trouble", ["out of memory", "read-only replica", "stopped in mid-flight", "busy with a script"]
)
def test_a_redis_that_cannot_record_counts_as_away(machine, intake, hooks, trouble):
    cause, mend = troubles(machine)[trouble]
    cause()
    answer = hooks.deliver(ORDER)
    intake.drain()
    waiting, ready = intake.spooled(), hooks.client.get("/readyz")
    mend()
    machine.clock.advance(2)
    intake.drain()

    assert (answer.status_code, waiting) == (202, 1)
    assert (ready.status_code, ready.json["redis"], ready.json["spooled"]) == (503, False, 1)
    assert machine.ledger.events.get(answer.json["event_id"]).state == "queued"
    assert intake.spooled() == 0


def troubles(machine):
    redis = machine.redis
    return {
        "out of memory": (
            lambda: redis.config_set("maxmemory", "1mb"),
            lambda: redis.config_set("maxmemory", "0"),
        ),
        "read-only replica": (lambda: redis.replicaof("127.0.0.1", 1), lambda: redis.replicaof("NO", "ONE")),
        "stopped in mid-flight": (
            lambda: machine.signal_redis(signal.SIGSTOP),
            lambda: machine.signal_redis(signal.SIGCONT),
        ),
        "busy with a script": (lambda: busy(machine), lambda: kill_script(machine)),
    }


def busy(machine) -> None:
    machine.redis.config_set("busy-reply-threshold", 1)
    with pytest.raises(Exception, match="Timeout"):
        machine.connect().eval("while true do end", 0)


def kill_script(machine) -> None:
    machine.redis.script_kill()
    until(lambda: answers_ping(machine.redis), "the script has ended")


def answers_ping(redis) -> bool:
    try:
        return redis.ping()
    except ResponseError:
        return False


def test_a_repeat_across_an_outage_is_one_event_and_every_id_told_leads_to_it(machine, intake, hooks):
    before = hooks.deliver(ORDER).json
    machine.stop_redis()
    during = [hooks.deliver(ORDER).json, hooks.deliver(ORDER).json]
    machine.start_redis()
    intake.drain()
    after = hooks.deliver(ORDER).json

    assert [told["status"] for told in (before, *during, after)] == ["queued", "queued", "queued", "duplicate"]
    events = machine.ledger.events
    assert [event.event_id for event in events.list()] == [before["event_id"]]
    assert {events.get(told["event_id"]).event_id for told in (before, *during, after)} == {before["event_id"]}


def test_two_spooled_deliveries_of_one_order_end_as_the_older_of_two_processes(machine):
    machine.stop_redis()
    first, second = machine.intake(), machine.intake()
    older = machine.hooks(second).deliver(ORDER).json
    machine.clock.advance(1)
    newer = machine.hooks(first).deliver(ORDER).json
    machine.start_redis()
    first.drain()

    [event] = machine.ledger.events.list()
    assert event.event_id == older["event_id"]
    assert machine.ledger.events.get(newer["event_id"]) == event


def test_the_id_of_a_repeat_can_be_shown_and_retried(machine, intake, hooks):
    parked = example("standard/order_without_identity")
    machine.stop_redis()
    first = hooks.deliver(parked).json["event_id"]
    second = hooks.deliver(parked).json["event_id"]
    machine.start_redis()
    intake.drain()
    worker_at(machine).drain()
    env = {"REDIS_URL": machine.url, "BOOKHOOK_SPOOL": str(machine.folder)}

    shown = CliRunner().invoke(bookhook, ["show", second, "--json"], env=env)
    retried = CliRunner().invoke(bookhook, ["retry", second], env=env)

    assert json.loads(shown.stdout)["event_id"] == first
    assert json.loads(shown.stdout)["timeline"]
    assert retried.exit_code == 0
    assert machine.ledger.events.get(first).state == "queued"


def test_what_redis_recorded_after_the_door_had_given_up_is_one_event(machine, intake, hooks):
    hooks.deliver(order(1))  # so that the connection stands and the script is known
    machine.signal_redis(signal.SIGSTOP)
    answer = hooks.deliver(ORDER)
    machine.signal_redis(signal.SIGCONT)
    until(lambda: machine.ledger.events.get(answer.json["event_id"]), "Redis has done what it was asked")
    intake.drain()

    assert answer.json["status"] == "queued"
    assert len(list(machine.ledger.events.list())) == 2
    assert "spooled" not in [step.step for step in machine.ledger.events.timeline(answer.json["event_id"])]
    assert intake.spooled() == 0


def test_only_when_the_spool_fails_too_is_the_sender_asked_to_come_again(no_folder, intake, hooks):
    with_redis = hooks.deliver(order(1))
    no_folder.stop_redis()
    away, not_ready = hooks.deliver(ORDER), hooks.client.get("/readyz")
    no_folder.start_redis()
    back = hooks.deliver(ORDER)

    assert (with_redis.status_code, back.status_code) == (202, 202)
    assert (away.status_code, away.json["error"]["code"]) == (503, "not_recorded")
    assert int(away.headers["Retry-After"]) > 0
    assert (not_ready.status_code, not_ready.json["redis"]) == (503, False)


def test_a_full_spool_asks_the_sender_to_come_again_and_has_room_after_draining(machine):
    intake = machine.intake(Spool(machine.folder, most_bytes=10_000))
    hooks = machine.hooks(intake)
    machine.stop_redis()
    answers = [hooks.deliver(order(number)) for number in range(10)]
    machine.start_redis()
    intake.drain()

    statuses = Counter(answer.status_code for answer in answers)
    assert set(statuses) == {202, 503}
    assert len(list(machine.ledger.events.list())) == statuses[202]
    assert hooks.deliver(order(99)).status_code == 202


def test_nothing_is_answered_that_a_power_cut_would_take(machine, disk, tmp_path):
    hooks = machine.hooks(machine.intake(Spool(machine.folder, file_bytes=20_000)))
    machine.stop_redis()
    missing = []

    for number in range(15):
        event_id = hooks.deliver(order(number)).json["event_id"]
        if event_id not in disk.survivors(tmp_path / f"after {number}"):
            missing.append(event_id)

    assert missing == []
    assert len(machine.files()) > 1


def test_what_could_not_be_synced_is_not_acknowledged_and_the_next_goes_to_another_file(machine, hooks, disk):
    machine.stop_redis()
    hooks.deliver(order(1))
    disk.fails = True
    failed = hooks.deliver(order(2))
    disk.fails = False
    after = hooks.deliver(order(3))

    assert (failed.status_code, after.status_code) == (503, 202)
    assert len(machine.files()) == 2


def test_many_threads_while_redis_goes_and_comes_lose_and_double_nothing(machine):
    spools = [Spool(machine.folder, file_bytes=30_000) for _ in range(2)]
    intakes = [machine.intake(spool) for spool in spools]
    doors = [machine.hooks(intake) for intake in intakes]
    stop = threading.Event()
    drains = [threading.Thread(target=intake.keep_draining, args=(stop,)) for intake in intakes]
    for thread in drains:
        thread.start()

    answers = []

    def send(number: int) -> None:
        door = doors[number % 2]
        client = door.client.application.test_client()
        answers.append(replace(door, client=client).deliver(order(number)))

    with ThreadPoolExecutor(8) as pool:
        sent = [pool.submit(send, number) for number in range(300)]
        for number, switch in enumerate([machine.stop_redis, machine.start_redis] * 2, 1):
            until(lambda: len(answers) > 60 * number, "a fifth more is answered")  # noqa: B023  called at once
            switch()
    for each in sent:
        each.result()
    until(lambda: all(intake.spooled() == 0 for intake in intakes), "the spool is empty")
    stop.set()
    for thread in drains:
        thread.join()

    assert {answer.status_code for answer in answers} == {202}
    ids = sorted(answer.json["event_id"] for answer in answers)
    assert sorted(event.event_id for event in machine.ledger.events.list()) == ids
    assert machine.files() == []


def start_web(machine, environ, folder: Path) -> "tuple[subprocess.Popen[bytes], str]":
    """A web process group of its own, and where it listens."""
    port = find_free_port(0)
    env = {**environ, "PATH": os.environ["PATH"], "REDIS_URL": machine.url, "BOOKHOOK_SPOOL": str(machine.folder)}
    with (folder / f"{port}.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "cli", "web", "--port", str(port)],
            env=env,
            cwd=folder,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    until(lambda: answers(f"http://127.0.0.1:{port}/healthz"), "web is alive")
    return process, f"http://127.0.0.1:{port}"


def answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).ok
    except requests.RequestException:
        return False


def test_what_a_killed_web_process_had_spooled_is_recorded_by_the_next(machine, environ, tmp_path):
    machine.stop_redis()
    killed, url = start_web(machine, environ, tmp_path)
    with requests.Session() as session:
        told = [deliver(session, url, SHOPIFY, order(number), secret=SECRET) for number in range(20)]
    depth = requests.get(f"{url}/readyz", timeout=5)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.wait()
    machine.start_redis()

    after, url = start_web(machine, environ, tmp_path)
    try:
        until(lambda: requests.get(f"{url}/readyz", timeout=5).json()["spooled"] == 0, "the spool is drained")
    finally:
        os.killpg(after.pid, signal.SIGTERM)
        after.wait(20)

    assert {answer.status_code for answer in told} == {202}
    assert (depth.status_code, depth.json()["redis"], depth.json()["spooled"]) == (503, False, 20)
    assert sorted(event.event_id for event in machine.ledger.events.list()) == sorted(
        answer.json()["event_id"] for answer in told
    )
