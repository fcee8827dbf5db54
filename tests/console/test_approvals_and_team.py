"""Approvals by people who may, and the people themselves."""

import pytest

from console.people import People
from tests.console.conftest import PASSWORD
from tests.scene import example


@pytest.fixture
def environ(environ, tmp_path):
    file = tmp_path / "connections.yaml"
    file.write_text("connections:\n  slack:\n    expenses: {approval: always}\n")
    return {**environ, "BOOKHOOK_CONNECTIONS": str(file)}


def test_an_expense_is_approved_and_posted_and_who_did_is_told(browse, held, worker, sandbox):
    approver = browse("approver")
    [waiting] = approver.get("/approvals.json").json["waiting"]

    page = approver.post(f"/approvals/{held}", {"verdict": "approve", "note": "within budget"})
    worker.drain()

    assert waiting["event_id"] == held
    assert "Approved" in page.text
    assert len(sandbox.expenses) == 1
    [decided] = approver.get("/approvals.json").json["decided"]
    assert (decided["decided_by"], decided["note"]) == (["approver"], "within budget")


def test_an_expense_is_rejected_and_nothing_is_posted(browse, held, worker, sandbox):
    browse("approver").post(f"/approvals/{held}", {"verdict": "reject", "note": "private"})
    worker.drain()

    assert sandbox.expenses == []
    assert browse("viewer").get(f"/events/{held}.json").json["state"] == "rejected"


def test_nobody_approves_their_own_whatever_they_are_called_elsewhere(browse, held, services, sandbox, worker):
    [submitter, *_] = services.ledger.approvals.get(held).submitted_by
    services.people.keep("approver", role="approver", names=(submitter,))

    page = browse("approver").post(f"/approvals/{held}", {"verdict": "approve"})
    worker.drain()

    assert 'role="alert"' in page.text
    assert sandbox.expenses == []
    refused, approved, *_ = browse("admin").get("/audit.json").json["deeds"][1:]
    assert (refused["action"], refused["subject"], approved["action"]) == ("refused", held, "approve")
    assert refused["detail"].startswith("approve: ")


def test_a_verdict_is_one_of_two(browse, held):
    browser = browse("approver")

    assert browser.send(f"/approvals/{held}", {"verdict": "maybe"}, token=browser.token).status_code == 400


def test_somebody_new_can_log_in_and_what_they_may_changes_at_once(browse, new_browser):
    admin = browse("admin")
    admin.post(
        "/people", {"name": "Mara", "role": "viewer", "password": "another-long-one", "names": "U1, mara@example.com"}
    )
    mara = new_browser()
    assert mara.log_in("mara", "another-long-one").status_code == 303
    assert mara.get("/me.json").json == {"name": "mara", "role": "viewer", "names": ["U1", "mara@example.com"]}

    admin.post("/people", {"name": "mara", "role": "admin", "changes": "1"})

    assert mara.get("/people").status_code == 200


def test_who_is_here_already_is_changed_from_what_stands_and_not_written_over(browse, services):
    admin = browse("admin")
    services.people.keep("mara", role="operator", password=PASSWORD, names=("U0MARA",))

    page = admin.post("/people", {"name": "mara", "role": "viewer", "password": PASSWORD})
    filled_in = admin.get("/people?change=mara").text

    assert "mara is here already: choose Change beside the name." in page.text
    assert services.people.get("mara").role == "operator"
    assert '<option value="operator" selected>' in filled_in
    assert 'name="names" value="U0MARA"' in filled_in
    assert "Change nobody" not in admin.get("/people?change=nobody").text


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"name": "mara", "role": "viewer"}, "needs a password"),
        ({"name": "mara", "role": "viewer", "password": "short"}, "at least 12"),
        ({"name": "mara", "role": "king", "password": PASSWORD}, "A role is one of"),
        ({"name": "Mara!", "role": "viewer", "password": PASSWORD}, "A name is"),
        ({"name": "admin", "role": "viewer", "changes": "1"}, "has to stay an admin"),
    ],
)
def test_who_cannot_be_kept_is_said_so(browse, services, form, words):
    page = browse("admin").post("/people", form)

    assert words in page.text
    assert [person.name for person in services.people.all()] == ["admin", "approver", "operator", "viewer"]


def test_the_audit_log_says_what_somebody_is_called_from_now_on(browse):
    admin = browse("admin")

    admin.post("/people", {"name": "approver", "role": "approver", "names": "U0MARA, mara@example.com", "changes": "1"})

    deed = admin.get("/audit.json").json["deeds"][0]
    assert (deed["action"], deed["subject"]) == ("person_kept", "approver")
    assert deed["detail"] == "approver, called U0MARA, mara@example.com"


def test_the_last_admin_stays(browse, services):
    assert "has to stay an admin" in browse("admin").post("/people/admin/remove").text


def test_another_password_ends_every_session_of_the_old_one(browse, new_browser):
    here, there = browse("viewer"), browse("viewer")

    wrong = here.send("/me/password", {"old": "wrong", "new": "a-quite-new-one"}, token=here.token)
    right = here.send("/me/password", {"old": PASSWORD, "new": "a-quite-new-one"}, token=here.token)

    assert (wrong.status_code, right.status_code) == (303, 303)
    assert "Your password is changed. Log in with the new one." in new_browser().get(right.location).text
    assert [there.get("/").status_code, here.get("/").status_code] == [303, 303]
    assert new_browser().log_in("viewer").status_code == 401
    assert new_browser().log_in("viewer", "a-quite-new-one").status_code == 303


def test_the_first_login_is_the_settings_and_only_while_there_is_nobody(redis, clock):
    people = People(redis, clock=clock)
    people.begin_with(PASSWORD)
    people.begin_with("some-other-password")

    assert people.recognise("admin", PASSWORD).role == "admin"
    assert people.recognise("admin", "some-other-password") is None


def test_more_expenses_than_a_page_shows_are_on_the_next(browse, hooks, worker):
    for number in range(30):
        hooks.deliver(example("slack/expense").with_fields({"trigger_id": f"7.{number}"}))
    for event in list(worker.desk.ledger.events.list(state="queued")):
        worker.work_here(event.event_id)
    first = browse("approver").get("/approvals.json").json
    second = browse("approver").get("/approvals.json", query_string={"before": first["older"]}).json

    assert (len(first["waiting"]), len(second["waiting"]), second["older"]) == (25, 5, None)
    assert all(each["approval"]["summary"] for each in (*first["waiting"], *second["waiting"]))
    assert "Older ones that wait" in browse("approver").get("/approvals").text
