"""`bookhook reconcile`, as people type it."""

import json

import pytest

from tests.scene import example


@pytest.fixture
def posted(hooks, worker) -> str:
    event_id = hooks.deliver(example("standard/expense")).json["event_id"]
    worker.drain()
    return event_id


def test_books_that_agree_are_told_in_a_line(run, posted):
    result = run("reconcile", "--since", "2026-01-01")

    assert result.exit_code == 0
    [line] = result.stdout.splitlines()
    assert "1 expenses compared; Zoho has what the ledger says." in line


def test_differences_make_a_table_and_the_exit_code_one(run, posted, sandbox):
    [expense] = sandbox.expenses
    sandbox.keep_books("DELETE", f"/expenses/{expense['expense_id']}")

    result = run("reconcile", "--since", "2026-01-01")

    assert result.exit_code == 1
    head, columns, row = result.stdout.splitlines()
    assert "1 differ" in head
    assert columns.split() == ["what", "kind", "number", "event_id", "detail"]
    assert row.split()[:2] == ["missing", "expense"]
    assert posted in row


def test_the_same_as_json(run, posted, sandbox):
    [expense] = sandbox.expenses
    sandbox.keep_books("DELETE", f"/expenses/{expense['expense_id']}")

    result = run("reconcile", "--since", "2026-01-01", "--json")

    assert result.exit_code == 1
    [told] = json.loads(result.stdout)["organizations"]
    assert (told["organization"], told["checked"]) == ("10000001", {"expense": 1})
    [difference] = told["differences"]
    assert (difference["what"], difference["event_id"]) == ("missing", posted)
    assert difference["business_key"].startswith("standard/expense/")


def test_only_what_came_since_is_compared(run, posted):
    assert "nothing compared" in run("reconcile", "--since", "1d").stdout


@pytest.mark.parametrize("since", ["soon", "30", "99999d", "2026-13-01", "2999-01-01", "0001-01-01", "1970-01-01"])
def test_a_beginning_that_is_none_is_a_wrong_use(run, since):
    assert run("reconcile", "--since", since).exit_code == 2


def test_books_that_cannot_be_read_are_no_difference_but_no_success_either(run, posted, sandbox):
    sandbox.fault(on="GET /invoices", times=1, do="answer_500")

    result = run("reconcile")

    assert result.exit_code == 1
    assert "Zoho failed to answer" in result.stderr
    assert result.stdout == ""
