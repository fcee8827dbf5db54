"""Two shops of one source, each with what it decides: their mapping is run over what came to both."""

import pytest

from tests.scene import SOURCES
from tests.two_organizations import deliver, order, settings_of_both

LIVE = (SOURCES["shopify"].folder / "mapping.yaml").read_text()
PATCH = "events:\n  orders/paid:\n    invoice:\n      reference_number: text(id)\n"


@pytest.fixture
def environ(environ, europe, tmp_path):
    (tmp_path / "mine.yaml").write_text(PATCH)
    return settings_of_both(environ, europe, tmp_path, more=", patch: mine.yaml")


def test_each_shop_is_run_as_it_has_it_and_a_change_that_one_patches_over_is_none_there(browse, hooks):
    ids = {shop: deliver(hooks, shop, order(12)) for shop in ("shop-us", "shop-eu")}
    operator = browse("operator")
    form = {"mapping": LIVE.replace("reference_number: name", "reference_number: text(name, `2`)", 1)}
    path = operator.send("/mappings/shopify/comparisons", form, token=operator.token).location

    operator.send(path, token=operator.token)
    told = operator.get(f"{path}.json").json

    assert (told["looked_at"], told["of"]) == (2, 2)
    assert [event["event_id"] for group in told["groups"] for event in group["events"]] == [ids["shop-us"]]
    assert told["counts"]["same"] == 1


def test_both_shops_are_listed_with_their_organizations(browse):
    told = {each["name"]: each for each in browse("viewer").get("/mappings/shopify.json").json["used_by"]}

    assert told["shop-eu"]["organization"]["name"] == "europe (10000002)"
    assert told["shop-eu"]["patch"] == "mine.yaml"
    assert told["shop-us"]["secret_setting"] == "AMERICA_SECRET"


def test_a_patch_of_nobody_knows_which_shop_is_not_run(browse, hooks):
    deliver(hooks, "shop-us", order(12))
    operator = browse("operator")

    answer = operator.send("/mappings/shopify/comparisons", {"mapping": LIVE, "patch": PATCH}, token=operator.token)

    assert answer.status_code == 400
    assert "go back and choose which" in answer.text
