"""What a mapping can say: blocks, conditions, derived prices, limits, replies."""

import dataclasses
import json
from decimal import Decimal

import pytest
from marshmallow import ValidationError

from drafts import Address
from errors import MappingError
from mappings import Options, Received
from mappings.schemas import AddressSchema, ContactSchema, LineSchema

LINES = """        - each: rows
          name: title
          description?: about
          quantity: quantity
          rate: money(price)
          discount?: total(discounts[].amount)
          taxes?:
            each: taxes
            name: name
            amount: money(amount)
"""
BODY = {
    "type": "paid",
    "id": 7,
    "number": "A-7",
    "day": "2026-03-14",
    "currency": "usd",
    "buyer": {"name": "Ada Okafor", "id": 12},
    "rows": [{"title": "Cap", "quantity": 2, "price": "9.50"}],
    "total": "19.00",
}


def received(body, **headers):
    return Received(json.dumps(body).encode(), {"Content-Type": "application/json"} | headers)


@pytest.fixture
def lines(source, minimal):
    """The lines a body gives with other blocks in the minimal mapping."""

    def draft(blocks, **changes):
        assert LINES in minimal
        shop = source(minimal.replace(LINES, blocks))
        return shop.render(received(BODY | changes), Options(), topic="paid").invoice.lines

    return draft


def line(**changes):
    return LineSchema().load({"name": "Cap", "quantity": "1", "rate": "1.00"} | changes)


def test_a_block_without_each_is_one_line(lines):
    [only] = lines("        name: \"'Everything'\"\n        quantity: '`1`'\n        rate: total\n")

    assert (only.name, only.quantity, only.rate) == ("Everything", 1, Decimal("19.00"))


def test_blocks_follow_each_other_and_may_leave_items_out(lines):
    tip = "        - when: nonzero(tip)\n          name: \"'Tip'\"\n          quantity: '`1`'\n          rate: tip\n"
    removed = LINES.replace("each: rows\n", 'each?: extras\n          when: "!removed"\n')
    extra = {"title": "Box", "quantity": 1, "price": "3"}

    assert [each.name for each in lines(LINES + removed + tip)] == ["Cap"]
    extras = [extra | {"removed": True}, extra]
    assert [each.name for each in lines(LINES + removed + tip, extras=extras, tip="1")] == ["Cap", "Box", "Tip"]


def test_errors_count_the_lines_of_the_draft(lines):
    with pytest.raises(MappingError) as caught:
        lines(LINES + LINES.replace("each: rows", "each: extras"), extras=[{"title": "Box", "quantity": 1}])

    assert caught.value.field == "invoice.lines[1].rate"
    assert "written as money(price)" in caught.value.message


def test_what_is_missing_in_an_item_says_how_to_reach_the_rest_of_the_body(lines):
    hint = r"nothing there; inside each the item is the root; use root\('…'\) for the rest of the body"

    for missing in ("rate: currency", "rate: required(currency)"):
        with pytest.raises(MappingError, match=hint) as caught:
            lines(LINES.replace("rate: money(price)", missing))
        assert caught.value.field == "invoice.lines[0].rate"
    with pytest.raises(MappingError, match=hint):
        lines(LINES.replace("each: taxes", "each: vat").replace("taxes?:", "taxes:"))


def test_what_is_missing_outside_of_items_or_through_root_has_no_such_hint(lines):
    for missing in (LINES.replace("money(price)", "root('price')"), LINES.replace("each: rows", "each: items")):
        with pytest.raises(MappingError, match="nothing there \\(written"):
            lines(missing)


def test_a_condition_that_fails_names_its_line(lines):
    with pytest.raises(MappingError) as caught:
        lines(LINES.replace("each: rows", "each: rows\n          when: nonzero(title)"))

    assert caught.value.field == "invoice.lines[0].when"


@pytest.mark.parametrize(
    ("amount", "quantity", "expected"),
    [
        ("30.00", "2", ("Cap", "2", "15")),
        ("10.00", "3", ("Cap", "3", "3.333333")),
        ("0.02", "3", ("Cap", "3", "0.006667")),
        ("49.99", "30000", ("30000 × Cap", "1", "49.99")),  # noqa: RUF001 (the sign the draft carries)
        ("12.345", "7", ("Cap", "7", "1.763571")),
        ("5.00", "2.50", ("Cap", "2.50", "2")),
        ("0.00", "4", ("Cap", "4", "0")),
    ],
)
def test_a_whole_amount_is_divided_only_if_it_comes_back_to_the_cent(amount, quantity, expected):
    drafted = LineSchema().load({"name": "Cap", "quantity": quantity, "amount": amount})

    assert (drafted.name, str(drafted.quantity), str(drafted.rate)) == expected


def test_a_full_discount_of_an_uneven_price_is_allowed():
    drafted = LineSchema().load({"name": "Cap", "quantity": "3", "amount": "10.00", "discount": "10.00"})

    assert drafted.discount == 10


def test_taxes_of_zero_are_left_out():
    taxes = [{"name": "VAT", "amount": "0.00"}, {"name": "GST", "amount": "0.05", "rate": "5"}]

    assert [tax.name for tax in line(taxes=taxes).taxes] == ["GST"]


def test_a_name_of_99_characters_stays_and_one_of_100_is_shortened_and_kept_in_the_description():
    assert line(name="a" * 99).name == "a" * 99

    longer = line(name="a" * 100, description="blue")
    assert longer.name == "a" * 98 + "…"
    assert longer.description == "a" * 100 + "\nblue"


