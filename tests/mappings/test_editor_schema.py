"""The schema for editors accepts every mapping file, and refuses what a schema can know is wrong."""

import re
from pathlib import Path

import jsonschema
import pytest
import yaml

from mappings import BUILT_IN
from mappings.editor_schema import mapping_schema

SCHEMA = mapping_schema()
VALIDATOR = jsonschema.Draft7Validator(SCHEMA)
CASES = yaml.safe_load(Path(__file__).with_name("refused.yaml").read_text())
# What is said of the insides of expressions and texts, of names, and of parameters of a scheme that go together.
ONLY_READERS_KNOW = re.compile(
    r"no such function|does not keep amounts exact|not an expression|ends too early|with a point is not exact"
    r"|argument\(s\)|between quotes there|between backticks|regular expression|nothing is called|only known in|brace"
    r"|second time|is called .* declare|no such part|template|timestamp_prefix|no time is signed|name of its folder"
    r"|need each other|comes alone|names no XML|name of an element|well-formed|may stand here|keys of JSON are texts"
    r"|not known here|nothing is fetched|options\.mode\.(default|example): must be one of|only possible as the default"
)


def refused(case, text):
    assert case["replace"] in text
    return not VALIDATOR.is_valid(yaml.safe_load(text.replace(case["replace"], case["by"], 1)))


def test_it_is_a_schema():
    jsonschema.Draft7Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("file", sorted(BUILT_IN.glob("*/mapping.yaml")), ids=lambda file: file.parent.name)
def test_every_mapping_file_is_accepted(file):
    assert [error.message for error in VALIDATOR.iter_errors(yaml.safe_load(file.read_text()))] == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["problem"])
def test_what_is_wrong_is_refused_unless_only_a_reader_knows(case, minimal):
    assert refused(case, minimal) or ONLY_READERS_KNOW.search(case["problem"])


def test_most_of_what_is_wrong_is_refused(minimal):
    assert sum(refused(case, minimal) for case in CASES) > len(CASES) / 2


def test_each_field_says_what_it_takes():
    line = SCHEMA["definitions"]["line"]["properties"]

    assert line["quantity"]["description"] == "An exact number above zero."
    assert line["quantity"]["description"] != line["rate"]["description"]
    assert "quantity?" not in line
    assert line["discount"] == line["discount?"]
