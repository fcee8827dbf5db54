from decimal import Decimal
from typing import Any

import pytest


def state(zoho: Any, note: dict[str, Any]) -> tuple[str, str]:
    """Status and balance of a credit note."""
    now = zoho.get(f"/creditnotes/{note['creditnote_id']}")["creditnote"]
    return now["status"], str(now["balance"])


def refund(zoho: Any, note: dict[str, Any], amount: float, **fields: Any) -> Any:
    body = {"date": "2026-11-21", "amount": amount, "from_account_id": zoho.account("Checking")}
    return zoho.post(f"/creditnotes/{note['creditnote_id']}/refunds", body | fields).json


def apply(zoho: Any, note: dict[str, Any], invoice: dict[str, Any], amount: float) -> Any:
    rows = [{"invoice_id": invoice["invoice_id"], "amount_applied": amount}]
    return zoho.post(f"/creditnotes/{note['creditnote_id']}/invoices", {"invoices": rows}).json


def test_a_credit_note_is_numbered_and_open(zoho: Any) -> None:
    created = zoho.credit(zoho.contact("Ann"), reference_number="#1001 bh-1")

    note = created.json["creditnote"]
    assert (created.status_code, created.json["message"]) == (201, "The credit note has been created.")
    assert note == zoho.get(f"/creditnotes/{note['creditnote_id']}")["creditnote"]
    expected = {
        "creditnote_number": "CN-00001",
        "status": "open",
        "customer_name": "Ann",
        "date": "2026-11-20",
        "total": 10.0,
        "balance": 10.0,
        "total_credits_used": 0,
        "total_refunded_amount": 0,
        "invoices_credited": [],
        "reference_number": "#1001 bh-1",
    }
    assert {name: note[name] for name in expected} == expected


def test_a_credit_note_adds_up_like_the_invoice_it_mirrors(zoho: Any) -> None:
    customer = zoho.contact()
    line = {"name": "Mug", "rate": 10.25, "quantity": 3, "tax_id": zoho.tax("State + County")}
    invoice = zoho.billed(customer, line, is_inclusive_tax=True)

    note = zoho.credited(customer, line, is_inclusive_tax=True)

    sums = ("sub_total", "tax_total", "total", "taxes")
    assert {name: note[name] for name in sums} == {name: invoice[name] for name in sums}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"adjustment": 0.01}, 2),
        ({"shipping_charge": "5.00"}, 2),
        ({"discount": 1}, 2),
        ({"line_items": []}, 4),
        ({"line_items": [{"name": "Shirt", "rate": 10, "discount": 1}]}, 2),
        ({"line_items": [{"name": "Shirt", "rate": -1}]}, 4),
        ({"date": "20.11.2026"}, 2),
        ({"customer_id": "1"}, 1002),
        ({"exchange_rate": "5,5"}, 2),
        ({"exchange_rate": "0"}, 4),
        ({"creditnote_number": "A-1"}, 4),
        ({"reference_number": "r" * 100}, 15),
    ],
)
def test_what_zoho_would_not_take_is_refused(zoho: Any, change: dict[str, Any], code: int) -> None:
    body = {"customer_id": zoho.contact(), "date": "2026-11-20", "line_items": [{"name": "Shirt", "rate": 10}]}

    assert zoho.post("/creditnotes", body | change).json["code"] == code
    assert zoho.get("/creditnotes")["creditnotes"] == []


def test_a_date_is_required(zoho: Any) -> None:
    body = {"customer_id": zoho.contact(), "line_items": [{"name": "Shirt", "rate": 10}]}

    assert zoho.post("/creditnotes", body).json["code"] == 4


def test_an_own_number_must_be_announced_and_free(zoho: Any) -> None:
    customer = zoho.contact()
    own = {"creditnote_number": "CN-00001", "ignore_auto_number_generation": True}

    assert zoho.credit(customer, **own).json["creditnote"]["creditnote_number"] == "CN-00001"
    assert zoho.credit(customer, **own).json["code"] == 1001
    assert zoho.credited(customer)["creditnote_number"] == "CN-00002"


def test_a_rate_may_come_as_text_and_is_one_if_none_is_sent(zoho: Any) -> None:
    customer = zoho.contact(currency_id=zoho.currency("EUR"))

    assert zoho.credited(customer, exchange_rate="1.08")["exchange_rate"] == Decimal("1.08")
    assert str(zoho.credited(customer)["exchange_rate"]) == "1.0"


