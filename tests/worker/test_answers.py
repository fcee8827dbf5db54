"""What a person answers about a name that Zoho does not know counts from the next event on that begins."""

import json
from dataclasses import replace

import pytest

from benchmarks.processes import counting
from config.options import ExpenseOptions
from errors import Question
from tests.scene import example

ORDER = example("shopify/paid_order")
EXPENSE = example("slack/expense")
TAX = "State Tax of Nowhere"


def taxed(number: int, name: str = TAX):
    """An order whose every tax has that name."""
    body = json.loads(ORDER.body)
    for line in (*body["line_items"], *body["shipping_lines"]):
        for tax in line["tax_lines"]:
            tax["title"] = name
    told = {**body, "id": number, "name": f"#{number}"}
    headers = {name: value for name, value in ORDER.headers.items() if "Id" not in name}
    return replace(ORDER, body=json.dumps(told).encode(), headers=headers)


@pytest.fixture
def answers(worker):
    return worker.desk.ledger.answers


@pytest.fixture
def again(worker):
    """Retries an event and gives it as it stands then."""

    def retry(event_id: str):
        assert worker.desk.ledger.events.requeue(event_id) is None
        worker.drain()
        return worker.event(event_id)

    return retry


@pytest.fixture
def options(worker):
    """Changes what a connection decides."""

    def change(connection: str, **changes):
        known = worker.desk.connections[connection]
        changed = replace(known, options=replace(known.options, **changes))
        worker.desk = replace(worker.desk, connections={**worker.desk.connections, connection: changed})

    return change


def deliver(hooks, worker, sent):
    """The newest event, once it was worked on: Slack is not told an id."""
    hooks.clock.advance(1)
    assert hooks.deliver(sent).status_code < 300
    worker.drain()
    return next(worker.desk.ledger.events.list(newest=1))


def test_an_unknown_tax_asks_and_its_answer_lets_the_order_through(hooks, worker, sandbox, answers, again):
    parked = deliver(hooks, worker, taxed(1))
    assert (parked.error.code, parked.error.question) == ("unknown_tax", Question(about="tax", word=TAX))

    answers.give("shopify", parked.error.question, name="State Tax", by="ann")

    assert again(parked.event_id).state == "posted"
    [invoice] = sandbox.invoices
    assert {line["tax_name"] for line in invoice["line_items"] if line["tax_id"]} == {"State Tax"}


def test_an_answer_counts_for_what_comes_next_whatever_the_case_of_its_word(hooks, worker, answers):
    answers.give("shopify", Question(about="tax", word=TAX.upper()), name="State Tax", by="ann")

    assert deliver(hooks, worker, taxed(2)).state == "posted"


def test_an_answer_counts_for_its_connection_alone_and_no_longer_than_it_stands(hooks, worker, answers):
    question = Question(about="tax", word=TAX)
    answers.give("stripe", question, name="State Tax", by="ann")
    assert deliver(hooks, worker, taxed(3)).error.code == "unknown_tax"

    answers.give("shopify", question, name="State Tax", by="ann")
    assert answers.take_back("shopify", question)

    assert not answers.take_back("shopify", question)
    assert deliver(hooks, worker, taxed(4)).error.code == "unknown_tax"


def test_a_category_without_an_account_asks_for_one(hooks, worker, sandbox, answers, again, options):
    options("slack", expenses=ExpenseOptions(paid_through="Company Credit Card"))
    parked = deliver(hooks, worker, EXPENSE)
    assert (parked.error.code, parked.error.question) == ("unknown_category", Question(about="category", word="meals"))

    answers.give("slack", parked.error.question, name="Meals and Entertainment", by="ann")

    assert again(parked.event_id).state == "posted"
    assert [each["account_name"] for each in sandbox.expenses] == ["Meals and Entertainment"]


def test_what_an_expense_was_paid_with_is_asked_once(hooks, worker, sandbox, answers, again, options):
    options("slack", expenses=ExpenseOptions(default_account="Other Expenses"))
    parked = deliver(hooks, worker, EXPENSE)
    assert parked.error.question == Question(about="paid_through")

    answers.give("slack", parked.error.question, name="Petty Cash", by="ann")

    assert again(parked.event_id).state == "posted"
    assert [each["paid_through_account_name"] for each in sandbox.expenses] == ["Petty Cash"]


def test_an_account_that_was_renamed_in_zoho_is_named_anew(hooks, worker, sandbox, answers, again, options):
    options("slack", expenses=ExpenseOptions(default_account="Other Costs", paid_through="Petty Cash"))
    parked = deliver(hooks, worker, EXPENSE)
    assert (parked.error.code, parked.error.question) == (
        "unknown_account",
        Question(about="account", word="Other Costs"),
    )

    answers.give("slack", parked.error.question, name="Other Expenses", by="ann")

    assert again(parked.event_id).state == "posted"
    assert [each["account_name"] for each in sandbox.expenses] == ["Other Expenses"]


def test_what_the_connection_says_itself_stands_against_an_answer(hooks, worker, sandbox, answers, options):
    accounts = {"meals": "Meals and Entertainment"}
    options("slack", expenses=ExpenseOptions(accounts=accounts, paid_through="Petty Cash"))
    answers.give("slack", Question(about="category", word="meals"), name="Other Expenses", by="ann")

    assert deliver(hooks, worker, EXPENSE).state == "posted"
    assert [each["account_name"] for each in sandbox.expenses] == ["Meals and Entertainment"]


def test_what_is_renamed_once_more_is_asked_and_answered_once_more(hooks, worker, answers, again):
    answers.give("shopify", Question(about="tax", word=TAX), name="Gone", by="ann")
    parked = deliver(hooks, worker, taxed(5))
    assert parked.error.question == Question(about="tax", word="Gone")

    answers.give("shopify", parked.error.question, name="State Tax", by="ann")

    assert again(parked.event_id).state == "posted"


def test_answers_cost_an_event_no_command(hooks, worker, redis, answers):
    def cost(number: int) -> int:
        event_id = hooks.deliver(taxed(number, "State Tax")).json["event_id"]
        with counting(redis) as commands:
            worker.work_here(event_id)
        assert worker.event(event_id).state == "posted"
        return commands.sent

    cost(6)  # a customer who is new, and scripts that Redis does not know yet
    without = cost(7)
    answers.give("shopify", Question(about="tax", word=TAX), name="State Tax", by="ann")

    assert cost(8) == without
