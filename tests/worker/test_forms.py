"""A form in Slack: it opens, says at once what is wrong with it, and becomes an expense with its receipt."""

import dataclasses
import json
from pathlib import Path
from urllib.parse import parse_qs, urlencode

import pytest
import yaml
from slack_sdk.models.views import View

from cli.deployment import read_deployment
from config.problems import ConfigError
from tests.scene import example


@pytest.fixture
def ask(hooks):
    """Types the command without words; gives the answer."""

    def ask(trigger_id: str = "1.1", **options: object):
        return hooks.deliver(example("slack/expense").with_fields({"text": " ", "trigger_id": trigger_id}), **options)

    return ask


def submitted(case: str = "form", **changes: object):
    """A form as it comes, with other values in it, or another view."""
    sent = example(f"slack/{case}")
    payload = json.loads(parse_qs(sent.body.decode())["payload"][0])
    for name, value in changes.items():
        if name == "view_id":
            payload["view"]["id"] = value
        elif name == "trigger_id":
            payload["trigger_id"] = value
        else:
            payload["view"]["state"]["values"][name]["value"]["value"] = value
    return dataclasses.replace(sent, body=urlencode({"payload": json.dumps(payload)}).encode())


def test_the_command_without_words_opens_a_form_and_records_nothing(ask, worker, sandbox):
    answer = ask()

    [view] = sandbox.slack_views
    assert (answer.status_code, answer.data) == (200, b"")
    assert list(worker.desk.ledger.events.list()) == []
    assert view["callback_id"] == "expense"
    assert [block["block_id"] for block in view["blocks"]] == [
        *("amount", "currency", "date", "category", "purpose", "vendor", "receipt")
    ]


def test_the_form_is_one_that_slacks_own_library_takes(ask, sandbox):
    ask()
    [view] = sandbox.slack_views

    View(**{key: value for key, value in view.items() if key not in ("id", "hash")}).validate_json()


def test_the_form_offers_the_categories_that_are_set_up_and_other_where_that_has_an_account(ask, sandbox):
    ask()

    assert choices(sandbox, "category") == ["meals", "office", "travel", "other"]
    assert choices(sandbox, "currency")[:3] == ["USD", "EUR", "GBP"]


def choices(sandbox, block_id: str) -> list[str]:
    [element] = [block["element"] for block in sandbox.slack_views[-1]["blocks"] if block["block_id"] == block_id]
    return [each["value"] for each in element["options"]]


@pytest.fixture
def settings(environ, tmp_path):
    """What the connection says of its currencies."""
    listed = yaml.safe_load(Path(environ["BOOKHOOK_CONNECTIONS"]).read_text())
    listed["connections"]["slack"]["settings"] = {"currencies": "EUR, CHF", "currency": "CHF"}
    file = tmp_path / "connections.yaml"
    file.write_text(yaml.safe_dump(listed))
    environ["BOOKHOOK_CONNECTIONS"] = str(file)


def test_a_connection_says_which_currencies_and_which_first(settings, ask, sandbox):
    ask()

    [element] = [block["element"] for block in sandbox.slack_views[0]["blocks"] if block["block_id"] == "currency"]
    assert choices(sandbox, "currency") == ["EUR", "CHF"]
    assert element["initial_option"]["value"] == "CHF"


def test_a_form_that_cannot_be_opened_any_more_is_told(ask, sandbox):
    ask()
    ask()  # what opens a form opens one

    [told] = sandbox.slack
    assert len(sandbox.slack_views) == 1
    assert told["body"]["text"].startswith("The form could not be opened (exchanged_trigger_id). Try `/expense` again")


def test_whoever_cannot_sign_opens_nothing(ask, sandbox):
    assert ask(secret="wrong").status_code == 401
    assert sandbox.slack_views == []


@pytest.fixture
def tokenless(environ):
    del environ["SLACK_BOT_TOKEN"]


