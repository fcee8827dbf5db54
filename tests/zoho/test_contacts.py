import json

import pytest

from drafts import ContactDraft
from errors import OutcomeUnknown, ZohoRejected, ZohoUnavailable
from zoho.answers import NameTaken
from zoho.bodies import contact_body
from zoho.contacts import Match, create_contact, find_contact, is_usable, possible_names
from zoho.names import NamesAsTheyAre
from zoho.protocol import freeze

CONTACTS = "https://api.zoho.example/books/v3/contacts"
JANE = ContactDraft(contact_name="Jane Doe", email="Jane@Example.com")
WALK_IN = ContactDraft(contact_name="Walk-in (acme-shop)")


def row(contact_id="1", **changes):
    return {
        "contact_id": contact_id,
        "contact_name": "Jane Doe",
        "contact_type": "customer",
        "status": "active",
        "currency_code": "USD",
        "email": "jane@example.com",
        "created_time": "2026-01-01T10:00:00-0800",
        **changes,
    }


class Contacts:
    """An organization's contacts whose search ignores every filter, in pages of two."""

    def __init__(self, responses):
        self.rows = []
        self.created = []
        self.searches = []
        responses.add_callback("GET", CONTACTS, callback=lambda request: self.search(request))
        responses.add_callback("POST", CONTACTS, callback=self.create)

    def search(self, request):
        self.searches.append(request.params)
        start = 2 * (int(request.params["page"]) - 1)
        more = {"has_more_page": start + 2 < len(self.rows)}
        return 200, {}, json.dumps({"code": 0, "contacts": self.rows[start : start + 2], "page_context": more})

    def create(self, request):
        body = json.loads(request.body)
        if body["contact_name"] in {known["contact_name"] for known in self.rows}:
            return 400, {}, json.dumps({"code": 3062, "message": "The customer already exists."})
        self.created.append(body)
        return 201, {}, json.dumps({"code": 0, "contact": {"contact_id": "900"}})


@pytest.fixture
def contacts(responses, tokens_flow):
    tokens_flow()
    return Contacts(responses)


@pytest.fixture
def find(contacts, make_client):
    client = make_client()

    def find(draft, **more):
        """The id of the contact found in dollars."""
        match = find_contact(client, draft, currency_code="USD", **more)
        return match.contact_id if match and match.currency_code == "USD" else None

    return find


@pytest.fixture
def create(contacts, make_client):
    client = make_client()

    def create(draft, **more):
        body = contact_body(draft, NamesAsTheyAre(), contact_name=draft.contact_name, currency_code="USD")
        return create_contact(client, freeze(body), **more)

    return create


def test_an_e_mail_is_the_same_whatever_its_case(contacts, find):
    contacts.rows = [row("7", email="JANE@example.COM")]

    assert find(JANE) == "7"
    assert contacts.searches[0]["email"] == "Jane@Example.com"
    assert contacts.searches[0]["contact_type"] == "customer"


@pytest.mark.parametrize(
    "difference",
    [
        {"email": "jane@example.com.au"},
        {"email": ""},
        {"email": None},
        {"status": "inactive"},
        {"contact_type": "vendor"},
        {"currency_code": "EUR"},
    ],
)
def test_zohos_fuzzy_answer_is_checked_row_by_row(contacts, find, difference):
    contacts.rows = [row(**difference)]

    assert find(JANE) is None


def test_of_several_the_oldest_on_any_page_is_taken(contacts, find):
    contacts.rows = [
        row("1", created_time="2026-03-01T10:00:00-0800"),
        row("2", created_time=""),
        row("3", created_time="2026-03-01T10:00:00+0530"),
        row("4", email="other@example.com", created_time="2020-01-01T10:00:00+0000"),
    ]

    assert find(JANE) == "3"


def test_without_an_e_mail_the_exact_name_decides(contacts, find):
    names = ["Walk-in (acme-shop) 2", "Walk-in (acme-shop)"]
    contacts.rows = [row(str(number), contact_name=name, email="") for number, name in enumerate(names, 1)]

    assert find(WALK_IN) == "2"


def test_without_an_e_mail_nobody_with_one_is_adopted(contacts, find):
    contacts.rows = [row("1", contact_name="Walk-in (acme-shop)", email="somebody@example.com")]

    assert find(WALK_IN) is None


def test_a_vendor_is_found_by_name_among_vendors(contacts, find):
    contacts.rows = [row("1", contact_name="Cafe"), row("2", contact_name="Cafe (vendor)", contact_type="vendor")]

    assert find(ContactDraft(contact_name="Cafe", contact_type="vendor")) == "2"