def test_what_is_paid_back_leaves_the_credit_and_closes_it(zoho: Any, control: Any) -> None:
    note = zoho.credited(zoho.contact())
    path = f"/creditnotes/{note['creditnote_id']}/refunds"

    first = refund(zoho, note, 4, reference_number="bh-1", refund_mode="cash")["creditnote_refund"]
    assert state(zoho, note) == ("open", "6.00")
    assert refund(zoho, note, 6.01)["code"] == 4
    assert refund(zoho, note, 6)["code"] == 0
    assert state(zoho, note) == ("closed", "0.00")

    rows = zoho.get(path)["creditnote_refunds"]
    assert [(row["reference_number"], str(row["amount_fcy"]), row["from_account_name"]) for row in rows] == [
        ("", "6.00", "Checking"),
        ("bh-1", "4.00", "Checking"),
    ]
    assert rows == zoho.get("/creditnotes/refunds", customer_id=note["customer_id"])["creditnote_refunds"]
    assert zoho.get("/creditnotes/refunds", customer_id="1")["creditnote_refunds"] == []
    assert zoho.get(f"{path}/{first['creditnote_refund_id']}")["creditnote_refund"]["creditnote_number"] == "CN-00001"
    assert len(control("records")["creditnotes"][0]["refunds"]) == 2
    assert zoho.call("DELETE", f"{path}/{first['creditnote_refund_id']}").json["code"] == 0
    assert state(zoho, note) == ("open", "4.00")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"date": ""}, 2),
        ({"amount": 0}, 4),
        ({"amount": 1.005}, 4),
        ({"from_account_id": ""}, 2),
        ({"from_account_id": "1"}, 4),
        ({"currency_id": "1"}, 2),
        ({"reference_number": "r" * 100}, 15),
    ],
)
def test_a_refund_that_makes_no_sense_is_refused(zoho: Any, change: dict[str, Any], code: int) -> None:
    note = zoho.credited(zoho.contact())
    body = {"date": "2026-11-21", "amount": 1, "from_account_id": zoho.account("Checking")}

    assert zoho.post(f"/creditnotes/{note['creditnote_id']}/refunds", body | change).json["code"] == code
    assert state(zoho, note) == ("open", "10.00")


@pytest.mark.parametrize("name", ["date", "amount", "from_account_id"])
def test_a_refund_needs_its_day_its_amount_and_its_account(zoho: Any, name: str) -> None:
    note = zoho.credited(zoho.contact())
    body = {"date": "2026-11-21", "amount": 1, "from_account_id": zoho.account("Checking")}
    del body[name]

    assert zoho.post(f"/creditnotes/{note['creditnote_id']}/refunds", body).json["code"] == 4


def test_no_refund_comes_out_of_an_account_without_money(zoho: Any) -> None:
    note = zoho.credited(zoho.contact())

    assert refund(zoho, note, 1, from_account_id=zoho.account("Sales"))["code"] == 4


def test_a_refund_is_worth_its_rate_in_the_organizations_currency(zoho: Any) -> None:
    note = zoho.credited(zoho.contact(currency_id=zoho.currency("EUR")))

    row = refund(zoho, note, 5, exchange_rate="1.08")["creditnote_refund"]

    assert (str(row["amount_fcy"]), str(row["amount_bcy"])) == ("5.00", "5.40")


def test_a_credit_set_against_an_invoice_leaves_both(zoho: Any) -> None:
    customer = zoho.contact()
    invoice = zoho.sent(customer)
    note = zoho.credited(customer, {"name": "Shirt", "rate": 4})

    assert apply(zoho, note, invoice, 4)["message"] == "Credits have been applied to the invoice(s)."

    now = zoho.get(f"/invoices/{invoice['invoice_id']}")["invoice"]
    assert (now["status"], str(now["balance"]), str(now["credits_applied"])) == ("partially_paid", "6.00", "4.00")
    assert state(zoho, note) == ("closed", "0.00")
    [row] = zoho.get(f"/creditnotes/{note['creditnote_id']}/invoices")["invoices_credited"]
    [applied] = zoho.get(f"/invoices/{invoice['invoice_id']}/creditsapplied")["credits"]
    assert (row["invoice_number"], str(row["credited_amount"])) == ("INV-000001", "4.00")
    assert (applied["creditnotes_number"], str(applied["amount_applied"])) == ("CN-00001", "4.00")
    assert row["creditnote_invoice_id"] == applied["creditnotes_invoice_id"]

    path = f"/creditnotes/{note['creditnote_id']}/invoices/{row['creditnote_invoice_id']}"
    assert zoho.call("DELETE", path).json["code"] == 0
    assert (state(zoho, note), zoho.call("DELETE", path).json["code"]) == (("open", "4.00"), 1002)


