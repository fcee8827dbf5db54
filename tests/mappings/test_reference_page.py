"""The page about mapping files names everything a mapping file may say."""

import json
import re
from pathlib import Path

import pytest

from mappings import BUILT_IN
from mappings.expressions import BORROWED, FUNCTIONS
from mappings.fetch_grammar import CREDENTIALS, PAGINGS
from mappings.grammar import KEYS, KINDS, OUTCOMES, STATUSES
from mappings.signing import SCHEMES

PAGE = (Path(__file__).parents[2] / "docs" / "mapping-reference.md").read_text()
PROSE = re.sub(r"```.*?```|`` .*? ``", "", PAGE, flags=re.DOTALL)
QUOTED = set(re.findall(r"`([^`]+)`", PROSE))
NAMED = QUOTED | {
    name for code in re.findall(r"`([^`]+)`", PROSE) for name in re.findall(r"[A-Za-z_][A-Za-z0-9_]*", code)
}


def bare(names):
    return {name.rstrip("?") for name in names}


@pytest.mark.parametrize(
    "names",
    [
        FUNCTIONS,
        BORROWED,
        *({*required, *further} for required, further in KEYS.values()),
        *(kind.keys for kind in KINDS.values()),
        SCHEMES,
        *SCHEMES.values(),
        *(
            {word for word in parameter.words if word.strip()}
            for parameters in SCHEMES.values()
            for parameter in parameters.values()
        ),
        CREDENTIALS,
        PAGINGS,
        *({*needed, *further} for ways in (CREDENTIALS, PAGINGS) for needed, further in ways.values()),
        STATUSES,
        OUTCOMES,
    ],
)
def test_the_page_names_them_all(names):
    assert bare(names) <= NAMED


def test_the_page_on_the_standard_sender_names_every_field_of_the_schema():
    page = (Path(__file__).parents[2] / "docs" / "standard-sender.md").read_text()
    shapes = json.loads((BUILT_IN / "standard" / "schema.json").read_text())["$defs"].values()

    fields = {name for shape in shapes for name in shape.get("properties", {})}
    assert "unit_price" in fields
    assert {name for name in fields if f"`{name}`" not in page} == set()
