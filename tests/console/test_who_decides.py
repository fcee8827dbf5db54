"""Who may decide in the console where a connection lists its approvers, and what the others are told."""

import pytest


@pytest.fixture
def environ(environ, tmp_path):
    file = tmp_path / "connections.yaml"
    file.write_text("connections: {slack: {expenses: {approval: always, approvers: [U0MARA, boss@example.com]}}}")
    return {**environ, "BOOKHOOK_CONNECTIONS": str(file)}


@pytest.mark.parametrize("role", ["approver", "admin"])
def test_whom_the_connection_does_not_list_decides_nothing_and_is_told_why(browse, held, worker, sandbox, role):
    browser = browse(role)

    [waiting] = browser.get("/approvals.json").json["waiting"]
    shown = browser.get("/approvals").text
    page = browser.post(f"/approvals/{held}", {"verdict": "approve"})
    worker.drain()

    assert "lists who approves, and none of your names is among them" in waiting["obstacle"]
    assert waiting["obstacle"] in shown
    assert "Reject" not in shown
    assert waiting["obstacle"] in page.text
    assert sandbox.expenses == []
    assert worker.event(held).state == "awaiting_approval"


@pytest.mark.parametrize("name", ["U0MARA", "Boss@example.com"])
def test_whom_it_lists_by_any_of_their_names_decides(browse, held, services, worker, sandbox, name):
    services.people.keep("approver", role="approver", names=(name,))
    browser = browse("approver")

    assert "Reject" in browser.get("/approvals").text
    browser.post(f"/approvals/{held}", {"verdict": "approve"})
    worker.drain()

    assert len(sandbox.expenses) == 1


def test_whose_own_it_is_sees_no_buttons(browse, held, services):
    services.people.keep("approver", role="approver", names=("U0MARA", "jonas"))

    [waiting] = browse("approver").get("/approvals.json").json["waiting"]

    assert waiting["obstacle"] == "It is your own: nobody decides about an expense of their own."
    assert "Reject" not in browse("approver").get("/approvals").text


def test_a_viewer_is_told_that_the_role_does_not_decide(browse, held):
    assert "Your role, viewer, does not decide." in browse("viewer").get("/approvals").text
