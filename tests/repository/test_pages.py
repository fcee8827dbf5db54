"""What the pages promise is what the code has: a setting, error, dependency or verb without its line fails here."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

import errors
from cli.schema import schema_text
from cli.sources import with_table
from config.problems import ConfigError
from config.table import SETTINGS
from mappings import BUILT_IN, load_sources

ROOT = Path(__file__).parents[2]
PACKAGES = ["cli", "config", "ingest", "ledger", "mappings", "outbound", "worker", "zoho"]
SETTINGS_PAGE = (ROOT / "docs" / "settings.md").read_text()
ENV_EXAMPLE = (ROOT / ".env.example").read_text()
WHY_PAGE = (ROOT / "docs" / "why.md").read_text()
ERRORS_PAGE = (ROOT / "docs" / "errors.md").read_text()
README = (ROOT / "README.md").read_text()
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
MAPPINGS = [yaml.safe_load(path.read_text()) for path in ROOT.glob("mappings/sources/*/mapping.yaml")]
CREDENTIALS = [
    each
    for mapping in MAPPINGS
    for api in mapping.get("apis", {}).values()
    for each in ([api["credential"]] if isinstance(api.get("credential"), dict) else api.get("credential", []))
]
SECRET_SETTINGS = {mapping["verify"]["secret"] for mapping in MAPPINGS} | {each["setting"] for each in CREDENTIALS}


def tree_of(error):
    return {error}.union(*(tree_of(child) for child in error.__subclasses__() if child.__module__ in {"errors"}))


def codes_in_use():
    """The codes of the error classes, those given where an error is raised, and those made of a word (unknown_tax)."""
    texts = [path.read_text() for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    written = {code for text in texts for code in re.findall(r'\bcode ?= ?"([a-z_]+)"', text)}
    written |= {f"unknown_{word}" for text in texts for word in re.findall(r'\bword="([a-z_]+)"', text)}
    kinds = {errors.BookhookError, errors.Refused, errors.RetryLater, errors.NeedsAttention}
    return written | {error.code for error in tree_of(errors.BookhookError) - kinds} | {ConfigError.code}


def names_of(requirements):
    return {re.match(r"[A-Za-z0-9-]+", requirement)[0] for requirement in requirements}


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_every_setting_is_on_its_page_with_default_and_meaning(setting):
    default = "" if setting.default is None else f"`{setting.default}`"

    assert f"| `{setting.name}` | {default} | {setting.meaning} |" in SETTINGS_PAGE


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_every_setting_is_in_the_example_with_its_default(setting):
    assert (
        f"\n# {setting.meaning}\n#{setting.name}={'' if setting.default is None else setting.default}\n" in ENV_EXAMPLE
    )


@pytest.mark.parametrize("name", sorted(SECRET_SETTINGS))
def test_every_secret_of_a_source_is_on_the_page_and_in_the_example(name):
    assert f"| `{name}` |" in SETTINGS_PAGE
    assert f"\n#{name}=\n" in ENV_EXAMPLE


def test_the_example_names_no_setting_that_does_not_exist():
    named = set(re.findall(r"^#([A-Z_]+)=", ENV_EXAMPLE, re.MULTILINE))

    assert named == {setting.name for setting in SETTINGS} | SECRET_SETTINGS


@pytest.mark.parametrize("code", sorted(codes_in_use()))
def test_every_error_is_on_its_page(code):
    assert f"| `{code}` |" in ERRORS_PAGE


def test_the_page_of_errors_names_none_that_does_not_exist():
    assert set(re.findall(r"^\| `([a-z_]+)` \|", ERRORS_PAGE, re.MULTILINE)) == codes_in_use()


@pytest.mark.parametrize("name", sorted(names_of(PROJECT["dependencies"] + PROJECT["optional-dependencies"]["dev"])))
def test_every_dependency_has_its_reason(name):
    assert re.search(rf"^\| {re.escape(name)} \| \S", WHY_PAGE, re.MULTILINE)


@pytest.mark.parametrize("verb", re.findall(r"^([a-z-]+):.*## ", MAKEFILE, re.MULTILINE))
def test_every_verb_is_explained_to_contributors(verb):
    assert f"`make {verb}`" in CONTRIBUTING


def test_the_published_schema_of_mapping_files_is_current():
    assert (ROOT / "docs" / "mapping.schema.json").read_text() == schema_text(), "run make pages"


def test_the_table_of_sources_is_current():
    assert with_table(README, load_sources(BUILT_IN).values()) == README, "run make pages"


def test_make_help_lists_every_verb():
    listed = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout  # noqa: S607

    assert re.findall(r"^  make ([a-z-]+) ", listed, re.MULTILINE) == re.findall(
        r"^([a-z-]+):.*## ", MAKEFILE, re.MULTILINE
    )


def test_everything_installed_is_pinned_with_its_hash():
    for lock in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / lock).read_text()
        pins = re.split(r"\n(?=\S)", text.strip())
        assert all("==" in pin and "--hash=sha256:" in pin for pin in pins)
        assert "://" not in text


LINK = re.compile(r"\]\((?!https?:|mailto:)([^)\s]*)\)")
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *ROOT.glob("docs/*.md")]
PAGES += ROOT.glob("mappings/sources/*/README.md")


def anchors(page: Path) -> set[str]:
    """Where links into a page lead: its headings, as GitHub writes them."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_within_the_pages_leads_somewhere(page):
    for link in LINK.findall(re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link
