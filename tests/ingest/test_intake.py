"""Between ledger and spool: when Redis is asked, what it refuses, and what people are told."""

import json
import threading
from unittest.mock import Mock

import pytest
import structlog
from click.testing import CliRunner
from redis.exceptions import ConnectionError as RedisAway
from redis.exceptions import DataError, OutOfMemoryError, ReadOnlyError, ResponseError

from cli.main import bookhook
from errors import NotRecorded
from ingest.intake import Breaker, Pace, _concerns_one_event
from ingest.spool import Spool
from tests.ingest.machine import (
    ORDER,
    arrival,
    drained,
    left_by_another_process,
    order,
)


@pytest.fixture
def hooks(machine, intake):
    return machine.hooks(intake)


def test_requests_go_to_the_spool_as_long_as_redis_is_being_tried(clock):
    breaker = Breaker(clock)
    breaker.trip()
    with breaker.held():
        clock.advance(60)
        assert breaker.is_open
    assert not breaker.is_open

    with breaker.held():
        assert not breaker.is_open


def test_a_redis_that_is_slow_as_a_rule_is_waited_for_in_threads_for_a_second(clock):
    pace = Pace(clock)

    def record(seconds: float) -> None:
        with pace.timed():
            clock.advance(seconds)

    record(0.05)
    assert not pace.is_slow
    while not pace.is_slow:
        record(0.05)
    record(5)
    assert not pace.is_slow


def test_how_long_those_take_that_wait_together_says_nothing(clock):
    pace = Pace(clock)
    for _ in range(3):
        with pace.timed():
            clock.advance(0.05)
    assert pace.is_slow
    waiting = pace.timed()
    with waiting:
        clock.advance(3600)

    assert not pace.is_slow


def test_a_request_may_take_long_while_redis_is_away_or_slow(machine, intake, hooks):
    assert not intake.may_take_long()

    machine.stop_redis()
    hooks.deliver(ORDER)

    assert intake.may_take_long()


def test_a_redis_that_hangs_slows_one_request_and_not_the_next(machine, intake, hooks, monkeypatch):
    tries = []
    record_all = intake._ledger.events.record_all
    monkeypatch.setattr(intake._ledger.events, "record_all", lambda arrivals: tries.append(1) or record_all(arrivals))
    machine.stop_redis()

    for number in range(5):
        hooks.deliver(order(number))
    machine.clock.advance(1)
    hooks.deliver(order(6))

    assert len(tries) == 2


def test_of_those_recorded_together_the_spool_takes_what_redis_refuses(machine, intake, monkeypatch):
    record_all = intake._ledger.events.record_all

    def refuse_the_second(arrivals):
        first, _, third = record_all([arrivals[0]])[0], None, record_all([arrivals[2]])[0]
        return [first, ResponseError("ERR this one"), third]

    monkeypatch.setattr(intake._ledger.events, "record_all", refuse_the_second)
    found = intake.record_all([arrival(number) for number in range(3)])

    assert [each.status for each in found] == ["queued"] * 3
    assert drained(machine.folder) == [found[1].event_id]
    assert not intake.may_take_long()


def test_where_nothing_can_record_each_of_those_recorded_together_is_told(machine, intake, monkeypatch):
    machine.stop_redis()
    monkeypatch.setattr(Spool, "append", Mock(side_effect=OSError(28, "No space left on device")))

    found = intake.record_all([arrival(number) for number in range(2)])

    assert [type(each) for each in found] == [NotRecorded, NotRecorded]


def test_a_crash_in_mid_drain_gives_everything_again_that_is_not_done_with(machine, intake, hooks, monkeypatch):
    machine.stop_redis()
    ids = [hooks.deliver(order(number)).json["event_id"] for number in range(10)]
    machine.start_redis()
    record, left = machine.ledger.events.record_late, iter(range(4))

    def record_some(arrival):
        if next(left, None) is None:
            raise KeyboardInterrupt
        record(arrival)
        return True

    with pytest.raises(KeyboardInterrupt):
        Spool(machine.folder).drain(record_some)
    half_way = len(list(machine.ledger.events.list()))
    intake.drain()

    assert half_way == 4
    assert sorted(event.event_id for event in machine.ledger.events.list()) == sorted(ids)
    assert machine.files() == []


