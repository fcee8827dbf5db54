"""What an event asks of its sender's API, and what becomes of the answers; without any network."""

import json
from decimal import Decimal
from urllib.parse import parse_qsl

import pytest

from errors import MappingError, NeedsAttention
from mappings import Options, Received
from mappings.fetching import Page

APIS = """
apis:
  api.shop.example:
    credential:
      setting: SHOP_API_KEY
      as: bearer
    headers:
      Shop-Version: "2"
    limit:
      calls: 10
      seconds: 1
events:
"""
LINES = """
      lines:
        url: "https://api.shop.example/v1/orders/{id}/lines?limit=2"
        pages:
          by: cursor
          items: data
          next: data[-1].id
          parameter: after
          while: has_more
"""
ORDER_STEP = '      order:\n        url: "https://api.shop.example/v1/orders/{id}"'
BODY = '{"type": "paid", "id": "A1", "rows": [{"sku": "x"}, {"sku": "y"}], "customer": null}'


def event(**fields):
    return json.dumps({"type": "paid", **fields})


@pytest.fixture
def shop(source, minimal):
    """A source with these steps, whose order takes its lines from what `each` says."""

    def load(steps, *, each="rows", more="", once_per="order:{type}"):
        text = minimal.replace("events:\n", APIS, 1).replace("- each: rows", f"- each: {each}")
        text = text.replace("order:{id}", once_per)
        return source(text.replace("    contact:\n", f"    fetch:\n{steps.strip(chr(10))}\n{more}    contact:\n", 1))

    return load


def ask(source, answers, body=BODY, fetched=None):
    """What the steps give, and the targets of the calls; each is answered by the next of the answers."""
    steps = source.fetching(Received(body.encode(), {}, fetched), Options(), topic="paid")
    targets, waiting = [], list(answers)
    try:
        call = next(steps)
        while True:
            assert call.host == "api.shop.example"
            targets.append(call.target)
            answer = waiting.pop(0)
            call = steps.send(answer if answer is None or isinstance(answer, Page) else Page(answer))
    except StopIteration as done:
        assert waiting == []
        return done.value, targets


def test_an_answer_is_given_as_it_is(shop):
    order = shop(ORDER_STEP)

    assert ask(order, [{"total": Decimal("1.10")}]) == ({"order": {"total": Decimal("1.10")}}, ["/v1/orders/A1"])


def test_pages_by_cursor_become_one_list(shop):
    pages = [{"data": [{"id": "l1"}, {"id": "l2"}], "has_more": True}, {"data": [{"id": "l3"}], "has_more": False}]

    found, targets = ask(shop(LINES), pages)

    assert [line["id"] for line in found["lines"]] == ["l1", "l2", "l3"]
    assert targets == ["/v1/orders/A1/lines?limit=2", "/v1/orders/A1/lines?limit=2&after=l2"]


@pytest.mark.parametrize(
    ("pages", "answers", "queries"),
    [
        ("{by: number, parameter: page}", [[1, 2], [3], []], ["page=1", "page=2", "page=3"]),
        (
            "{by: number, parameter: page, 'items?': '@', while: length(@) == `3`}",
            [[1, 2, 3], Page(None)],
            ["page=1", "page=2"],
        ),
        ("{by: number, parameter: page, first: 0}", [[1, 2, 3], []], ["page=0", "page=1"]),
        (
            "{by: offset, parameter: start, items: rows, while: more}",
            [{"rows": [1, 2], "more": True}, {"rows": [3], "more": False}],
            ["", "start=2"],
        ),
        (
            "{by: url, next: next, items: rows}",
            [{"rows": [1, 2], "next": "https://api.shop.example/v1/x?p=2"}, {"rows": [3], "next": None}],
            ["", "p=2"],
        ),
        ("{by: link}", [Page([1, 2], link="/v1/x?p=2"), [3]], ["", "p=2"]),
        (
            "{by: cursor, next: to, parameter: c, 'items?': rows}",
            [{"rows": [1, 2, 3], "to": "a b"}, {}],
            ["", "c=a%20b"],
        ),
    ],
)
def test_every_way_to_the_next_page(shop, pages, answers, queries):
    found, targets = ask(
        shop(f'      x:\n        url: "https://api.shop.example/v1/x"\n        pages: {pages}'), answers
    )

    assert found == {"x": [1, 2, 3]}
    assert [target.partition("?")[2] for target in targets] == queries


