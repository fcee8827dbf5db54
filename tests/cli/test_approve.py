"""`bookhook approve`, `reject`, and what `show` and `events` say of approvals."""

import json

import pytest

from tests.scene import example


@pytest.fixture
def environ(environ, tmp_path):
    file = tmp_path / "approvals.yaml"
    file.write_text("connections: {slack: {}}")
    return {**environ, "BOOKHOOK_CONNECTIONS": str(file)}


@pytest.fixture
def held(hooks, worker) -> str:
    hooks.deliver(example("slack/expense"))
    worker.drain()
    return worker.only_event().event_id


def test_what_is_approved_is_posted_and_shown_with_who_when_and_why(run, held, worker, sandbox):
    result = run("approve", held, "--by", "mara", "--note", "within budget")
    worker.drain()

    assert (result.exit_code, result.stdout) == (0, f"{held}: approved; it is handed to the workers\n")
    assert len(sandbox.expenses) == 1
    page = run("show", held).stdout
    assert "42.50 EUR, Meals and Entertainment: approved by mara at 2026-" in page
    assert ": within budget (submitted by U0JONAS / jonas)" in page
    approval = json.loads(run("show", held, "--json").stdout)["approval"]
    assert (approval["verdict"], approval["decided_by"], approval["note"]) == ("approve", ["mara"], "within budget")


def test_what_is_rejected_ends_and_its_submitter_is_told(run, held, worker, sandbox):
    result = run("reject", held, "--by", "mara", "--note", "too much")

    assert (result.exit_code, result.stdout) == (0, f"{held}: rejected; nothing of it is posted\n")
    assert worker.event(held).state == "rejected"
    assert "It was rejected by mara at" in sandbox.slack[-1]["body"]["text"]


def test_a_rejection_that_was_cut_short_is_told_by_the_next_one_and_only_once(run, held, ledger, sandbox):
    ledger.approvals.decide(held, verdict="reject", by=("mara",), note="too much")
    told = len(sandbox.slack)

    results = [run("reject", held, "--by", "ada") for _ in range(2)]

    assert [result.exit_code for result in results] == [1, 1]
    assert "It was already rejected by mara at" in results[0].stderr
    assert len(sandbox.slack) == told + 1
    assert "It was rejected by mara at" in sandbox.slack[-1]["body"]["text"]


def test_events_that_wait_are_listed_and_say_so(run, held):
    assert held in run("events", "--state", "awaiting_approval").stdout
    assert "waits for approval, submitted by U0JONAS / jonas" in run("show", held).stdout


@pytest.mark.parametrize("by", ["jonas", "U0JONAS", "Jonas"])
def test_nobody_approves_their_own(run, held, worker, by):
    result = run("approve", held, "--by", by)

    assert result.exit_code == 1
    assert "Nobody decides about an expense of their own." in result.stderr
    assert worker.event(held).state == "awaiting_approval"


def test_some_may_be_decided_while_others_cannot(run, held):
    result = run("approve", held, "ev_nothing00", "--by", "mara")

    assert result.exit_code == 1
    assert f"{held}: approved" in result.stdout
    assert "ev_nothing00: There is no event ev_nothing00." in result.stderr


def test_a_second_decision_is_told_the_first(run, held):
    run("approve", held, "--by", "mara")

    result = run("reject", held, "--by", "ada")

    assert result.exit_code == 1
    assert "It was already approved by mara at" in result.stderr


def test_who_decides_is_the_login_name_unless_told(run, held, monkeypatch, ledger):
    monkeypatch.setenv("LOGNAME", "ada")

    run("approve", held)

    assert ledger.approvals.get(held).decided_by == ("ada",)


@pytest.mark.parametrize("words", [("approve",), ("reject",), ("approve", "ev_nothing00", "--by", " ")])
def test_a_wrong_use_exits_with_two(run, words):
    assert run(*words).exit_code == 2
