"""`bookhook demo`, as a newcomer runs it: no settings, no Redis; and however it is ended, nothing is left."""

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from cli.demo import in_waves, lay_out, say
from cli.stand_ins import answers
from tests.e2e.conftest import until
from tests.scene import SOURCES


@pytest.fixture
def folder() -> Iterator[Path]:
    with short_folder() as path:
        yield path


@contextmanager
def short_folder() -> Iterator[Path]:
    """A folder with a path that is short enough for the socket of the Redis in it."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def start_demo(folder: Path, *options: str) -> "subprocess.Popen[str]":
    environ = {"PATH": os.environ["PATH"], "TMPDIR": str(folder), "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "cli", "demo", *options]
    return subprocess.Popen(command, env=environ, cwd=folder, stdout=subprocess.PIPE, text=True, start_new_session=True)


def ports(output: str) -> list[int]:
    return [int(port) for port in re.findall(r"http://127\.0\.0\.1:(\d+)", output.split("\n\n")[0])]


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def are_running(folder: Path) -> list[str]:
    """The processes (Linux tells them) that were started for a demo in this folder and still live."""
    found = []
    for environ in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            if os.fsencode(folder) in environ.read_bytes():
                found.append((environ.parent / "cmdline").read_text())
    return found


def is_nothing_left(folder: Path) -> bool:
    return not are_running(folder) and list(folder.iterdir()) == []


def until_it_says(demo: "subprocess.Popen[str]", words: str) -> str:
    assert demo.stdout is not None
    said = ""
    for line in demo.stdout:
        said += line
        if words in line:
            return said
    raise AssertionError(f"it never said {words!r}, but:\n{said}")


@dataclass(frozen=True)
class Demo:
    """What became of a demo: what it said, on which ports something listened before it was told to stop and after."""

    said: str
    status: int
    served: list[bool]
    left: list[bool]


@pytest.fixture(scope="module")
def three_at_once() -> Iterator[dict[str, Demo]]:
    """One that ends by itself and two that serve until they are stopped, begun in one folder at one time."""
    stops = {"once": [], "Ctrl-C, twice": [signal.SIGINT, signal.SIGINT], "SIGTERM": [signal.SIGTERM]}
    with short_folder() as folder, ThreadPoolExecutor(len(stops)) as pool:
        yield dict(zip(stops, pool.map(partial(follow, folder), stops.values()), strict=True))
        assert is_nothing_left(folder)


def follow(folder: Path, stop: list[signal.Signals]) -> Demo:
    """A demo from its start to its end, read along; without signals to stop it, it runs once."""
    demo = start_demo(folder, *([] if stop else ["--once"]))
    said = until_it_says(demo, "until Ctrl-C") if stop else ""
    served = [listens(port) for port in ports(said)]
    for number in stop:
        os.killpg(demo.pid, number)
    rest, _ = demo.communicate(timeout=180)
    return Demo(said + rest, demo.returncode, served, [listens(port) for port in ports(said + rest)])


STOPPED = ["Ctrl-C, twice", "SIGTERM"]
every_demo = pytest.mark.parametrize("name", ["once", *STOPPED])


@every_demo
def test_every_event_of_a_demo_ends_as_its_example_says(three_at_once, name):
    said = three_at_once[name].said

    for source in SOURCES.values():
        for example in source.examples():
            assert re.search(rf"^{source.name}/{example.case} .* {example.expected['state']} ", said, re.MULTILINE)
    assert "93 posted, 8 parked, 6 awaiting approval." in said


@every_demo
def test_a_demo_ends_well_and_leaves_nothing_running(three_at_once, name):
    demo = three_at_once[name]

    assert demo.status == 0, demo.said
    assert demo.left == [False, False, False]


@pytest.mark.parametrize("name", STOPPED)
def test_a_demo_serves_until_it_is_told_to_stop(three_at_once, name):
    assert three_at_once[name].served == [True, True, True]
    assert "nothing is left running" in three_at_once[name].said


def test_a_demo_that_runs_once_says_so_of_its_links(three_at_once):
    assert "The links were served only while the demo ran" in three_at_once["once"].said


def test_demos_at_once_do_not_meet(three_at_once):
    assert len({port for demo in three_at_once.values() for port in ports(demo.said)}) == 9


def test_the_demo_delivers_every_example_once_and_after_those_it_follows():
    examples = [example for source in SOURCES.values() for example in source.examples()]

    waves = list(in_waves(examples, partial(answers, SOURCES)))

    wave_of = {(each.source, each.case): number for number, wave in enumerate(waves) for each in wave}
    assert sum(map(len, waves)) == len(wave_of) == len(examples)
    following = [(each, case) for wave in waves for each in wave for case in each.expected.get("after", ())]
    assert following
    assert all(wave_of[each.source, each.case] > wave_of[each.source, case] for each, case in following)


def test_a_line_of_the_demo_never_runs_over_the_terminal(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")

    say("x" * 41)
    say("y" * 40)

    assert capsys.readouterr().out.splitlines() == ["x" * 39 + "…", "y" * 40]


@pytest.mark.parametrize("moment", ["redis", "sandbox.log", "worker.log"])
def test_a_demo_interrupted_while_it_starts_says_so_and_leaves_nothing(folder, moment):
    demo = start_demo(folder, "--once")
    until(lambda: list(folder.glob(f"bookhook-*/{moment}")), "the demo is that far")
    for _ in range(2):
        os.killpg(demo.pid, signal.SIGINT)
    output, _ = demo.communicate(timeout=30)

    assert demo.returncode == 130, output
    assert is_nothing_left(folder)


ROW = ("shopify/paid_order", "ev_1a2004944c58ce51cf15a86", "posted", "created", "invoice", "INV-000003", "114.38 USD")
LINK = "http://127.0.0.1:8099/app/10000001#/invoices/460001007000000003"


def test_a_narrow_terminal_gets_the_table_in_lines_that_fit():
    ignored = ("shopify/test_order", "ev_1a2004944eee15f1da7e694", "ignored", "", "", "", "", "it is a test order")

    lines = lay_out([(*ROW, LINK), ignored], columns=80).splitlines()

    assert max(len(line) for line in lines) <= 80
    assert lines[4:] == [
        "shopify/paid_order  ev_1a2004944c58ce51cf15a86",
        "  posted   created  invoice   INV-000003  114.38 USD",
        f"  {LINK}",
        "shopify/test_order  ev_1a2004944eee15f1da7e694",
        "  ignored",
        "  it is a test order",
    ]


def test_a_wide_terminal_gets_one_line_for_each_event_however_long_a_reason_is():
    parked = ("standard/order", "ev_1a2004944eee15f1da7e694", "parked", "", "", "", "", "so it is " * 30)

    lines = lay_out([(*ROW, LINK), parked], columns=180).splitlines()

    assert len(lines) == 4
    assert lines[2].endswith(LINK)
