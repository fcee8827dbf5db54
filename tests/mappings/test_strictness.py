"""A mapping file that is wrong is refused at start: file, path, what, and what was probably meant."""

from pathlib import Path

import pytest
import yaml

from mappings import BUILT_IN, MappingFileErrors, load_sources

CASES = yaml.safe_load(Path(__file__).with_name("refused.yaml").read_text())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["problem"])
def test_a_wrong_mapping_is_refused_with_its_path(complaints, case):
    assert case["problem"] in complaints(case["replace"], case["by"])


def test_all_problems_come_at_once_each_with_its_file(problems, tmp_path):
    found = problems("source: store\nverify: {}\nidentify: {topic: 'sum(a)'}\nevents: {a: {once_per: 5}}")

    assert len(found) >= 5
    assert all(each.startswith(str(tmp_path / "mine" / "shop" / "mapping.yaml")) for each in found)


def test_what_is_not_yaml_is_refused_with_its_line(problems):
    [problem] = problems("source: shop\nverify: {a: b[].c}\n")

    assert "line 2: not YAML" in problem


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("source: shop\nverify:\n\tscheme: hmac\n", "line 3: not YAML: indent with spaces, not with tabs"),
        ("source: `1`\n", "line 1: not YAML: what begins with ` stands between quotes"),
        ("source: shop\nverify: !(a.b)\n", "line 2: not YAML: what begins with ! stands between quotes"),
    ],
)
def test_common_slips_of_yaml_are_told_as_what_they_are(problems, text, hint):
    [problem] = problems(text)

    assert problem.endswith(hint)


def test_an_empty_file_is_refused(problems):
    assert any("events is missing" in each for each in problems(""))


def test_yaml_tags_that_build_objects_are_refused(problems):
    assert any("not YAML" in each for each in problems("source: !!python/object/apply:os.getcwd []"))


def test_files_below_the_working_folder_are_shown_from_there(monkeypatch, problems, tmp_path):
    monkeypatch.chdir(tmp_path)

    assert all(each.startswith("mine/shop/mapping.yaml: ") for each in problems("source: shop"))


def test_a_folder_without_a_mapping_and_a_missing_folder_are_named(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "_drafts").mkdir()

    with pytest.raises(MappingFileErrors) as caught:
        load_sources(tmp_path, tmp_path / "nowhere")
    assert caught.value.problems == [
        f"{tmp_path}/empty/mapping.yaml: there is no such file",
        f"{tmp_path}/nowhere: there is no such folder",
    ]


def test_a_later_folder_replaces_a_source_of_the_same_name(tmp_path):
    text = (BUILT_IN / "standard" / "mapping.yaml").read_text().replace("STANDARD_WEBHOOK_SECRET", "OWN_SECRET")
    (tmp_path / "standard").mkdir()
    (tmp_path / "standard" / "mapping.yaml").write_text(text)

    sources = load_sources(BUILT_IN, tmp_path)
    assert sources["standard"].setting == "OWN_SECRET"
    assert sources["shopify"].setting == "SHOPIFY_WEBHOOK_SECRET"