def test_one_call_is_made_for_each_item(shop):
    steps = (
        "      stock:\n        each: rows\n        url: \"https://api.shop.example/v1/stock/{sku}?order={root('id')}\""
    )

    found, targets = ask(shop(steps), [{"n": 1}, {"n": 2}])

    assert found == {"stock": [{"n": 1}, {"n": 2}]}
    assert targets == ["/v1/stock/x?order=A1", "/v1/stock/y?order=A1"]


def test_a_later_step_is_made_of_an_earlier_one_and_of_a_let_between_them(shop):
    steps = """
      order:
        url: "https://api.shop.example/v1/orders/{id}"
      customer:
        url: "https://api.shop.example/v1/customers/{let('who')}"
"""
    source = shop(steps, more="    let:\n      who: fetched('order').customer\n")

    assert ask(source, [{"customer": 7}, {"name": "Ada"}])[1] == ["/v1/orders/A1", "/v1/customers/7"]


def test_what_was_fetched_before_is_not_asked_for_again(shop):
    assert ask(shop(LINES), [], fetched={"lines": [1]}) == ({"lines": [1]}, [])


def test_a_step_whose_condition_does_not_hold_gives_nothing(shop):
    steps = '      customer:\n        when: customer\n        url: "https://api.shop.example/v1/customers/{customer}"'

    assert ask(shop(steps), []) == ({"customer": None}, [])


def test_an_optional_step_may_find_nothing_or_lack_its_address(shop):
    order = shop('      order?:\n        url: "https://api.shop.example/v1/orders/{id}"')
    customer = shop('      customer?:\n        url: "https://api.shop.example/v1/customers/{customer}"')

    assert ask(order, [None]) == ({"order": None}, ["/v1/orders/A1"])
    assert ask(customer, []) == ({"customer": None}, [])


def test_a_step_that_lacks_its_address_says_which_part(shop):
    steps = '      customer:\n        url: "https://api.shop.example/v1/customers/{customer}"'

    with pytest.raises(MappingError, match="nothing there for customer") as caught:
        ask(shop(steps), [])
    assert caught.value.field == "fetch.customer.url"


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../admin", "a/b", "a\\b", "//evil.example", "x#y", "x?y=1", ";a", "%2e%2e%2f", "a%2Fb"]
)
def test_an_event_cannot_lead_to_another_path(shop, name):
    with pytest.raises(MappingError) as caught:
        ask(shop(ORDER_STEP), [], event(id=name))
    assert caught.value.field == "fetch.order.url"


@pytest.mark.parametrize("name", ["a\r\nHost: x", "a b", "é", "x" * 201, True, {"a": 1}])
def test_what_is_no_plain_word_is_never_put_into_a_path(shop, name):
    with pytest.raises(MappingError) as caught:
        ask(shop(ORDER_STEP), [], event(id=name))
    assert caught.value.field == "fetch.order.url"
    assert str(name) not in caught.value.message


def test_a_plain_word_is_encoded_where_it_stands(shop):
    assert ask(shop(ORDER_STEP), [{}], event(id="@evil.example"))[1] == ["/v1/orders/%40evil.example"]


@pytest.mark.parametrize("value", ["&b=1", "#x", "a b", "é", "a\r\nHost: x", "../..", "a/b"])
def test_an_event_cannot_add_to_a_query(shop, value):
    step = '      x:\n        url: "https://api.shop.example/v1/x?q={id}&z=1"'
    _, [target] = ask(shop(step), [{}], event(id=value))

    path, _, query = target.partition("?")
    assert path == "/v1/x"
    assert parse_qsl(query) == [("q", value), ("z", "1")]
    assert target.isascii()
    assert target.isprintable()


@pytest.mark.parametrize(
    "url",
    [
        *("https://evil.example/", "http://api.shop.example/v1/x", "//evil.example/", "https://api.shop.example:444/"),
        *("https://api.shop.example@evil.example/", "https://u:p@api.shop.example/", "ftp://api.shop.example/"),
        "https://[",
    ],
)
@pytest.mark.parametrize("by", ["{by: url, next: next, items: rows}", "{by: link, items: rows}"])
def test_a_next_page_on_another_host_is_not_followed(shop, by, url):
    source = shop(f'      x:\n        url: "https://api.shop.example/v1/x"\n        pages: {by}')
    page = Page({"rows": [1], "next": url}, link=url)

    with pytest.raises(MappingError, match="not on the same host"):
        ask(source, [page])


