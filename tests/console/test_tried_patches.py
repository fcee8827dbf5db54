"""A connection that changes its source's mapping by a patch: it is tried as it has it, and its patch may be edited."""

import re

import pytest

from tests.console.conftest import ORDER
from tests.scene import SOURCES

LIVE = (SOURCES["shopify"].folder / "mapping.yaml").read_text()
PATCH = "events:\n  orders/paid:\n    invoice:\n      notes: \"'as the patch has it'\"\n"
OTHER = PATCH.replace("as the patch has it", "as it was edited")


@pytest.fixture
def environ(environ, tmp_path):
    (tmp_path / "mine.yaml").write_text(PATCH)
    file = tmp_path / "connections.yaml"
    file.write_text("connections:\n  shopify: {patch: mine.yaml}\n")
    return {**environ, "BOOKHOOK_CONNECTIONS": str(file)}


@pytest.fixture
def attempt(browse, hooks):
    """Tries the newest event; what the page's twin says."""
    event_id, operator = hooks.deliver(ORDER).json["event_id"], browse("operator")

    def send(**fields: str) -> dict:
        form = {"from": "event", "event": event_id, "mapping": LIVE, **fields}
        return operator.send("/mappings/shopify/try.json", form, token=operator.token).json

    return send


def notes(told: dict) -> str:
    [event] = told["outcome"]["events"]
    return next(call["body"]["notes"] for call in event["calls"] if call["title"] == "POST /invoices")


def test_the_patch_is_on_the_page_of_its_source_and_in_the_form_of_its_connection(browse):
    operator = browse("operator")

    assert operator.get("/mappings/shopify.json").json["patches"] == {"shopify": PATCH}
    asked = operator.get("/mappings/shopify/try.json?connection=shopify").json["asked"]
    assert (asked["patch"], asked["patch_of"]) == (PATCH, "shopify")
    assert operator.get("/mappings/shopify/try.json").json["asked"]["patch"] == ""


def test_an_event_is_tried_with_the_patch_of_its_connection_which_is_then_in_the_form(attempt):
    told = attempt()

    assert notes(told) == "as the patch has it"
    assert (told["asked"]["patch"], told["asked"]["patch_of"]) == (PATCH, "shopify")


def test_an_edited_patch_is_tried(attempt):
    assert notes(attempt(patch=OTHER, patch_of="shopify")) == "as it was edited"


def test_a_mistake_in_the_patch_is_told_with_its_line(attempt):
    [problem] = attempt(patch=PATCH.replace("notes", "note"), patch_of="shopify")["outcome"]["problems"]

    assert (problem["where"], problem["line"]) == ("patch", 4)


def test_an_edited_patch_is_run_over_what_came(browse, hooks):
    hooks.deliver(ORDER)
    operator = browse("operator")
    form = {"connection": "shopify", "mapping": LIVE, "patch": OTHER, "patch_of": "shopify"}

    page = operator.post("/mappings/shopify/comparisons", form).text

    assert re.search(r"<del>as the patch has it</del>.*<ins>as it was edited</ins>", page)


def test_an_edited_mapping_is_run_with_the_patch_as_it_is(browse, hooks):
    hooks.deliver(ORDER)
    operator = browse("operator")

    page = operator.post(
        "/mappings/shopify/comparisons", {"mapping": LIVE.replace("notes?: note", "notes?: name")}
    ).text

    assert "All of them would come out the same." in page


def test_a_patch_that_is_typed_before_its_connection_is_known_is_tried_and_stays_in_the_form(attempt):
    told = attempt(patch=OTHER, patch_of="")

    assert notes(told) == "as it was edited"
    assert (told["asked"]["patch"], told["asked"]["patch_of"]) == (OTHER, "shopify")


def test_the_form_of_an_event_has_the_patch_of_its_connection(browse, hooks):
    event_id = hooks.deliver(ORDER).json["event_id"]

    asked = browse("operator").get(f"/mappings/shopify/try.json?event={event_id}").json["asked"]

    assert (asked["patch"], asked["patch_of"]) == (PATCH, "shopify")


@pytest.mark.parametrize("patch_of", ["", "shopify"])
def test_an_edited_patch_is_run_over_its_connection_without_choosing_it_again(browse, hooks, patch_of):
    hooks.deliver(ORDER)
    operator = browse("operator")

    answer = operator.send(
        "/mappings/shopify/comparisons", {"mapping": LIVE, "patch": OTHER, "patch_of": patch_of}, token=operator.token
    )
    page = operator.get(answer.location).text

    assert re.search(r"<del>as the patch has it</del>.*<ins>as it was edited</ins>", page)
    comparison = answer.location.rpartition("/")[2]
    back = operator.get(f"/mappings/shopify/try.json?comparison={comparison}").json["asked"]
    assert (back["patch"], back["patch_of"]) == (OTHER, "shopify")
