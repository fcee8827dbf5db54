"""The words that stand in documents because of how amounts are carried."""

from string import Formatter

import pytest

from config.options import LANGUAGES
from mappings.wording import WORDS
from mappings.wording import say as say_in_mappings
from zoho.wording import _TABLE, say


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("text", sorted(_TABLE))
def test_every_text_is_there_in_every_language_with_all_its_facts(text, language):
    facts = {name: f"<{name}>" for _, name, _, _ in Formatter().parse(text) if name}

    said = say(text, language, **facts)

    assert all(fact in said for fact in facts.values())
    assert "{" not in said


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_word_that_mappings_have_too_is_the_same_there(language):
    for word in WORDS & set(_TABLE):
        assert say(word, language) == say_in_mappings(word, language)
