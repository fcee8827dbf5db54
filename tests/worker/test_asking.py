"""Approvers are asked in a channel: one message, whose buttons decide, and which says what became of the expense."""

import dataclasses
import html
import json
from pathlib import Path
from urllib.parse import parse_qs, quote, urlencode

import pytest
import yaml
from click.testing import CliRunner
from redis.exceptions import ConnectionError as RedisAway
from slack_sdk.models.blocks import Block

from cli.approve import approve, reject
from cli.console import open_services
from cli.deployment import read_deployment
from cli.undo import undo
from config.problems import ConfigError
from outbound import ApiLimited
from tests.scene import example

JONAS, MARA, PIA, EVE = ("U0JONAS", "jonas"), ("U0MARA", "mara"), ("U0PIA", "pia"), ("U0EVE", "eve")
EXPENSES = {"approval": "always", "approvers": [JONAS[0], MARA[0], PIA[0]], "channel": "C0EXPENSES"}


@pytest.fixture
def expenses() -> dict[str, object]:
    """What the connection decides about expenses."""
    return EXPENSES


@pytest.fixture
def environ(environ, expenses, tmp_path):
    listed = yaml.safe_load(Path(environ["BOOKHOOK_CONNECTIONS"]).read_text())
    listed["connections"]["slack"]["expenses"] = expenses
    file = tmp_path / "connections.yaml"
    file.write_text(yaml.safe_dump(listed))
    return {**environ, "BOOKHOOK_CONNECTIONS": str(file)}


@pytest.fixture
def held(hooks, worker) -> str:
    """An expense with a receipt, which waits."""
    hooks.deliver(example("slack/form_with_receipt"))
    worker.drain()
    return worker.only_event().event_id


@pytest.fixture
def press(hooks, worker, sandbox):
    """Presses a button of the message; `work` has it carried out at once."""
    pressed = []

    def press(event_id: str, verdict: str, who: tuple[str, str] = MARA, *, note: str | None = None, work: bool = True):
        pressed.append(verdict)
        sent = example("slack/button_unknown")
        payload = json.loads(parse_qs(sent.body.decode())["payload"][0])
        payload["actions"][0] |= {"action_id": verdict, "value": event_id}
        payload["user"] |= {"id": who[0], "username": who[1]}
        payload["trigger_id"] = f"press.{len(pressed)}"
        payload["response_url"] = f"{sandbox.url}/_sandbox/slack/{who[1]}"
        payload["state"]["values"]["note"]["value"]["value"] = note
        answer = hooks.deliver(dataclasses.replace(sent, body=urlencode({"payload": json.dumps(payload)}).encode()))
        assert (answer.status_code, answer.data) == (200, b"")
        if work:
            worker.drain()

    return press


def words(message: dict[str, object]) -> str:
    """All that a message says."""
    return json.dumps(message["blocks"], ensure_ascii=False)


def whispered(sandbox, who: tuple[str, str]) -> list[str]:
    """What one person alone was told."""
    return [each["body"]["text"] for each in sandbox.slack if each["path"].endswith(f"/{who[1]}")]


def test_the_channel_gets_a_message_with_everything_and_two_buttons(held, worker, sandbox):
    [message] = sandbox.slack_messages

    assert message["channel"] == "C0EXPENSES"
    for part in ("1234.50 USD, Travel Expense", "train to Hamburg", "<@U0JONAS>", "Deutsche Bahn", "slip.png", held):
        assert part in words(message)
    [buttons] = [block["elements"] for block in message["blocks"] if block["type"] == "actions"]
    assert [(each["action_id"], each["value"]) for each in buttons] == [("approve", held), ("reject", held)]
    assert worker.event(held).state == "awaiting_approval"


def test_the_message_is_one_that_slacks_own_library_takes(held, press, sandbox):
    asked = sandbox.slack_messages[0]["blocks"]
    press(held, "approve")

    for block in (*asked, *sandbox.slack_messages[0]["blocks"]):
        assert Block.parse(block) is not None
        Block.parse(block).validate_json()


