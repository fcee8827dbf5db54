from typing import Any

import pytest


def test_a_contact_keeps_its_email_on_its_primary_person(zoho: Any) -> None:
    response = zoho.post("/contacts", {"contact_name": " Ann Smith ", "contact_persons": [{"email": "ann@x.com"}]})

    contact = response.json["contact"]
    assert (response.status_code, response.json["code"]) == (201, 0)
    assert contact["contact_name"] == "Ann Smith"
    assert contact["contact_type"] == "customer"
    assert contact["currency_code"] == "USD"
    assert contact["created_time"] == "2026-11-20T12:00:00-0500"
    assert contact["contact_persons"][0]["is_primary_contact"] is True
    assert contact["primary_contact_id"] == contact["contact_persons"][0]["contact_person_id"]


def test_ids_are_eighteen_digits_of_text_and_repeatable(zoho: Any, zoho_eu: Any) -> None:
    first, second, foreign = zoho.contact("Ann"), zoho.contact("Ben"), zoho_eu.contact("Ann")

    assert (first, second, foreign) == ("460001005000000001", "460001005000000002", "460002005000000001")


@pytest.mark.parametrize("field", ["email", "phone", "currency_code", "first_name"])
def test_a_field_zoho_does_not_describe_is_refused_by_name(zoho: Any, field: str) -> None:
    response = zoho.post("/contacts", {"contact_name": "Ann", field: "x"})

    assert (response.status_code, response.json["code"]) == (400, 2)
    assert field in response.json["message"]


@pytest.mark.parametrize("taken", ["Ann Smith", "ANN SMITH", " ann smith "])
def test_a_taken_name_is_refused_whatever_its_case(zoho: Any, taken: str) -> None:
    zoho.contact("Ann Smith")

    response = zoho.post("/contacts", {"contact_name": taken, "contact_type": "vendor"})

    assert (response.status_code, response.json["code"]) == (400, 3062)
    assert response.json["message"].endswith("already exists. Please specify a different name.")


def test_the_name_of_an_inactive_contact_is_still_taken(zoho: Any) -> None:
    contact_id = zoho.contact("Ann Smith")
    zoho.post(f"/contacts/{contact_id}/inactive")

    assert zoho.post("/contacts", {"contact_name": "Ann Smith"}).json["code"] == 3062


def test_a_rename_to_a_taken_name_is_refused(zoho: Any) -> None:
    zoho.contact("Ann")
    ben = zoho.contact("Ben")

    renamed = zoho.put(f"/contacts/{ben}", {"contact_name": "ann", "contact_type": "customer"})
    unchanged = zoho.put(f"/contacts/{ben}", {"contact_name": "Ben", "contact_type": "customer"})

    assert renamed.json["code"] == 3062
    assert unchanged.status_code == 200


@pytest.mark.parametrize(("length", "status"), [(199, 201), (200, 400)])
def test_a_limit_is_exclusive(zoho: Any, length: int, status: int) -> None:
    response = zoho.post("/contacts", {"contact_name": "n" * length})

    assert response.status_code == status
    if status == 400:
        assert response.json == {
            "code": 15,
            "message": "Please ensure that the contact_name has less than 200 characters.",
        }


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("payment_terms", "15", "Invalid value passed for Payment Terms"),
        ("payment_terms", True, "Invalid value passed for Payment Terms"),
        ("credit_limit", "100", "Invalid value passed for Credit Limit"),
        ("currency_id", 460001001000000001, "Invalid value passed for Currency Id"),
        ("is_taxable", "true", "Invalid value passed for Is Taxable"),
        ("notes", None, "Invalid value passed for Notes"),
        ("contact_type", "supplier", "Invalid value passed for Contact Type"),
        ("contact_persons", {"email": "a@x.com"}, "Invalid value passed for Contact Persons"),
        ("contact_persons", [{"email": 5}], "Invalid value passed for Email (contact_persons[0].email)"),
        ("billing_address", "Main St 1", "Invalid value passed for Billing Address"),
    ],
)
def test_a_value_of_the_wrong_type_is_refused(zoho: Any, field: str, value: Any, message: str) -> None:
    response = zoho.post("/contacts", {"contact_name": "Ann", field: value})

    assert (response.status_code, response.json) == (400, {"code": 2, "message": message})


@pytest.mark.parametrize("body", [{}, {"contact_name": ""}, {"contact_name": "  "}])
def test_a_contact_needs_a_name(zoho: Any, body: dict[str, str]) -> None:
    response = zoho.post("/contacts", body)

    assert (response.status_code, response.json["code"]) == (400, 4)


def test_only_one_person_can_be_primary(zoho: Any) -> None:
    persons = [{"email": f"{name}@x.com", "is_primary_contact": True} for name in ("a", "b")]

    assert zoho.post("/contacts", {"contact_name": "Ann", "contact_persons": persons}).json["code"] == 4


def test_an_unknown_currency_is_refused(zoho: Any) -> None:
    response = zoho.post("/contacts", {"contact_name": "Ann", "currency_id": "1"})

    assert (response.status_code, response.json) == (404, {"code": 1002, "message": "Currency does not exist."})