def test_all_names_are_looked_for_in_one_search_and_the_plain_one_comes_first(contacts, find):
    cafes = ["Cafe (vendor, USD)", "Cafe (vendor)", "Cafeteria"]
    contacts.rows = [row(str(number), contact_name=name, contact_type="vendor") for number, name in enumerate(cafes)]

    assert find(ContactDraft(contact_name="Cafe", contact_type="vendor")) == "1"
    assert [(search["page"], search["contact_name_startswith"]) for search in contacts.searches] == [
        ("1", "Cafe"),
        ("2", "Cafe"),
    ]


def test_one_of_the_currency_comes_before_an_older_one_of_another(contacts, make_client):
    contacts.rows = [row("1", currency_code="EUR"), row("2", created_time="2026-03-01T10:00:00-0800")]
    client = make_client()

    assert find_contact(client, JANE, currency_code="USD") == Match("2", "USD")
    assert find_contact(client, JANE, currency_code="GBP") == Match("1", "EUR")


def test_one_that_moves_to_the_next_page_while_they_are_read_is_still_one(contacts, find):
    contacts.rows = [row("1", created_time=""), row("2", created_time=""), row("1", created_time="")]

    assert find(JANE) == "1"


def test_one_that_is_known_to_be_gone_is_passed_over_while_lists_still_show_it(contacts, find):
    contacts.rows = [row("1"), row("2", created_time="2026-03-01T10:00:00-0800")]

    assert find(JANE) == "1"
    assert find(JANE, besides="1") == "2"


def test_a_new_contact_has_its_e_mail_on_its_primary_person(contacts, create):
    assert create(JANE) == "900"

    assert contacts.created[0]["contact_name"] == "Jane Doe"
    assert contacts.created[0]["contact_persons"] == [{"email": "Jane@Example.com", "is_primary_contact": True}]


def test_a_taken_name_is_told_and_no_other_is_tried(contacts, create):
    contacts.rows = [row("1", email="another.jane@example.com")]

    with pytest.raises(NameTaken):
        create(JANE)

    assert (contacts.created, contacts.searches) == ([], [])


def test_names_are_tried_from_the_plain_to_the_unmistakable():
    vendor = ContactDraft(contact_name="Cafe", contact_type="vendor")

    assert possible_names(JANE, "EUR") == [
        "Jane Doe",
        "Jane Doe (Jane@Example.com)",
        "Jane Doe (Jane@Example.com, EUR)",
    ]
    assert possible_names(vendor, "EUR") == ["Cafe", "Cafe (vendor)", "Cafe (vendor, EUR)"]
    assert possible_names(WALK_IN, "EUR") == ["Walk-in (acme-shop)", "Walk-in (acme-shop) (EUR)"]


def test_names_stay_below_zohos_limit():
    draft = ContactDraft(contact_name="x" * 99, email="jane@example.com")

    names = possible_names(draft, "EUR")

    assert [len(name) for name in names] == [99, 99, 99]
    assert names[2].endswith("x (jane@example.com, EUR)")


def test_nothing_is_sent_after_the_deadline(contacts, create, clock):
    with pytest.raises(ZohoUnavailable, match="was over"):
        create(JANE, deadline=clock() - 1)

    assert contacts.created == []


def test_another_refusal_is_not_mistaken_for_a_taken_name(create, responses):
    responses.replace("POST", CONTACTS, json={"code": 15, "message": "too long"}, status=400)

    with pytest.raises(ZohoRejected, match="too long"):
        create(JANE)


def test_a_created_contact_without_an_id_is_unknown(create, responses):
    responses.replace("POST", CONTACTS, json={"code": 0, "contact": {}}, status=201)

    with pytest.raises(OutcomeUnknown):
        create(JANE)


@pytest.mark.parametrize(
    ("status", "answer", "usable"),
    [
        (200, {"code": 0, "contact": {"contact_id": "7", "status": "active"}}, True),
        (200, {"code": 0, "contact": {"contact_id": "7", "status": "inactive"}}, False),
        (404, {"code": 1002, "message": "Contact does not exist."}, False),
        (400, {"code": 2, "message": "Invalid value passed for contact_id"}, True),
    ],
)
def test_a_contact_is_lost_only_when_zoho_says_so(responses, tokens_flow, make_client, status, answer, usable):
    tokens_flow()
    responses.add("GET", f"{CONTACTS}/7", json=answer, status=status)

    assert is_usable(make_client(), "7") is usable


def test_an_unreadable_contact_says_nothing(responses, tokens_flow, make_client):
    tokens_flow()
    responses.add("GET", f"{CONTACTS}/7", json={"code": 0})

    with pytest.raises(ZohoUnavailable):
        is_usable(make_client(), "7")