def test_without_a_token_the_command_says_how_to_write_it(tokenless, ask, sandbox):
    assert ask().json["text"].startswith("Here is how to record an expense.")
    assert sandbox.slack_views == []


def test_a_token_that_can_be_no_header_is_refused_at_start(environ):
    with pytest.raises(ConfigError, match="SLACK_BOT_TOKEN: must be of visible ASCII characters"):
        read_deployment({**environ, "SLACK_BOT_TOKEN": "xoxb\u20ac1"})


def test_a_form_becomes_an_expense_and_its_receipt_stands_beside_it(hooks, worker, sandbox):
    answer = hooks.deliver(submitted("form_with_receipt"))
    worker.drain()

    [expense] = sandbox.expenses
    assert (answer.status_code, answer.data) == (200, b"")
    assert (expense["total"], expense["currency_code"], expense["date"]) == (1234.5, "USD", "2026-03-12")
    assert (expense["vendor_name"], expense["expense_receipt_name"]) == ("Deutsche Bahn", "slip.png")
    assert worker.only_event().state == "posted"


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("1,234", "“1,234” can be read as 1234 or as 1.234."),
        ("a lot", "Write an amount, such as 42.50."),
        ("", "Write an amount, such as 42.50."),
        ("0", "The amount is zero."),
        ("42.505", ""),
        ("12 EUR", "Write the amount alone, such as 42.50; the currency is chosen below."),
    ],
)
def test_what_is_wrong_with_the_amount_stands_in_the_form(hooks, worker, sandbox, amount, words):
    answer = hooks.deliver(submitted(amount=amount))
    worker.drain()

    assert answer.json["response_action"] == "errors"
    assert answer.json["errors"]["amount"].startswith(words)
    assert answer.json["errors"]["amount"]
    assert sandbox.expenses == []


def test_a_form_that_was_mended_is_an_expense(hooks, worker, sandbox):
    hooks.deliver(submitted(amount="a lot", trigger_id="1.1"))
    answer = hooks.deliver(submitted(amount="42", trigger_id="1.2"))
    worker.drain()

    assert answer.data == b""
    assert [expense["total"] for expense in sandbox.expenses] == [42]


def test_a_form_sent_twice_is_one_expense(hooks, worker, sandbox):
    hooks.deliver(submitted(trigger_id="1.1"))
    hooks.deliver(submitted(trigger_id="1.2"))
    worker.drain()

    assert len(sandbox.expenses) == 1


def test_the_outcome_is_told_where_the_command_was_typed(hooks, worker, sandbox):
    sent = submitted()
    told_at = f"{sandbox.url}/_sandbox/slack/command"
    body = sent.body.replace(
        b"https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT0BOOKHOOK%2F9002%2Fexample", told_at.encode()
    )
    hooks.deliver(dataclasses.replace(sent, body=body))
    worker.drain()

    [told] = sandbox.slack
    assert told["body"]["text"].startswith("Recorded in Zoho Books: 42.50 EUR, meals.")


@pytest.mark.parametrize(
    "payload",
    [
        *("", "{", "[]", "null", "7", '"view_submission"', '{"type": "view_submission"}'),
        '{"type": "view_submission", "view": []}',
        '{"type": "view_submission", "view": {"callback_id": "expense", "state": {"values": {"amount": 7}}}}',
        '{"type": "view_submission", "view": {"callback_id": "another"}}',
        '{"type": {"a": "view_submission"}}',
    ],
)
def test_a_form_that_makes_no_sense_posts_nothing_and_is_answered(hooks, worker, sandbox, payload):
    sent = dataclasses.replace(example("slack/form"), body=urlencode({"payload": payload}).encode())

    answer = hooks.deliver(sent)
    worker.drain()

    assert answer.status_code in (200, 202)
    assert worker.only_event().state in ("ignored", "parked")
    assert sandbox.expenses == []
    assert worker.reported == []
