from typing import Any

import pytest


def test_an_invoice_is_a_numbered_draft_that_can_be_read_back(zoho: Any) -> None:
    customer = zoho.contact("Ann Smith")

    created = zoho.invoice(customer, {"name": "Shirt", "rate": 10.5, "quantity": 2}, reference_number="#1001 bh-1")

    invoice = created.json["invoice"]
    assert (created.status_code, created.json["code"]) == (201, 0)
    assert created.json["message"] == "The invoice has been created."
    assert invoice == zoho.get(f"/invoices/{invoice['invoice_id']}")["invoice"]
    expected = {
        "invoice_number": "INV-000001",
        "reference_number": "#1001 bh-1",
        "status": "draft",
        "date": "2026-11-20",
        "due_date": "2026-11-20",
        "customer_id": customer,
        "customer_name": "Ann Smith",
        "currency_code": "USD",
        "exchange_rate": 1,
        "is_inclusive_tax": False,
        "total": 21.0,
        "balance": 21.0,
        "created_time": "2026-11-20T12:00:00-0500",
        "invoice_url": f"http://localhost/app/10000001#/invoices/{invoice['invoice_id']}",
    }
    assert {name: invoice[name] for name in expected} == expected


def test_amounts_are_numbers_with_the_decimals_of_the_currency(zoho: Any) -> None:
    text = zoho.invoice(zoho.contact(), {"name": "Shirt", "rate": 0.1, "quantity": 3}).text

    assert '"total": 0.30' in text


def test_the_date_is_the_organizations_own_day(zoho: Any, zoho_eu: Any, clock: Any) -> None:
    clock.advance(8 * 3600)  # 20:00 in New York, 02:00 of the next day in Berlin
    zoho.renew()
    zoho_eu.renew()

    assert zoho.billed(zoho.contact())["date"] == "2026-11-20"
    assert zoho_eu.billed(zoho_eu.contact())["date"] == "2026-11-21"


def test_payment_terms_set_the_due_date(zoho: Any) -> None:
    customer = zoho.contact(payment_terms=30)

    assert zoho.billed(customer, date="2026-11-20")["due_date"] == "2026-12-20"
    assert zoho.billed(customer, date="2026-11-20", payment_terms=1)["due_date"] == "2026-11-21"


def test_an_item_fills_in_what_a_line_leaves_out(zoho: Any) -> None:
    item_id = zoho.get("/items", name="IPod Nano - 8gb")["items"][0]["item_id"]

    line = zoho.billed(zoho.contact(), {"item_id": item_id, "quantity": 2})["line_items"][0]

    assert (line["name"], str(line["rate"]), str(line["item_total"])) == ("IPod Nano - 8gb", "199.00", "398.00")


