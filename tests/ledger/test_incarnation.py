"""The ledger notices when Redis may have forgotten something: real servers are restarted, replaced and emptied."""

import signal
from contextlib import ExitStack

import pytest
from structlog.testing import capture_logs

from config.redis_client import connect_redis
from errors import RetryLater
from ledger.ledger import Ledger

ALWAYS = {"appendonly": "yes", "appendfsync": "always"}
EVERY_SECOND = {"appendonly": "yes", "appendfsync": "everysec"}
LOST_THE_LAST = "Redis was restarted or failed over, and may have lost the last that it had acknowledged"
HAS_LESS = "Redis has less than it had: restored from a backup, emptied, or failed over to a server that lagged"


@pytest.fixture
def process(clock):
    """What a new process with a client of a server sees."""
    with ExitStack() as closing:

        def start(server, user=""):
            url = server.url.replace("redis://", f"redis://{user}")
            return Ledger(closing.enter_context(connect_redis(url)), clock=clock).incarnation

        yield start


def intend(incarnation):
    """A worker of the process writes down an intention (ledger/intend.lua counts it) and waits for the replicas."""
    incarnation.secure_intention(incarnation._redis.hincrby("bh:incarnation", "count", 1))


def empty(server):
    with connect_redis(server.url) as client:
        client.flushall()


def test_a_new_ledger_has_not_gone_back(servers, process):
    incarnation = process(servers.redis(**EVERY_SECOND))

    assert [incarnation.observe(), incarnation.observe()] == [None, None]


@pytest.mark.parametrize("options", [EVERY_SECOND, ALWAYS | {"no-appendfsync-on-rewrite": "yes"}])
def test_a_restart_that_may_have_lost_a_second_is_noticed_by_who_was_there_and_by_who_comes(
    servers, process, clock, options
):
    server = servers.redis(**options)
    process(server).observe()

    server.restart()

    gone_back = process(server).observe()
    assert (gone_back.at, gone_back.reason) == (clock(), LOST_THE_LAST)


def test_a_server_that_keeps_nothing_is_noticed_by_who_was_there(servers, process):
    server = servers.redis(appendonly="no")
    lived = process(server)
    lived.observe()
    intend(lived)

    server.restart()

    assert lived.observe().reason == HAS_LESS


def test_a_restart_of_a_server_that_writes_before_it_answers_is_no_reason_for_care(servers, process):
    server = servers.redis(**ALWAYS)
    lived = process(server)
    lived.observe()
    intend(lived)

    server.restart()

    assert [lived.observe(), process(server).observe()] == [None, None]


@pytest.mark.parametrize(("before", "after"), [(EVERY_SECOND, ALWAYS), (ALWAYS, EVERY_SECOND)])
def test_a_server_has_to_be_durable_before_and_after_a_restart(servers, process, before, after):
    server = servers.redis(**before)
    process(server).observe()

    server.options = after
    server.restart()

    assert process(server).observe().reason == LOST_THE_LAST


def test_a_server_that_had_a_replica_is_not_trusted_to_come_back_as_it_was(servers, process):
    server, replica = servers.redis(**ALWAYS), servers.redis(**ALWAYS)
    replica.replicate(server)
    process(server).observe()

    replica.kill()
    server.restart()

    assert process(server).observe().reason == LOST_THE_LAST


def test_a_replica_that_became_the_master_is_noticed(servers, process):
    master, replica = servers.redis(**ALWAYS), servers.redis(**ALWAYS)
    process(master).observe()
    replica.replicate(master)

    master.kill()
    with connect_redis(replica.url) as client:
        client.replicaof("NO", "ONE")

    assert process(replica).observe().reason == LOST_THE_LAST


def test_a_ledger_that_counts_less_than_this_process_has_seen_has_gone_back(servers, process):
    server = servers.redis(**ALWAYS)
    lived = process(server)
    lived.observe()
    intend(lived)
    with connect_redis(server.url) as client:
        backup = client.dump("bh:incarnation")
        intend(lived)
        client.restore("bh:incarnation", 0, backup, replace=True)

    assert lived.observe().reason == HAS_LESS


