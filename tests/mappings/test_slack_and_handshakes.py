"""Talking with people and platforms: the Slack command, its words back, and requests that are only answered."""

import json

import pytest

from errors import MappingError
from mappings import Options, Received

EXPENSE = {
    "text": "42.50 EUR Meals lunch",
    "command": "/expense",
    "team_id": "T",
    "trigger_id": "1.2",
    "user_id": "U0JO",
    "user_name": "jo",
}
TIME = {"X-Slack-Request-Timestamp": "1773483669"}
ACCOUNTS = Options(paid_through="Petty Cash", accounts={"meals": "Meals and Entertainment"})


def received(body, **headers):
    return Received(json.dumps(body).encode(), {"Content-Type": "application/json"} | headers)


def slack(sources, options=ACCOUNTS, **changes):
    return sources["slack"].render(received(EXPENSE | changes, **TIME), options, topic="/expense").expense


def test_a_category_finds_its_account_in_any_case(sources):
    assert slack(sources).account_name == "Meals and Entertainment"


def test_a_word_nobody_set_up_goes_to_the_default_account_or_to_a_person(sources):
    text = "5 EUR fun"

    assert (
        slack(sources, Options(paid_through="Petty Cash", default_account="Other"), text=text).account_name == "Other"
    )
    with pytest.raises(MappingError, match="known words: meals") as caught:
        slack(sources, text=text)
    assert (caught.value.code, caught.value.field) == ("unknown_category", "expense.category")
    assert "EXPENSE_ACCOUNTS" in caught.value.remedy


def test_an_expense_nobody_paid_names_the_setting(sources):
    with pytest.raises(MappingError) as caught:
        slack(sources, Options(default_account="Other"))

    assert caught.value.field == "expense.paid_through_account_name"
    assert "EXPENSE_PAID_THROUGH" in caught.value.remedy


@pytest.mark.parametrize("text", ["", "lunch", "help", "meals 42.50 EUR"])
def test_words_without_an_amount_are_answered_with_the_usage(sources, text):
    request = received(EXPENSE | {"text": text}, **TIME)

    assert sources["slack"].identify(request).ignored == "the words could not be read as an expense"
    assert told(sources, request).startswith("Here is how to record an expense. Write: `/expense 42.50 EUR meals")


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("1.234 EUR meals", "“1.234” can be read as 1234 or as 1.234."),
        ("$42 meals lunch", "“$” is the sign of several currencies (USD, CAD,"),
        ("42 meals lunch", "In which currency?"),
        ("42.50 EURO meals", "In which currency?"),
        ("42.50 EUR", "What kind of expense is it?"),
        ("0.00 EUR meals", "The amount is zero."),
        ("-5 EUR meals", "An expense is above zero."),
    ],
)
def test_words_that_could_mean_something_else_are_asked_back(sources, text, question):
    request = received(EXPENSE | {"text": text}, **TIME)

    assert sources["slack"].identify(request).ignored == "the sender was asked back"
    assert told(sources, request).startswith(question)


def told(sources, request, topic="/expense") -> str:
    return json.loads(sources["slack"].reply(request, "ignored", topic=topic).body)["text"]


@pytest.mark.parametrize("text", ["1.234,56 EUR meals", "EUR 1,234.56 meals", "€1'234.56 meals", "1 234,56 € meals"])
def test_what_is_echoed_is_what_is_posted(sources, text):
    request = received(EXPENSE | {"text": text}, **TIME)
    echo = json.loads(sources["slack"].reply(request, "queued", topic="/expense").body)["text"]
    expense = slack(sources, text=text)

    assert echo == f"Got it: {expense.amount} {expense.currency_code}, meals."
    assert str(expense.amount) == "1234.56"


def test_a_submitter_is_known_by_the_id_first_and_then_by_name(sources):
    assert slack(sources).submitted_by == ("U0JO", "jo")
    with pytest.raises(MappingError) as caught:
        slack(sources, user_id=None)
    assert caught.value.field == "expense.submitted_by"