def test_an_event_that_redis_alone_refuses_is_set_aside_once_others_are_taken(machine, intake, hooks, monkeypatch):
    machine.stop_redis()
    ids = [hooks.deliver(order(number)).json["event_id"] for number in range(3)]
    machine.start_redis()
    record = intake._ledger.events.record_late

    def refuse_one(each):
        if each.event_id == ids[1]:
            raise ResponseError("WRONGTYPE Operation against a key holding the wrong kind of value")
        return record(each)

    monkeypatch.setattr(intake._ledger.events, "record_late", refuse_one)
    intake.drain()

    assert {event.event_id for event in machine.ledger.events.list()} == {ids[0], ids[2]}
    assert [path.suffix for path in machine.files()] == [".refused"]
    assert intake.spooled() == 0


def test_a_redis_that_refuses_everything_sets_nothing_aside(machine, intake, hooks, monkeypatch):
    machine.stop_redis()
    for number in range(3):
        hooks.deliver(order(number))
    machine.start_redis()

    def refuse(each):
        raise ResponseError("unknown command 'EVALSHA'")

    monkeypatch.setattr(intake._ledger.events, "record_late", refuse)
    intake.drain()
    monkeypatch.undo()
    waiting = intake.spooled()
    intake.drain()

    assert waiting == 3
    assert (len(list(machine.ledger.events.list())), intake.spooled()) == (3, 0)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ResponseError("WRONGTYPE Operation against a key holding the wrong kind of value script: f, on @x:1."), True),
        (ResponseError("user_script:14: attempt to index a nil value script: f, on @user_script:14."), True),
        (ResponseError("Error running script (call to f_1): @user_script:14: -WRONGTYPE Operation against"), True),
        (ResponseError("Error running script (call to f_1): @user_script:14: @user_script: 14: -OOM command"), False),
        (ResponseError("MISCONF Redis is configured to save RDB snapshots"), False),
        (ResponseError("BUSY Redis is busy running a script."), False),
        (ResponseError("NOREPLICAS Not enough good replicas to write."), False),
        (OutOfMemoryError("command not allowed when used memory > 'maxmemory'."), False),
        (ReadOnlyError("You can't write against a read only replica."), False),
        (RedisAway("Error 111"), False),
        (DataError("Invalid input of type"), True),
    ],
    ids=lambda value: None if isinstance(value, bool) else str(value)[:30],
)
def test_what_redis_refuses_for_itself_is_told_from_what_it_refuses_for_now(error, expected):
    assert _concerns_one_event(error) is expected


def test_the_thread_that_drains_outlives_every_trouble(machine, intake, hooks, monkeypatch):
    machine.stop_redis()
    hooks.deliver(ORDER)
    machine.start_redis()
    stop, drains = threading.Event(), []
    drain = intake.drain
    monkeypatch.setattr("ingest.intake.TROUBLE_SECONDS", 0.01)

    def fail_once() -> None:
        drains.append(1)
        if len(drains) == 1:
            raise PermissionError(13, "Permission denied")
        drain()
        stop.set()

    monkeypatch.setattr(intake, "drain", fail_once)
    intake.keep_draining(stop)

    assert intake.spooled() == 0


def test_it_is_logged_when_spooling_starts_and_ends(machine, intake, hooks):
    with structlog.testing.capture_logs() as logged:
        machine.stop_redis()
        for number in range(3):
            hooks.deliver(order(number))
        machine.start_redis()
        intake.drain()
        intake.drain()

    steps = [line["event"] for line in logged if "spool" in line["event"]]
    assert steps == ["spooling_started", "spool_drained", "spooling_ended"]


def test_stats_and_check_say_what_waits_and_what_was_set_aside(machine, environ, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    env = {**environ, "BOOKHOOK_SPOOL": str(machine.folder)}
    empty = CliRunner().invoke(bookhook, ["check"], env=env)
    left_by_another_process(machine.folder, arrival(1), arrival(2))

    stats = CliRunner().invoke(bookhook, ["stats", "--json"], env=env)
    waiting = CliRunner().invoke(bookhook, ["check"], env=env)
    [file] = machine.files()
    file.rename(file.with_suffix(".damaged"))
    aside = CliRunner().invoke(bookhook, ["check"], env=env)

    assert json.loads(stats.stdout)["spooled"] == 2
    assert (empty.exit_code, waiting.exit_code, aside.exit_code) == (0, 0, 1)
    assert "spool" not in empty.stdout
    assert "2 events wait in the spool" in waiting.stdout
    assert f"{file.stem}.damaged" in aside.stdout


def test_check_says_when_the_spool_cannot_be_used(no_folder, environ):
    told = CliRunner().invoke(bookhook, ["check"], env={**environ, "BOOKHOOK_SPOOL": str(no_folder.folder)})

    assert told.exit_code == 1
    assert "BOOKHOOK_SPOOL" in told.stdout