def test_an_emptied_ledger_has_gone_back_for_who_knew_it_and_looks_new_to_others(servers, process):
    server = servers.redis(**ALWAYS)
    lived = process(server)
    intend(lived)
    empty(server)

    assert process(server).observe() is None
    assert lived.observe().reason == HAS_LESS


def test_one_loss_is_noticed_and_logged_once_however_many_look(servers, process, clock):
    server = servers.redis(**EVERY_SECOND)
    processes = [process(server) for _ in range(3)]
    for each in processes:
        intend(each)
        each.observe()
    server.restart()
    empty(server)

    with capture_logs() as lines:
        first = processes[2].observe()
        clock.advance(100)
        seen = [each.observe() for each in processes]

    assert (first.at, seen) == (clock() - 100, [first] * 3)
    assert [line["event"] for line in lines] == ["ledger_may_have_gone_back"]


def test_a_second_loss_begins_a_new_time_of_care(servers, process, clock):
    server = servers.redis(**EVERY_SECOND)
    for _ in range(2):
        process(server).observe()
        server.restart()
        clock.advance(60)

    assert process(server).observe().at == clock()


def test_a_person_can_say_that_a_backup_was_restored(servers, process, clock):
    server = servers.redis(**ALWAYS)

    process(server).declare_gone_back()

    gone_back = process(server).observe()
    assert (gone_back.at, "bookhook check --restored" in gone_back.reason) == (clock(), True)


@pytest.fixture
def strict(servers, tmp_path):
    """A server whose user may not use the commands given."""

    def start(*refused):
        rights = " ".join(f"-{command}" for command in refused)
        (tmp_path / "users").write_text(f"user default on nopass ~* &* +@all\nuser app on >pw ~* &* +@all {rights}\n")
        return servers.redis(aclfile=str(tmp_path / "users"), **ALWAYS)

    return start


def test_where_config_is_refused_the_worst_is_assumed_of_every_restart(strict, process):
    server = strict("config")
    assert process(server, "app:pw@").observe() is None

    server.restart()

    assert process(server, "app:pw@").observe().reason == LOST_THE_LAST


def test_where_info_is_refused_a_loss_is_noticed_by_the_count_alone(strict, process):
    server = strict("config", "info")
    lived = process(server, "app:pw@")
    lived.observe()
    intend(lived)

    server.restart()
    assert lived.observe() is None
    empty(server)
    assert lived.observe().reason == HAS_LESS


def test_an_intention_is_secure_when_the_replicas_have_it(servers, process):
    master, replica = servers.redis(**ALWAYS), servers.redis(**ALWAYS)
    replica.replicate(master)
    incarnation = process(master)
    incarnation.observe()

    with connect_redis(master.url) as client:
        client.set("intention", "to post")
        intend(incarnation)

    with connect_redis(replica.url) as client:
        assert client.get("intention") == b"to post"


def test_an_intention_that_a_replica_does_not_confirm_is_not_secure(servers, process):
    master, replica = servers.redis(**ALWAYS), servers.redis(**ALWAYS)
    replica.replicate(master)
    incarnation = process(master)
    incarnation.observe()

    replica.process.send_signal(signal.SIGSTOP)
    with pytest.raises(RetryLater, match="Only 0 of 1 replicas"):
        intend(incarnation)

    replica.process.send_signal(signal.SIGCONT)
    intend(incarnation)


def test_a_replica_that_is_gone_is_not_waited_for_once_that_was_seen(servers, process):
    master, replica = servers.redis(**ALWAYS), servers.redis(**ALWAYS)
    replica.replicate(master)
    incarnation = process(master)
    incarnation.observe()
    replica.kill()
    master.await_replicas(0)

    incarnation.observe()

    intend(incarnation)
