"""What the last comparison with Zoho found, on the first screen and on its own page."""

import re
from pathlib import Path

import pytest

from console.pages.reconciled import MEANINGS
from ledger.reconciliations import MOST_KEPT
from tests.scene import example
from worker.reconcile import reconcile
from worker.undo import carry_out, plan_undo

ROOT = Path(__file__).parents[2]


@pytest.fixture
def compare(worker):
    [books] = worker.desk.books.values()
    return lambda since=0.0: reconcile(worker.desk, books, since=since)


def delete_invoice(sandbox) -> None:
    """Somebody deletes the only invoice in Zoho, after its payments."""
    for payment in sandbox.customerpayments:
        sandbox.keep_books("DELETE", f"/customerpayments/{payment['payment_id']}")
    [invoice] = sandbox.invoices
    sandbox.keep_books("DELETE", f"/invoices/{invoice['invoice_id']}")


def told_of(browser) -> dict:
    [organization] = browser.get("/reconciled.json").json["organizations"]
    return organization


def test_an_invoice_that_was_deleted_is_named_with_its_event_and_what_to_do(browse, posted, compare, sandbox, clock):
    delete_invoice(sandbox)
    compare(since=clock() - 86400)
    clock.advance(3 * 3600)
    viewer = browse("viewer")

    told, page = told_of(viewer), viewer.get("/reconciled").text

    [found] = [each for each in told["differences"] if each["kind"] == "invoice"]
    assert (found["what"], found["number"], found["event_id"]) == ("missing", "INV-000001", posted)
    assert found["business_key"].startswith("shopify/invoice/order:")
    assert told["count"] == len(told["differences"]) <= told["checked"]
    assert "Invoice INV-000001" in page
    assert "It is not in Zoho any more: somebody deleted it." in page
    assert "Undo its event" in page
    assert f'href="/events/{posted}"' in page
    assert found["url"] not in page, "it leads nowhere any more"
    of_event = viewer.get(f"/events/{posted}").text
    assert "See to what the last comparison with Zoho found." in of_event
    assert "The invoice INV-000001 is not in Zoho any more" in of_event
    assert "3 hours ago" in page
    assert f"{told['checked']} documents" in page
    assert "run <code>bookhook reconcile</code> again" in page


def test_what_was_mended_is_gone_with_the_next_comparison(browse, posted, compare, sandbox, worker):
    delete_invoice(sandbox)
    compare()
    assert told_of(browse("viewer"))["differences"]
    for step in plan_undo(worker.desk, [posted]):
        carry_out(worker.desk, step)

    compare()

    viewer = browse("viewer")
    assert (told_of(viewer)["count"], told_of(viewer)["differences"]) == (0, [])
    assert "no difference" in viewer.get("/reconciled").text
    assert "INV-000001" not in viewer.get("/reconciled").text


def test_a_changed_amount_is_told_with_both_amounts_and_a_link_into_zoho(browse, hooks, worker, compare, sandbox):
    hooks.deliver(example("standard/expense"))
    worker.drain()
    [expense] = sandbox.expenses
    names = ("date", "account_id", "paid_through_account_id", "reference_number", "currency_id")
    body = {name: expense[name] for name in names}
    sandbox.keep_books("PUT", f"/expenses/{expense['expense_id']}", {**body, "amount": 1.5})
    compare()
    viewer = browse("viewer")

    [found] = told_of(viewer)["differences"]

    assert re.fullmatch(r"1\.50? [A-Z]{3}", found["in_zoho"])
    assert re.fullmatch(r"[0-9.]+ [A-Z]{3}", found["in_ledger"])
    page = viewer.get("/reconciled").text
    assert f'>{found["in_zoho"]}</span>, here <span class="amount">{found["in_ledger"]}<' in page
    assert f'href="{found["url"]}"' in page
    assert found["zoho_id"] in found["url"]


def test_books_that_were_never_compared_are_said_to_be_so(browse, posted):
    viewer = browse("viewer")

    assert "Never compared." in viewer.get("/reconciled").text
    assert told_of(viewer)["compared_at"] is None
    assert tile(viewer) == "never compared with Zoho"


def tile(browser) -> str:
    """What the first screen's tile says that leads to the page."""
    [words] = re.findall(r'<a [^>]*class="tile[^>]*href="/reconciled"[^>]*>(.*?)</a>', browser.get("/").text)
    return re.sub("<[^>]+>", "", words)


def test_the_first_screen_counts_what_differs_and_leads_to_it(browse, posted, compare, sandbox):
    compare()
    assert tile(browse("viewer")) == "0 not reconciled"
    delete_invoice(sandbox)
    compare()

    viewer = browse("viewer")

    assert tile(viewer) == f"{told_of(viewer)['count']} not reconciled"
    assert told_of(viewer)["count"] > 0


def test_the_first_two_hundred_are_kept_and_all_are_counted(browse, ledger):
    found = [{"what": "missing", "kind": "invoice", "number": f"INV-{number}"} for number in range(MOST_KEPT + 5)]
    whole = [{**dict.fromkeys(FIELDS), **each, "detail": "it is not in Zoho any more"} for each in found]
    ledger.reconciliations.keep("10000001", since=0.0, checked=300, differences=whole)
    viewer = browse("viewer")

    told = told_of(viewer)

    assert (told["count"], len(told["differences"])) == (205, 200)
    assert "The first 200 are shown" in viewer.get("/reconciled").text


FIELDS = ("business_key", "event_id", "zoho_id", "number", "url", "in_zoho", "in_ledger")


def test_a_comparison_of_which_only_counts_are_kept_is_asked_for_anew(browse, redis):
    """As it was kept by the version before."""
    redis.hset("bh:reconciled:10000001", mapping={"at": 1.0, "since": 0.0, "checked": 3, "differences": 2})

    assert "Which they are is not kept" in browse("viewer").get("/reconciled").text


def test_every_word_of_the_documentation_has_its_meaning_on_the_page():
    table = (ROOT / "docs" / "reconciling.md").read_text().split("## Taking back")[0]

    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == set(MEANINGS)
    words = re.findall(r'"(\w+)"', (ROOT / "worker" / "reconcile.py").read_text())
    assert set(MEANINGS) <= set(words)
