"""`bookhook record`: what came becomes examples, and nobody is in them who should not be."""

import json
import shutil
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

import pytest

from cli import record
from cli.workshop.recording import Recorder
from cli.workshop.redaction import Redaction
from ledger.records import Event
from mappings import BUILT_IN, load_source
from tests.scene import SOURCES, example

ADA, BRAM, ADA_OKAFOR = {"name": "Ada"}, {"name": "Bram"}, {"first_name": "Ada", "last_name": "Okafor"}
PEOPLE = ("mara", "lindqvist", "wharf", "portland", "04101", "0142", "neighbour")


@pytest.fixture
def into(tmp_path) -> Path:
    return tmp_path / "kept"


def requests_in(folder: Path) -> list[dict]:
    return [json.loads(file.read_text()) for file in sorted(folder.iterdir())]


def test_the_last_requests_are_kept_as_they_came_without_what_signed_them(run, hooks, into):
    sent = example("shopify/paid_order")
    for each in (example("shopify/unpaid_order"), sent):
        hooks.deliver(each)
        hooks.clock.advance(1)

    result = run("record", "shopify", "--last", "1", "--into", str(into))

    assert result.exit_code == 0
    assert result.stdout.splitlines()[0].endswith("  orders/paid  " + str(into / "orders_paid_1.request.json"))
    kept = SOURCES["shopify"].read_request(into / "orders_paid_1.request.json")
    assert json.loads(kept.body) == json.loads(sent.body)
    assert b'"total_price":"114.38"' in kept.body
    assert kept.headers == {name.lower(): value for name, value in sent.headers.items()}


def test_they_can_be_posted_again(run, hooks, worker, sandbox, into, tmp_path):
    for case in ("order_paid", "expense_with_receipt"):
        hooks.deliver(example(f"standard/{case}"))

    run("record", "standard", "--last", "5", "--into", str(into))

    for file in into.iterdir():
        told = run("map", "standard", str(file))
        assert told.exit_code == 0, told.stderr
    assert sorted(file.name for file in into.iterdir()) == [
        "expense_submitted_1.request.json",
        "order_completed_1.request.json",
    ]


def test_numbers_stay_digit_for_digit_and_nothing_is_written_over(run, hooks, into):
    sent = example("woocommerce/paid_order")
    hooks.deliver(sent)

    for _ in range(2):
        run("record", "woocommerce", "--last", "1", "--into", str(into))

    first, second = sorted(into.iterdir())
    assert first.read_text() == second.read_text()
    assert '"rate_percent": 8.25' in first.read_text()
    assert SOURCES["woocommerce"].read_request(first).body == sent.body


def test_a_form_is_kept_as_it_is(run, hooks, into):
    sent = example("slack/expense")
    hooks.deliver(sent)

    run("record", "slack", "--last", "1", "--into", str(into))

    [request] = requests_in(into)
    assert "X-Slack-Signature" not in request["headers"]
    assert request["form"]["text"] == "42.50 EUR meals client lunch &amp; coffee"
    kept = SOURCES["slack"].read_request(into / next(into.iterdir()).name)
    assert kept.body == hooks.answering_here(sent).body
    assert kept.media_type == "application/x-www-form-urlencoded"


def test_json_in_a_form_is_kept_to_be_read(run, hooks, into):
    sent = example("slack/button_unknown")
    hooks.deliver(sent)

    run("record", "slack", "--last", "1", "--into", str(into))

    [request] = requests_in(into)
    assert request["form"]["payload"]["actions"][0]["action_id"] == "approve"
    assert SOURCES["slack"].read_request(next(into.iterdir())).body == hooks.answering_here(sent).body


@pytest.mark.parametrize("text", ["a=1&a=2", "a=%7B+%22b%22%3A+1+%7D", "a=%7e", "a", "a=[0]"])
def test_a_form_is_sent_again_byte_for_byte(into, text):
    form = {"content-type": "application/x-www-form-urlencoded"}

    file = Recorder(SOURCES["slack"], into).keep(replace(event(text.encode()), headers=form))

    assert SOURCES["slack"].read_request(file).body == text.encode()


def test_a_body_no_json_can_hold_is_kept_as_a_text_or_not_at_all(run, hooks, into):
    for body in (b'{"a": 1, "a": 2}', b'{"a": "\xff"}', b""):
        sent = example("standard/order")
        hooks.deliver(type(sent)("standard", "", body, {**sent.headers, "webhook-id": str(len(body))}, {}))

    result = run("record", "standard", "--last", "9", "--into", str(into))

    assert [request["raw"] for request in requests_in(into)] == ['{"a": 1, "a": 2}']
    assert "not kept: its body is not UTF-8" in result.stderr
    assert "not kept: its body is not kept any more" in result.stderr