def test_what_identifies_a_contact_is_never_shortened(source):
    shop = source()
    buyer = {"name": "N" * 100, "id": 12, "email": "e" * 87 + "@example.com", "phone": "1" * 49}
    contact = shop.render(received(BODY | {"buyer": buyer}), Options(), topic="paid").contact

    assert (len(contact.contact_name), len(contact.email), contact.customer_id) == (99, 99, "12")
    assert contact.phone == "1" * 49
    with pytest.raises(MappingError, match="longer than the 99") as caught:
        shop.render(received(BODY | {"buyer": buyer | {"email": "e" * 88 + "@example.com"}}), Options(), topic="paid")
    assert caught.value.field == "contact.email"


@pytest.mark.parametrize(
    ("detail", "longest"),
    [("first_name", 99), ("last_name", 99), ("company_name", 199), ("name", 99)],
)
def test_a_contact_detail_that_is_too_long_is_shortened(detail, longest):
    fitting, shortened = (
        dataclasses.asdict(ContactSchema().load({"name": "Ada", detail: "a" * length}))
        for length in (longest, longest + 1)
    )

    draft_field = "contact_name" if detail == "name" else detail
    assert fitting[draft_field] == "a" * longest
    assert shortened[draft_field] == "a" * (longest - 1) + "…"


def test_a_telephone_number_that_is_too_long_is_left_out():
    assert ContactSchema().load({"name": "Ada", "phone": "1" * 50}).phone is None


def test_every_part_of_an_address_that_is_too_long_is_shortened():
    parts = [part.name for part in dataclasses.fields(Address)]
    address = AddressSchema().load(dict.fromkeys(parts, "a" * 300))

    limits = dict.fromkeys(parts, 99) | {"zip": 49}
    assert dataclasses.asdict(address) == {part: "a" * (limits[part] - 1) + "…" for part in parts}


def test_a_sku_that_is_too_long_is_shortened():
    assert line(sku="s" * 100).sku == "s" * 98 + "…"


def test_a_reference_leaves_room_for_the_marker(source):
    drafted = source().render(received(BODY | {"number": "9" * 83}), Options(), topic="paid")

    assert len(drafted.invoice.reference_number) + 16 == 99


def test_rate_and_amount_together_are_refused():
    with pytest.raises(ValidationError, match="either rate or amount"):
        line(amount="1.00")


def test_a_name_too_long_for_the_description_is_refused():
    with pytest.raises(ValidationError, match="name and description together"):
        line(name="a" * 1500, description="b" * 500)


def test_what_is_missing_in_an_address_that_must_be_there_is_named(source, minimal):
    address = "phone?: buyer.phone\n      billing_address:\n        city?: buyer.city"
    shop = source(minimal.replace("phone?: buyer.phone", address))

    assert shop.render(received(BODY | {"buyer": {"city": "Kiel"}}), Options(), topic="paid").contact.billing_address
    with pytest.raises(MappingError) as caught:
        shop.render(received(BODY), Options(), topic="paid")
    assert caught.value.field == "contact.billing_address"


def test_a_day_may_come_as_text_and_nothing_else_may(source, minimal):
    shop = source(minimal.replace("date: date(day)", "date: day"))

    assert str(shop.render(received(BODY), Options(), topic="paid").invoice.date) == "2026-03-14"
    with pytest.raises(MappingError, match="makes one of a time"):
        shop.render(received(BODY | {"day": "2026-03-14T10:00:00Z"}), Options(), topic="paid")


def test_a_moment_in_utc_is_dated_where_the_connection_is(source):
    shop = source()
    late = received(BODY | {"day": "2026-03-14T23:30:00Z"})

    assert str(shop.render(late, Options(), topic="paid").invoice.date) == "2026-03-14"
    assert str(shop.render(late, Options(time_zone="Europe/Berlin"), topic="paid").invoice.date) == "2026-03-15"


def test_a_reply_that_cannot_be_made_leaves_the_usual_one(source, minimal):
    text = 'once_per: "{id}"\n    reply:\n      queued:\n        status: 200\n        text: "{buyer}"'
    shop = source(minimal.replace('once_per: "order:{id}"', text))

    assert shop.reply(received(BODY), "queued", topic="paid") is None
    assert shop.reply(received(BODY | {"buyer": "you {ok}"}), "queued", topic="paid").body == b"you {ok}"


def test_references_are_read_even_from_what_is_parked(source):
    shop, nameless = source(), received(BODY | {"id": None, "buyer": {"email": "ada@example.com"}})

    assert shop.identify(nameless).problem.field == "once_per"
    assert shop.references(nameless, topic="paid") == {"order_number": "A-7", "email": "ada@example.com"}
    assert shop.references(Received(b"{", {}), topic="paid") == {}
    assert shop.references(nameless, topic="opened") == {}


def test_a_delivery_is_required_unless_marked(source, minimal):
    marked = source(minimal.replace("topic: type", "topic: type\n  delivery?: header('X-Id')"))
    assert marked.identify(received(BODY)).problem is None
    assert marked.identify(received(BODY, **{"X-Id": "d-1"})).delivery == "d-1"

    strict = source(minimal.replace("topic: type", "topic: type\n  delivery: header('X-Id')"))
    assert strict.identify(received(BODY)).problem.field == "identify.delivery"


def test_a_topic_without_a_mapping_is_ignored_and_cannot_be_rendered(source):
    shop = source()

    assert shop.identify(received(BODY | {"type": "opened"})).ignored == "nothing is mapped for the topic opened"
    with pytest.raises(MappingError):
        shop.render(received(BODY), Options(), topic="opened")
