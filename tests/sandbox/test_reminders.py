from typing import Any

import pytest


@pytest.fixture
def path(zoho: Any) -> str:
    customer = zoho.contact(contact_persons=[{"email": "ann@x.com"}])
    return f"/invoices/{zoho.billed(customer)['invoice_id']}"


def test_a_reminder_goes_to_whom_it_says_and_is_counted(zoho: Any, control: Any, path: str) -> None:
    zoho.post(f"{path}/status/sent")
    asked = zoho.get(f"{path}/paymentreminder")["data"]

    answer = zoho.post(f"{path}/paymentreminder", {"to_mail_ids": ["ann@x.com"], "cc_mail_ids": []})

    assert asked["to_contacts"] == [{"email": "ann@x.com", "selected": True}]
    assert answer.json == {"code": 0, "message": "Your payment reminder has been sent."}
    assert [(each["to_mail_ids"], each["subject"]) for each in control("records")["emails"]] == [
        (["ann@x.com"], asked["subject"])
    ]
    [row] = zoho.get("/invoices")["invoices"]
    assert (row["reminders_sent"], row["last_reminder_sent_date"]) == (1, "2026-11-20")


@pytest.mark.parametrize("body", [{"to_mail_ids": ["ann@x.com"]}, {"to_mail_ids": [], "cc_mail_ids": []}])
def test_a_reminder_needs_its_addresses(zoho: Any, control: Any, path: str, body: dict[str, Any]) -> None:
    zoho.post(f"{path}/status/sent")

    assert zoho.post(f"{path}/paymentreminder", body).status_code == 400
    assert control("records")["emails"] == []


def test_only_an_open_invoice_is_reminded_of(zoho: Any, path: str) -> None:
    assert zoho.get(f"{path}/paymentreminder")["code"] == 4
    assert zoho.post(f"{path}/paymentreminder", {"to_mail_ids": ["ann@x.com"], "cc_mail_ids": []}).json["code"] == 4


def test_an_expense_is_listed_in_the_organizations_own_currency(zoho: Any) -> None:
    zoho.expense(amount=100, currency_id=zoho.currency("EUR"), exchange_rate=1.085)

    [row] = zoho.get("/expenses")["expenses"]
    assert (row["total"], row["bcy_total"]) == (100, 108.5)