def refusals() -> list[Any]:
    shirt = {"name": "Shirt", "rate": 10}
    return [
        pytest.param({"line_items": []}, 400, 4, "line_items", id="no lines"),
        pytest.param({"line_items": [{"rate": 10}]}, 400, 4, "item_id or a name", id="nameless line"),
        pytest.param({"line_items": [{"name": "Shirt"}]}, 400, 4, "rate", id="no rate"),
        pytest.param({"line_items": [shirt | {"quantity": 0}]}, 400, 4, "quantity", id="no quantity"),
        pytest.param({"line_items": [shirt | {"quantity": -1}]}, 400, 4, "quantity", id="negative quantity"),
        pytest.param({"line_items": [shirt | {"quantity": "1"}]}, 400, 2, "Quantity", id="quantity as text"),
        pytest.param({"line_items": [shirt | {"rate": "10.00"}]}, 400, 2, "Rate", id="rate as text"),
        pytest.param({"line_items": [shirt | {"rate": 10**15}]}, 400, 2, "Rate", id="absurd rate"),
        pytest.param({"line_items": [shirt | {"tax_id": "1"}]}, 404, 1002, "Tax does not exist.", id="unknown tax"),
        pytest.param({"line_items": [shirt | {"item_id": "1"}]}, 404, 1002, "Item does not exist.", id="unknown item"),
        pytest.param({"line_items": [shirt | {"tax_nme": "x"}]}, 400, 2, "line_items[0].tax_nme", id="misspelt field"),
        pytest.param({"line_items": [shirt | {"name": "n" * 100}]}, 400, 15, "less than 100", id="long name"),
        pytest.param({"line_items": [shirt | {"discount": 1}]}, 400, 4, "item_level", id="stray line discount"),
        pytest.param(
            {"line_items": [shirt | {"discount": 11}], "discount_type": "item_level"}, 400, 4, "discount", id="too much"
        ),
        pytest.param({"discount": 5, "discount_type": "item_level"}, 400, 4, "entity_level", id="stray discount"),
        pytest.param({"discount": 11}, 400, 4, "negative", id="negative total"),
        pytest.param({"discount": "ten"}, 400, 2, "Discount", id="discount in words"),
        pytest.param({"currency_code": "USD"}, 400, 2, "currency_code", id="currency code"),
        pytest.param({"customer_name": "Ann"}, 400, 2, "customer_name", id="customer name"),
        pytest.param({"currency_id": "1"}, 404, 1002, "Currency does not exist.", id="unknown currency"),
        pytest.param({"customer_id": "1"}, 404, 1002, "Customer does not exist.", id="unknown customer"),
        pytest.param({"customer_id": 1}, 400, 2, "Customer Id", id="id as number"),
        pytest.param({"date": "20.11.2026"}, 400, 2, "Date", id="date of another shape"),
        pytest.param({"date": "2026-02-30"}, 400, 2, "Date", id="no such day"),
        pytest.param({"date": "9999-12-31", "payment_terms": 1}, 400, 4, "too far", id="end of time"),
        pytest.param({"date": "2026-11-20", "due_date": "2026-11-19"}, 400, 4, "due_date", id="due before date"),
        pytest.param({"payment_terms": 101}, 400, 2, "Payment Terms", id="terms of more than 100 days"),
        pytest.param({"reference_number": "r" * 100}, 400, 15, "reference_number", id="long reference"),
        pytest.param({"invoice_number": "A-1"}, 400, 4, "ignore_auto_number_generation", id="number of its own"),
    ]


@pytest.mark.parametrize(("change", "status", "code", "words"), refusals())
def test_what_zoho_would_not_take_is_refused(
    zoho: Any, change: dict[str, Any], status: int, code: int, words: str
) -> None:
    body = {"customer_id": zoho.contact(), "line_items": [{"name": "Shirt", "rate": 10}]}

    response = zoho.post("/invoices", body | change)

    assert (response.status_code, response.json["code"]) == (status, code)
    assert words in response.json["message"]
    assert zoho.get("/invoices")["invoices"] == []


def test_an_invoice_must_be_in_the_customers_currency(zoho: Any) -> None:
    response = zoho.invoice(zoho.contact(), currency_id=zoho.currency("EUR"))

    assert response.status_code == 400
    assert "multi-currency" in response.json["message"]


def test_an_invoice_in_a_foreign_currency_is_worth_as_much_if_no_rate_is_sent(zoho: Any) -> None:
    customer = zoho.contact(currency_id=zoho.currency("EUR"))
    silent, told = zoho.billed(customer), zoho.billed(customer, exchange_rate=1.08)

    assert [invoice["currency_code"] for invoice in (silent, told)] == ["EUR", "EUR"]
    assert [str(invoice["exchange_rate"]) for invoice in (silent, told)] == ["1.0", "1.08"]


def test_only_active_customers_are_invoiced(zoho: Any) -> None:
    vendor = zoho.contact("Ben", contact_type="vendor")
    gone = zoho.contact("Cat")
    zoho.post(f"/contacts/{gone}/inactive")

    assert [zoho.invoice(contact).json["code"] for contact in (vendor, gone)] == [1002, 1002]


def test_an_own_number_must_be_announced_and_free(zoho: Any) -> None:
    customer = zoho.contact()
    body = {
        "customer_id": customer,
        "line_items": [{"name": "Shirt", "rate": 10}],
        "invoice_number": "INV-000001",
    }

    first = zoho.post("/invoices", body, ignore_auto_number_generation="true")
    again = zoho.post("/invoices", body, ignore_auto_number_generation="true")

    assert first.json["invoice"]["invoice_number"] == "INV-000001"
    assert (again.status_code, again.json["code"]) == (400, 1001)
    assert zoho.billed(customer)["invoice_number"] == "INV-000002"


def test_an_announced_number_must_be_there(zoho: Any) -> None:
    body = {"customer_id": zoho.contact(), "line_items": [{"name": "Shirt", "rate": 10}]}

    assert zoho.post("/invoices", body, ignore_auto_number_generation="true").json["code"] == 4


