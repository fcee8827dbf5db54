from typing import Any

import pytest


def state(zoho: Any, invoice: dict[str, Any]) -> tuple[str, str, str]:
    """Status, balance and what is paid of an invoice."""
    now = zoho.get(f"/invoices/{invoice['invoice_id']}")["invoice"]
    return now["status"], str(now["balance"]), str(now["payment_made"])


def test_a_payment_is_numbered_and_can_be_read_back(zoho: Any) -> None:
    customer = zoho.contact("Ann", contact_persons=[{"email": "ann@x.com"}])
    invoice = zoho.sent(customer)

    created = zoho.pay(customer, 10, (invoice["invoice_id"], 10), reference_number="#1001 bh-1", description="Card")

    payment = created.json["payment"]
    assert (created.status_code, created.json["message"]) == (201, "The payment has been created.")
    assert payment == zoho.get(f"/customerpayments/{payment['payment_id']}")["payment"]
    expected = {
        "payment_number": "1",
        "payment_mode": "cash",
        "amount": 10.0,
        "date": "2026-11-20",
        "reference_number": "#1001 bh-1",
        "description": "Card",
        "customer_id": customer,
        "customer_name": "Ann",
        "email": "ann@x.com",
        "currency_code": "USD",
        "account_name": "Undeposited Funds",
        "unused_amount": 0,
        "invoices": [
            {
                "invoice_id": invoice["invoice_id"],
                "invoice_number": "INV-000001",
                "date": "2026-11-20",
                "invoice_amount": 10.0,
                "amount_applied": 10.0,
                "balance_amount": 0,
            }
        ],
    }
    assert {name: payment[name] for name in expected} == expected


def test_an_invoice_is_partially_paid_and_then_paid(zoho: Any) -> None:
    customer = zoho.contact()
    invoice = zoho.sent(customer)
    assert state(zoho, invoice) == ("sent", "10.00", "0.00")

    zoho.pay(customer, 4, (invoice["invoice_id"], 4))
    assert state(zoho, invoice) == ("partially_paid", "6.00", "4.00")

    zoho.pay(customer, 6, (invoice["invoice_id"], 6))
    assert state(zoho, invoice) == ("paid", "0.00", "10.00")


def test_an_invoice_id_beside_the_list_applies_nothing(zoho: Any) -> None:
    customer = zoho.contact()
    invoice = zoho.sent(customer)

    payment = zoho.pay(customer, 10, invoice_id=invoice["invoice_id"], amount_applied=10).json["payment"]

    assert (str(payment["unused_amount"]), payment["invoices"]) == ("10.00", [])
    assert state(zoho, invoice) == ("sent", "10.00", "0.00")


def test_what_is_not_applied_is_the_customers_credit(zoho: Any, control: Any) -> None:
    customer = zoho.contact()
    invoice = zoho.sent(customer)

    payment = zoho.pay(customer, 12.5, (invoice["invoice_id"], 4)).json["payment"]

    [contact] = control("records")["contacts"]
    assert str(payment["unused_amount"]) == "8.50"
    assert str(contact["outstanding_receivable_amount"]) == "6.00"
    assert str(contact["unused_credits_receivable_amount"]) == "8.50"


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({"amount": 0}, 4, "greater than zero"),
        ({"amount": "10"}, 2, "Amount"),
        ({"amount": 1.005}, 4, "2 decimals"),
        ({"date": ""}, 2, "Date"),
        ({"payment_mode": ""}, 4, "payment_mode"),
        ({"customer_id": "1"}, 1002, "Customer"),
        ({"account_id": "1"}, 4, "account_id"),
        ({"exchange_rate": 0}, 4, "exchange_rate"),
        ({"currency_id": "1"}, 2, "currency_id"),
        ({"reference_number": "r" * 100}, 15, "less than 100"),
        ({"invoices": [{"invoice_id": "1", "amount_applied": 1}]}, 4, "does not exist"),
    ],
)
def test_what_zoho_would_not_take_is_refused(zoho: Any, change: dict[str, Any], code: int, words: str) -> None:
    body = {"customer_id": zoho.contact(), "payment_mode": "cash", "amount": 10, "date": "2026-11-20"}

    response = zoho.post("/customerpayments", body | change)

    assert (response.json["code"], words in response.json["message"]) == (code, True)
    assert zoho.get("/customerpayments")["customerpayments"] == []


@pytest.mark.parametrize("name", ["customer_id", "payment_mode", "amount", "date"])
def test_four_fields_are_required(zoho: Any, name: str) -> None:
    body = {"customer_id": zoho.contact(), "payment_mode": "cash", "amount": 10, "date": "2026-11-20"}
    del body[name]

    assert zoho.post("/customerpayments", body).json["code"] == 4