@pytest.mark.parametrize(
    ("text", "verdict", "note"),
    [
        ("approve ev_0123456789 within budget", "approve", "within budget"),
        ("Reject ev_0123456789", "reject", None),
        ("  REJECT   ev_0123456789   too &amp; much ", "reject", "too & much"),
    ],
)
def test_an_approver_decides_by_command(sources, text, verdict, note):
    request = received(EXPENSE | {"text": text}, **TIME)
    identity = sources["slack"].identify(request)

    decision = sources["slack"].render(request, ACCOUNTS, topic=identity.topic).decision

    assert identity.topic == "/expense decision"
    assert (decision.event_id, decision.verdict, decision.note) == ("ev_0123456789", verdict, note)
    assert decision.by == ("U0JO", "jo")


@pytest.mark.parametrize("text", ["approve", "reject too much"])
def test_a_decision_about_nothing_is_answered_with_the_usage(sources, text):
    request = received(EXPENSE | {"text": text}, **TIME)

    assert sources["slack"].identify(request).ignored == "no event is named"
    assert "`/expense approve`" in told(sources, request, "/expense decision")


@pytest.mark.parametrize("text", ["42.50 EUR meals lunch", "  42.5  eur   MEALS   client   lunch ", "42 Eur meals"])
def test_case_and_spacing_of_a_command_do_not_matter(sources, text):
    document = slack(sources, text=text)

    assert (document.currency_code, document.account_name) == ("EUR", "Meals and Entertainment")


def test_a_person_gets_a_receipt_a_usage_and_the_outcome(sources):
    good = received(EXPENSE | {"response_url": "https://hooks.slack.com/x", "text": "5 EUR meals a &lt;b&gt;"}, **TIME)
    bad = received(EXPENSE | {"text": "?"}, **TIME)
    facts = {"total": "5.00", "currency_code": "EUR", "url": "https://books.example/1", "reason": "<why>"}

    receipt = sources["slack"].reply(good, "queued", topic="/expense")
    assert (receipt.status, receipt.content_type) == (200, "application/json")
    assert json.loads(receipt.body)["text"] == "Got it: 5 EUR, meals — a &lt;b&gt;."
    assert "/expense 42.50 EUR" in json.loads(sources["slack"].reply(bad, "ignored", topic="/expense").body)["text"]
    assert sources["slack"].reply(bad, "ignored", topic="/other") is None

    posted = sources["slack"].answer(good, "posted", facts, topic="/expense")
    assert (posted.url, posted.hosts) == ("https://hooks.slack.com/x", ("hooks.slack.com",))
    assert posted.body["text"] == "Recorded in Zoho Books: 5.00 EUR, meals. https://books.example/1"
    assert "&lt;why&gt;" in sources["slack"].answer(good, "parked", facts, topic="/expense").body["text"]
    assert sources["slack"].answer(bad, "posted", facts, topic="/expense") is None


def form(body, **headers):
    return Received(body, {"content-type": "application/x-www-form-urlencoded"} | headers)


def test_handshakes_are_known_by_what_they_hold(sources):
    slack, shop = sources["slack"], sources["woocommerce"]

    check = slack.handshake(form(b"ssl_check=1&token=x"))
    assert (check.signed, check.reply.status, check.reply.body) == (False, 200, b"")
    asked = slack.handshake(received({"type": "url_verification", "challenge": 'a{b}"'}))
    assert (asked.signed, json.loads(asked.reply.body)) == (True, {"challenge": 'a{b}"'})
    ping = shop.handshake(form(b"webhook_id=17"))
    assert (ping.signed, ping.reply.status) == (False, 200)


def test_nothing_else_is_a_handshake(sources):
    slack, shop = sources["slack"], sources["woocommerce"]

    assert slack.handshake(form(b"ssl_check=0")) is None
    assert slack.handshake(form(b"ssl_check=1&pad=" + b"a" * 4096)) is None
    assert slack.handshake(received([1])) is None
    assert shop.handshake(form(b"webhook_id=17", **{"X-WC-Webhook-Topic": "order.updated"})) is None
    assert shop.handshake(form(b"webhook_id=abc")) is None
    assert shop.handshake(Received(b"\xff", {})) is None
    assert sources["shopify"].handshake(form(b"webhook_id=17")) is None


def test_a_woocommerce_order_without_a_status_is_a_problem_not_ignored(sources):
    identity = sources["woocommerce"].identify(received({"id": 5}, **{"X-WC-Webhook-Topic": "order.updated"}))

    assert (identity.ignored, identity.problem.field) == (None, "ignore_if")