def test_a_credit_is_set_only_against_what_the_same_customer_owes(zoho: Any) -> None:
    ann, ben = zoho.contact("Ann"), zoho.contact("Ben")
    note = zoho.credited(ann, {"name": "Shirt", "rate": 50})
    small = zoho.credited(ann, {"name": "Shirt", "rate": 5})

    refused = [
        apply(zoho, note, zoho.sent(ben), 5),
        apply(zoho, note, zoho.billed(ann), 5),
        apply(zoho, note, zoho.sent(ann), 10.01),
        apply(zoho, small, zoho.sent(ann), 6),
        zoho.post(f"/creditnotes/{note['creditnote_id']}/invoices", {"invoice_id": "1", "amount_applied": 5}).json,
    ]

    assert [answer["code"] for answer in refused] == [4] * 5
    assert (state(zoho, note), state(zoho, small)) == (("open", "50.00"), ("open", "5.00"))


def test_a_credit_note_moves_between_its_states(zoho: Any) -> None:
    note = zoho.credited(zoho.contact(), is_draft=True)

    def move(status: str) -> tuple[int, str]:
        code = zoho.post(f"/creditnotes/{note['creditnote_id']}/status/{status}").status_code
        return code, state(zoho, note)[0]

    assert state(zoho, note)[0] == "draft"
    assert refund(zoho, note, 1)["code"] == 4
    assert move("open") == (200, "open")
    assert move("draft") == (200, "draft")
    assert move("void") == (200, "void")
    assert refund(zoho, note, 1)["code"] == 4
    assert move("void") == (400, "void")
    assert move("open") == (200, "open")


def test_a_credit_note_that_was_used_stays_as_it_is(zoho: Any) -> None:
    customer = zoho.contact()
    note = zoho.credited(customer)
    path = f"/creditnotes/{note['creditnote_id']}"
    refund(zoho, note, 8)

    def change_to(rate: int) -> int:
        body = {"customer_id": customer, "date": "2026-11-20", "line_items": [{"name": "Shirt", "rate": rate}]}
        return int(zoho.put(path, body).json["code"])

    assert zoho.call("DELETE", path).json["code"] == 4
    assert zoho.post(f"{path}/status/void").json["code"] == 4
    assert (change_to(7), change_to(8), state(zoho, note)) == (4, 0, ("closed", "0.00"))


def test_a_deleted_credit_note_is_gone(zoho: Any) -> None:
    path = f"/creditnotes/{zoho.credited(zoho.contact())['creditnote_id']}"

    assert zoho.call("DELETE", path).json["code"] == 0
    assert zoho.get(path)["code"] == 1002


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ({}, ["CN-00002", "CN-00001"]),
        ({"creditnote_number": "CN-00001"}, ["CN-00001"]),
        ({"reference_number": "#1001 BH-A"}, ["CN-00001"]),
        ({"reference_number_contains": "no such filter"}, ["CN-00002", "CN-00001"]),
        ({"date": "2026-11-20"}, ["CN-00001"]),
        ({"date_after": "2026-11-20"}, ["CN-00002"]),
        ({"status": "closed"}, ["CN-00002"]),
        ({"filter_by": "Status.Open"}, ["CN-00001"]),
        ({"total": "20"}, ["CN-00002"]),
        ({"customer_id": "1"}, []),
        ({"search_text": "bh-b"}, ["CN-00002"]),
        ({"item_name": "hat"}, ["CN-00002"]),
        ({"sort_column": "total", "sort_order": "A"}, ["CN-00001", "CN-00002"]),
    ],
)
def test_credit_notes_are_filtered_as_documented(zoho: Any, query: dict[str, str], numbers: list[str]) -> None:
    customer = zoho.contact("Ann")
    zoho.credited(customer, reference_number="#1001 bh-a")
    hat = zoho.credited(customer, {"name": "Hat", "rate": 20}, reference_number="#1002 bh-b", date="2026-11-21")
    refund(zoho, hat, 20)

    rows = zoho.get("/creditnotes", **query)["creditnotes"]

    assert [row["creditnote_number"] for row in rows] == numbers
    assert all("line_items" not in row for row in rows)


@pytest.mark.parametrize("on", ["POST /creditnotes/{creditnote_id}/refunds", "POST /creditnotes/:id/refunds"])
def test_a_fault_names_a_call_on_one_credit_note(zoho: Any, control: Any, on: str) -> None:
    note = zoho.credited(zoho.contact())
    control("faults", [{"on": on, "do": "answer_500"}, {"on": on, "do": "hide_from_search", "seconds": 3}])

    assert refund(zoho, note, 4)["code"] == 1000
    assert refund(zoho, note, 4)["code"] == 0

    assert zoho.get(f"/creditnotes/{note['creditnote_id']}/refunds")["creditnote_refunds"] == []
    assert state(zoho, note) == ("open", "6.00")


def test_a_customer_with_payments_or_credits_stays(zoho: Any) -> None:
    payer, credited = zoho.contact("Ann"), zoho.contact("Ben")
    zoho.pay(payer, 10)
    zoho.credited(credited)

    assert [zoho.call("DELETE", f"/contacts/{contact}").json["code"] for contact in (payer, credited)] == [4, 4]
