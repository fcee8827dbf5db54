"""`bookhook demo --once`, as a newcomer runs it: no settings, no Redis."""

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.scene import SOURCES


def start_demo(folder: Path, *options: str) -> "subprocess.Popen[str]":
    environ = {"PATH": os.environ["PATH"], "TMPDIR": str(folder), "PYTHONUNBUFFERED": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", "cli", "demo", *options], env=environ, cwd=folder, stdout=subprocess.PIPE, text=True
    )


def ports(output: str) -> list[int]:
    return [int(port) for port in re.findall(r"http://127\.0\.0\.1:(\d+)", output.split("\n\n")[0])]


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def test_every_event_of_the_demo_ends_as_its_example_says_and_nothing_is_left(folder):
    demo = start_demo(folder, "--once")
    output, _ = demo.communicate(timeout=90)

    assert demo.returncode == 0, output
    for source in SOURCES.values():
        for example in source.examples():
            assert re.search(rf"^{source.name}/{example.case} .* {example.expected['state']} ", output, re.MULTILINE)
    assert len(ports(output)) == 2
    assert not [port for port in ports(output) if listens(port)]
    assert list(folder.iterdir()) == []


def test_the_demo_keeps_serving_on_free_ports_until_it_is_interrupted(folder):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        demo = start_demo(folder)
        assert demo.stdout is not None
        said = ""
        for line in demo.stdout:
            said += line
            if "until Ctrl-C" in line:
                break
        serving = [listens(port) for port in ports(said)]
        demo.send_signal(signal.SIGINT)
        rest, _ = demo.communicate(timeout=30)

    assert serving == [True, True]
    assert "nothing is left running" in rest
    assert not [port for port in ports(said) if listens(port)]
    assert list(folder.iterdir()) == []
