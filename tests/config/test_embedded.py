import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import redis
from structlog.testing import capture_logs

from config import embedded
from config.embedded import embedded_redis, find_socket_path, is_running, revive
from config.problems import ConfigError
from config.redis_client import connect_redis

USER = """
import sys
from pathlib import Path
from config.embedded import embedded_redis
with embedded_redis(Path(sys.argv[1])) as url:
    print(url, flush=True)
    sys.stdin.read()
"""


@contextmanager
def other_user(home):
    """Another process that uses the embedded Redis of `home` until its input ends."""
    command = [sys.executable, "-c", USER, str(home)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline().startswith("unix://")
        yield process


def server_of(url):
    with connect_redis(url) as client:
        return client.info("server")["process_id"]


def write(url, value):
    with connect_redis(url) as client:
        client.set("key", value)


def read(url):
    with connect_redis(url) as client:
        return client.get("key")


def end_of(process):
    process.stdin.close()
    return process.wait(timeout=20)


def test_what_was_written_is_there_for_the_next_command(tmp_path):
    with embedded_redis(tmp_path) as url:
        write(url, "kept")
    assert not is_running(tmp_path)

    with embedded_redis(tmp_path) as url:
        assert read(url) == b"kept"


def test_it_writes_before_it_answers_never_evicts_and_has_no_port(tmp_path):
    with embedded_redis(tmp_path) as url, connect_redis(url) as client:
        config = client.config_get("append*", "maxmemory-policy", "port", "save")

    assert (config["appendonly"], config["appendfsync"]) == ("yes", "always")
    assert (config["maxmemory-policy"], config["port"], config["save"]) == ("noeviction", "0", "")


def test_its_folder_and_socket_are_closed_to_others(tmp_path):
    with embedded_redis(tmp_path):
        folder = tmp_path / "redis"
        assert folder.stat().st_mode & 0o077 == 0
        assert (folder / "redis.sock").stat().st_mode & 0o077 == 0


def test_it_is_out_of_reach_of_the_terminals_interrupt(tmp_path):
    with embedded_redis(tmp_path) as url:
        assert os.getsid(server_of(url)) != os.getsid(0)


def test_two_commands_share_one_server_and_the_last_one_stops_it(tmp_path):
    with other_user(tmp_path) as user:
        with embedded_redis(tmp_path) as url:
            server = server_of(url)
        assert is_running(tmp_path)

        with embedded_redis(tmp_path) as url:
            assert server_of(url) == server
            assert end_of(user) == 0
            assert server_of(url) == server

    assert not is_running(tmp_path)


def test_a_killed_user_locks_nobody_out_and_the_next_one_takes_over(tmp_path):
    with other_user(tmp_path) as user:
        user.kill()
    assert is_running(tmp_path)

    with embedded_redis(tmp_path) as url:
        assert read(url) is None

    assert not is_running(tmp_path)


def test_an_interrupted_user_stops_the_server(tmp_path):
    with other_user(tmp_path) as user:
        user.send_signal(signal.SIGINT)

    assert not is_running(tmp_path)


def test_an_interrupt_while_the_server_starts_leaves_none_behind(tmp_path, monkeypatch):
    start = embedded._start

    def interrupted(*place):
        start(*place)
        raise KeyboardInterrupt

    monkeypatch.setattr(embedded, "_start", interrupted)
    with pytest.raises(KeyboardInterrupt):
        embedded_redis(tmp_path).__enter__()

    assert not is_running(tmp_path)


def test_a_killed_server_is_started_anew_and_nothing_answered_is_lost(tmp_path):
    with other_user(tmp_path) as user:
        with embedded_redis(tmp_path) as url:
            write(url, "kept")
            os.kill(server_of(url), signal.SIGKILL)
            assert (tmp_path / "redis" / "redis.sock").exists()

            with embedded_redis(tmp_path) as same_url:
                assert (same_url, read(url)) == (url, b"kept")
        assert end_of(user) == 0

    assert not is_running(tmp_path)


def wait_for(condition):
    deadline, pause = time.monotonic() + 20, threading.Event()
    while not condition():
        assert time.monotonic() < deadline
        pause.wait(0.01)


def kill(server, home):
    os.kill(server, signal.SIGKILL)
    wait_for(lambda: not is_running(home))


def answers(url):
    with suppress(redis.RedisError):
        return read(url) is not None


def test_a_server_that_died_under_its_users_is_revived_with_all_it_answered(tmp_path):
    with embedded_redis(tmp_path) as url:
        write(url, "kept")
        kill(server_of(url), tmp_path)

        revive(tmp_path)

        wait_for(lambda: answers(url))
        assert read(url) == b"kept"
    assert not is_running(tmp_path)


def test_many_that_revive_at_once_start_one_server(tmp_path):
    with embedded_redis(tmp_path) as url:
        write(url, "kept")
        kill(server_of(url), tmp_path)
        with capture_logs() as lines, ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _: revive(tmp_path), range(40)))

        wait_for(lambda: answers(url))
        assert [line["event"] for line in lines] == ["embedded_redis_died"]


def test_a_server_that_lives_is_not_revived(tmp_path):
    with embedded_redis(tmp_path) as url:
        server = server_of(url)
        with capture_logs() as lines:
            revive(tmp_path)
        assert (server_of(url), lines) == (server, [])


def test_a_server_that_nobody_uses_any_more_stays_stopped(tmp_path):
    revive(tmp_path)
    assert not (tmp_path / "redis").exists()
    with embedded_redis(tmp_path):
        pass

    revive(tmp_path)

    assert not is_running(tmp_path)


