"""What an expense may say besides its amount, and what an approver says of it."""

import json
from decimal import Decimal

import pytest

from drafts import ContactDraft, DecisionDraft, ReceiptDraft
from errors import MappingError
from mappings import Options, Received

EXPENSE = """
    expense:
      date: date(day)
      amount: money(amount)
      currency_code: currency
      category?: word
      account_name?: account
      exchange_rate?: money(rate)
      is_billable?: billable
      customer?:
        name: client.name
        email?: client.email
        customer_id?: client.id
      receipt?:
        url?: link
        file?: file('receipt')
      submitted_by?: by
"""
DECISION = """
    decision:
      event_id: event
      verdict: verdict
      by: by
      note?: note
"""
BODY = {"type": "paid", "id": 7, "day": "2026-03-14", "currency": "eur", "amount": "42.50", "word": "meals"}
OPTIONS = Options(
    paid_through="Petty Cash",
    accounts={"meals": "Meals and Entertainment", "travel": "Travel Expense", "meal kits": "Office Supplies"},
)


@pytest.fixture
def rendered(source, minimal):
    """Renders a body with the minimal mapping's head and other blocks."""

    def render(blocks, request, options=OPTIONS):
        shop = source(minimal[: minimal.index("    contact:")] + blocks.lstrip("\n"))
        return shop.render(request, options, topic="paid")

    return render


@pytest.fixture
def expense(rendered):
    def render(**changes):
        return rendered(EXPENSE, received(**changes)).expense

    return render


def received(**changes):
    return Received(json.dumps(BODY | changes).encode(), {"Content-Type": "application/json"})


def with_receipt(content, **changes):
    head = b'--b\r\nContent-Disposition: form-data; name="event"\r\n\r\n'
    file = b'\r\n--b\r\nContent-Disposition: form-data; name="receipt"; filename="a.pdf"\r\n\r\n'
    raw = head + json.dumps(BODY | changes).encode() + file + content + b"\r\n--b--"
    return Received(raw, {"Content-Type": "multipart/form-data; boundary=b"})


def test_an_expense_without_further_details_has_none(expense):
    made = expense()

    assert (made.exchange_rate, made.customer, made.receipt) == (None, None, None)
    assert (made.is_billable, made.submitted_by) == (False, ())


def test_an_expense_may_be_billed_to_a_customer(expense):
    made = expense(billable=True, rate="1.085", client={"name": "Ada", "email": "ada@example.com", "id": 12})

    assert (made.is_billable, made.exchange_rate) == (True, Decimal("1.085"))
    assert made.customer == ContactDraft(contact_name="Ada", email="ada@example.com", customer_id="12")


@pytest.mark.parametrize(
    ("changes", "field", "reason"),
    [
        ({"billable": True}, "expense.customer", "billed to"),
        ({"billable": "yes"}, "expense.is_billable", "true or false"),
        ({"client": {"email": "ada@example.com"}}, "expense.customer.name", "nothing there"),
        ({"client": {"name": "Ada", "email": "none"}}, "expense.customer.email", "not an e-mail"),
        ({"link": "https://files.example/" + "a" * 2000}, "expense.receipt.url", "longer than the 2000"),
        ({"by": {"id": 5}}, "expense.submitted_by", "an object is not a text"),
        ({"rate": "-1"}, "expense.exchange_rate", "below zero"),
    ],
)
def test_a_detail_that_does_not_fit_is_named(expense, changes, field, reason):
    with pytest.raises(MappingError, match=reason) as caught:
        expense(**changes)

    assert caught.value.field == field


def test_a_receipt_is_an_address_or_a_file_that_came_along_and_the_file_wins(rendered, expense):
    link = "https://files.example/lunch.pdf"

    assert expense(link=link).receipt == ReceiptDraft(url=link)
    made = rendered(EXPENSE, with_receipt(b"%PDF\r\n\x00", link=link)).expense
    assert made.receipt == ReceiptDraft(name="a.pdf", content=b"%PDF\r\n\x00")
    assert "PDF" not in repr(made)


def test_an_empty_file_is_no_receipt(rendered):
    with pytest.raises(MappingError, match="is empty") as caught:
        rendered(EXPENSE, with_receipt(b""))

    assert caught.value.field == "expense.receipt.file"


def test_a_file_is_good_for_a_receipt_only(rendered):
    with pytest.raises(MappingError, match="a file is not a text") as caught:
        rendered(EXPENSE.replace("link", "file('receipt')"), with_receipt(b"%PDF"))
    assert caught.value.field == "expense.receipt.url"
    with pytest.raises(MappingError, match="must be a file"):
        rendered(EXPENSE.replace("file('receipt')", "word"), received())


@pytest.mark.parametrize(
    ("given", "names"),
    [("U7", ("U7",)), (7, ("7",)), (["U7", " jo ", None, "", "U7"], ("U7", "jo")), ([], ()), (None, ())],
)
def test_whoever_submitted_it_is_known_by_every_name_once(expense, given, names):
    assert expense(by=given).submitted_by == names


def test_a_category_nobody_set_up_is_met_with_close_ones_and_never_guessed(expense):
    with pytest.raises(MappingError, match="did you mean meals or meal kits") as caught:
        expense(word="meal")
    assert (caught.value.code, caught.value.field) == ("unknown_category", "expense.category")
    with pytest.raises(MappingError) as caught:
        expense(word="zoo")
    assert "did you mean" not in caught.value.message


def decided(rendered, **changes):
    body = {"type": "paid", "id": 8, "event": "ev_12345678", "verdict": "approve", "by": ["U9", "kim"]} | changes
    return rendered(DECISION, Received(json.dumps(body).encode(), {"Content-Type": "application/json"}))


def test_an_approver_decides_about_one_event(rendered):
    made = decided(rendered, note="fine\nby me")

    assert made.decision == DecisionDraft(
        event_id="ev_12345678", verdict="approve", by=("U9", "kim"), note="fine\nby me"
    )
    assert (made.invoice, made.expense) == (None, None)


@pytest.mark.parametrize(
    ("changes", "field", "reason"),
    [
        ({"verdict": "perhaps"}, "decision.verdict", "approve, reject"),
        ({"verdict": None}, "decision.verdict", "nothing there"),
        ({"by": [None, " "]}, "decision.by", "nothing there"),
        ({"by": []}, "decision.by", "nothing there"),
        ({"event": ""}, "decision.event_id", "nothing there"),
    ],
)
def test_a_decision_that_is_incomplete_is_refused(rendered, changes, field, reason):
    with pytest.raises(MappingError, match=reason) as caught:
        decided(rendered, **changes)

    assert caught.value.field == field
