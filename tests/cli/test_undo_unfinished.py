"""`bookhook undo` of events that have not ended, and of books that change while a person reads the plan."""

import json

import pytest

from tests.scene import example

ORDER = example("standard/order")


@pytest.fixture
def environ(environ, tmp_path):
    file = tmp_path / "approvals.yaml"
    file.write_text("connections: {slack: {expenses: {approval: always}}}")
    return {**environ, "BOOKHOOK_CONNECTIONS": str(file)}


@pytest.fixture
def history(run, tmp_path) -> str:
    """The name of a batch of two orders that no worker has seen yet."""
    body = json.loads(ORDER.body)
    lines = [json.dumps({"body": {**body, "data": {**body["data"], "id": f"old-{n}"}}}) for n in (1, 2)]
    (tmp_path / "old.jsonl").write_text("\n".join(lines))
    assert run("backfill", "standard", "old.jsonl", "--batch", "old").exit_code == 0
    return "old"


@pytest.fixture
def while_asked(monkeypatch):
    """Does something between the plan and the typed yes."""

    def do(something):
        def answer(*_words, **_options):
            something()
            return "yes"

        monkeypatch.setattr("click.prompt", answer)

    return do


def endings(worker):
    return [(event.state, event.error.code if event.error else None) for event in worker.desk.ledger.events.list()]


def test_a_batch_that_waits_for_its_turn_is_parked_and_never_posts(run, history, worker, sandbox):
    result = run("undo", "--batch", history, "--yes")
    worker.drain()

    assert result.exit_code == 0
    assert "events that have not ended: 2; they will be parked" in result.stdout
    assert endings(worker) == [("parked", "undone")] * 2
    assert sandbox.invoices == []


def test_without_a_yes_the_batch_goes_on(run, history, worker, sandbox):
    assert run("undo", "--batch", history).exit_code == 1
    worker.drain()

    assert len(sandbox.invoices) == 2


def test_what_was_posted_before_and_what_waits_go_together(run, history, worker, sandbox):
    worker.drain()
    [second, _] = [event.event_id for event in worker.desk.ledger.events.list()]
    run("undo", second, "--yes")
    run("retry", second)

    result = run("undo", "--batch", history, "--yes")
    worker.drain()

    assert result.exit_code == 0
    assert sandbox.invoices == []
    assert endings(worker) == [("parked", "undone")] * 2


def test_what_they_led_to_while_the_plan_was_read_goes_too(run, history, worker, sandbox, while_asked):
    while_asked(worker.drain)

    result = run("undo", "--batch", history, typed="")

    assert result.exit_code == 0
    assert result.stdout.count("deleted\n") == 2
    assert sandbox.invoices == []
    assert endings(worker) == [("parked", "undone")] * 2


def test_what_was_posted_anew_while_the_plan_was_read_stays(run, history, worker, sandbox, while_asked):
    worker.drain()
    [second, _] = [event.event_id for event in worker.desk.ledger.events.list()]

    def post_anew():
        run("undo", second, "--yes")
        run("retry", second)
        worker.drain()

    while_asked(post_anew)
    result = run("undo", second, typed="")

    assert result.exit_code == 1
    assert "stands: It was posted anew meanwhile. Look at the plan, then undo again." in result.stderr
    assert len(sandbox.invoices) == 2


def test_retrying_all_that_is_parked_leaves_alone_what_was_undone(run, history, hooks, worker, sandbox):
    broken = hooks.deliver(example("standard/order_without_identity")).json["event_id"]
    worker.drain()
    run("undo", "--batch", history, "--yes")

    result = run("retry", "--state", "parked")
    worker.drain()

    assert (result.exit_code, result.stdout) == (0, "1 handed to the workers\n")
    assert "2 undone left alone; to post one anew, give its id" in result.stderr
    assert worker.event(broken).attempts == 2
    assert sandbox.invoices == []


def test_an_event_at_work_is_left_to_its_worker(run, history, worker):
    [event, _] = worker.desk.ledger.events.list()
    worker.desk.ledger.events.begin(event.event_id, process="p")

    result = run("undo", event.event_id, "--yes")

    assert result.exit_code == 1
    assert f"{event.event_id}: it is at work; undo it when it has ended" in result.stderr
    assert worker.event(event.event_id).state == "working"


def test_an_event_that_waits_for_approval_is_left_to_its_approver(run, hooks, worker):
    hooks.deliver(example("slack/expense"))
    worker.drain()
    event_id = worker.only_event().event_id

    result = run("undo", event_id, "--yes")

    assert result.exit_code == 1
    assert f"{event_id}: it waits for approval; to end it: bookhook reject" in result.stderr
    assert worker.event(event_id).state == "awaiting_approval"


def test_an_event_in_doubt_goes_on_until_it_is_known_what_stands(run, history, worker, sandbox):
    sandbox.fault(on="POST /invoices", times=2, do="answer_500")
    worker.drain()

    result = run("undo", "--batch", history, "--yes")

    assert result.exit_code == 1
    assert "Wait until its event has ended" in result.stdout
    assert [state for state, _ in endings(worker)] == ["waiting"] * 2