@pytest.mark.parametrize(
    "pages",
    [
        "{by: number, parameter: page, most: 3}",
        "{by: link, most: 3}",
        "{by: cursor, next: '[0]', parameter: c, most: 3}",
    ],
)
def test_pages_that_do_not_end_park_the_event(shop, pages):
    source = shop(f'      x:\n        url: "https://api.shop.example/v1/x"\n        pages: {pages}')

    with pytest.raises(NeedsAttention, match="more than 3 pages") as caught:
        ask(source, [Page([1], link="/v1/x")] * 3)
    assert caught.value.code == "too_much_to_fetch"


def test_more_calls_than_a_hundred_for_one_list_park_the_event(shop):
    body = event(id=1, rows=[{"sku": "x"}] * 101)
    steps = '      stock:\n        each: rows\n        url: "https://api.shop.example/v1/stock/{sku}"'

    with pytest.raises(NeedsAttention, match="101 calls"):
        ask(shop(steps), [], body)


@pytest.mark.parametrize("answer", [{"data": {}}, {"data": None}, {}, [], "x", None])
def test_an_answer_of_another_form_is_an_error_that_names_the_step(shop, answer):
    with pytest.raises(MappingError) as caught:
        ask(shop(LINES), [Page(answer)])
    assert caught.value.field == "fetch.lines.pages.items"


ORDER = {"number": "1", "day": "2026-01-31", "currency": "EUR", "total": "3.00", "buyer": {"name": "Ada"}, "id": 5}


def order(**more):
    return event(**ORDER, **more).encode()


def test_drafts_are_made_of_what_was_fetched(shop):
    source = shop(LINES, each="fetched('lines')")
    lines = [{"title": "Cap", "quantity": 1, "price": Decimal("3.00")}]

    drafts = source.render(Received(order(), {}, {"lines": lines}), Options(), topic="paid")

    assert drafts.invoice.lines[0].rate == Decimal("3.00")


def test_an_event_is_not_rendered_before_everything_is_fetched(shop):
    source = shop(LINES, each="fetched('lines')")

    with pytest.raises(MappingError, match=r"fetch\.lines: has not been fetched") as caught:
        source.render(Received(order(), {}), Options(), topic="paid")
    assert caught.value.code == "not_fetched"
    assert "under `fetched`" in caught.value.remedy


def test_a_rule_to_ignore_looks_at_what_was_fetched_only_afterwards(shop):
    rules = "    ignore_if:\n      - when: test\n        because: it is a test\n"
    rules += "      - when: fetched('order').draft\n        because: \"{fetched('order').name} is a draft\"\n"
    source = shop(ORDER_STEP, more=rules)

    def ignored(draft, **more):
        request = Received(order(**more), {}, {"order": {"draft": draft, "name": "No. 5"}})
        return source.identify(request).ignored or source.ignores(request, Options(), topic="paid")

    assert ignored(True) == "No. 5 is a draft"
    assert ignored(False) is None
    assert ignored(True, test=True) == "it is a test"
    assert source.identify(Received(order(), {})).once_per == "order:paid"


@pytest.mark.parametrize("key", ["order:{fetched('order').id}", "order:{let('found')}"])
def test_what_an_event_is_about_may_show_only_in_what_was_fetched(shop, key):
    text = "    let:\n      found: fetched('order').id\n"
    source = shop(ORDER_STEP, more=text, once_per=key)

    request = Received(order(rows=[{"title": "Cap", "quantity": 1, "price": "3.00"}]), {}, {"order": {"id": "B7"}})

    assert (source.identify(request).once_per, source.identify(request).problem) == (None, None)
    assert source.render(request, Options(), topic="paid").once_per == "order:B7"


def test_a_request_is_parsed_once_whatever_is_fetched_for_it(shop):
    request = Received(order(), {})
    parsed = request.root

    completed = request.with_fetched({"order": 1})

    assert completed.root is parsed
    assert (completed.fetched, request.fetched) == ({"order": 1}, {})