@pytest.mark.parametrize(
    ("account", "is_taken"),
    [
        ("Checking", True),
        ("Petty Cash", True),
        ("Company Credit Card", True),
        ("Employee Advance", True),
        ("Gift Card Liability", True),
        ("Owner's Equity", True),
        ("Sales", False),
        ("Travel Expense", False),
        ("Accounts Receivable", False),
        ("Furniture and Equipment", False),
    ],
)
def test_money_goes_only_where_money_can_be(zoho: Any, account: str, is_taken: bool) -> None:
    response = zoho.pay(zoho.contact(), 10, account_id=zoho.account(account))

    assert (response.status_code == 201) is is_taken
    assert response.json.get("payment", {}).get("account_name") == (account if is_taken else None)


@pytest.mark.parametrize("status", ["draft", "void"])
def test_an_invoice_that_is_not_sent_takes_no_payment(zoho: Any, status: str) -> None:
    customer = zoho.contact()
    invoice = zoho.billed(customer)
    if status == "void":
        zoho.post(f"/invoices/{invoice['invoice_id']}/status/void")

    response = zoho.pay(customer, 10, (invoice["invoice_id"], 10))

    assert (response.status_code, status in response.json["message"]) == (400, True)


def test_nobody_pays_anothers_invoice_twice_or_more_than_is_owed_or_there(zoho: Any) -> None:
    ann, ben = zoho.contact("Ann"), zoho.contact("Ben")
    invoice = zoho.sent(ann)["invoice_id"]

    refused = [
        zoho.pay(ben, 10, (invoice, 10)),
        zoho.pay(ann, 20, (invoice, 10.01)),
        zoho.pay(ann, 5, (invoice, 10)),
        zoho.pay(ann, 10, (invoice, 5), (invoice, 5)),
        zoho.pay(ann, 10, (invoice, 0)),
    ]

    assert [answer.json["code"] for answer in refused] == [4] * 5
    assert zoho.get("/customerpayments")["customerpayments"] == []


def test_a_deleted_payment_is_owed_again(zoho: Any) -> None:
    customer = zoho.contact()
    invoice = zoho.sent(customer)
    payment_id = zoho.pay(customer, 10, (invoice["invoice_id"], 10)).json["payment"]["payment_id"]

    assert zoho.call("DELETE", f"/customerpayments/{payment_id}").json["code"] == 0

    assert state(zoho, invoice) == ("sent", "10.00", "0.00")
    assert zoho.get(f"/customerpayments/{payment_id}")["code"] == 1002


def test_an_invoice_shows_what_paid_it(zoho: Any) -> None:
    customer = zoho.contact()
    invoice_id = zoho.sent(customer)["invoice_id"]
    payment = zoho.pay(customer, 4, (invoice_id, 4), reference_number="bh-1").json["payment"]

    [row] = zoho.get(f"/invoices/{invoice_id}/payments")["payments"]

    assert (row["payment_id"], str(row["amount"]), row["reference_number"]) == (payment["payment_id"], "4.00", "bh-1")
    assert row["is_single_invoice_payment"] is True


def test_a_voided_invoice_gives_its_payments_and_credits_back(zoho: Any, control: Any) -> None:
    customer = zoho.contact()
    invoice = zoho.sent(customer)
    invoice_id = invoice["invoice_id"]
    payment_id = zoho.pay(customer, 4, (invoice_id, 4)).json["payment"]["payment_id"]
    note_id = zoho.credited(customer, {"name": "Shirt", "rate": 6})["creditnote_id"]
    applied = {"invoices": [{"invoice_id": invoice_id, "amount_applied": 6}]}
    assert zoho.post(f"/creditnotes/{note_id}/invoices", applied).json["code"] == 0
    assert state(zoho, invoice)[0] == "paid"

    assert zoho.post(f"/invoices/{invoice_id}/status/void").json["code"] == 0

    note = zoho.get(f"/creditnotes/{note_id}")["creditnote"]
    assert str(zoho.get(f"/customerpayments/{payment_id}")["payment"]["unused_amount"]) == "4.00"
    assert (note["status"], str(note["balance"]), note["invoices_credited"]) == ("open", "6.00", [])
    [contact] = control("records")["contacts"]
    assert (contact["outstanding_receivable_amount"], str(contact["unused_credits_receivable_amount"])) == (0, "10.00")
    assert zoho.get(f"/invoices/{invoice_id}/payments")["payments"] == []
    assert zoho.post(f"/invoices/{invoice_id}/status/draft").json["code"] == 0
    assert state(zoho, invoice) == ("draft", "10.00", "0.00")


