"""`bookhook new-source`: a folder that says what is left to do, until nothing is."""

import json
import re
from pathlib import Path

import jsonschema
import pytest
import yaml
from click.testing import CliRunner

from cli import new_source as command
from cli.main import bookhook
from cli.schema import schema_text
from cli.workshop.skeletons import SKELETON
from mappings import BUILT_IN
from mappings.editor_schema import mapping_schema

TO_DO = re.compile(r"\bTODO\b")
FILLED = {
    "scheme": "hmac",
    "header": "X-Shop-Signature",
    "topic": "type",
    "when": "test",
    "because": "it is a test",
    "once_per": '"order:{id}"',
    "name": "buyer.name",
    "email?": "buyer.email",
    "reference_number": "number",
    "date": "date(day)",
    "currency_code": "currency",
    "each": "items",
    "quantity": "quantity",
    "rate": "money(price)",
    "control_total": "money(total)",
    "amount": "money(total)",
}
ORDER = {
    "type": "order.paid",
    "test": False,
    "id": 5,
    "number": "A-5",
    "day": "2026-03-14",
    "currency": "USD",
    "total": "19.00",
    "buyer": {"name": "Ada Okafor", "email": "ada@example.com"},
    "items": [{"name": "Cap", "quantity": 2, "price": "9.50"}],
}


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Runs a command in an empty folder, with a folder of one's own sources that is not there yet."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BOOKHOOK_SOURCES", "own")
    return lambda *words: CliRunner().invoke(bookhook, words)


def fill(folder: Path) -> None:
    """Does what is to do."""
    file = folder / "mapping.yaml"
    lines = [
        re.sub(r"([a-z_?]+): \"?TODO.*", lambda found: f"{found[1]}: {FILLED[found[1]]}", line)
        for line in file.read_text().splitlines()
    ]
    text = "\n".join(lines).replace('"TODO the topic of a paid order"', "order.paid")
    text = text.replace("          name: buyer.name", "          name: name")
    file.write_text(text.replace('once_per: "order:{id}"\n      date', 'once_per: "payment:{id}"\n      date'))
    page = folder / "README.md"
    page.write_text(page.read_text().replace("TODO ", ""))


def put_example(folder: Path, case: str, **changes: object) -> None:
    request = {"body": {**ORDER, **changes}}
    (folder / "examples" / f"{case}.request.json").write_text(json.dumps(request))


def test_the_new_folder_says_what_is_left_from_top_to_bottom(run):
    made = run("new-source", "shop")
    checked = run("test-source", "shop")

    assert made.stdout.splitlines()[0] == "wrote own/shop: mapping.yaml, README.md, examples/"
    assert "`bookhook test-source shop` says what is left" in made.stdout
    assert checked.exit_code == 1
    left = [line.split(": still to do: ")[0].strip() for line in checked.stdout.splitlines() if "still to do" in line]
    assert left[:3] == ["mapping.yaml: verify.scheme", "mapping.yaml: verify.header", "mapping.yaml: identify.topic"]
    assert len(left) == len(TO_DO.findall((SKELETON / "mapping.yaml").read_text()))


def test_step_by_step_it_is_led_to_a_source_that_keeps_to_everything(run, tmp_path):
    folder = tmp_path / "own" / "shop"
    run("new-source", "shop")
    fill(folder)

    assert "Next: Put a request of the platform's documentation into examples/" in run("test-source", "shop").stdout
    put_example(folder, "paid")
    assert "Next: Look at `bookhook map shop paid`" in run("test-source", "shop").stdout
    assert "19.00" in run("map", "shop", "paid").stdout
    accepted = run("test-source", "shop", "--accept")
    assert "accepted paid: posted as invoice 19.00 USD" in accepted.stdout
    assert "Next: Add one that is not for us" in accepted.stdout
    put_example(folder, "test", test=True, id=6)
    assert run("test-source", "shop", "--accept").exit_code == 0
    assert run("test-source", "shop").stdout.endswith("All is well.\n")


