"""`bookhook demo`, as a newcomer runs it: no settings, no Redis; and however it is ended, nothing is left."""

import os
import re
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from cli.demo import in_waves, lay_out, say
from tests.e2e.conftest import until
from tests.scene import SOURCES


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


def test_every_event_of_the_demo_ends_as_its_example_says_and_nothing_is_left(tmp_path):
    demo = start_demo(tmp_path, "--once")
    output, _ = demo.communicate(timeout=90)

    assert demo.returncode == 0, output
    for source in SOURCES.values():
        for example in source.examples():
            assert re.search(rf"^{source.name}/{example.case} .* {example.expected['state']} ", output, re.MULTILINE)
    assert "The links were served only while the demo ran" in output
    assert len(ports(output)) == 2
    assert not [port for port in ports(output) if listens(port)]
    assert is_nothing_left(tmp_path)


def test_the_demo_delivers_every_example_once_and_after_those_it_follows():
    waves = list(in_waves(example for source in SOURCES.values() for example in source.examples()))

    wave_of = {(each.source, each.case): number for number, wave in enumerate(waves) for each in wave}
    assert sum(map(len, waves)) == len(wave_of) == sum(len(source.examples()) for source in SOURCES.values())
    following = [(each, case) for wave in waves for each in wave for case in each.expected.get("after", ())]
    assert following
    assert all(wave_of[each.source, each.case] > wave_of[each.source, case] for each, case in following)


def test_a_line_of_the_demo_never_runs_over_the_terminal(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")

    say("x" * 41)
    say("y" * 40)

    assert capsys.readouterr().out.splitlines() == ["x" * 39 + "…", "y" * 40]


def test_two_demos_at_once_do_not_meet(tmp_path):
    demos = [start_demo(tmp_path, "--once") for _ in range(2)]
    outputs = [demo.communicate(timeout=90)[0] for demo in demos]

    assert [demo.returncode for demo in demos] == [0, 0], outputs
    assert len({port for output in outputs for port in ports(output)}) == 4
    assert is_nothing_left(tmp_path)


@pytest.mark.parametrize("signals", [[signal.SIGINT, signal.SIGINT], [signal.SIGTERM]])
def test_the_demo_keeps_serving_until_it_is_told_to_stop_and_leaves_nothing(tmp_path, signals):
    demo = start_demo(tmp_path)
    said = until_it_says(demo, "until Ctrl-C")
    serving = [listens(port) for port in ports(said)]
    for number in signals:
        os.killpg(demo.pid, number)
    rest, _ = demo.communicate(timeout=30)

    assert serving == [True, True]
    assert "nothing is left running" in rest
    assert demo.returncode == 0
    assert is_nothing_left(tmp_path)


@pytest.mark.parametrize("moment", ["redis", "sandbox.log", "worker.log"])
def test_a_demo_interrupted_while_it_starts_says_so_and_leaves_nothing(tmp_path, moment):
    demo = start_demo(tmp_path, "--once")
    until(lambda: list(tmp_path.glob(f"bookhook-*/{moment}")), "the demo is that far")
    for _ in range(2):
        os.killpg(demo.pid, signal.SIGINT)
    output, _ = demo.communicate(timeout=30)

    assert demo.returncode == 130, output
    assert is_nothing_left(tmp_path)


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