def test_a_paid_invoice_can_neither_be_deleted_nor_made_smaller_than_what_is_paid(zoho: Any) -> None:
    customer = zoho.contact()
    invoice = zoho.sent(customer)
    path = f"/invoices/{invoice['invoice_id']}"
    zoho.pay(customer, 8, (invoice["invoice_id"], 8))

    def change_to(rate: int, who: str = customer) -> int:
        body = {"customer_id": who, "line_items": [{"name": "Shirt", "rate": rate}]}
        return int(zoho.put(path, body).json["code"])

    assert zoho.call("DELETE", path).json["code"] == 4
    assert (change_to(7), change_to(12, zoho.contact("Ben"))) == (4, 4)
    assert (change_to(8), state(zoho, invoice)) == (0, ("paid", "0.00", "8.00"))
    assert (change_to(9), state(zoho, invoice)) == (0, ("partially_paid", "1.00", "8.00"))


def test_only_the_excess_of_a_payment_is_paid_back(zoho: Any, control: Any) -> None:
    customer = zoho.contact()
    invoice_id = zoho.sent(customer)["invoice_id"]
    payment_id = zoho.pay(customer, 15, (invoice_id, 10)).json["payment"]["payment_id"]
    path = f"/customerpayments/{payment_id}"
    body = {"date": "2026-11-21", "amount": 5, "from_account_id": zoho.account("Checking")}

    assert zoho.post(f"{path}/refunds", body | {"amount": 5.01}).json["code"] == 4
    refund = zoho.post(f"{path}/refunds", body).json["payment_refunds"][0]

    payment = zoho.get(path)["payment"]
    assert (str(payment["unused_amount"]), str(payment["amount_refunded"])) == ("0.00", "5.00")
    assert [row["payment_refund_id"] for row in zoho.get(f"{path}/refunds")["payment_refunds"]] == [
        refund["payment_refund_id"]
    ]
    assert [str(row["amount"]) for row in control("records")["customerpayments"][0]["refunds"]] == ["5.00"]
    assert zoho.call("DELETE", path).json["code"] == 4
    assert zoho.call("DELETE", f"{path}/refunds/{refund['payment_refund_id']}").json["code"] == 0
    assert str(zoho.get(path)["payment"]["unused_amount"]) == "5.00"


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ({}, ["2", "1"]),
        ({"reference_number": "#1001 BH-A"}, ["1"]),
        ({"reference_number_startswith": "#1001"}, ["1"]),
        ({"reference_number_contains": "bh-"}, ["2", "1"]),
        ({"customer_id": "1"}, []),
        ({"date": "2026-11-20"}, ["1"]),
        ({"amount": "20.00"}, ["2"]),
        ({"amount_less_than": "20"}, ["1"]),
        ({"search_text": "bh-b"}, ["2"]),
        ({"payment_mode": "Stripe"}, ["2"]),
        ({"filter_by": "PaymentMode.All"}, ["2", "1"]),
        ({"filter_by": "PaymentMode.Cash"}, ["1"]),
        ({"filter_by": "PaymentMode.Stripe"}, ["2"]),
        ({"sort_column": "created_time", "sort_order": "A"}, ["1", "2"]),
    ],
)
def test_payments_are_filtered_as_documented(zoho: Any, query: dict[str, str], numbers: list[str]) -> None:
    customer = zoho.contact("Ann")
    zoho.pay(customer, 10, reference_number="#1001 bh-a")
    zoho.pay(customer, 20, reference_number="#1002 bh-b", payment_mode="stripe", date="2026-11-21")

    assert [row["payment_number"] for row in zoho.get("/customerpayments", **query)["customerpayments"]] == numbers


def test_a_payment_that_is_hidden_is_read_at_once_and_found_late(zoho: Any, control: Any, clock: Any) -> None:
    control("faults", {"on": "POST /customerpayments", "do": "hide_from_search", "seconds": 3})
    payment_id = zoho.pay(zoho.contact(), 10).json["payment"]["payment_id"]

    assert zoho.get("/customerpayments")["customerpayments"] == []
    assert zoho.get(f"/customerpayments/{payment_id}")["code"] == 0
    clock.advance(3)
    assert len(zoho.get("/customerpayments")["customerpayments"]) == 1


def test_a_payment_in_yen_has_no_decimals(zoho: Any) -> None:
    customer = zoho.contact(currency_id=zoho.currency("JPY"))

    assert zoho.pay(customer, 100.5).json["code"] == 4
    payment = zoho.pay(customer, 1000, exchange_rate=0.0066).json["payment"]
    assert (str(payment["amount"]), str(payment["bcy_amount"])) == ("1000", "6.60")
    assert str(zoho.pay(customer, 1000).json["payment"]["exchange_rate"]) == "1.0"
