"""Receipts beside the expenses that wait: a picture is shown, all else is a file, and why there is none is said."""

import pytest

from console.receipts import KEPT_SECONDS, MOST_BYTES, Receipts, picture_type
from outbound import File, Outbound
from tests.outbound.files import served_files
from tests.receipts import expense_at, expense_with, picture

LISTED = "connections: {standard: {expenses: {approval: always, receipt_hosts: [127.0.0.1]}}}"


@pytest.fixture
def environ(environ, tmp_path):
    file = tmp_path / "connections.yaml"
    file.write_text(LISTED)
    return {**environ, "BOOKHOOK_CONNECTIONS": str(file)}


@pytest.fixture
def hold(hooks, worker):
    """Delivers an expense and has it wait; gives the event's id."""

    def hold(sent):
        event_id = hooks.deliver(sent).json["event_id"]
        worker.drain()
        assert worker.event(event_id).state == "awaiting_approval"
        return event_id

    return hold


def test_a_picture_is_shown_beside_what_waits(browse, hold):
    event_id = hold(expense_with("slip.png", picture()))
    approver = browse("approver")

    [waiting] = approver.get("/approvals.json").json["waiting"]
    page, shown = approver.get(f"/events/{event_id}/receipt"), approver.get(f"/events/{event_id}/receipt/file")

    assert waiting["expense"]["has_receipt"]
    assert f'hx-get="/events/{event_id}/receipt"' in approver.get("/approvals").text
    assert f'src="/events/{event_id}/receipt/file" alt="The receipt slip.png"' in page.text
    assert (shown.mimetype, shown.data) == ("image/png", picture())
    assert shown.headers["Content-Disposition"] == "inline; filename=slip.png"


@pytest.mark.parametrize(
    ("name", "content"),
    [("bill.pdf", b"%PDF-1.4\n<script>alert(1)</script>"), ("scan.bmp", b"BM<html><script>alert(1)</script>")],
)
def test_all_else_is_a_file_that_no_browser_runs(browse, hold, name, content):
    event_id = hold(expense_with(name, content))

    page = browse("approver").get(f"/events/{event_id}/receipt")
    given = browse("approver").get(f"/events/{event_id}/receipt/file")

    assert f"Download {name}" in page.text
    assert 'class="receipt"' not in page.text
    assert (given.mimetype, given.data) == ("application/octet-stream", content)
    assert given.headers["Content-Disposition"].startswith("attachment")
    assert given.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'; sandbox" in given.headers.getlist("Content-Security-Policy")


def test_it_is_fetched_from_the_hosts_that_the_connection_lists_alone_and_once(browse, hold, services, monkeypatch):
    with served_files() as files:
        files.files["/slip.png"] = picture()
        here = Outbound(loopback_origins=[files.origin])
        monkeypatch.setattr("cli.desk.Outbound", lambda **_: here)
        listed = hold(expense_at(f"{files.origin}/slip.png"))
        approver = browse("approver")

        approver.get(f"/events/{listed}/receipt")
        shown = approver.get(f"/events/{listed}/receipt/file")

    assert shown.data == picture()
    assert files.asked == ["/slip.png"]


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://evil.example/slip.png", "its host is not among the connection&#39;s `receipt_hosts`"),
        ("http://127.0.0.1/slip.png", "its address is not a plain https:// one"),
        ("https://127.0.0.1/slip.png", "its host is not on the public internet"),
    ],
)
def test_one_that_cannot_be_had_says_why(browse, hold, url, words):
    event_id = hold(expense_at(url))

    page = browse("approver").get(f"/events/{event_id}/receipt")
    given = browse("approver").get(f"/events/{event_id}/receipt/file")

    assert words in page.text
    assert given.status_code == 502
    assert "slip.png" not in page.text


def test_without_a_receipt_that_is_said(browse, hold):
    sent = expense_at("")
    event_id = hold(sent)

    assert "No receipt came with it." in browse("approver").get("/approvals").text
    assert "No receipt came with this expense." in browse("approver").get(f"/events/{event_id}/receipt").text
    assert browse("approver").get(f"/events/{event_id}/receipt/file").status_code == 404


@pytest.mark.parametrize("path", ["receipt", "receipt.json", "receipt/file"])
def test_whoever_may_only_look_sees_no_receipt(browse, hold, path):
    event_id = hold(expense_with("slip.png", picture()))
    viewer = browse("viewer")

    assert viewer.get(f"/events/{event_id}/{path}").status_code == 403
    assert viewer.get("/approvals.json").json["waiting"][0]["expense"] is None
    assert viewer.get(f"/events/{event_id}.json").json["expense"] is None


def test_the_receipt_stands_on_the_page_of_the_event_after_it_is_posted(browse, hold, worker):
    event_id = hold(expense_with("slip.png", picture()))
    browse("approver").post(f"/approvals/{event_id}", {"verdict": "approve"})
    worker.drain()

    assert f'hx-get="/events/{event_id}/receipt"' in browse("operator").get(f"/events/{event_id}").text
    assert browse("operator").get(f"/events/{event_id}/receipt.json").json["file"]["is_picture"]


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (picture(), "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"GIF89a..", "image/gif"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
        (b"RIFF\0\0\0\0WAVEfmt ", None),
        (b"<svg xmlns='http://www.w3.org/2000/svg'>", None),
        (b"%PDF-1.4", None),
    ],
)
def test_a_picture_is_known_by_how_it_begins(content, media_type):
    assert picture_type(content) == media_type


def test_what_was_looked_at_is_kept_for_minutes_and_not_too_much_of_it(clock):
    asked = []

    def fetch(name):
        asked.append(name)
        return File(name=name, content=b"x" * (MOST_BYTES // 2), media_type="image/png")

    receipts = Receipts(fetch, clock=clock)
    for name in ("a", "a", "b", "b", "c", "a"):
        receipts.get(name)
    clock.advance(KEPT_SECONDS + 1)
    receipts.get("a")

    assert asked == ["a", "b", "c", "a", "a"]
