"""The receipt of an expense: one file, uploaded, read, taken away.

https://www.zoho.com/books/api/v3/expenses/#add-receipt-to-an-expense . Zoho does not say what a second upload does;
here it takes the place of the first, and `receipt_uploads` on the record counts them, so that doubling shows.
"""

from contextlib import closing
from io import BytesIO
from pathlib import PurePath

from flask import Blueprint, Response, request, send_file

from sandbox.answers import envelope, missing, wrong_value
from sandbox.call import books, timestamp
from sandbox.expenses import find_expense

api = Blueprint("receipts", __name__, url_prefix="/books/v3")

LARGEST_BYTES = 10 * 1024 * 1024
_OLD_OFFICE, _ZIP = b"\xd0\xcf\x11\xe0", b"PK\x03\x04"
# What a file of each type begins with.
_BEGINNINGS = {
    "gif": b"GIF8",
    "png": b"\x89PNG",
    "jpeg": b"\xff\xd8\xff",
    "jpg": b"\xff\xd8\xff",
    "bmp": b"BM",
    "pdf": b"%PDF",
    "xls": _OLD_OFFICE,
    "doc": _OLD_OFFICE,
    "xlsx": _ZIP,
    "docx": _ZIP,
}


@api.post("/expenses/<expense_id>/receipt")
def upload_receipt(expense_id: str) -> Response:
    expense = find_expense(expense_id)
    name, content = _uploaded()
    books().receipts[expense_id] = (name, content)
    expense |= {
        "expense_receipt_name": name,
        "expense_receipt_type": _type_of(name),
        "receipt_bytes": len(content),
        "receipt_uploads": expense["receipt_uploads"] + 1,
        "last_modified_time": timestamp(),
    }
    return envelope("The expense receipt has been attached.")


@api.get("/expenses/<expense_id>/receipt")
def show_receipt(expense_id: str) -> Response:
    find_expense(expense_id)
    if expense_id not in books().receipts:
        raise missing("Receipt does not exist.")
    name, content = books().receipts[expense_id]
    return send_file(BytesIO(content), download_name=name, as_attachment=True)


@api.delete("/expenses/<expense_id>/receipt")
def delete_receipt(expense_id: str) -> Response:
    expense = find_expense(expense_id)
    if books().receipts.pop(expense_id, None) is None:
        raise missing("Receipt does not exist.")
    expense |= {"expense_receipt_name": "", "expense_receipt_type": "", "receipt_bytes": 0}
    return envelope("The attached expense receipt has been deleted.")


def _uploaded() -> tuple[str, bytes]:
    """Name and content of the file in the field `receipt`, of an allowed type and size."""
    file = request.files.get("receipt")
    if file is None or not file.filename:
        raise wrong_value("Invalid value passed for receipt: send a file in the multipart field receipt")
    with closing(file):
        content = file.read(LARGEST_BYTES + 1)
    if not content or len(content) > LARGEST_BYTES:
        raise wrong_value("Invalid value passed for receipt: the file is empty or larger than 10 MB")
    beginning = _BEGINNINGS.get(_type_of(file.filename))
    if beginning is None or not content.startswith(beginning):
        raise wrong_value(f"Invalid value passed for receipt: allowed are {', '.join(_BEGINNINGS)}")
    return file.filename, content


def _type_of(name: str) -> str:
    return PurePath(name).suffix.removeprefix(".").lower()
