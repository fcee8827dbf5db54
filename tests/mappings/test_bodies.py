"""Whatever a verified body holds, it becomes a draft or a person is told why not, in words and with the field."""

import json
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drafts import Drafts
from errors import MappingError, NeedsAttention, Unreadable
from mappings import BUILT_IN, Options, Received, load_sources

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
SOURCES = load_sources(BUILT_IN)


def order(**changes):
    """A body for the minimal mapping."""
    body = {"type": "paid", "id": 7, "number": "A-7", "day": "2026-03-14", "currency": "eur", "rows": [row()]}
    return body | {"buyer": {"name": "Ada Okafor", "email": "ada@example.com", "id": 12}, "total": "19.00"} | changes


def row(**changes):
    return {"title": "Cap", "quantity": 2, "price": "9.50"} | changes


def received(body):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Received(raw, {"Content-Type": "application/json"})


def render(source, body):
    return source.render(received(body), Options(), topic="paid")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "empty"),
        (b"   ", "empty"),
        (b"hello", "not JSON at line 1"),
        (b'{"a": 1', "not JSON"),
        (b'{"a": "\xff"}', "not UTF-8"),
        (b"[" * 10_000 + b"]" * 10_000, "nested too deeply"),
        (b'{"a": ' + b"9" * 5000 + b"}", "too many digits"),
        (b'{"a": NaN}', "NaN is not a number"),
        (b'{"a": -Infinity}', "Infinity is not a number"),
        (b'{"id": 1, "id": 2}', "twice"),
        (b'{"a": "\\ud800"}', "half of a character"),
    ],
)
def test_a_body_that_cannot_be_read_says_why(body, reason):
    with pytest.raises(Unreadable, match=reason) as caught:
        _ = Received(body, {}).root

    assert caught.value.field == "body"
    assert "hello" not in caught.value.message


def test_escaped_pairs_are_whole_characters():
    assert Received(b'{"a": "\\ud83d\\ude00"}', {}).root == {"a": "😀"}


def test_decimals_are_read_digit_for_digit():
    assert Received(b'{"a": 0.1, "b": 1}', {}).root == {"a": Decimal("0.1"), "b": 1}


def test_a_form_is_read_by_its_first_values():
    assert Received(b"a=1&a=2&b=%C3%A9&c=", FORM | {"Content-Type": FORM["Content-Type"] + "; charset=utf-8"}).root == {
        "a": "1",
        "b": "é",
        "c": "",
    }


@pytest.mark.parametrize("body", [b"a=%ff", b"\xff=1", b"&".join(b"a%d=1" % n for n in range(1500))])
def test_a_form_that_cannot_be_read_is_refused(body):
    with pytest.raises(Unreadable):
        _ = Received(body, FORM).root


def test_an_unreadable_body_keeps_the_topic_and_delivery_of_its_headers():
    headers = {"x-shopify-topic": "orders/paid", "X-SHOPIFY-EVENT-ID": "e-1"}
    identity = SOURCES["shopify"].identify(Received(b"{", headers))

    assert (identity.topic, identity.delivery, identity.once_per) == ("orders/paid", "e-1", None)
    assert isinstance(identity.problem, Unreadable)


def test_a_key_named_twice_is_left_to_the_worker_unless_nobody_would_look_again(source):
    paid = source().identify(Received(b'{"type": "paid", "id": 1, "id": 2}', {}))
    opened = source().identify(Received(b'{"type": "opened", "id": 1, "id": 2}', {}))

    assert (paid.once_per, paid.problem) == ("order:2", None)
    assert opened.ignored is None
    assert isinstance(opened.problem, Unreadable)


def test_a_topic_that_is_missing_is_a_problem_not_a_silence(source):
    identity = source().identify(received(order(type=None)))

    assert identity.problem.field == "identify.topic"


def test_a_list_is_a_body_too(source):
    assert source().identify(received([1, 2])).problem.field == "identify.topic"