def test_it_waits_for_the_next_and_shows_each_as_it_comes(run, hooks, into, monkeypatch):
    hooks.deliver(example("shopify/unpaid_order"))
    coming = [example(f"shopify/{case}") for case in ("paid_order", "test_order", "yen")]
    hooks.clock.now = time.time() + 1

    def pass_the_time(seconds):
        hooks.deliver(coming.pop(0))
        hooks.clock.advance(1)

    monkeypatch.setattr(record.time, "sleep", pass_the_time)
    result = run("record", "shopify", "--next", "2", "--into", str(into))

    assert "waiting for 2 to come to /hooks/shopify" in result.stderr
    assert [line.split()[1] for line in result.stdout.splitlines()[:2]] == ["orders/paid", "orders/paid"]
    assert len(requests_in(into)) == 2
    assert len(coming) == 1


def test_waiting_can_be_ended_and_what_came_is_kept(run, hooks, into, monkeypatch):
    hooks.clock.now = time.time() + 1

    def interrupt(seconds):
        if into.exists():
            raise KeyboardInterrupt
        hooks.deliver(example("shopify/paid_order"))

    monkeypatch.setattr(record.time, "sleep", interrupt)
    result = run("record", "shopify", "--next", "9", "--into", str(into))

    assert result.exit_code == 0
    assert len(requests_in(into)) == 1


def test_with_redact_nobody_is_left_in_it_and_the_same_stands_for_the_same(run, hooks, into):
    hooks.deliver(example("shopify/paid_order"))

    result = run("record", "shopify", "--last", "1", "--redact", "--into", str(into))

    text = (into / "orders_paid_1.request.json").read_text()
    assert [word for word in PEOPLE if word in text.lower()] == []
    assert "replaced: 1 city, 1 company, 1 email, 1 first name" in result.stdout
    [request] = requests_in(into)
    body = request["body"]
    assert body["customer"]["email"] == body["email"] == "person1@example.com"
    assert body["billing_address"]["name"] == "{first_name} {last_name}".format(**body["billing_address"])
    assert body["total_price"] == "114.38"
    assert {"Content-Type", "X-Shopify-Topic", "X-Shopify-Event-Id"} <= set(request["headers"])
    assert "X-Shopify-Shop-Domain" in example("shopify/paid_order").headers
    assert "X-Shopify-Shop-Domain" not in request["headers"]
    assert run("map", "shopify", str(into / "orders_paid_1.request.json")).exit_code == 0


def test_forms_are_redacted_and_what_cannot_be_is_not_kept(run, hooks, into):
    hooks.deliver(example("slack/expense"))
    hooks.deliver(example("standard/expense_with_receipt"))

    run("record", "slack", "--last", "1", "--redact", "--into", str(into))
    result = run("record", "standard", "--last", "1", "--redact", "--into", str(into))

    [request] = requests_in(into)
    assert (request["form"]["user_name"], request["form"]["token"]) == ("Ada", "removed")
    assert request["form"]["text"] == "42.50 EUR meals client lunch &amp; coffee"
    assert "not kept: a body of multipart/form-data cannot be redacted" in result.stderr
    assert result.exit_code == 1


def event(body: bytes, **more) -> Event:
    at = datetime(2026, 3, 14, tzinfo=UTC)
    kept = {"event_id": "ev_1", "connection": "shop", "source": "shop", "organization": "1", "topic": "paid"}
    headers = {"content-type": "application/json"}
    return Event(**kept, state="posted", attempts=1, received_at=at, headers=headers, body=body, **more)


def test_what_was_fetched_about_it_is_kept_with_it(into):
    answers = '{"fetched": {"lines": [{"price": 1.50, "email": "jo@doe.example"}]}}'

    Recorder(SOURCES["standard"], into, Redaction()).keep(event(b'{"id": 1}', fetched=answers))

    [file] = into.iterdir()
    assert '"price": 1.50' in file.read_text()
    assert requests_in(into)[0]["fetched"] == {"lines": [{"price": 1.5, "email": "person1@example.com"}]}


def test_a_secret_that_stands_in_the_body_is_left_out(into, tmp_path):
    shutil.copytree(BUILT_IN / "standard", tmp_path / "standard")
    file = tmp_path / "standard" / "mapping.yaml"
    file.write_text(file.read_text().replace("scheme: standard_webhooks", "scheme: body_token\n  field: auth.token"))

    Recorder(load_source(tmp_path / "standard"), into).keep(event(b'{"id": 1, "auth": {"token": "hush", "by": "us"}}'))

    assert requests_in(into)[0]["body"] == {"id": 1, "auth": {"by": "us"}}


def test_a_secret_in_a_form_is_left_out(run, hooks, into):
    hooks.deliver(example("zoho_crm/deal_won"))

    run("record", "zoho_crm", "--last", "1", "--into", str(into))

    [request] = requests_in(into)
    assert request["form"] == json.loads((BUILT_IN / "zoho_crm/examples/deal_won.request.json").read_text())["form"]


