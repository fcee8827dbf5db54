"""Contacts: customers and vendors, with their contact persons.

https://www.zoho.com/books/api/v3/contacts/
"""

from flask import Blueprint, Response

from sandbox.answers import ApiError, Record, envelope, missing, wrong_value
from sandbox.call import books, json_body, keep, timestamp
from sandbox.fields import CONTACT_CREATE, CONTACT_UPDATE
from sandbox.listing import Getter, Listing, Test, begins, field_of, holds, ids, list_page, same, texts
from sandbox.settings import base_currency_id, find
from sandbox.validation import check_body

api = Blueprint("contacts", __name__, url_prefix="/books/v3")

_PERSON_FIELDS = ("first_name", "last_name", "email", "phone", "mobile")
_ADDRESS_FIELDS = ("attention", "address", "street2", "city", "state", "state_code", "zip", "country", "phone", "fax")


def primary_person(contact: Record) -> Record:
    """The primary contact person, or an empty record."""
    persons: list[Record] = contact["contact_persons"]
    return next((person for person in persons if person["is_primary_contact"]), {})


def _of_primary(name: str) -> Getter:
    return lambda contact: str(primary_person(contact).get(name) or "")


def _primary_filters(*names: str) -> dict[str, Test]:
    filters: dict[str, Test] = {}
    for name in names:
        get = _of_primary(name)
        filters |= {name: same(get), f"{name}_startswith": begins(get), f"{name}_contains": holds(get)}
    return filters


def _summary(contact: Record) -> Record:
    names = ("contact_id", "contact_name", "company_name", "contact_type", "status", "payment_terms")
    more = ("payment_terms_label", "currency_id", "currency_code", "created_time", "last_modified_time")
    person = {name: primary_person(contact).get(name, "") for name in _PERSON_FIELDS}
    return {name: contact[name] for name in names + more} | person


CONTACTS = Listing(
    resource="contacts",
    id_key="contact_id",
    filters=texts("contact_name", "company_name")
    | _primary_filters(*_PERSON_FIELDS)
    | ids("contact_type")
    | {
        # Fuzzy on purpose: an address that only contains the one searched for is found as well.
        "email": holds(_of_primary("email")),
        "search_text": lambda contact, text: (
            holds(field_of("contact_name"))(contact, text) or holds(field_of("notes"))(contact, text)
        ),
    },
    filter_by={
        "Status.All": lambda contact: True,
        "Status.Active": lambda contact: contact["status"] == "active",
        "Status.Inactive": lambda contact: contact["status"] == "inactive",
        "Status.Customers": lambda contact: contact["contact_type"] == "customer",
        "Status.Vendors": lambda contact: contact["contact_type"] == "vendor",
    },
    summary=_summary,
    sort_columns=("contact_name", "first_name", "last_name", "email", "created_time", "last_modified_time"),
)


@api.post("/contacts")
def create_contact() -> Response:
    body = check_body(json_body(), CONTACT_CREATE, required=("contact_name",))
    contact = _contact(body, contact_id=books().new_id("contact"), created_time=timestamp())
    keep(books().contacts, contact["contact_id"], contact)
    return envelope("The contact has been created.", status=201, contact=contact)


@api.get("/contacts")
def list_contacts() -> Response:
    return list_page(CONTACTS, books().contacts.values())


@api.get("/contacts/<contact_id>")
def show_contact(contact_id: str) -> Response:
    return envelope(contact=_find(contact_id))


@api.put("/contacts/<contact_id>")
def update_contact(contact_id: str) -> Response:
    before = _find(contact_id)
    body = check_body(json_body(), CONTACT_UPDATE, required=("contact_name", "contact_type"))
    _refuse_foreign_persons(body.get("contact_persons", []), before)
    kept = {name: value for name, value in before.items() if name in CONTACT_UPDATE}
    contact = _contact(kept | body, contact_id=contact_id, created_time=before["created_time"])
    if contact["currency_id"] != before["currency_id"] and _has_transactions(contact_id):
        raise wrong_value("The currency of a contact with transactions cannot be changed.")
    books().contacts[contact_id] = contact | {"status": before["status"]}
    return envelope("Contact has been updated successfully", contact=books().contacts[contact_id])


