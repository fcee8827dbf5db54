"""The processes a demo starts: watched while they start, and ended whatever they do."""

import os
import signal
import subprocess
import sys
import threading

import click
import pytest

import cli.children
from cli.children import Child, Children, children
from cli.interrupts import uninterrupted

STUBBORN = """
import signal, subprocess, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
idle = "import signal; signal.pause()"
print(subprocess.Popen([sys.executable, "-c", idle]).pid, flush=True)
signal.pause()
"""


@pytest.fixture
def kept_signals():
    """Ctrl-C is heard, also where a shell has these tests in its background; what a test does to signals is undone."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_a_child_that_ends_while_it_starts_is_told_at_once_with_what_it_said(tmp_path, kept_signals):
    with children({"PATH": ""}, tmp_path) as started:
        web = started.start("web", "--nonsense")
        with pytest.raises(click.ClickException) as caught:
            started.wait_until_up(web, lambda: False)

    assert caught.value.message.startswith("web ended as soon as it was started. It said:\n")
    assert "No such option" in caught.value.message


def test_a_child_that_is_never_up_is_told_in_time(tmp_path, kept_signals, monkeypatch):
    monkeypatch.setattr(cli.children, "START_SECONDS", 0.2)
    started = Children({"PATH": ""}, tmp_path)
    (tmp_path / "web.log").touch()

    with pytest.raises(click.ClickException, match=r"web did not start within 0 seconds\. It said:\nnothing"):
        started.wait_until_up(Child(None, tmp_path / "web.log"), lambda: False)


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_child_that_does_not_stop_is_killed_with_all_it_has_started(tmp_path, kept_signals, monkeypatch):
    monkeypatch.setattr(cli.children, "STOP_SECONDS", 0.1)
    command = [sys.executable, "-c", STUBBORN]
    with children({}, tmp_path) as started:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
        started.running.append(Child(process, tmp_path / "log"))
        grandchild = int(process.stdout.readline())

    assert process.returncode == -signal.SIGKILL
    process.stdout.close()
    pause = threading.Event()
    while is_alive(grandchild):
        pause.wait(0.01)


def test_an_interrupt_waits_for_the_end_of_a_step_that_must_be_whole(kept_signals):
    done = []

    def be_interrupted():
        with uninterrupted():
            signal.raise_signal(signal.SIGINT)
            done.append("the rest of the step")

    with pytest.raises(KeyboardInterrupt):
        be_interrupted()
    assert done == ["the rest of the step"]