@pytest.mark.parametrize("space", ["", " "])
def test_a_secret_in_json_in_a_form_is_left_out(into, tmp_path, space):
    shutil.copytree(BUILT_IN / "zoho_crm", tmp_path / "zoho_crm")
    file = tmp_path / "zoho_crm" / "mapping.yaml"
    file.write_text(file.read_text().replace("field: token", "field: data.auth.token"))
    sent = urlencode({"data": f'{{"id":{space}1,"auth":{{"token":"hush","by":"us"}}}}', "token": "none"})
    form = {"content-type": "application/x-www-form-urlencoded"}

    Recorder(load_source(tmp_path / "zoho_crm"), into).keep(replace(event(sent.encode()), headers=form))

    assert requests_in(into)[0]["form"] == {"data": {"id": 1, "auth": {"by": "us"}}, "token": "none"}


def test_real_people_do_not_get_among_what_comes_along(run, hooks):
    before = sorted((BUILT_IN / "shopify" / "examples").iterdir())
    hooks.deliver(example("shopify/paid_order"))

    result = run("record", "shopify", "--last", "1")

    assert result.exit_code == 2
    assert "--into" in result.stderr
    assert sorted((BUILT_IN / "shopify" / "examples").iterdir()) == before


@pytest.mark.parametrize("words", [("nobody", "--last", "1"), ("shopify", "--last", "1", "--next", "1")])
def test_what_cannot_be_meant_is_wrong_use(run, words, into):
    assert run("record", *words, "--into", str(into)).exit_code == 2


@pytest.mark.parametrize(
    ("content", "redacted"),
    [
        ({"customer": {"name": "Jo Doe"}, "note": "x"}, {"customer": {"name": "Ada Okafor"}, "note": "Some words."}),
        ({"name": "#1001", "email": "a@b.example"}, {"name": "#1001", "email": "person1@example.com"}),
        ({"line_items": [{"name": "Cap"}]}, {"line_items": [{"name": "Cap"}]}),
        ({"shipping_lines": [{"name": "Express"}]}, {"shipping_lines": [{"name": "Express"}]}),
        ({"tip": "1.00", "capacity": 5, "zip": 1234}, {"tip": "1.00", "capacity": 5, "zip": 1000}),
        (
            {"buyers": [{"name": "Jo"}, {"name": "Jo"}, {"name": "Al"}]},
            {"buyers": [{"name": n} for n in ("Ada", "Ada", "Bram")]},
        ),
        (
            ["of Jo Doe", {"first_name": "Jo", "last_name": "Doe"}],
            ["of Ada Okafor", {"first_name": "Ada", "last_name": "Okafor"}],
        ),
        ({"say": "mail jo@doe.example or +49 30 1234567"}, {"say": "mail person1@example.com or +1 555 0101"}),
        ({"ip": "10.1.2.3", "log": "from 10.1.2.3"}, {"ip": "192.0.2.1", "log": "from 192.0.2.1"}),
        ({"data": '{"email": "a@b.example", "n": 1.50}'}, {"data": '{"email":"person1@example.com","n":1.50}'}),
        ({"see": "https://a.example/o/secret?key=1"}, {"see": "https://a.example/removed"}),
        (
            {"access_token": "abc", "signature": "s", "test": True},
            {"access_token": "removed", "signature": "removed", "test": True},
        ),
        ({"phone": None, "email": "", "mobile": 441234}, {"phone": None, "email": "", "mobile": 15550101}),
        (
            {
                "note_attributes": [{"name": "VAT", "value": "DE99887766"}, {"name": "boxes", "value": "2"}],
                "po_number": "A7",
            },
            {
                "note_attributes": [{"name": "VAT", "value": "Some words."}, {"name": "boxes", "value": "2"}],
                "po_number": "00",
            },
        ),
        (
            {"tags": "vip, Wilhelmina", "tax_id": "DE99", "client_details": {"user_agent": "Mozilla/5.0"}},
            {"tags": "Some words.", "tax_id": "0000", "client_details": {"user_agent": "Some words."}},
        ),
        (
            [{"title": "Cup for Wilhelmina"}, {"first_name": "Wilhelmina", "last_name": "Doe"}],
            [{"title": "Cup for Ada"}, {"first_name": "Ada", "last_name": "Okafor"}],
        ),
        ({"latitude": 52.5, "iban": "DE89 3704"}, {"latitude": 0.0, "iban": "0000 0000"}),
        (
            {"street_address": "9 Elm Row", "BillingCity": "Ulm", "house_number": 12, "licenseKey": "A1-B2"},
            {
                "street_address": "1 Main Street",
                "BillingCity": "Springfield",
                "house_number": 10,
                "licenseKey": "removed",
            },
        ),
        (
            {"streetAndNumber": "Elmweg 9", "capacity": "large", "velocity": "fast", "electricity": "green"},
            {"streetAndNumber": "1 Main Street", "capacity": "large", "velocity": "fast", "electricity": "green"},
        ),
        (
            {"customer.first": "Jo", "customer.last": "Doe", "for": "Jo Doe", "links": {"first": "p1", "last": "p9"}},
            {
                "customer.first": "Ada",
                "customer.last": "Okafor",
                "for": "Ada Okafor",
                "links": {"first": "p1", "last": "p9"},
            },
        ),
        ({"customer": {"first": "Jo", "last": "Doe"}}, {"customer": {"first": "Ada", "last": "Okafor"}}),
        (
            {"product[name]": "Cap", "shipping_information[name]": "Jo", "email": "a@b.example"},
            {"product[name]": "Cap", "shipping_information[name]": "Ada", "email": "person1@example.com"},
        ),
        (
            {"consumerAccount": "NL55 ABNA", "say": "to DE89 3704 0044 0532 0130 00 OR NL91ABNA0417164300."},
            {"consumerAccount": "0000 0000", "say": "to 0000 0000 0000 0000 0000 00 OR 000000000000000000."},
        ),
        (
            {"city": "New York", "province": "New York", "to": "New York"},
            {"city": "Springfield", "province": "New York", "to": "Springfield"},
        ),
        ({"first_name": None, "last_name": "Doe"}, {"first_name": None, "last_name": "Okafor"}),
        *(
            ({"id": no_iban}, {"id": no_iban})
            for no_iban in ("DE88370400440532013000", "HL002OrderXk9vYm3Q0rW2sE5dT8f")
        ),
        (
            {"domain": "live", "shop_domain": "mugs.example", "team_domain": "mugs"},
            {"domain": "live", "shop_domain": "shop.example.com", "team_domain": "Company 1"},
        ),
    ],
)
def test_what_is_private_is_known_by_names_and_looks(content, redacted):
    assert Redaction().redact(content) == redacted