def test_an_expense_by_words_is_asked_about_alike(hooks, worker, sandbox):
    hooks.deliver(example("slack/expense"))
    worker.drain()

    assert "client lunch &amp; coffee" in words(sandbox.slack_messages[0])
    assert "Paid to" not in words(sandbox.slack_messages[0])
    assert "Receipt" not in words(sandbox.slack_messages[0])


def test_the_first_to_press_decides_and_the_message_ends_with_the_number_in_zoho(held, press, worker, sandbox):
    press(held, "approve", note="within <budget>")

    [message], [expense] = sandbox.slack_messages, sandbox.expenses
    assert worker.event(held).state == "posted"
    assert worker.desk.ledger.approvals.get(held).decided_by == MARA
    assert "*Approved* by mara: within &lt;budget&gt;" in words(message)
    assert expense["expense_id"] in words(message)
    assert "actions" not in [block["type"] for block in message["blocks"]]


def test_a_rejection_stands_in_the_message_with_its_note(held, press, worker, sandbox):
    press(held, "reject", note="no alcohol")

    assert worker.event(held).state == "rejected"
    assert sandbox.expenses == []
    assert "*Rejected* by mara: no alcohol" in words(sandbox.slack_messages[0])


def test_a_worker_that_dies_once_it_has_decided_leaves_no_buttons_to_press(
    held, press, worker, sandbox, clock, monkeypatch
):
    press(held, "reject", note="no alcohol", work=False)
    [pressed] = [each.event_id for each in worker.desk.ledger.events.list(state="queued")]

    def die(*_: object) -> None:
        raise RedisAway

    with monkeypatch.context() as dying:
        dying.setattr("worker.decisions.show_if_free", die)
        with pytest.raises(RedisAway):
            worker.work_here(pressed)
    assert worker.event(held).state == "rejected"
    clock.advance(60)
    worker.drain()

    assert worker.event(pressed).state == "posted"
    assert "*Rejected* by mara: no alcohol" in words(sandbox.slack_messages[0])


def test_two_who_press_at_once_make_one_decision_and_the_other_is_told(held, press, worker, sandbox):
    press(held, "approve", MARA, work=False)
    press(held, "reject", PIA, work=False)
    worker.drain()

    approval = worker.desk.ledger.approvals.get(held)
    second = PIA if approval.decided_by == MARA else MARA
    assert len(sandbox.expenses) == (1 if approval.verdict == "approve" else 0)
    [told] = whispered(sandbox, second)
    assert told.startswith(f"Not done. It was already {approval.in_words()[:8]}")
    assert whispered(sandbox, MARA if second == PIA else PIA) == []


@pytest.mark.parametrize(
    ("who", "reason"),
    [
        (JONAS, "Nobody decides about an expense of their own."),
        (EVE, "Whoever sent this may not approve expenses here"),
        (("U0EVE", "U0MARA"), "Whoever sent this may not approve expenses here"),
    ],
)
def test_who_may_not_decide_is_told_so_alone_and_the_buttons_stay(held, press, worker, sandbox, who, reason):
    before = words(sandbox.slack_messages[0])
    press(held, "approve", who)

    [told] = whispered(sandbox, who)
    assert told.startswith(f"Not done. {reason}")
    assert words(sandbox.slack_messages[0]) == before
    assert worker.event(held).state == "awaiting_approval"


def test_a_decision_in_the_console_stands_in_the_message(held, deployment, worker, sandbox):
    services = open_services(deployment, worker.desk.ledger, report=[].append)
    services.actions.decide(held, "approve", by=("pia",), note="fine")
    before_it_is_posted = words(sandbox.slack_messages[0])
    worker.drain()

    assert "*Approved* by pia: fine" in before_it_is_posted
    assert sandbox.expenses[0]["expense_id"] not in before_it_is_posted
    assert sandbox.expenses[0]["expense_id"] in words(sandbox.slack_messages[0])