def test_what_is_offered_in_comments_fits_where_it_stands(run, tmp_path):
    run("new-source", "shop")
    folder = tmp_path / "own" / "shop"
    fill(folder)
    file = folder / "mapping.yaml"
    offered = re.sub(r"^( +)# (.*?)( +#.*)?$", r"\1\2", file.read_text(), flags=re.MULTILINE)
    file.write_text(offered)

    assert "method?: payment_method" in offered
    assert "✓ the mapping can be read" in run("test-source", "shop").stdout
    assert jsonschema.Draft7Validator(mapping_schema()).is_valid(yaml.safe_load(offered))


def test_editors_find_the_schema_beside_the_folders(run, tmp_path):
    run("new-source", "shop")

    first = (tmp_path / "own" / "shop" / "mapping.yaml").read_text().splitlines()[0]
    assert first == "# yaml-language-server: $schema=../mapping.schema.json"
    assert (tmp_path / "own" / "mapping.schema.json").read_text() == schema_text()


def test_a_folder_can_be_named_and_is_then_checked_by_its_path(run, tmp_path):
    made = run("new-source", "shop", "--into", "elsewhere")

    assert "`bookhook test-source elsewhere/shop` says what is left" in made.stdout
    assert "verify.scheme: still to do" in run("test-source", "elsewhere/shop").stdout


def test_in_the_repository_it_becomes_one_of_those_that_come_along(run, tmp_path, monkeypatch):
    monkeypatch.delenv("BOOKHOOK_SOURCES")
    sources, page = tmp_path / "mappings" / "sources", tmp_path / "docs" / "mapping.schema.json"
    monkeypatch.setattr(command, "BUILT_IN", sources)
    monkeypatch.setattr("cli.workshop.skeletons.BUILT_IN", sources)
    monkeypatch.setattr("cli.workshop.skeletons.PUBLISHED_SCHEMA", page)
    page.parent.mkdir()
    page.write_text(schema_text())

    assert run("new-source", "shop").exit_code == 2  # installed as a package
    (tmp_path / "pyproject.toml").touch()
    assert run("new-source", "shop").exit_code == 0
    first = (sources / "shop" / "mapping.yaml").read_text().splitlines()[0]
    assert first == "# yaml-language-server: $schema=../../../docs/mapping.schema.json"
    assert not (sources / "mapping.schema.json").exists()


def test_from_outside_the_repository_nothing_is_written_into_it(run, tmp_path, monkeypatch):
    monkeypatch.delenv("BOOKHOOK_SOURCES")
    repository, elsewhere = tmp_path / "repository", tmp_path / "elsewhere"
    sources = repository / "mappings" / "sources"
    monkeypatch.setattr(command, "BUILT_IN", sources)
    monkeypatch.setattr("cli.workshop.skeletons.BUILT_IN", sources)
    for folder in (repository / "docs", elsewhere):
        folder.mkdir(parents=True)
    (repository / "pyproject.toml").touch()

    monkeypatch.chdir(elsewhere)
    refused = run("new-source", "shop")
    into = run("new-source", "shop", "--into", "own")
    monkeypatch.chdir(repository / "docs")
    made = run("new-source", "shop")

    assert refused.exit_code == 2
    assert "set BOOKHOOK_SOURCES to a folder of your own sources, or give --into" in refused.stderr
    assert (into.exit_code, (elsewhere / "own" / "shop").is_dir()) == (0, True)
    assert (made.exit_code, (sources / "shop").is_dir()) == (0, True)


@pytest.mark.parametrize("name", ["Shop", "my shop", "5shop", "../shop", "s" * 41])
def test_a_name_that_no_folder_of_a_source_may_have_is_refused(run, name):
    result = run("new-source", name)

    assert result.exit_code == 2
    assert "is no name" in result.stderr


def test_nothing_is_written_over(run, tmp_path):
    run("new-source", "shop")
    before = (tmp_path / "own" / "shop" / "mapping.yaml").read_text()

    assert run("new-source", "shop").exit_code == 2
    assert run("new-source", "shopify").exit_code == 2
    assert (tmp_path / "own" / "shop" / "mapping.yaml").read_text() == before
    assert (BUILT_IN / "shopify" / "mapping.yaml").is_file()