ADDRESS = {"street": "9 Elm Row", "city": "Portland", "zip": "04101"}


@pytest.mark.parametrize(
    ("address", "text", "redacted"),
    [
        ({}, "9 Elm Row, Portland 04101", "1 Main Street, Springfield 00000"),
        ({}, "PORTLAND,04101", "Springfield,00000"),
        ({}, "shipped from Portland.", "shipped from Springfield."),
        ({}, "04101 is the order's number", "04101 is the order's number"),
        ({}, "America/Portland", "America/Portland"),
        ({}, "04101.50 to Portlandia", "04101.50 to Portlandia"),
        ({}, "Order 12, 9 Elm Row, on 2026-03-14", "Order 12, 1 Main Street, on 2026-03-14"),
        ({"city": "Nice"}, "A Nice cup", "A Nice cup"),
        ({"city": "Nice"}, "04101 Nice", "00000 Springfield"),
        ({"city": "Reading"}, "Reading glasses", "Reading glasses"),
        ({"city": "reading"}, "reading glasses", "reading glasses"),
        ({"city": "Reading"}, "9 Elm Row, Reading", "1 Main Street, Springfield"),
        ({"zip": "SW1A 1AA"}, "to SW1A 1AA", "to 0000 000"),
        ({"zip": 4101}, "CH-4101 Portland", "CH-1000 Springfield"),
    ],
)
def test_what_is_known_of_an_address_is_found_in_texts_unless_it_may_be_something_else(address, text, redacted):
    assert Redaction().redact({"display": text, **ADDRESS, **address})["display"] == redacted


def test_the_fields_of_a_form_are_known_by_their_last_words(into):
    body = urlencode(
        {
            "customer[first]": "Wilhelmina",
            "customer[last]": "Doe",
            "shipping_information[street_address]": "9 Elm Row",
            "shipping_information[city]": "Portland",
            "license_key": "85DB562A-C11D4B06",
            "note2": "ship to Wilhelmina Doe, 9 Elm Row, Portland",
            "domain": "live",
        }
    )
    form = {"content-type": "application/x-www-form-urlencoded"}

    Recorder(SOURCES["slack"], into, Redaction()).keep(replace(event(body.encode()), headers=form))

    assert requests_in(into)[0]["form"] == {
        "customer[first]": "Ada",
        "customer[last]": "Okafor",
        "shipping_information[street_address]": "1 Main Street",
        "shipping_information[city]": "Springfield",
        "license_key": "removed",
        "note2": "ship to Ada Okafor, 1 Main Street, Springfield",
        "domain": "live",
    }


def test_people_get_more_names_than_there_are():
    content = [{"first_name": f"Name{number}"} for number in range(25)]

    assert len({each["first_name"] for each in Redaction().redact(content)}) == 25
