"""The words that mapping files put into documents themselves."""

import re
from pathlib import Path

import pytest

from config.options import LANGUAGES
from mappings import BUILT_IN, MappingFileErrors, Options, Received
from mappings.wording import LANGUAGES as OF_MAPPINGS
from mappings.wording import WORDS, say

PAGE = (Path(__file__).parents[2] / "docs" / "mapping-reference.md").read_text()
BODY = b"""{"type": "paid", "id": 1, "number": "7", "day": "2026-03-04", "currency": "EUR", "buyer": {"name": "Jo"},
 "rows": [{"title": "Cap", "quantity": 1, "price": "2.00"}], "total": "2.00"}"""


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("word", sorted(WORDS))
def test_every_word_is_there_in_every_language_and_fits_a_line(word, language):
    said = say(word, language)

    assert said == said.strip()
    assert 0 < len(said) < 60
    assert language == "en" or word[0].isupper() == said[0].isupper() or language == "de"


def test_a_connection_may_choose_whatever_language_mappings_know():
    assert OF_MAPPINGS == LANGUAGES


@pytest.mark.parametrize(("language", "name"), [("en", "Shipping"), ("de", "Versand"), ("nl", "Verzending")])
def test_a_mapping_writes_a_word_in_the_language_of_its_connection(source, minimal, language, name):
    shop = source(minimal.replace("name: title", "name: word('Shipping')")).in_language(language)

    [line] = shop.render(Received(BODY, {}), Options(), topic="paid").invoice.lines
    assert line.name == name


def test_what_names_an_order_is_the_same_at_the_door_and_in_the_worker_in_every_language(source, minimal):
    shop = source(minimal.replace('"order:{id}"', "\"{word('refund')}:{id}\"")).in_language("fr")

    assert shop.identify(Received(BODY, {})).once_per == "remboursement:1"
    assert shop.render(Received(BODY, {}), Options(), topic="paid").once_per == "remboursement:1"


@pytest.mark.parametrize(
    ("expression", "problem"),
    [("word('Shiping')", "no word of ours: Shiping, did you mean Shipping?"), ("word(title)", "word() wants a text")],
)
def test_a_word_that_is_none_of_ours_is_refused(source, minimal, expression, problem):
    with pytest.raises(MappingFileErrors, match=re.escape(problem)):
        source(minimal.replace("name: title", f"name: {expression}"))


def test_no_source_of_ours_writes_a_word_in_english_that_there_is_in_every_language():
    for file in BUILT_IN.glob("*/mapping.yaml"):
        fields = re.findall(
            r"^\s*(?:- )?(?:name|reference_number|adjustment_description)\??: (.*)$", file.read_text(), re.M
        )
        for expression in fields:
            plain = re.sub(r"word\('[^']*'\)|contains\([^)]*\)|== '[^']*'", "", expression)
            assert not set(re.findall(r"'([^']+)'", plain)) & WORDS, (file.parent.name, expression)


def test_the_page_names_every_word():
    named = PAGE.split("`word()` knows ")[1].split(" Another fixed")[0]

    assert set(re.findall(r"`([^`]+)`", named)) == WORDS
