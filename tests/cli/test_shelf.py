"""Sources are read when they are used: what nobody uses takes no time, and what somebody uses is checked at start."""

import shutil

import pytest

from cli.deployment import read_deployment
from cli.shelf import Shelf
from config.problems import ConfigError
from tests.scene import SOURCES

SHOP = {"SHOPIFY_WEBHOOK_SECRET": "s", "ZOHO_ORGANIZATION_ID": "1"}


@pytest.fixture
def broken(tmp_path, monkeypatch):
    """A copy of those that come along in which one is broken."""
    for name in ("shopify", "slack"):
        shutil.copytree(SOURCES[name].folder, tmp_path / "coming" / name)
    file = tmp_path / "coming" / "slack" / "mapping.yaml"
    file.write_text(file.read_text().replace("identify:", "identyfi:"))
    monkeypatch.setattr("cli.shelf.BUILT_IN", tmp_path / "coming")


def test_the_settings_of_their_secrets_are_known_without_reading_them_further():
    assert Shelf({}).secret_settings() == {name: source.setting for name, source in SOURCES.items()}


def test_whose_expenses_await_approval_is_known_without_reading_them_further():
    assert (
        Shelf({}).held() == {name for name, source in SOURCES.items() if source.holds_expenses} >= {"slack", "typeform"}
    )


def test_every_source_is_there_one_of_ones_own_in_place_of_one_that_comes_along():
    own = SOURCES["standard"].with_options({})

    shelf = Shelf({"mine": own, "shopify": own})

    assert list(shelf) == sorted([*SOURCES, "mine"])
    assert len(shelf) == len(SOURCES) + 1
    assert shelf["shopify"] is shelf["mine"] is own
    assert shelf["slack"] is shelf["slack"]
    assert "nowhere" not in shelf


@pytest.mark.parametrize(("says", "limit"), [("approval: always\n", 0), ("", None)])
def test_expenses_of_a_source_of_ones_own_await_approval_where_its_mapping_says_so(tmp_path, says, limit):
    shutil.copytree(SOURCES["standard"].folder, tmp_path / "form")
    file = tmp_path / "form" / "mapping.yaml"
    text = file.read_text().replace("source: standard\n", f"source: form\n{says}")
    file.write_text(text.replace("STANDARD_WEBHOOK_SECRET", "FORM_WEBHOOK_SECRET"))

    environ = {**SHOP, "BOOKHOOK_SOURCES": str(tmp_path), "FORM_WEBHOOK_SECRET": "whsec_" + "c2VjcmV0" * 4}

    assert read_deployment(environ).connections["form"].options.expenses.approval_over == limit


@pytest.mark.usefixtures("broken")
def test_one_that_nobody_uses_keeps_nothing_from_starting():
    assert set(read_deployment(SHOP).connections) == {"shopify"}


@pytest.mark.usefixtures("broken")
@pytest.mark.parametrize("used", [{"SLACK_SIGNING_SECRET": "s"}, {}])
def test_one_that_is_used_is_checked_and_so_are_all_where_all_are_read(used):
    with pytest.raises(ConfigError) as caught:
        read_deployment({**SHOP, **used}, reads_all=not used)

    assert [problem for problem in caught.value.problems if "slack/mapping.yaml: no such key: identyfi" in problem]


@pytest.mark.usefixtures("broken")
def test_one_that_is_asked_for_says_what_is_wrong_with_it():
    with pytest.raises(ConfigError, match="identyfi"):
        _ = read_deployment(SHOP).sources["slack"]
