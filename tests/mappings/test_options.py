"""Options: what a mapping lets each connection say for itself."""

import re

import pytest

from mappings import MappingFileErrors, Options, Received

DECLARED = """
options:
  shop:
    meaning: the shop's host, such as acme.example.com
  prefix:
    meaning: what order numbers begin with
    default: "no-"
verify:"""
BODY = b"""{"type": "paid", "id": 1, "number": "7", "day": "2026-03-04", "currency": "EUR", "buyer": {"name": "Jo"},
 "rows": [{"title": "Cap", "quantity": 1, "price": "2.00"}], "total": "2.00"}"""


@pytest.fixture
def shop(source, minimal):
    """The minimal source with two options, of which its order numbers use the given expression."""

    def load(expression):
        text = minimal.replace("\nverify:", DECLARED, 1)
        return source(text.replace("reference_number: number", f"reference_number: {expression}"))

    return load


def reference(shop) -> str:
    return shop.render(Received(BODY, {}), Options(), topic="paid").invoice.reference_number


def test_an_expression_reads_what_the_connection_says(shop):
    written = shop("join(' ', [option('shop'), option('prefix'), number])")

    assert reference(written.with_options({"shop": "a.example", "prefix": "X"})) == "a.example X 7"
    assert reference(written.with_options({"shop": "b.example"})) == "b.example no- 7"


def test_an_option_is_read_wherever_an_expression_stands(shop):
    written = shop("root('option(\\'shop\\')')").with_options({"shop": "a.example"})

    assert reference(written) == "a.example"
    assert shop("number").with_options({}).identify(Received(BODY, {})).once_per == "order:1"


def test_what_a_connection_may_not_leave_out_or_make_up_is_said(shop):
    assert shop("number").option_faults({"prefx": "X"}) == {
        "prefx": "shop has no such option, did you mean prefix?",
        "shop": "is missing: the shop's host, such as acme.example.com",
    }
    assert shop("number").option_faults({"shop": "a.example"}) == {}


CHOSEN = """
options:
  mode:
    meaning: whose events are posted
    one_of: [live, test]
  first:
    meaning: what comes first
    default: ""
    one_of: ["", day first, month first]
verify:"""


@pytest.fixture
def chosen(source, minimal):
    """The minimal source with two options that have words to choose from."""
    return source(minimal.replace("\nverify:", CHOSEN, 1))


@pytest.mark.parametrize("given", [{"mode": "live"}, {"mode": "test", "first": "day first"}])
def test_a_word_to_choose_from_is_taken(chosen, given):
    assert chosen.option_faults(given) == {}


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"mode": "prod"}, "is 'prod'; it is one of live, test"),
        ({"mode": "Live"}, "is 'Live'; it is one of live, test, did you mean live?"),
        ({"mode": "sk_live_0123456789"}, "is another text; it is one of live, test"),
        ({"mode": "live", "first": "day"}, "is 'day'; it is one of day first, month first"),
        ({}, "is missing: whose events are posted (live, test)"),
    ],
)
def test_any_other_word_is_refused_with_those_there_are(chosen, given, fault):
    assert list(chosen.option_faults(given).values()) == [fault]


WORDS_OF_OURS = {
    "adobe_commerce": {"prices_include_tax": ("yes", "no")},
    "close": {"recurring": ("park", "invoice")},
    "hubspot": {"recurring": ("park", "invoice")},
    "paddle": {"api": ("api.paddle.com", "sandbox-api.paddle.com")},
    "pipedrive": {"recurring": ("park", "invoice")},
    "prestashop": {"credit_slips": ("paid_back", "kept")},
    "square": {"host": ("connect.squareup.com", "connect.squareupsandbox.com")},
    "squarespace": {"shipping_is_taxed": ("auto", "yes", "no")},
    "stripe": {"mode": ("live", "test")},
    "zoho_crm": {"dates": ("", "day first", "month first")},
}


def test_our_sources_take_no_other_word_than_they_know(sources):
    declared = {
        name: {option: plan.one_of for option, plan in source.plan.options.items() if plan.one_of}
        for name, source in sources.items()
    }

    assert {name: words for name, words in declared.items() if words} == WORDS_OF_OURS


COMPARED = re.compile(r"option\('(\w+)'\) *[!=]= *'([^']+)'")


def test_what_our_mappings_compare_an_option_with_is_one_of_its_words(sources):
    compared = [
        (name, option, word)
        for name, source in sources.items()
        for option, word in COMPARED.findall((source.folder / "mapping.yaml").read_text())
    ]

    assert compared
    assert [each for each in compared if each[2] not in sources[each[0]].plan.options[each[1]].one_of] == []


def test_without_its_connection_an_option_without_default_is_nowhere_taken_for_nothing(shop):
    with pytest.raises(Exception, match="the connection gives the option shop no value"):
        reference(shop("option('shop') || number"))


def test_an_option_that_nobody_declares_is_refused_with_what_was_meant(source, minimal):
    text = minimal.replace("\nverify:", DECLARED, 1).replace("date(day)", "date(option('shp'))")

    with pytest.raises(MappingFileErrors, match=r"invoice.date: no option is called shp, did you mean shop\?"):
        source(text)
