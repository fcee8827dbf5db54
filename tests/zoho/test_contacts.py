import json

import pytest

from drafts import ContactDraft
from errors import NeedsAttention, OutcomeUnknown, ZohoRejected, ZohoUnavailable
from zoho.contacts import create_contact, find_contact, possible_names
from zoho.names import NamesAsTheyAre

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
    return lambda draft, currency_code="USD": find_contact(client, draft, currency_code=currency_code)


@pytest.fixture
def create(contacts, make_client):
    client = make_client()
    return lambda draft, currency_code="USD": create_contact(
        client, draft, currency_code=currency_code, names=NamesAsTheyAre()
    )


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
    contacts.rows = [row("1", contact_name="Walk-in (acme-shop) 2"), row("2", contact_name="Walk-in (acme-shop)")]

    assert find(WALK_IN) == "2"


def test_a_vendor_is_found_by_name_among_vendors(contacts, find):
    contacts.rows = [row("1", contact_name="Cafe"), row("2", contact_name="Cafe (vendor)", contact_type="vendor")]

    assert find(ContactDraft(contact_name="Cafe", contact_type="vendor")) == "2"


def test_a_new_contact_gets_the_plain_name(contacts, create):
    assert create(JANE) == "900"

    assert contacts.created[0]["contact_name"] == "Jane Doe"
    assert contacts.created[0]["contact_persons"] == [{"email": "Jane@Example.com", "is_primary_contact": True}]


def test_a_taken_display_name_never_adopts_someone_else(contacts, create):
    contacts.rows = [row("1", email="another.jane@example.com")]

    assert create(JANE) == "900"

    assert contacts.created[0]["contact_name"] == "Jane Doe (Jane@Example.com)"


def test_the_same_person_in_another_currency_gets_a_contact_that_says_so(contacts, create):
    contacts.rows = [row("1"), row("2", contact_name="Jane Doe (Jane@Example.com)", currency_code="GBP")]

    assert create(JANE, "EUR") == "900"

    assert contacts.created[0]["contact_name"] == "Jane Doe (Jane@Example.com, EUR)"
    assert contacts.created[0]["currency_code"] == "EUR"


def test_a_name_taken_by_the_same_contact_after_all_is_that_contact(contacts, create):
    contacts.rows = [row("1", email="another.jane@example.com"), row("2", contact_name="Jane Doe (Jane@Example.com)")]

    assert create(JANE) == "2"

    assert contacts.created == []


def test_when_every_name_is_taken_a_person_is_asked(contacts, create):
    taken = possible_names(JANE, "USD")
    contacts.rows = [row(str(number), contact_name=name, status="inactive") for number, name in enumerate(taken)]

    with pytest.raises(NeedsAttention) as caught:
        create(JANE)

    assert caught.value.code == "contact_name_taken"
    assert "jane" not in str(caught.value).casefold()
    assert contacts.created == []


def test_names_stay_below_zohos_limit():
    draft = ContactDraft(contact_name="x" * 99, email="jane@example.com")

    names = possible_names(draft, "EUR")

    assert [len(name) for name in names] == [99, 99, 99]
    assert names[2].endswith("x (jane@example.com, EUR)")


def test_no_further_name_is_tried_after_the_deadline(contacts, make_client, clock):
    contacts.rows = [row("1", email="another.jane@example.com")]
    search = contacts.search

    def search_slowly(request):
        clock.pass_seconds(60)
        return search(request)

    contacts.search = search_slowly
    with pytest.raises(ZohoUnavailable, match="was over"):
        create_contact(make_client(), JANE, currency_code="USD", names=NamesAsTheyAre(), deadline=clock() + 30)

    assert contacts.created == []


def test_another_refusal_is_not_mistaken_for_a_taken_name(create, responses):
    responses.replace("POST", CONTACTS, json={"code": 15, "message": "too long"}, status=400)

    with pytest.raises(ZohoRejected, match="too long"):
        create(JANE)


def test_a_created_contact_without_an_id_is_unknown(create, responses):
    responses.replace("POST", CONTACTS, json={"code": 0, "contact": {}}, status=201)

    with pytest.raises(OutcomeUnknown):
        create(JANE)
