import fcntl
import os
import signal
import threading

import pytest
import redis
from structlog.testing import capture_logs

import config.embedded
from config.embedded import embedded_redis, is_running
from config.redis_client import connect_redis, open_redis, redis_address, revive_redis
from config.settings import read_settings


def test_without_a_url_the_embedded_redis_under_home_is_opened(tmp_path):
    with open_redis(read_settings({"BOOKHOOK_HOME": str(tmp_path)})) as client:
        client.set("key", "value")
        assert client.get("key") == b"value"

    assert (tmp_path / "redis").is_dir()


def test_with_a_url_nothing_is_started(tmp_path):
    with embedded_redis(tmp_path / "elsewhere") as url:
        settings = read_settings({"BOOKHOOK_HOME": str(tmp_path / "home"), "REDIS_URL": url})
        with redis_address(settings) as address, open_redis(settings) as client:
            assert address == url
            assert client.ping()

    assert not (tmp_path / "home").exists()


def test_a_redis_that_is_away_is_reported_at_once(tmp_path):
    with connect_redis(f"unix://{tmp_path}/nobody.sock") as client, pytest.raises(redis.ConnectionError):
        client.ping()


def test_a_command_whose_connection_broke_is_not_sent_again(tmp_path):
    with embedded_redis(tmp_path) as url, connect_redis(url) as client, connect_redis(url) as other:
        broken_off = client.pipeline(transaction=False)
        broken_off.incr("n")
        broken_off.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "no")
        broken_off.ping()

        with pytest.raises(redis.ConnectionError):
            broken_off.execute()

        assert other.get("n") == b"1"


def test_clients_wait_a_second_for_a_connection_and_five_for_an_answer():
    with connect_redis("redis://:pw@localhost:6379/2") as client:
        options = client.connection_pool.connection_kwargs

    assert (options["socket_connect_timeout"], options["socket_timeout"]) == (1.0, 5.0)
    assert options["health_check_interval"] == 30


def test_only_an_embedded_redis_is_revived(tmp_path):
    embedded = read_settings({"BOOKHOOK_HOME": str(tmp_path)})
    configured = read_settings({"BOOKHOOK_HOME": str(tmp_path), "REDIS_URL": "redis://127.0.0.1:1"})
    with redis_address(embedded) as address, connect_redis(address) as client:
        os.kill(client.info("server")["process_id"], signal.SIGKILL)
        pause = threading.Event()
        while is_running(tmp_path):
            pause.wait(0.01)

        revive_redis(configured)
        assert not is_running(tmp_path)
        revive_redis(embedded)
        assert is_running(tmp_path)


def test_a_redis_that_cannot_be_revived_is_a_line_in_the_log(tmp_path, monkeypatch):
    monkeypatch.setattr(config.embedded, "find_server", lambda: tmp_path / "nothing")
    settings = read_settings({"BOOKHOOK_HOME": str(tmp_path)})
    (tmp_path / "redis").mkdir()
    for name in config.embedded.LOCKS:
        (tmp_path / "redis" / name).touch()

    with (tmp_path / "redis" / "users.lock").open() as user, capture_logs() as lines:
        fcntl.flock(user, fcntl.LOCK_SH)
        revive_redis(settings)

    assert [line["event"] for line in lines] == ["embedded_redis_died", "embedded_redis_not_revived"]