@api.delete("/contacts/<contact_id>")
def delete_contact(contact_id: str) -> Response:
    _find(contact_id)
    if _has_transactions(contact_id):
        raise wrong_value("A contact with transactions cannot be deleted.")
    del books().contacts[contact_id]
    return envelope("The contact has been deleted.")


@api.post("/contacts/<contact_id>/active")
def activate_contact(contact_id: str) -> Response:
    _find(contact_id)["status"] = "active"
    return envelope("The contact has been marked as active.")


@api.post("/contacts/<contact_id>/inactive")
def deactivate_contact(contact_id: str) -> Response:
    _find(contact_id)["status"] = "inactive"
    return envelope("The contact has been marked as inactive.")


def _find(contact_id: str) -> Record:
    return find(books().contacts, contact_id, "Contact")


def _contact(body: Record, *, contact_id: str, created_time: str) -> Record:
    """The full record a body asks for; refuses a taken name, an unknown currency, two primary persons."""
    name = body["contact_name"].strip()
    if not name:
        raise wrong_value("Invalid value passed for contact_name: it is required")
    _refuse_taken_name(name, contact_id)
    currency = find(books().currencies, body.get("currency_id", base_currency_id()), "Currency")
    persons = _contact_persons(body.get("contact_persons", []))
    return body | {
        "contact_id": contact_id,
        "contact_name": name,
        "company_name": body.get("company_name", ""),
        "contact_type": body.get("contact_type", "customer"),
        "status": "active",
        "payment_terms": body.get("payment_terms", 0),
        "payment_terms_label": body.get("payment_terms_label", "Due on Receipt"),
        "currency_id": currency["currency_id"],
        "currency_code": currency["currency_code"],
        "billing_address": _address(body.get("billing_address", {})),
        "shipping_address": _address(body.get("shipping_address", {})),
        "contact_persons": persons,
        "primary_contact_id": primary_person({"contact_persons": persons}).get("contact_person_id", ""),
        "notes": body.get("notes", ""),
        "created_time": created_time,
        "last_modified_time": timestamp(),
    }


def _refuse_taken_name(name: str, contact_id: str) -> None:
    for contact in books().contacts.values():
        if contact["contact_name"].casefold() == name.casefold() and contact["contact_id"] != contact_id:
            message = f'The {contact["contact_type"]} "{name}" already exists. Please specify a different name.'
            raise ApiError(400, 3062, message)


def _contact_persons(asked: list[Record]) -> list[Record]:
    """The whole new list of persons; the first is primary if none says so."""
    primaries = [person for person in asked if person.get("is_primary_contact")]
    if len(primaries) > 1:
        raise wrong_value("Only one contact person can be the primary contact.")
    primary = primaries[0] if primaries else next(iter(asked), None)
    return [
        dict.fromkeys(_PERSON_FIELDS, "")
        | person
        | {
            "contact_person_id": person.get("contact_person_id") or books().new_id("contact_person"),
            "is_primary_contact": person is primary,
        }
        for person in asked
    ]


def _refuse_foreign_persons(asked: list[Record], contact: Record) -> None:
    known = {person["contact_person_id"] for person in contact["contact_persons"]}
    if any(person.get("contact_person_id", "") not in known | {""} for person in asked):
        raise missing("Contact person does not exist.")


def _address(asked: Record) -> Record:
    return dict.fromkeys(_ADDRESS_FIELDS, "") | asked


def _has_transactions(contact_id: str) -> bool:
    held = books()
    kinds = (held.invoices, held.customerpayments, held.creditnotes, held.expenses)
    documents = (document for kind in kinds for document in kind.values())
    return any(contact_id in (document["customer_id"], document.get("vendor_id")) for document in documents)
