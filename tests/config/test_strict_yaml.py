"""What may stand in a strict file and do harm: secrets in the wrong place, and what is endless to read."""

from pathlib import Path

import pytest

from config.connection_file import read_connection_file
from config.options import ConnectionOptions


def problems_of(folder: Path, text: str) -> list[str]:
    file = folder / "connections.yaml"
    file.write_text(text)
    found: list[str] = []
    read_connection_file(file, found, settings_of_sources={"shopify": "SHOPIFY_SECRET"}, defaults=ConnectionOptions())
    return [problem.removeprefix(f"{file}: ") for problem in found]


SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (f"connections: {{shopify: {{{SECRET}: x}}}}", "connections.shopify: no such key (not shown, since it may be"),
        (f"connections: {{shopify: {{secret {SECRET}: }}}}", "connections.shopify: no such key (not shown, since it"),
        (f"connections: {{shopify: {{Secret7: {SECRET}}}}}", "connections.shopify: no such key (not shown, since it"),
        (f"{SECRET}: x", "no such key (not shown, since it may be a secret)"),
        (f"connections: {{{SECRET}: {{source: shopify}}}}", "connections.…: a connection's name is at most 40"),
        (f"connections: {{shop: {{source: {SECRET}}}}}", "connections.shop: no such source: …"),
        (
            f"connections: {{shopify: {{taxes: {{names: {{{SECRET}: }}}}}}}}",
            "connections.shopify.taxes.names.…: is empty",
        ),
        (
            f"connections:\n  shopify: {{}}\n  {SECRET}: {{}}\n  {SECRET}: {{}}",
            "line 4: the key … stands here a second",
        ),
    ],
)
def test_a_secret_in_the_wrong_place_is_not_repeated(tmp_path, text, problem):
    problems = problems_of(tmp_path, text)

    assert any(found.startswith(problem) for found in problems)
    assert SECRET not in " ".join(problems)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("connections: &all {shopify: {}}\nmore: *all", "an alias (*name) stands in it: write its value out"),
        ("connections: " + "[" * 3000, "line 1: nested too deeply"),
        ("connections:\n" + "".join(f"{' ' * depth}a:\n" for depth in range(1, 30)), "nested too deeply"),
    ],
    ids=["an alias", "lists in one another", "mappings in one another"],
)
def test_what_is_endless_to_read_is_refused_unread(tmp_path, text, problem):
    [found] = problems_of(tmp_path, text)

    assert found.endswith(problem)