def test_the_series_steps_over_a_number_given_by_an_update(zoho: Any) -> None:
    customer = zoho.contact()
    first = zoho.billed(customer)
    body = {"customer_id": customer, "line_items": [{"name": "Shirt", "rate": 10}]}

    renumbered = zoho.put(f"/invoices/{first['invoice_id']}", body | {"invoice_number": "INV-000002"})

    assert renumbered.json["invoice"]["invoice_number"] == "INV-000002"
    assert zoho.billed(customer)["invoice_number"] == "INV-000003"


@pytest.mark.parametrize("value", ["text", 5, 1.5, True])
def test_a_custom_field_holds_a_plain_value(zoho: Any, control: Any, value: Any) -> None:
    control("custom_fields", {"organization_id": "10000001", "kind": "invoice", "api_name": "cf_order"})
    fields = [{"api_name": "cf_order", "value": value}]

    assert zoho.billed(zoho.contact(), custom_fields=fields)["custom_fields"] == fields


def test_a_custom_field_holds_nothing_nested(zoho: Any) -> None:
    response = zoho.invoice(zoho.contact(), custom_fields=[{"api_name": "cf_order", "value": ["a"]}])

    assert response.json["message"] == "Invalid value passed for Value (custom_fields[0].value)"


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ({}, ["INV-000002", "INV-000001"]),
        ({"reference_number": "#1001 bh-a"}, ["INV-000001"]),
        ({"reference_number": "#1001"}, []),
        ({"reference_number_startswith": "#1001"}, ["INV-000001"]),
        ({"reference_number_contains": "bh-"}, ["INV-000002", "INV-000001"]),
        ({"invoice_number": "inv-000002"}, ["INV-000002"]),
        ({"email": "ann@x.com"}, ["INV-000001"]),
        ({"customer_name_contains": "ben"}, ["INV-000002"]),
        ({"status": "sent"}, ["INV-000002"]),
        ({"status": "unpaid"}, ["INV-000002"]),
        ({"filter_by": "Status.Draft"}, ["INV-000001"]),
        ({"date": "2026-11-01"}, ["INV-000001"]),
        ({"date_start": "2026-11-02"}, ["INV-000002"]),
        ({"date_end": "2026-11-01"}, ["INV-000001"]),
        ({"date_before": "2026-11-01"}, []),
        ({"date_after": "2026-11-01"}, ["INV-000002"]),
        ({"total": "10.00"}, ["INV-000001"]),
        ({"total_greater_than": "10"}, ["INV-000002"]),
        ({"total_greater_equals": "10"}, ["INV-000002", "INV-000001"]),
        ({"total_less_than": "10"}, []),
        ({"total_less_equals": "10"}, ["INV-000001"]),
        ({"item_name": "hat"}, ["INV-000002"]),
        ({"item_id": "1"}, []),
        ({"search_text": "1002"}, ["INV-000002"]),
        ({"sort_column": "total", "sort_order": "A"}, ["INV-000001", "INV-000002"]),
    ],
)
def test_invoices_are_filtered_as_documented(zoho: Any, query: dict[str, str], numbers: list[str]) -> None:
    ann = zoho.contact("Ann", contact_persons=[{"email": "ann@x.com"}])
    ben = zoho.contact("Ben")
    zoho.billed(ann, reference_number="#1001 bh-a", date="2026-11-01")
    hat = zoho.billed(ben, {"name": "Hat", "rate": 20}, reference_number="#1002 bh-b", date="2026-11-02")
    zoho.post(f"/invoices/{hat['invoice_id']}/status/sent")

    rows = zoho.get("/invoices", **query)["invoices"]

    assert [row["invoice_number"] for row in rows] == numbers
    assert all("line_items" not in row for row in rows)


def test_a_total_that_is_no_number_is_refused(zoho: Any) -> None:
    zoho.billed(zoho.contact())

    assert [zoho.get("/invoices", total=text)["code"] for text in ("ten", "NaN")] == [2, 2]


def test_an_invoice_moves_between_its_states(zoho: Any) -> None:
    invoice_id = zoho.billed(zoho.contact())["invoice_id"]

    def move(status: str) -> tuple[int, str]:
        code = zoho.post(f"/invoices/{invoice_id}/status/{status}").status_code
        return code, zoho.get(f"/invoices/{invoice_id}")["invoice"]["status"]

    assert move("draft") == (400, "draft")
    assert move("sent") == (200, "sent")
    assert move("void") == (200, "void")
    assert move("sent") == (400, "void")
    assert move("draft") == (200, "draft")


