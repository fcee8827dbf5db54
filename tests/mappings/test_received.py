"""What the quick reading of a body gives is what the careful reading gives."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errors import Unreadable
from mappings import Received
from mappings.json_bodies import _told, glimpse_json

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
HARD = [
    '{"a": 1, "a": 2}',
    "1" * 5000,
    "1e400",
    "-0.0",
    "1e-1000000000000000000000",
    "1." + "0" * 2000,
    '"\\ud800"',
    '"\\ud83d\\ude00"',
    "[" * 100_000,
    "NaN",
    "",
    " ",
    "﻿1",
    "1 2",
    '"a\tb"',
    "01",
    "1.",
    '{"a": 18446744073709551616}',
    '{"a": -9223372036854775809}',
]


def outcome(read, body: bytes):
    try:
        value = read(body)
    except Exception as error:
        return type(error), str(error)
    return json.dumps(value, default=lambda number: f"{type(number).__name__} {number}")


def carefully(body: bytes) -> object:
    return _told(body, None)


@given(VALUES.map(json.dumps) | st.sampled_from(HARD) | st.text())
def test_a_glimpse_reads_what_is_read_later(text):
    body = text.encode("utf-8", "surrogatepass")

    assert outcome(glimpse_json, body) == outcome(carefully, body)


@pytest.mark.parametrize("text", HARD)
def test_a_glimpse_reads_hard_bodies_alike(text):
    body = text.encode("utf-8", "surrogatepass")

    assert outcome(glimpse_json, body) == outcome(carefully, body)


def test_a_glimpse_of_what_cannot_be_read_says_why():
    with pytest.raises(Unreadable, match="line 1, character 6"):
        Received(b'{"a":}', {}).glimpse()
