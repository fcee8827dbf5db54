"""What people do in the console, in a real browser, with and without scripts."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.console.conftest import ORDER, order
from tests.receipts import expense_with, picture
from tests.scene import example
from worker.bulk import do_pieces
from worker.reconcile import Reconciliation, reconcile

with_and_without_scripts = pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])


@pytest.fixture
def environ(environ, tmp_path):
    file = tmp_path / "connections.yaml"
    file.write_text(
        "connections: {slack: {expenses: {approval: always}}, standard: {expenses: {approval: over(1000)}}}"
    )
    return {**environ, "BOOKHOOK_CONNECTIONS": str(file)}


@pytest.fixture
def told(hooks, worker) -> dict[str, str]:
    """A posted order, two that failed for one reason, and an expense that waits."""
    sent = {"posted": ORDER, "parked": order(1, line_items=[], shipping_lines=[])}
    sent |= {"parked too": order(2, line_items=[], shipping_lines=[])}
    ids = {name: hooks.deliver(each).json["event_id"] for name, each in sent.items()}
    hooks.deliver(example("slack/expense"))
    worker.drain()
    return ids


@with_and_without_scripts
def test_failures_are_looked_at_and_retried_together(open_page, told, scripts, services, worker):
    page = open_page("operator", scripts=scripts)

    page.get_by_role("link", name="2 failed").click()
    page.get_by_role("button", name="Retry all 2").click()

    expect(page.locator("#bulk")).to_contain_text("choosing the events")
    while do_pieces(worker.desk):
        pass
    expect(page.locator("#bulk")).to_contain_text("2 of 2 events, over", timeout=15_000)
    assert services.ledger.events.counts()["queued"] == 2


@with_and_without_scripts
def test_the_enter_key_in_a_note_decides_nothing(open_page, told, scripts, services):
    page = open_page("approver", scripts=scripts)
    page.goto("/approvals")
    page.get_by_label("Note").first.fill("too much")
    page.get_by_label("Note").first.press("Enter")
    page.get_by_label("Note").first.type("for us")

    page.get_by_role("button", name="Reject").first.click()

    [(_, decided)] = services.ledger.approvals.decided(1)
    assert (decided.verdict, decided.note) == ("reject", "too much for us")


@with_and_without_scripts
def test_an_expense_is_approved(open_page, told, scripts, worker, sandbox):
    page = open_page("approver", scripts=scripts)

    page.get_by_role("link", name="1 await approval").click()
    page.get_by_label("Note").fill("within budget")
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("status")).to_contain_text("Approved")
    worker.drain()

    assert len(sandbox.expenses) == 1


@pytest.fixture
def with_receipt(hooks, worker) -> str:
    """An expense that waits, with a picture of its receipt."""
    sent = expense_with("slip.png", picture(), amount="1200.00", description="A chair for the front desk")
    event_id = hooks.deliver(sent).json["event_id"]
    worker.drain()
    return event_id


def test_a_receipt_is_seen_beside_the_expense_it_is_for(open_page, with_receipt):
    page = open_page("approver")
    page.goto("/approvals")

    shown = page.get_by_alt_text("The receipt slip.png")

    expect(page.get_by_text("A chair for the front desk")).to_be_visible()
    expect(shown).to_be_visible()
    assert shown.evaluate("image => image.decode().then(() => image.naturalWidth)") == 240
    assert Axe().run(page).violations_count == 0
    expect(page).to_have_title("Approvals · Bookhook")


def test_a_receipt_is_seen_without_scripts_too(open_page, with_receipt):
    page = open_page("approver", scripts=False, viewport={"width": 360, "height": 740})
    page.goto("/approvals")

    page.get_by_role("link", name="Show the receipt").click()

    expect(page.get_by_alt_text("The receipt slip.png")).to_be_visible()
    assert page.get_by_alt_text("The receipt slip.png").bounding_box()["width"] <= 336


@with_and_without_scripts
def test_an_order_is_found_and_undone(open_page, told, scripts, sandbox):
    page = open_page("operator", scripts=scripts)

    page.get_by_label("Find an event").fill("#1001")
    page.get_by_label("Find an event").press("Enter")
    page.get_by_role("link", name="shopify · orders/paid").click()
    page.get_by_role("link", name="Undo…").click()
    page.get_by_role("button", name="Carry it out").click()

    expect(page.get_by_role("status").last).to_contain_text("The invoice")
    assert [invoice["status"] for invoice in sandbox.invoices] in ([], ["void"])


def test_the_first_screen_follows_what_happens_without_loading_anew(open_page, told, hooks):
    page = open_page("viewer")
    expect(page.get_by_role("link", name="2 failed")).to_be_visible()

    page.evaluate("window.sameDocument = true")
    hooks.deliver(order(77))

    expect(page.get_by_text("at work or queued").locator("+ dd")).to_have_text("1", timeout=15_000)
    assert page.evaluate("window.sameDocument")


def test_a_filter_shows_what_it_lets_through_without_loading_anew(open_page, told):
    page = open_page("viewer")
    page.goto("/events")
    page.evaluate("window.sameDocument = true")

    page.get_by_label("State").select_option("parked")

    expect(page.locator("#found tbody tr")).to_have_count(2)
    assert page.evaluate("window.sameDocument")
    assert "state=parked" in page.url


@pytest.mark.parametrize("path", ["/", "/events", "/failures", "/approvals", "/people", "/audit", "/me"])
@pytest.mark.parametrize("colors", ["light", "dark"])
def test_pages_are_accessible(open_page, told, path, colors):
    page = open_page("admin", color_scheme=colors)
    page.goto(path)

    found = Axe().run(page)

    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("name", ["posted", "parked"])
@pytest.mark.parametrize("colors", ["light", "dark"])
def test_the_page_of_an_event_is_accessible_with_all_of_it_unfolded(open_page, told, name, colors):
    page = open_page("admin", color_scheme=colors)
    page.goto(f"/events/{told[name]}")
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")

    found = Axe().run(page)

    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("name", ["posted", "parked"])
def test_the_page_of_an_event_fits_a_telephone_with_all_of_it_unfolded(open_page, told, name):
    page = open_page("admin", viewport={"width": 360, "height": 740})
    page.goto(f"/events/{told[name]}")
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")

    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_the_page_of_an_event_follows_it_without_folding_what_is_looked_at(open_page, told, hooks, worker):
    queued = hooks.deliver(order(78)).json["event_id"]
    page = open_page("operator")
    page.goto(f"/events/{queued}")
    page.get_by_text("Body that came").click()
    worker.drain()

    expect(page.locator("h1 .badge")).to_have_text("posted", timeout=15_000)
    expect(page.get_by_text('"admin_graphql_api_id"')).to_be_visible()


@with_and_without_scripts
def test_every_call_is_unfolded_and_shown_in_full_where_somebody_asks(open_page, told, scripts, services):
    page = open_page("operator", scripts=scripts)
    page.goto(f"/events/{told['posted']}")

    page.get_by_role("link", name="Show in full").click()
    page.get_by_text("Calls to Zoho").click()
    page.locator(".calls summary", has_text="POST /contacts").click()

    expect(page.locator(".calls details[open]")).to_contain_text('"contact_name": "Mara Lindqvist"')
    assert [deed.action for deed in services.audit.newest(1)] == ["revealed"]


@pytest.mark.parametrize("path", ["/", "/events", "/failures", "/approvals", "/people"])
def test_pages_fit_a_telephone(open_page, told, path):
    page = open_page("admin", viewport={"width": 360, "height": 740})
    page.goto(path)

    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_words_without_an_end_stay_in_their_card_and_leave_the_buttons_in_reach(open_page, hooks, worker):
    long = {"description": "x" * 400, "vendor": "v" * 99, "account": "a" * 99}
    for name in ("first.png", "second.png"):
        hooks.deliver(expense_with(name, picture(), amount="1200.00", **long))
    worker.drain()
    page = open_page("approver", viewport={"width": 375, "height": 740})
    page.goto("/approvals")
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    expect(page.locator(".expense")).to_have_count(2)
    for card in page.locator(".expense").all():
        frame, button = card.bounding_box(), card.get_by_role("button", name="Reject").bounding_box()
        assert button["x"] + button["width"] <= frame["x"] + frame["width"]
        assert card.evaluate("card => card.scrollWidth <= card.clientWidth")

    page.get_by_label("Note").first.fill("y" * 500)
    page.get_by_role("button", name="Reject").first.click()

    expect(page.get_by_role("listitem").filter(has_text="y" * 500)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    page.get_by_role("listitem").filter(has_text="y" * 500).get_by_role("link").click()
    expect(page.get_by_role("heading", name="Timeline")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 375


def compare_without_the_invoice(worker, sandbox) -> Reconciliation:
    """What is found after somebody deleted the only invoice in Zoho."""
    [invoice] = sandbox.invoices
    for payment in sandbox.customerpayments:
        sandbox.keep_books("DELETE", f"/customerpayments/{payment['payment_id']}")
    sandbox.keep_books("DELETE", f"/invoices/{invoice['invoice_id']}")
    [books] = worker.desk.books.values()
    return reconcile(worker.desk, books, since=0)


@pytest.mark.parametrize("colors", ["light", "dark"])
def test_what_a_comparison_found_is_accessible_and_fits_a_telephone(open_page, told, worker, sandbox, colors):
    found = compare_without_the_invoice(worker, sandbox)
    page = open_page("viewer", color_scheme=colors, viewport={"width": 360, "height": 740})

    page.get_by_role("link", name=f"{len(found.differences)} not reconciled").click()

    expect(page.get_by_role("heading", name="Invoice INV-000001")).to_be_visible()
    seen = Axe().run(page)
    assert seen.violations_count == 0, seen.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.get_by_role("link", name="Its event").first.click()
    expect(page.get_by_role("link", name="Undo…")).to_have_count(0)
    expect(page.get_by_role("heading", name="shopify · orders/paid")).to_be_visible()


def focus_through_a_refresh(page, part: str, link) -> None:
    """Focuses the link and sees that it has the focus still when its part of the page was replaced."""
    link.focus()
    page.evaluate("part => document.querySelector(part).setAttribute('data-old', '')", part)
    expect(page.locator(f"{part}[data-old]")).to_have_count(0, timeout=15_000)
    expect(link).to_be_focused()


@pytest.mark.parametrize("name", ["shopify · orders/paid", "2 failed", "INV-000001"])
def test_a_link_of_the_first_screen_keeps_the_focus_while_the_screen_follows_events(open_page, told, name):
    page = open_page("viewer")

    focus_through_a_refresh(page, "#live", page.get_by_role("link", name=name).first)


@pytest.fixture
def waiting(hooks, worker, sandbox) -> str:
    """An order that tries again by itself, since Zoho failed once."""
    sandbox.fault(on="POST /invoices", times=1, do="answer_500")
    event_id = hooks.deliver(order(80)).json["event_id"]
    worker.work_here(event_id)
    assert worker.event(event_id).state == "waiting"
    return event_id


def test_a_button_of_an_event_keeps_the_focus_while_its_page_follows_it(open_page, waiting):
    page = open_page("operator")
    page.goto(f"/events/{waiting}")

    focus_through_a_refresh(page, "#story", page.get_by_role("button", name="Retry"))


def test_all_that_is_replaced_by_itself_and_can_have_the_focus_has_an_id_of_its_own(
    open_page, told, waiting, worker, sandbox, hooks
):
    assert compare_without_the_invoice(worker, sandbox).differences
    queued = hooks.deliver(order(79)).json["event_id"]
    page = open_page("operator")

    for path, part in (("/", "#live"), (f"/events/{queued}", "#story"), (f"/events/{waiting}", "#story")):
        page.goto(path)
        assert page.locator(part).evaluate(WITHOUT_ID) == []


WITHOUT_ID = """part => [...part.querySelectorAll("a, button, input:not([type=hidden]), select, summary, [tabindex]")]
    .filter(each => !each.id || document.querySelectorAll(`[id="${each.id}"]`).length !== 1)
    .map(each => each.outerHTML)"""


def test_everything_is_reached_by_the_keyboard(open_page, told):
    page = open_page("viewer")

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#content")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="2 failed")).to_be_focused()