def test_the_message_says_that_an_approved_expense_is_parked_and_then_that_it_is_posted(held, press, worker, sandbox):
    slack = worker.desk.connections["slack"]
    no_account = dataclasses.replace(slack.options.expenses, accounts={}, default_account=None)
    options = dataclasses.replace(slack.options, expenses=no_account)
    lacking = {**worker.desk.connections, "slack": dataclasses.replace(slack, options=options)}
    worker.desk = dataclasses.replace(worker.desk, connections=lacking)
    press(held, "approve", note="fine")
    parked, error = words(sandbox.slack_messages[0]), worker.event(held).error
    worker.desk.ledger.answers.give("slack", error.question, name="Travel Expense", by="mara")
    worker.desk.ledger.events.requeue(held)
    worker.drain()

    assert "*Approved* by mara: fine" in parked
    assert f"Not in Zoho Books, someone has to look at it. {error.message}" in html.unescape(parked)
    assert "Not in Zoho Books" not in words(sandbox.slack_messages[0])
    assert sandbox.expenses[0]["expense_id"] in words(sandbox.slack_messages[0])


def test_the_message_says_that_an_approved_expense_was_undone(held, press, environ, worker, sandbox):
    press(held, "approve")
    result = CliRunner(env=environ).invoke(undo, [held, "--yes"])

    assert result.exit_code == 0, result.output
    assert sandbox.expenses == []
    assert "Not in Zoho Books, someone has to look at it. A person took back" in words(sandbox.slack_messages[0])


@pytest.mark.parametrize(("command", "said"), [(approve, "*Approved* by boss"), (reject, "*Rejected* by boss")])
def test_a_decision_at_the_terminal_stands_in_the_message(held, environ, sandbox, command, said):
    result = CliRunner(env=environ).invoke(command, [held, "--by", "boss"])

    assert result.exit_code == 0, result.output
    assert said in words(sandbox.slack_messages[0])


def test_whatever_interrupts_the_channel_is_asked_once(held, worker, sandbox, monkeypatch):
    monkeypatch.setattr(worker.desk.ledger.approvals, "hold", lambda *_, **__: False)
    worker.desk.ledger.redis.hset(f"bh:event:{held}", "state", "parked")
    worker.desk.ledger.events.requeue(held)
    worker.drain()

    assert len(sandbox.slack_messages) == 1


def test_a_channel_that_cannot_be_reached_holds_up_nothing_and_the_timeline_says_why(
    hooks, worker, sandbox, monkeypatch
):
    monkeypatch.setattr("mappings.posts.Post.refusal", lambda *_: "not_in_channel")
    hooks.deliver(example("slack/expense"))
    worker.drain()

    event = worker.only_event()
    steps = {step.step: step.detail for step in worker.desk.ledger.events.timeline(event.event_id)}
    assert event.state == "awaiting_approval"
    assert steps["approvers_not_asked"] == "slack.com: not_in_channel"
    assert worker.desk.ledger.approvals.message(event.event_id) is None


@pytest.fixture
def patched(environ, tmp_path):
    """The mapping of the connection asks about forms only."""
    (tmp_path / "slack.patch.yaml").write_text("events: {/expense: {asks: null}}")
    listed = yaml.safe_load(Path(environ["BOOKHOOK_CONNECTIONS"]).read_text())
    listed["connections"]["slack"]["patch"] = "slack.patch.yaml"
    Path(environ["BOOKHOOK_CONNECTIONS"]).write_text(yaml.safe_dump(listed))


def test_an_expense_about_which_the_mapping_asks_nothing_says_so(patched, hooks, worker, sandbox):
    hooks.deliver(example("slack/expense"))
    worker.drain()

    event = worker.only_event()
    steps = {step.step: step.detail for step in worker.desk.ledger.events.timeline(event.event_id)}
    assert event.state == "awaiting_approval"
    assert steps["approvers_not_asked"] == "the mapping makes no message of this event"
    assert sandbox.slack_messages == []