@pytest.mark.parametrize(
    ("changes", "field", "reason"),
    [
        ({"rows": []}, "invoice.lines", "no lines"),
        ({"rows": None}, "invoice.lines", "nothing there"),
        ({"rows": {"title": "Cap"}}, "invoice.lines", "an object is not a list"),
        ({"rows": [row(), None]}, "invoice.lines[1]", "null"),
        ({"rows": [row(), row(quantity=-1)]}, "invoice.lines[1].quantity", "below zero"),
        ({"rows": [row(quantity=0)]}, "invoice.lines[0].quantity", "above zero"),
        ({"rows": [row(quantity=True)]}, "invoice.lines[0].quantity", "true or false is not an amount"),
        ({"rows": [row(), row(price=None)]}, "invoice.lines[1].rate", "nothing there"),
        ({"rows": [row(price="")]}, "invoice.lines[0].rate", "not a plain amount"),
        ({"rows": [row(price="-1", discounts=[{"amount": "1"}])]}, "invoice.lines[0].discount", "takes no discount"),
        ({"rows": [row(price="1,234.56")]}, "invoice.lines[0].rate", "not a plain amount"),
        ({"rows": [row(discounts=[{"amount": "1"}, {}])]}, "invoice.lines[0].discount", "missing"),
        ({"rows": [row(discounts=[{"amount": "19.01"}])]}, "invoice.lines[0].discount", "more than the whole line"),
        ({"rows": [row(taxes=[{"name": "VAT"}])]}, "invoice.lines[0].taxes[0].amount", "nothing there"),
        ({"rows": [row(taxes=[{"name": "V", "amount": "-1"}])]}, "invoice.lines[0].taxes[0].amount", "below zero"),
        ({"rows": [row(title={"en": "Cap"})]}, "invoice.lines[0].name", "an object is not a text"),
        ({"number": "9" * 84}, "invoice.reference_number", "longer than the 83"),
        ({"number": " \t"}, "invoice.reference_number", "nothing there"),
        ({"currency": "euro"}, "invoice.currency_code", "three letters"),
        ({"day": "14.03.2026"}, "invoice.date", "neither a date"),
        ({"due": "2026-03-13"}, "invoice.due_date", "before the date"),
        ({"gross": "yes"}, "invoice.is_inclusive_tax", "true or false"),
        ({"total": None}, "invoice.control_total", "nothing there"),
        ({"total": "-1"}, "invoice.control_total", "below zero"),
        ({"buyer": {"name": "A", "email": "not an address"}}, "contact.email", "not an e-mail"),
        ({"buyer": {"email": "a@example.com"}}, "contact.name", "nothing there"),
        ({"buyer": {"name": "A", "id": "1" * 100}}, "contact.customer_id", "longer than the 99"),
        ({"id": None}, "once_per", "nothing there for id"),
        ({"id": {"a": 1}}, "once_per", "an object is not a text"),
        ({"id": "x" * 201}, "once_per", "1 to 200"),
    ],
)
def test_a_field_that_does_not_fit_is_named_with_the_reason(source, changes, field, reason):
    with pytest.raises(MappingError, match=reason) as caught:
        render(source(), order(**changes))

    assert caught.value.field == field
    assert caught.value.code == "mapping_failed"
    assert caught.value.remedy


@pytest.mark.parametrize("price", ["1e400", "1e-400", "123456789012345678901234567890.5"])
def test_a_number_of_absurd_size_is_refused_where_it_is_used(source, price):
    body = json.dumps(order(rows=[row(price="PRICE")])).replace('"PRICE"', price).encode()

    with pytest.raises(MappingError) as caught:
        render(source(), body)
    assert caught.value.field == "invoice.lines[0].rate"


def test_messages_never_quote_what_was_sent(source):
    secret = "4111 1111 1111 1111"
    for changes in (
        {"currency": secret},
        {"total": secret},
        {"buyer": {"name": "A", "email": secret}},
        {"day": secret},
    ):
        with pytest.raises(MappingError) as caught:
            render(source(), order(**changes))
        assert "4111" not in caught.value.message + caught.value.remedy


def test_a_buyer_nobody_can_tell_apart_is_the_walk_in_customer(source):
    contact = render(source(), order(buyer={})).contact

    assert (contact.contact_name, contact.email, contact.customer_id) == ("Walk-in customer", None, None)


def test_a_standard_order_without_email_and_id_names_the_email():
    example = next(each for each in SOURCES["standard"].examples() if each.case == "order")
    body = json.loads(example.body)
    body["data"]["customer"] = {"name": "Somebody"}

    with pytest.raises(MappingError) as caught:
        SOURCES["standard"].render(received(body), Options(), topic="order.completed")
    assert caught.value.field == "contact.email"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def _paths(value, path=()):
    yield path
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield from _paths(child, (*path, key))


def _replace(value, path, new):
    if not path:
        return new
    key, *rest = path
    if isinstance(value, dict):
        return value | {key: _replace(value[key], rest, new)}
    return [_replace(each, rest, new) if index == key else each for index, each in enumerate(value)]


BODIES = [
    (source, json.loads(example.body), example)
    for source in SOURCES.values()
    for example in source.examples()
    if example.expected["state"] == "posted" and example.headers["Content-Type"] == "application/json"
]


@st.composite
def spoiled(draw):
    """An example with anything at all in one to three places."""
    source, body, example = draw(st.sampled_from(BODIES))
    for _ in range(draw(st.integers(1, 3))):
        body = _replace(body, draw(st.sampled_from(list(_paths(body)))), draw(JSON))
    return source, json.dumps(body).encode(), example


def drafted_or_parked(source, request, topic):
    try:
        return isinstance(source.render(request, Options(), topic=topic), Drafts)
    except NeedsAttention as error:
        return bool(error.field and error.remedy)


@settings(max_examples=150, deadline=None)
@given(spoiled())
def test_a_spoiled_order_is_drafted_or_parked_and_never_worse(case):
    source, body, example = case
    request = Received(body, example.headers)

    assert source.identify(request).topic is not None
    assert drafted_or_parked(source, request, example.expected["topic"])


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()), st.sampled_from([{}, FORM]))
def test_any_bytes_are_answered(body, headers):
    for source in SOURCES.values():
        request = Received(body, headers)
        identity = source.identify(request)
        assert identity.problem is not None or identity.ignored is not None or identity.once_per is not None
        assert source.handshake(request) is None or request.root
        for topic in source.topics:
            source.reply(request, "queued", topic=topic)
            source.answer(request, "posted", {}, topic=topic)
