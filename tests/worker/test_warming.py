"""After a warm-up an old customer's first order costs one call, and nobody is taken for somebody else."""

import pytest

from drafts import ContactDraft
from sandbox.contacts import CONTACTS
from tests.orders import Order
from worker.contacts import contact_key
from worker.warming import Warmed, warm
from zoho.contacts import OLDEST_ACTIVE_FIRST

INVOICE = "POST /invoices"
LOOKS = {"GET /contacts": 1, INVOICE: 1}
EUR = "EUR"


@pytest.fixture
def books(worker):
    return worker.desk.books["10000001"]


@pytest.fixture
def warm_up(worker, books, monkeypatch):
    """Warms up from pages of two rows; what it came to."""

    def warm_up(**more) -> Warmed:
        with monkeypatch.context() as patched:
            patched.setattr("zoho.client.PAGE_SIZE", 2)
            [*_, warmed] = warm(worker.desk, books, **more)
        return warmed

    return warm_up


@pytest.fixture
def add(sandbox, books):
    """Adds a contact in Zoho; its id."""

    def add(name: str, email: str = "", currency_code: str = "USD", **more) -> str:
        body = {"contact_name": name, "contact_type": "customer", **books.names.currency(currency_code), **more}
        body.pop("exchange_rate", None)
        if email:
            body["contact_persons"] = [{"email": "second@example.com"}, {"email": email, "is_primary_contact": True}]
        return str(sandbox.keep_books("POST", "/contacts", body)["contact"]["contact_id"])

    return add


@pytest.fixture
def cost(worker, sandbox, hooks):
    """Works on an order with this customer and tells which calls that took, lists of names aside."""
    Order(hooks).completed()
    worker.drain()

    def cost(email: str, **changes) -> dict[str, int]:
        before = sandbox.calls
        event_id = Order(hooks).completed(customer={"email": email, "name": "Whoever"}, **changes)
        worker.drain()
        assert worker.event(event_id).state == "posted"
        return {call: more for call, count in sandbox.calls.items() if (more := count - before.get(call, 0))}

    return cost


def record(worker, books, email: str, currency_code: str = "USD"):
    key = contact_key(books, ContactDraft(contact_name="", email=email), "", currency_code)
    return worker.desk.ledger.documents.get(key)


def test_the_first_order_of_an_old_customer_costs_one_call(add, warm_up, cost, sandbox):
    ids = {add(f"Old {number}", f"Old{number}@Example.com") for number in range(5)}

    warmed = warm_up()

    assert (warmed.pages, warmed.known, warmed.added) == (3, 6, 5)
    assert [cost(f"old{number}@example.COM") for number in range(5)] == [{INVOICE: 1}] * 5
    assert {invoice["customer_id"] for invoice in sandbox.invoices} >= ids


def test_without_it_the_customer_is_looked_for_once(add, cost):
    add("Old", "old@example.com")

    assert cost("old@example.com") == LOOKS
    assert cost("old@example.com") == {INVOICE: 1}


def test_a_customer_is_known_in_the_currency_of_the_contact(add, warm_up, cost):
    add("Old", "old@example.com", EUR)
    warm_up()

    assert cost("old@example.com", currency=EUR) == {INVOICE: 1}
    assert "POST /contacts" in cost("old@example.com")


@pytest.mark.parametrize("order", ["A", "D"], ids=["sorted by Zoho", "not sorted by Zoho"])
def test_whoever_is_known_is_whom_a_search_would_find(add, warm_up, books, worker, sandbox, monkeypatch, order):
    monkeypatch.setitem(OLDEST_ACTIVE_FIRST, "sort_order", order)
    for number in range(12):
        add(f"Old {number}", f"old{number % 4}@example.com", "EUR" if number % 3 == 0 else "USD")
    inactive = add("Gone", "old5@example.com")
    sandbox.keep_books("POST", f"/contacts/{inactive}/inactive")
    add("Seller", "old6@example.com", contact_type="vendor")
    add("Nameless")

    warm_up()

    for email in (f"OLD{number}@example.com" for number in range(7)):
        for currency_code in ("USD", "EUR"):
            match = books.find_contact(ContactDraft(contact_name="", email=email), currency_code)
            found = match.contact_id if match and match.currency_code == currency_code else None
            known = record(worker, books, email, currency_code)
            assert (known.zoho_id if known else None) == found


def test_what_is_skipped_is_counted_by_its_reason(add, warm_up, sandbox, monkeypatch):
    monkeypatch.setattr("zoho.contacts.OLDEST_ACTIVE_FIRST", {})  # nor does Zoho heed filters
    monkeypatch.delitem(CONTACTS.filters, "contact_type")
    inactive = add("Gone", "gone@example.com")
    sandbox.keep_books("POST", f"/contacts/{inactive}/inactive")
    for name, email in (("Twin", "twin@example.com"), ("Twin 2", "Twin@example.com"), ("Nameless", "")):
        add(name, email)
    add("Seller", "seller@example.com", contact_type="vendor")

    warmed = warm_up()

    assert warmed.known == 1
    assert warmed.skipped == {
        "not active": 1,
        "with the e-mail of an older one": 1,
        "without an e-mail": 1,
        "that are no customers": 1,
    }


def test_what_is_on_record_stays_as_it_is(add, warm_up, cost, worker, books, sandbox):
    add("Old", "old@example.com")
    cost("old@example.com")
    before = record(worker, books, "old@example.com")
    sandbox.keep_books("POST", f"/contacts/{before.zoho_id}/inactive")
    add("Old, again", "old@example.com")

    assert warm_up().added == 0
    assert record(worker, books, "old@example.com") == before


def test_a_second_time_changes_nothing(add, warm_up, worker, books):
    add("Old", "old@example.com")
    assert warm_up().added == 1
    before = record(worker, books, "old@example.com")

    assert warm_up().added == 0
    assert record(worker, books, "old@example.com") == before


def test_a_contact_that_a_worker_is_just_finding_is_left_to_it(add, warm_up, worker, books):
    add("Old", "old@example.com")
    key = contact_key(books, ContactDraft(contact_name="", email="old@example.com"), "", "USD")
    worker.desk.ledger.documents.claim(key, event_id="ev_other", lease="other")

    assert warm_up().added == 0
    assert record(worker, books, "old@example.com").state == "new"


def test_a_known_customer_who_is_lost_in_zoho_is_found_anew(add, warm_up, cost, sandbox):
    lost = add("Old", "old@example.com")
    warm_up()
    sandbox.keep_books("POST", f"/contacts/{lost}/inactive")
    present = add("Old, again", "old@example.com")

    cost("old@example.com")

    assert sandbox.invoices[-1]["customer_id"] == present


def test_what_is_kept_for_each_customer_is_small_and_holds_no_address(add, warm_up, redis):
    add("Old", "old@example.com")
    warm_up()

    [key] = redis.keys("bh:document:*")
    assert redis.memory_usage(key) < 400
    assert b"old" not in key + b"".join(redis.hgetall(key).values())