def test_the_email_search_is_fuzzy_and_covers_the_primary_person_only(zoho: Any) -> None:
    zoho.contact("Ann", contact_persons=[{"email": "Ann@x.com"}, {"email": "second@x.com"}])
    zoho.contact("Jo", contact_persons=[{"email": "joann@x.com"}])

    def found(email: str) -> set[str]:
        return {row["contact_name"] for row in zoho.get("/contacts", email=email)["contacts"]}

    assert found("ann@x.com") == {"Ann", "Jo"}
    assert found("second@x.com") == set()


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, ["Ben", "Ann"]),
        ({"contact_name": "ANN"}, ["Ann"]),
        ({"contact_name_startswith": "b"}, ["Ben"]),
        ({"contact_name_contains": "nn"}, ["Ann"]),
        ({"contact_type": "vendor"}, ["Ben"]),
        ({"search_text": "wholesale"}, ["Ben"]),
        ({"filter_by": "Status.Inactive"}, ["Ben"]),
        ({"filter_by": "Status.Active"}, ["Ann"]),
        ({"no_such_filter": "x"}, ["Ben", "Ann"]),
        ({"sort_column": "contact_name", "sort_order": "A"}, ["Ann", "Ben"]),
        ({"sort_order": "A"}, ["Ann", "Ben"]),
    ],
)
def test_contacts_are_filtered_as_documented(zoho: Any, query: dict[str, str], names: list[str]) -> None:
    zoho.contact("Ann")
    ben = zoho.contact("Ben", contact_type="vendor", notes="Wholesale only")
    zoho.post(f"/contacts/{ben}/inactive")

    assert [row["contact_name"] for row in zoho.get("/contacts", **query)["contacts"]] == names


def test_an_unknown_filter_by_is_refused(zoho: Any) -> None:
    response = zoho.call("GET", "/contacts", query={"filter_by": "Status.Nice"})

    assert (response.status_code, response.json["code"]) == (400, 2)


def test_a_list_is_read_page_by_page(zoho: Any) -> None:
    for name in ("Ann", "Ben", "Cat"):
        zoho.contact(name)

    first = zoho.get("/contacts", per_page=2)
    second = zoho.get("/contacts", per_page=2, page=2)

    assert [row["contact_name"] for row in first["contacts"] + second["contacts"]] == ["Cat", "Ben", "Ann"]
    assert (first["page_context"]["has_more_page"], second["page_context"]["has_more_page"]) == (True, False)
    assert (first["page_context"]["page"], first["page_context"]["per_page"]) == (1, 2)
    assert "contact_persons" not in first["contacts"][0]
    assert zoho.get("/contacts", per_page=500)["page_context"]["per_page"] == 200


@pytest.mark.parametrize("page", ["0", "-1", "x", "1.5", "²"])
def test_a_page_must_be_a_positive_number(zoho: Any, page: str) -> None:
    assert zoho.get("/contacts", page=page)["code"] == 2


def test_an_update_replaces_the_persons_and_leaves_the_rest(zoho: Any) -> None:
    contact_id = zoho.contact("Ann", notes="VIP", contact_persons=[{"email": "a@x.com"}, {"email": "b@x.com"}])
    persons = zoho.get(f"/contacts/{contact_id}")["contact"]["contact_persons"]

    zoho.put(
        f"/contacts/{contact_id}",
        {
            "contact_name": "Ann",
            "contact_type": "customer",
            "contact_persons": [{"contact_person_id": persons[1]["contact_person_id"], "email": "new@x.com"}],
        },
    )

    contact = zoho.get(f"/contacts/{contact_id}")["contact"]
    assert contact["notes"] == "VIP"
    assert [(p["contact_person_id"], p["email"]) for p in contact["contact_persons"]] == [
        (persons[1]["contact_person_id"], "new@x.com")
    ]


def test_someone_elses_person_cannot_be_taken_over(zoho: Any) -> None:
    contact_id = zoho.contact("Ann")

    response = zoho.put(
        f"/contacts/{contact_id}",
        {"contact_name": "Ann", "contact_type": "customer", "contact_persons": [{"contact_person_id": "1"}]},
    )

    assert (response.status_code, response.json["code"]) == (404, 1002)


def test_a_contact_with_transactions_stays_and_keeps_its_currency(zoho: Any) -> None:
    contact_id = zoho.contact("Ann")
    zoho.invoice(contact_id)

    deleted = zoho.call("DELETE", f"/contacts/{contact_id}")
    changed = zoho.put(
        f"/contacts/{contact_id}",
        {"contact_name": "Ann", "contact_type": "customer", "currency_id": zoho.currency("EUR")},
    )

    assert (deleted.status_code, changed.status_code) == (400, 400)
    assert zoho.get(f"/contacts/{contact_id}")["contact"]["currency_code"] == "USD"


def test_a_deleted_contact_is_gone_and_its_name_free(zoho: Any) -> None:
    contact_id = zoho.contact("Ann")

    assert zoho.call("DELETE", f"/contacts/{contact_id}").json["code"] == 0
    assert zoho.get(f"/contacts/{contact_id}") == {"code": 1002, "message": "Contact does not exist."}
    assert zoho.contact("Ann") != contact_id


def test_an_inactive_contact_can_be_made_active_again(zoho: Any) -> None:
    contact_id = zoho.contact("Ann")
    zoho.post(f"/contacts/{contact_id}/inactive")
    zoho.post(f"/contacts/{contact_id}/active")

    assert zoho.get(f"/contacts/{contact_id}")["contact"]["status"] == "active"