def test_an_invoice_may_be_sent_at_once(zoho: Any, control: Any) -> None:
    customer = zoho.contact(contact_persons=[{"email": "ann@x.com"}])

    assert zoho.billed(customer, send=True)["status"] == "sent"
    assert [email["to_mail_ids"] for email in control("records")["emails"]] == [["ann@x.com"]]


def test_every_email_is_kept_and_the_first_sends_the_draft(zoho: Any, control: Any) -> None:
    invoice = zoho.billed(zoho.contact())
    path = f"/invoices/{invoice['invoice_id']}"

    answers = [zoho.post(f"{path}/email", {"to_mail_ids": ["ann@x.com"]}) for _ in range(2)]

    assert [answer.json["message"] for answer in answers] == ["Your invoice has been sent."] * 2
    assert zoho.get(path)["invoice"]["status"] == "sent"
    assert zoho.get(path)["invoice"]["is_emailed"] is True
    assert [(email["organization_id"], email["invoice_id"]) for email in control("records")["emails"]] == [
        ("10000001", invoice["invoice_id"])
    ] * 2


def test_an_email_needs_an_address_and_an_invoice_that_is_not_void(zoho: Any, control: Any) -> None:
    path = f"/invoices/{zoho.billed(zoho.contact())['invoice_id']}"

    assert zoho.post(f"{path}/email", {"to_mail_ids": []}).json["code"] == 4
    zoho.post(f"{path}/status/void")
    assert zoho.post(f"{path}/email", {"to_mail_ids": ["ann@x.com"]}).json["code"] == 4
    assert control("records")["emails"] == []


def test_an_invoice_of_nothing_is_paid_once_it_is_sent(zoho: Any) -> None:
    invoice = zoho.billed(zoho.contact(), {"name": "Shirt", "rate": 0})
    path = f"/invoices/{invoice['invoice_id']}"

    zoho.post(f"{path}/status/sent")

    assert (invoice["status"], zoho.get(path)["invoice"]["status"]) == ("draft", "paid")


def test_a_line_may_take_off_what_another_charges(zoho: Any) -> None:
    invoice = zoho.billed(zoho.contact(), {"name": "Shirt", "rate": 10}, {"name": "Loyalty", "rate": -3.5})

    assert str(invoice["total"]) == "6.50"
    assert zoho.invoice(zoho.contact("Ben"), {"name": "Loyalty", "rate": -3.5}).json["code"] == 4


def test_a_line_is_booked_on_its_own_account_or_on_sales(zoho: Any) -> None:
    liability = zoho.account("Gift Card Liability")
    invoice = zoho.billed(
        zoho.contact(), {"name": "Gift card", "rate": 25, "account_id": liability}, {"name": "Shirt", "rate": 10}
    )

    assert [line["account_name"] for line in invoice["line_items"]] == ["Gift Card Liability", "Sales"]
    assert invoice["line_items"][0]["account_id"] == liability
    for wrong in ("1", zoho.account("Accounts Receivable")):
        refused = zoho.invoice(zoho.contact(f"Ben {wrong}"), {"name": "Card", "rate": 1, "account_id": wrong})
        assert refused.status_code in (400, 404)


def test_an_update_replaces_the_lines_and_leaves_the_rest(zoho: Any) -> None:
    customer = zoho.contact()
    before = zoho.billed(customer, reference_number="#1001", date="2026-11-01", notes="Thanks")

    after = zoho.put(
        f"/invoices/{before['invoice_id']}",
        {"customer_id": customer, "date": "2026-11-05", "line_items": [{"name": "Hat", "rate": 7}]},
    ).json["invoice"]

    kept = ("invoice_id", "invoice_number", "reference_number", "notes", "created_time")
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
    assert (after["date"], after["due_date"], after["total"]) == ("2026-11-05", "2026-11-05", 7.0)
    assert [line["name"] for line in after["line_items"]] == ["Hat"]


def test_a_deleted_invoice_is_gone(zoho: Any) -> None:
    invoice_id = zoho.billed(zoho.contact())["invoice_id"]

    assert zoho.call("DELETE", f"/invoices/{invoice_id}").json["code"] == 0

    gone = zoho.call("GET", f"/invoices/{invoice_id}")
    assert (gone.status_code, gone.json) == (404, {"code": 1002, "message": "Invoice does not exist."})
