from typing import Any

import pytest
from flask.testing import FlaskClient

UNIQUE = {"organization_id": "10000001", "kind": "invoice", "api_name": "cf_marker", "unique": True}


def marked(value: Any) -> list[dict[str, Any]]:
    return [{"api_name": "cf_marker", "value": value}]


@pytest.fixture
def unique(control: Any) -> None:
    for kind in ("invoice", "expense", "payment", "creditnote"):
        control("custom_fields", UNIQUE | {"kind": kind})


@pytest.mark.usefixtures("unique")
@pytest.mark.parametrize("value", ["bh-1", "BH-1"])
def test_a_unique_field_takes_no_value_twice_whatever_its_case(zoho: Any, value: str) -> None:
    customer = zoho.contact()
    zoho.billed(customer, custom_fields=marked("bh-1"))

    response = zoho.invoice(customer, custom_fields=marked(value))

    assert (response.status_code, response.json["code"]) == (400, 4)
    assert "cf_marker already exists" in response.json["message"]
    assert len(zoho.get("/invoices")["invoices"]) == 1


@pytest.mark.usefixtures("unique")
def test_another_value_and_an_empty_one_are_fine(zoho: Any) -> None:
    customer = zoho.contact()
    for value in ("bh-1", "bh-2", "", ""):
        zoho.billed(customer, custom_fields=marked(value))

    assert len(zoho.get("/invoices")["invoices"]) == 4


@pytest.mark.usefixtures("unique")
def test_each_kind_counts_for_itself(zoho: Any) -> None:
    zoho.billed(zoho.contact(), custom_fields=marked("bh-1"))

    customer = zoho.contact("Ben")
    assert zoho.expense(custom_fields=marked("bh-1")).status_code == 200
    assert zoho.expense(custom_fields=marked("bh-1")).json["code"] == 4
    assert zoho.pay(customer, 10, custom_fields=marked("bh-1")).status_code == 201
    assert zoho.pay(customer, 10, custom_fields=marked("bh-1")).json["code"] == 4
    assert zoho.credit(customer, custom_fields=marked("bh-1")).status_code == 201
    assert zoho.credit(customer, custom_fields=marked("bh-1")).json["code"] == 4


@pytest.mark.usefixtures("unique")
def test_a_change_keeps_its_own_value_and_takes_no_others(zoho: Any) -> None:
    customer = zoho.contact()
    zoho.billed(customer, custom_fields=marked("bh-1"))
    second = zoho.billed(customer, custom_fields=marked("bh-2"))
    path = f"/invoices/{second['invoice_id']}"
    body = {"customer_id": customer, "line_items": [{"name": "Shirt", "rate": 12, "quantity": 1}]}

    assert zoho.put(path, body | {"custom_fields": marked("bh-2")}).status_code == 200
    assert zoho.put(path, body | {"custom_fields": marked("bh-1")}).json["code"] == 4


@pytest.mark.usefixtures("unique")
def test_a_deleted_document_frees_its_value(zoho: Any) -> None:
    expense_id = zoho.expense(custom_fields=marked("bh-1")).json["expense"]["expense_id"]
    zoho.call("DELETE", f"/expenses/{expense_id}")

    assert zoho.expense(custom_fields=marked("bh-1")).status_code == 200


def test_a_field_that_is_not_unique_takes_any_value(zoho: Any, control: Any) -> None:
    control("custom_fields", UNIQUE | {"unique": False})
    customer = zoho.contact()

    assert [zoho.invoice(customer, custom_fields=marked("a")).status_code for _ in range(2)] == [201, 201]


def test_a_field_the_organization_does_not_have_is_refused_by_name(zoho: Any, zoho_eu: Any, control: Any) -> None:
    control("custom_fields", UNIQUE)

    elsewhere = zoho_eu.invoice(zoho_eu.contact(), custom_fields=marked("a"))
    misspelt = zoho.invoice(zoho.contact(), custom_fields=[{"api_name": "cf_market", "value": "a"}])

    assert (elsewhere.json["code"], misspelt.json["code"]) == (2, 2)
    assert "cf_market" in misspelt.json["message"]


def test_a_reset_forgets_the_fields(control: Any) -> None:
    assert control("custom_fields", UNIQUE) == [UNIQUE]

    control("reset", {})

    assert control("custom_fields") == []


@pytest.mark.parametrize(
    ("order", "word"),
    [
        ([], "JSON object"),
        (UNIQUE | {"uniqe": True}, "JSON object"),
        (UNIQUE | {"organization_id": "5"}, "no such organization"),
        (UNIQUE | {"kind": "contact"}, "kind"),
        (UNIQUE | {"api_name": "Marker"}, "api_name"),
        (UNIQUE | {"unique": "yes"}, "unique"),
    ],
)
def test_an_order_that_makes_no_sense_is_explained(client: FlaskClient, control: Any, order: Any, word: str) -> None:
    response = client.post("/_sandbox/custom_fields", json=order)

    assert response.status_code == 400
    assert word in response.json["error"]
    assert control("custom_fields") == []