def test_users_that_come_at_once_find_one_server(tmp_path):
    def use(_):
        with embedded_redis(tmp_path) as url, connect_redis(url) as client:
            client.incr("users")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(use, range(24)))

    with embedded_redis(tmp_path) as url, connect_redis(url) as client:
        assert client.get("users") == b"24"


def test_a_last_command_that_was_cut_off_by_a_power_cut_is_dropped(tmp_path):
    with embedded_redis(tmp_path) as url:
        write(url, "kept")
        write(url, "cut")
    [log] = (tmp_path / "redis" / "appendonlydir").glob("*.incr.aof")
    log.write_bytes(log.read_bytes()[:-4])

    with embedded_redis(tmp_path) as url:
        assert read(url) == b"kept"


def test_a_server_that_cannot_read_its_data_is_a_problem_that_names_its_log(tmp_path):
    with embedded_redis(tmp_path) as url:
        write(url, "kept")
    [log] = (tmp_path / "redis" / "appendonlydir").glob("*.incr.aof")
    log.write_bytes(b"nonsense" + log.read_bytes())

    with pytest.raises(ConfigError, match=r"the embedded Redis does not answer; .*redis\.log says why"):
        embedded_redis(tmp_path).__enter__()

    assert not is_running(tmp_path)


def test_a_long_home_gets_a_short_private_socket(tmp_path):
    home = tmp_path / ("long" * 30)

    with embedded_redis(home) as url:
        write(url, "kept")
        socket = find_socket_path(home / "redis")

    assert len(os.fsencode(socket)) <= embedded.LONGEST_SOCKET_PATH
    assert socket.parent.stat().st_mode & 0o077 == 0
    socket.parent.rmdir()


def test_where_every_folder_is_too_long_it_says_which_to_shorten(tmp_path, monkeypatch):
    home, temporary = (tmp_path / name / ("long" * 30) for name in ("home", "temporary"))
    temporary.mkdir(parents=True)
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))

    with pytest.raises(ConfigError, match="set BOOKHOOK_HOME or TMPDIR to a shorter path"), embedded_redis(home):
        pass
    assert list(temporary.iterdir()) == []


def test_a_short_folder_that_someone_else_laid_out_is_refused(tmp_path, monkeypatch):
    folder = tmp_path / ("long" * 30)
    with tempfile.TemporaryDirectory() as temporary:
        monkeypatch.setattr(tempfile, "tempdir", temporary)
        find_socket_path(folder).parent.rmdir()
        monkeypatch.setattr(embedded, "_make_folder", lambda path: path.symlink_to(tmp_path) or path)

        with pytest.raises(ConfigError, match=f"bookhook-{os.getuid()}-.* belongs to someone else"):
            find_socket_path(folder)


@pytest.mark.parametrize("name", ["with space", "ümläut", "per%20cent", "a?b#c", "quo'te\"s"])
def test_any_folder_name_will_do(tmp_path, name):
    with embedded_redis(tmp_path / name) as url:
        write(url, "kept")
        assert read(url) == b"kept"


def test_a_home_that_cannot_be_made_is_a_problem(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(ConfigError, match="cannot be used: not a directory"):
        embedded_redis(tmp_path / "file").__enter__()


def test_a_home_that_is_deleted_in_use_is_left_alone(tmp_path):
    with embedded_redis(tmp_path) as url:
        server = server_of(url)
        (tmp_path / "redis").rename(tmp_path / "away")

    os.kill(server, signal.SIGKILL)
    assert not (tmp_path / "redis").exists()


def test_without_a_wheel_the_way_out_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(embedded.importlib.util, "find_spec", lambda name: None)

    with pytest.raises(ConfigError, match="no embedded Redis for this platform; set REDIS_URL"):
        embedded_redis(tmp_path).__enter__()


def test_a_binary_that_does_not_run_here_counts_as_none(tmp_path, monkeypatch):
    binary = tmp_path / "valkey-server"
    binary.write_bytes(b"\x7fELF of another machine")
    binary.chmod(0o700)
    monkeypatch.setattr(embedded, "find_server", lambda: binary)

    with pytest.raises(ConfigError, match="no embedded Redis for this platform; set REDIS_URL"):
        embedded_redis(tmp_path / "home").__enter__()


def test_a_server_that_refuses_its_options_is_a_problem_that_names_its_log(tmp_path, monkeypatch):
    monkeypatch.setitem(embedded.OPTIONS, "appendfsync", "perhaps")

    with pytest.raises(ConfigError, match=r"the embedded Redis did not start; .*redis\.log says why"):
        embedded_redis(Path(tmp_path)).__enter__()


@contextmanager
def impatience():
    """Lets nobody wait longer than a moment."""
    with pytest.MonkeyPatch.context() as patch:
        for patience in ("ANSWER_SECONDS", "START_SECONDS", "STOP_SECONDS"):
            patch.setattr(embedded, patience, 0.05)
        yield


def test_a_server_that_hangs_is_not_joined_by_a_second_one(tmp_path):
    with other_user(tmp_path) as user:
        with embedded_redis(tmp_path) as url:
            server = server_of(url)
        os.kill(server, signal.SIGSTOP)
        with impatience(), pytest.raises(ConfigError, match="does not answer"):
            embedded_redis(tmp_path).__enter__()
        os.kill(server, signal.SIGCONT)

        with embedded_redis(tmp_path) as url:
            assert server_of(url) == server
        assert end_of(user) == 0


def test_a_server_that_does_not_stop_is_said_so_and_left_to_the_next_user(tmp_path):
    user = embedded_redis(tmp_path)
    server = server_of(user.__enter__())
    os.kill(server, signal.SIGSTOP)

    with capture_logs() as lines, impatience():
        user.__exit__(None, None, None)

    assert [line["event"] for line in lines] == ["embedded_redis_still_running"]
    os.kill(server, signal.SIGKILL)