def test_where_slack_wants_a_pause_the_expense_waits_and_is_then_asked_about_once(hooks, worker, sandbox, monkeypatch):
    def later(*_):
        raise ApiLimited("slack.com asked for a pause.", retry_after_seconds=30)

    with monkeypatch.context() as busy:
        busy.setattr(worker.desk.apis, "tell", later)
        hooks.deliver(example("slack/expense"))
        worker.drain()
    event_id = worker.only_event().event_id
    assert worker.event(event_id).state == "waiting"

    hooks.clock.advance(31)
    worker.drain()

    assert worker.event(event_id).state == "awaiting_approval"
    assert len(sandbox.slack_messages) == 1


@pytest.mark.parametrize(
    ("changes", "unset", "problem"),
    [
        ({"channel": "#expenses"}, "", "must be the id of a channel, such as C0EXPENSES, not its name"),
        ({"approvers": []}, "", "nobody could answer there: list them in approvers"),
        ({}, "SLACK_BOT_TOKEN", "approvers cannot be asked there: SLACK_BOT_TOKEN is not set"),
    ],
)
def test_a_channel_nobody_can_be_asked_in_is_refused_at_start(environ, tmp_path, changes, unset, problem):
    listed = yaml.safe_load(Path(environ["BOOKHOOK_CONNECTIONS"]).read_text())
    listed["connections"]["slack"]["expenses"] = EXPENSES | changes
    Path(environ["BOOKHOOK_CONNECTIONS"]).write_text(yaml.safe_dump(listed))

    with pytest.raises(ConfigError) as caught:
        read_deployment({name: value for name, value in environ.items() if name != unset})

    assert any(f"connections.slack.expenses.channel: {problem}" in each for each in caught.value.problems)


def test_a_source_that_does_not_say_how_asks_nobody(environ):
    listed = yaml.safe_load(Path(environ["BOOKHOOK_CONNECTIONS"]).read_text())
    listed["connections"]["standard"] = {"expenses": {"channel": "C1", "approvers": ["a"]}}
    Path(environ["BOOKHOOK_CONNECTIONS"]).write_text(yaml.safe_dump(listed))

    with pytest.raises(ConfigError, match="approvers cannot be asked there: standard does not say how"):
        read_deployment(environ)


@pytest.mark.parametrize("case", ["expense", "form"])
def test_who_waits_longer_than_slack_takes_answers_hears_of_it_from_the_app(hooks, press, worker, sandbox, case):
    sent = example(f"slack/{case}")
    expired = quote(f"{sandbox.url}/_sandbox/slack/expired", safe="").encode()
    hooks.deliver(dataclasses.replace(sent, body=sent.body.replace(b"https%3A%2F%2Fhooks.slack.com", expired)))
    worker.drain()
    press(worker.only_event().event_id, "reject", note="no alcohol")

    told = [message["text"] for message in sandbox.slack_messages if message["channel"] == "U0JONAS"]
    assert len(told) == 2
    assert told[0].startswith("It waits for approval: 42.50 EUR, meals.")
    assert told[1].startswith("It will not be recorded: 42.50 EUR, meals. It was rejected by mara at ")


def test_an_answer_that_may_have_arrived_is_not_told_again_by_the_app(hooks, worker, sandbox):
    sandbox.fault(on="POST /_sandbox/slack", times=1, do="answer_500")
    hooks.deliver(example("slack/expense"))
    worker.drain()

    assert [message["channel"] for message in sandbox.slack_messages] == ["C0EXPENSES"]


def test_what_names_the_message_is_forgotten_in_time(held, redis):
    assert 0 < redis.ttl(f"bh:message:{held}") <= 90 * 86400
