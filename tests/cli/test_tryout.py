"""The process in which mappings are tried: it ends in time, whatever it is given, and is told no secret."""

import sys
import threading
import time
from itertools import pairwise

import pytest

from cli.deployment import read_deployment
from cli.tryout import room as rooms
from cli.tryout.room import TryoutRoom
from console.tryouts import Request, TooBusy, Version
from tests.scene import SOURCES, example

ORDER = example("shopify/paid_order")
CAME = Request(headers=ORDER.headers, body=ORDER.body)
LIVE = (SOURCES["shopify"].folder / "mapping.yaml").read_text()
SETTINGS = {"SHOPIFY_WEBHOOK_SECRET": "never-told", "ZOHO_ORGANIZATION_ID": "1"}
ENDLESS = f"match('{'a' * 60}!', '(?<n>(a+)+$)').n"
ALIASES = "a: &a [x, x]\n" + "".join(
    f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n" for a, b in pairwise("abcdefghijklmnop")
)


def with_reference(expression: str) -> str:
    return LIVE.replace("reference_number: name", f"reference_number: {expression}", 1)


@pytest.fixture(scope="module")
def room() -> TryoutRoom:
    return TryoutRoom(read_deployment(SETTINGS), seconds=3)


@pytest.fixture
def rehearse(room):
    return lambda mapping, request=CAME: room.try_out("shopify", "shopify", Version(mapping), request)


def test_what_is_tried_comes_out_as_it_would_be_posted(rehearse):
    [[outcome]] = rehearse(LIVE).outcomes

    assert outcome["state"] == "posted"
    assert outcome["computed"][0]["total"] == "114.38"


@pytest.mark.parametrize(
    "mapping",
    [
        pytest.param(with_reference(ENDLESS), id="a pattern that never ends"),
        pytest.param(
            "a: &a [x, x, x, x, x, x, x, x, x]\n"
            + "".join(
                f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefghijkl", "bcdefghijklm", strict=True)
            ),
            id="aliases of aliases",
        ),
    ],
)
def test_what_never_ends_is_stopped(rehearse, mapping):
    began = time.monotonic()

    assert rehearse(mapping).stuck
    assert time.monotonic() - began < 6


@pytest.mark.parametrize(
    "mapping",
    [
        "",
        "\x00",
        "[" * 100_000,
        "a: &a\n  <<: *a\n",
        "&a [*a]",
        LIVE + "# " + "x" * 3_000_000,
        with_reference("(" * 5_000 + "name" + ")" * 5_000),
        with_reference("join('', [" + ",".join(["name"] * 20_000) + "])"),
    ],
    ids=["nothing", "a null", "deep YAML", "a key that merges itself", "a list in itself", "3 MB", "deep", "long"],
)
def test_what_is_odd_is_answered_in_time(rehearse, mapping):
    told = rehearse(mapping)

    assert told.problems or told.stuck or told.outcomes


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system does not limit what a process allocates")
def test_what_needs_too_much_memory_ends_early(rehearse):
    ten = [", ".join([f"let('{name}')"] * 10) for name in "abcdefghijk"]
    tenfold = [f"{name}: join('', [{each}])" for name, each in zip("bcdefghijkl", ten, strict=True)]
    lets = "\n      ".join(["let: &let", "a: \"'0123456789'\"", *tenfold])

    assert rehearse(LIVE.replace("let: &let", lets, 1)).stuck == rooms.TOO_MUCH


def test_one_event_that_never_ends_keeps_what_was_found_before_it(room):
    other = Request(headers=ORDER.headers, body=ORDER.body.replace(b'"name":"#1001"', b'"name":"' + b"a" * 60 + b'!"'))
    evil = with_reference("match(name, '(?<n>#[0-9]+|(a+)+$)').n")

    first = room.compare("shopify", "shopify", Version(LIVE), Version(evil), [CAME, other, CAME])
    rest = room.compare("shopify", "shopify", Version(LIVE), Version(evil), [other, CAME])

    assert [outcome["verdict"] for outcome in first.outcomes] == ["same"]
    assert (first.stuck, rest.outcomes, rest.is_read) == (None, (), True)
    assert "longer than 3 seconds" in rest.stuck


def test_its_environment_holds_nothing_of_the_deployment():
    assert set(rooms.ENVIRON) == {"PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "PYTHONUTF8", "PYTHONIOENCODING"}


def test_it_is_told_no_secret(room, monkeypatch):
    told = []
    monkeypatch.setattr(rooms, "_play", lambda script, seconds: told.append(script) or rooms._Played([], is_late=True))

    room.try_out("shopify", "shopify", Version(LIVE), CAME)

    assert b"never-told" not in told[0]


def test_no_more_than_two_are_tried_at_once(room, monkeypatch):
    monkeypatch.setattr(rooms, "WAIT_SECONDS", 0.01)
    at_it, over = threading.Semaphore(0), threading.Event()

    def play(script: bytes, seconds: float) -> rooms._Played:
        at_it.release()
        over.wait(10)
        return rooms._Played([[], []], is_late=False)

    monkeypatch.setattr(rooms, "_play", play)
    tries = [threading.Thread(target=room.try_out, args=("shopify", None, Version(LIVE), CAME)) for _ in range(2)]
    for each in tries:
        each.start()
        assert at_it.acquire(timeout=10)

    with pytest.raises(TooBusy):
        room.try_out("shopify", None, Version(LIVE), CAME)
    over.set()
    for each in tries:
        each.join()

    assert room.try_out("shopify", None, Version(LIVE), CAME).outcomes == ([],)


def test_an_option_that_the_edited_mapping_needs_is_missed(rehearse):
    edited = LIVE.replace("options:\n", "options:\n  prefix:\n    meaning: what numbers begin with\n", 1)

    [problem] = rehearse(edited).problems

    assert problem.words.startswith("options.prefix: is missing")


def test_a_live_mapping_that_cannot_be_read_any_more_is_told_from_the_edited_one(room):
    broken = Version(with_reference("mony(name)"))

    told = room.compare("shopify", "shopify", broken, Version(LIVE), [CAME])

    assert told.problems
    assert all(problem.words.startswith("as it stands live, ") for problem in told.problems)
