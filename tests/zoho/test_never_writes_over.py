"""What a bookkeeper has changed stays: nothing that talks to Zoho can write over a record; only an undo deletes one."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted([*(ROOT / "zoho").rglob("*.py"), *(ROOT / "worker").rglob("*.py")])
WRITING_OVER = {"put", "patch"}
DELETING = {"zoho/protocol.py", "worker/undo.py"}


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
    assert "delete" not in said or str(path.relative_to(ROOT)) in DELETING
    assert not [word for word in said if word.startswith(("x-upsert", "x-unique-identifier"))]


def deletes_of_books(path):
    """Every call of `delete` on books, but for those of Books itself."""
    calls = [node.func for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    methods = [call for call in calls if isinstance(call, ast.Attribute) and call.attr == "delete"]
    return [call for call in methods if ast.unparse(call.value).endswith("books")]


def test_only_an_undo_deletes_a_document():
    deleting = [str(path.relative_to(ROOT)) for path in MODULES if deletes_of_books(path)]

    assert deleting == ["worker/undo.py"]
