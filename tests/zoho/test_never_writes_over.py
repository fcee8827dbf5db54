"""What a bookkeeper has changed stays: nothing that talks to Zoho can write over a record, or delete one."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted([*(ROOT / "zoho").rglob("*.py"), *(ROOT / "worker").rglob("*.py")])
WRITING_OVER = {"put", "patch", "delete"}


def words_and_calls(path):
    """Every text of a module that is no docstring, and every method it calls, in small letters."""
    tree = ast.parse(path.read_text())
    documentation = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation:
            yield node.value.casefold()
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            called_on_http = isinstance(node.func.value, ast.Name) and node.func.value.id in {"requests", "session"}
            yield node.func.attr if called_on_http else ""


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_can_write_over_a_record(path):
    said = set(words_and_calls(path))

    assert not said & WRITING_OVER
    assert not [word for word in said if word.startswith(("x-upsert", "x-unique-identifier"))]
