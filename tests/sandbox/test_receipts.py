from io import BytesIO
from typing import Any

import pytest
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

PNG = b"\x89PNG\r\n\x1a\n picture"


def upload(zoho: Any, expense_id: str, name: str = "lunch.png", content: bytes = PNG, field: str = "receipt") -> Any:
    file = FileStorage(BytesIO(content), filename=name)
    boundary, body = encode_multipart({field: file})
    content_type = f'multipart/form-data; boundary="{boundary}"'
    return zoho.call("POST", f"/expenses/{expense_id}/receipt", data=body, content_type=content_type)


@pytest.fixture
def expense_id(zoho: Any) -> str:
    return str(zoho.expense().json["expense"]["expense_id"])


def test_a_receipt_is_kept_and_given_back(zoho: Any, expense_id: str) -> None:
    response = upload(zoho, expense_id)

    expense = zoho.get(f"/expenses/{expense_id}")["expense"]
    assert (response.status_code, response.json["message"]) == (200, "The expense receipt has been attached.")
    assert (expense["expense_receipt_name"], expense["expense_receipt_type"]) == ("lunch.png", "png")
    assert zoho.call("GET", f"/expenses/{expense_id}/receipt").data == PNG


def test_an_expense_without_a_receipt_says_so(zoho: Any, expense_id: str) -> None:
    assert zoho.get(f"/expenses/{expense_id}")["expense"]["expense_receipt_name"] == ""
    assert zoho.get(f"/expenses/{expense_id}/receipt")["code"] == 1002
    assert zoho.call("DELETE", f"/expenses/{expense_id}/receipt").json["code"] == 1002


def test_every_upload_is_counted_and_the_last_one_stays(zoho: Any, control: Any, expense_id: str) -> None:
    upload(zoho, expense_id)
    upload(zoho, expense_id, "again.pdf", b"%PDF-1.7")

    [expense] = control("records")["expenses"]
    assert (expense["receipt_uploads"], expense["expense_receipt_name"]) == (2, "again.pdf")
    assert zoho.call("GET", f"/expenses/{expense_id}/receipt").data == b"%PDF-1.7"


def test_a_receipt_can_be_taken_away_and_survives_an_edit(zoho: Any, expense_id: str) -> None:
    upload(zoho, expense_id)
    before = zoho.get(f"/expenses/{expense_id}")["expense"]
    body = {name: before[name] for name in ("date", "account_id", "paid_through_account_id")}
    edited = zoho.put(f"/expenses/{expense_id}", body | {"amount": 50}).json["expense"]
    assert edited["expense_receipt_name"] == "lunch.png"

    assert zoho.call("DELETE", f"/expenses/{expense_id}/receipt").json["code"] == 0

    assert zoho.get(f"/expenses/{expense_id}")["expense"]["expense_receipt_name"] == ""


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("lunch.txt", b"lunch"),
        ("lunch", PNG),
        ("lunch.png", b"%PDF-1.7"),
        ("lunch.png", b""),
        ("lunch.png", PNG + b"x" * 10 * 1024 * 1024),
    ],
    ids=["other type", "no type", "not what it says", "empty", "too large"],
)
def test_a_file_zoho_would_not_take_is_refused(zoho: Any, expense_id: str, name: str, content: bytes) -> None:
    assert upload(zoho, expense_id, name, content).json["code"] == 4
    assert zoho.get(f"/expenses/{expense_id}")["expense"]["receipt_uploads"] == 0


def test_the_file_comes_in_the_field_receipt_of_an_expense_there_is(zoho: Any, expense_id: str) -> None:
    assert upload(zoho, expense_id, field="attachment").json["code"] == 4
    assert upload(zoho, "1").json["code"] == 1002


def test_a_receipt_saved_in_a_call_that_is_cut_is_there(zoho: Any, control: Any, expense_id: str) -> None:
    control("faults", {"on": "POST /expenses/{expense_id}/receipt", "do": "reset_after_saving"})

    with pytest.raises(ConnectionResetError):
        upload(zoho, expense_id)

    assert zoho.get(f"/expenses/{expense_id}")["expense"]["expense_receipt_name"] == "lunch.png"


def test_a_receipt_comes_through_a_real_connection(served: Any) -> None:
    accounts = served.call("GET", "/chartofaccounts?per_page=200").json()["chartofaccounts"]
    ids = {row["account_name"]: row["account_id"] for row in accounts}
    body = {"date": "2026-11-20", "amount": 5, "account_id": ids["Lodging"], "paid_through_account_id": ids["Checking"]}
    expense_id = served.call("POST", "/expenses", json=body).json()["expense"]["expense_id"]

    answer = served.call("POST", f"/expenses/{expense_id}/receipt", files={"receipt": ("lunch.png", PNG, "image/png")})

    assert answer.status_code == 200
    assert served.records()["expenses"][0]["receipt_uploads"] == 1
