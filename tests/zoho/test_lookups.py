import json
from decimal import Decimal

import pytest

from errors import NeedsAttention, UnknownName, ZohoUnavailable
from zoho.lookups import Lookups
from zoho.names import Names

API = "https://api.zoho.example/books/v3"
CURRENCIES = [
    {"currency_id": "1", "currency_code": "USD", "is_base_currency": True, "exchange_rate": 1, "price_precision": 2},
    {
        "currency_id": "2",
        "currency_code": "EUR",
        "is_base_currency": False,
        "exchange_rate": 1.18,
        "price_precision": 4,
    },
    {"currency_id": "3", "currency_code": "JPY", "is_base_currency": False, "exchange_rate": 0},
]
TAXES = [{"tax_id": str(number), "tax_name": f"VAT {number}%", "tax_percentage": number} for number in (7, 19, 20)]
ACCOUNTS = [
    {"account_id": "11", "account_name": "Meals and Entertainment", "is_active": True},
    {"account_id": "12", "account_name": "Petty Cash", "is_active": True},
    {"account_id": "13", "account_name": "Old Travel", "is_active": False},
]


class Lists:
    """The lists of an organization, whole or in pages, and how often each was asked for."""

    def __init__(self, responses) -> None:
        self.rows: dict[str, list[dict]] = {
            "/settings/currencies": CURRENCIES,
            "/settings/taxes": TAXES,
            "/chartofaccounts": ACCOUNTS,
            "/items": [],
            "/organizations": [],
        }
        self.asked: list[str] = []
        for path in self.rows:
            responses.add_callback("GET", API + path, callback=lambda request, path=path: self.answer(path))

    def answer(self, path):
        self.asked.append(path)
        name = path.rsplit("/", 1)[-1]
        return 200, {}, json.dumps({"code": 0, name: self.rows[path], "page_context": {"has_more_page": False}})


@pytest.fixture
def lists(responses, tokens_flow):
    tokens_flow()
    return Lists(responses)


@pytest.fixture
def lookups(lists, make_client, redis, clock):
    return Lookups(make_client(), redis=redis, clock=clock)


def test_lookups_are_names(lookups):
    names: Names = lookups

    assert names.tax("VAT 7%") == {"tax_id": "7"}
    assert names.account("Petty Cash") == {"account_id": "12"}
    assert names.paid_through_account("Petty Cash") == {"paid_through_account_id": "12"}


def test_only_a_foreign_currency_has_an_exchange_rate_and_only_a_real_one(lookups):
    assert lookups.currency("USD") == {"currency_id": "1"}
    assert lookups.currency("EUR") == {"currency_id": "2", "exchange_rate": Decimal("1.18")}
    assert lookups.currency("JPY") == {"currency_id": "3"}


def test_the_senders_exchange_rate_counts_before_zohos_and_one_there_must_be(lookups):
    assert lookups.exchange_rate("USD", Decimal("1.5")) == {}
    assert lookups.exchange_rate("EUR", None) == {"exchange_rate": Decimal("1.18")}
    assert lookups.exchange_rate("EUR", Decimal("1.2")) == {"exchange_rate": Decimal("1.2")}
    with pytest.raises(NeedsAttention, match="JPY") as caught:
        lookups.exchange_rate("JPY", None)
    assert caught.value.code == "no_exchange_rate"


def test_a_currency_has_the_decimals_zoho_keeps_else_those_of_the_standard(lookups):
    assert (lookups.precision("EUR"), lookups.precision("JPY")) == (4, 0)


@pytest.fixture
def groups(lists, responses):
    """A group whose list row shows its members, and two that must be asked for theirs."""
    shown = [{"tax_id": "7", "tax_percentage": 7}, {"tax_id": "19", "tax_percentage": 19}]
    rows = [("50", "Shown", 26, shown), ("51", "Asked", 39, None), ("52", "Other", 39, None)]
    lists.rows["/settings/taxes"] = TAXES + [
        {"tax_id": tax_id, "tax_name": name, "tax_percentage": percentage, "tax_type": "tax_group"}
        | ({"taxes": members} if members else {})
        for tax_id, name, percentage, members in rows
    ]
    members = [{"tax_id": "19", "tax_percentage": 19}, {"tax_id": "20", "tax_percentage": 20}]
    for tax_id, taxes in (("51", members), ("52", [{"tax_id": "98", "tax_percentage": 39}])):
        responses.get(f"{API}/settings/taxgroups/{tax_id}", json={"code": 0, "tax_group": {"taxes": taxes}})
    return lambda: [call.request.url for call in responses.calls if "taxgroups" in call.request.url]


def test_the_group_of_exactly_these_taxes_is_found(lookups, groups):
    assert lookups.tax_group(("VAT 19%", "VAT 7%")) == {"tax_id": "50"}
    assert groups() == []
    assert lookups.tax_group(("VAT 20%", "vat 19%")) == {"tax_id": "51"}
    assert len(groups()) == 2


def test_without_such_a_group_it_is_told_which_to_create(lookups, groups):
    with pytest.raises(UnknownName, match=r"VAT 7% \+ VAT 20%") as caught:
        lookups.tax_group(("VAT 7%", "VAT 20%"))

    assert caught.value.code == "several_taxes"
    assert "Create a tax group of VAT 7% + VAT 20%" in caught.value.remedy


def test_the_members_of_a_group_are_asked_for_once(lookups, groups):
    assert lookups.tax_percentages("Shown") == (Decimal(7), Decimal(19))
    for _ in range(3):
        assert lookups.tax_percentages("Asked") == (Decimal(19), Decimal(20))
    assert lookups.tax_percentages("VAT 7%") == (Decimal(7),)
    assert len(groups()) == 1


def test_a_percentage_zoho_does_not_tell_is_not_guessed(lookups, lists):
    lists.rows["/settings/taxes"] = [{"tax_id": "1", "tax_name": "VAT"}]

    assert lookups.tax_percentages("VAT") is None


def test_a_tax_is_there_or_not(lookups):
    assert (lookups.has_tax("VAT 7%"), lookups.has_tax("GST")) == (True, False)


def test_a_list_kept_by_a_version_that_knew_less_of_it_is_read_anew(lookups, lists, redis, clock):
    row = {"currency_id": "1", "currency_code": "USD"}
    redis.set("bh:lookup:10000001:currencies", json.dumps({"fetched_at": clock.now, "rows": [row]}))

    assert lookups.precision("EUR") == 4


def test_a_list_is_read_once_a_day_by_all_processes_together(lookups, lists, make_client, redis, clock):
    for _ in range(3):
        lookups.tax("VAT 7%")
        Lookups(make_client(), redis=redis, clock=clock).tax("VAT 7%")
        clock.pass_seconds(3600)
    assert lists.asked == ["/settings/taxes"]

    clock.pass_seconds(86400)
    lookups.tax("VAT 7%")
    assert lists.asked == ["/settings/taxes"] * 2


def test_names_agree_apart_from_surrounding_spaces_and_case(lookups):
    assert lookups.tax(" VAT 19% ") == {"tax_id": "19"}
    assert lookups.tax("vat 19%") == {"tax_id": "19"}


def test_an_exact_name_wins_over_one_in_another_case(lookups, lists):
    lists.rows["/settings/taxes"] = [{"tax_id": "1", "tax_name": "gst"}, {"tax_id": "2", "tax_name": "GST"}]

    assert lookups.tax("GST") == {"tax_id": "2"}
    with pytest.raises(UnknownName, match="2 records") as caught:
        lookups.tax("Gst")
    assert caught.value.code == "unknown_tax"


def test_an_unknown_tax_is_named_with_what_is_close_and_what_to_do(lookups):
    with pytest.raises(UnknownName, match=r"“VAT 21%”.*Close: VAT.*It has: VAT 7%, VAT 19%, VAT 20%") as caught:
        lookups.tax("VAT 21%")

    assert caught.value.code == "unknown_tax"
    assert caught.value.field == "tax"
    assert "BOOKHOOK_TAX_NAMES" in caught.value.remedy


@pytest.mark.parametrize("wanted", ["Tax 31", "GST"])
def test_of_an_unknown_tax_all_taxes_there_are_are_listed(lookups, lists, wanted):
    names = [f"Tax {number}" for number in range(30)]
    lists.rows["/settings/taxes"] = [{"tax_id": name, "tax_name": name} for name in names]

    with pytest.raises(UnknownName) as caught:
        lookups.tax(wanted)

    assert caught.value.message.endswith(f"It has: {', '.join(names)}.")


def test_without_anything_close_the_names_there_are_are_listed(lookups):
    with pytest.raises(UnknownName, match="It has: USD, EUR, JPY") as caught:
        lookups.currency("XBT")

    assert caught.value.code == "unknown_currency"


def test_an_inactive_account_does_not_count(lookups):
    with pytest.raises(UnknownName) as caught:
        lookups.account("Old Travel")

    assert caught.value.code == "unknown_account"


def test_what_was_just_created_in_zoho_is_found_after_half_a_minute(lookups, lists, clock):
    with pytest.raises(UnknownName):
        lookups.tax("New")
    lists.rows["/settings/taxes"] = [*TAXES, {"tax_id": "99", "tax_name": "New"}]
    with pytest.raises(UnknownName):
        lookups.tax("New")
    assert len(lists.asked) == 1

    clock.pass_seconds(31)

    assert lookups.tax("New") == {"tax_id": "99"}
    assert len(lists.asked) == 2


def test_an_item_is_linked_by_its_exact_sku_and_a_miss_is_no_error(lookups, lists):
    lists.rows["/items"] = [
        {"item_id": "5", "sku": "MUG-1", "status": "active"},
        {"item_id": "6", "sku": "MUG-2", "status": "inactive"},
        {"item_id": "7", "sku": ""},
    ]

    assert lookups.item("MUG-1") == {"item_id": "5"}
    assert lookups.item("mug-1") == {}
    assert lookups.item("MUG-2") == {}


def test_skus_zoho_does_not_know_do_not_read_the_items_again_and_again(lookups, lists, clock):
    for number in range(10):
        lookups.item(f"UNKNOWN-{number}")
        clock.pass_seconds(60)

    assert lists.asked == ["/items"]


def test_the_time_zone_is_the_configured_one_else_zohos(lookups, lists, make_client, redis, clock):
    lists.rows["/organizations"] = [
        {"organization_id": "999", "time_zone": "Asia/Tokyo"},
        {"organization_id": "10000001", "time_zone": "Europe/Berlin", "plan_name": "FREE"},
    ]

    assert lookups.time_zone() == "Europe/Berlin"
    assert Lookups(make_client(time_zone="UTC"), redis=redis, clock=clock).time_zone() == "UTC"


def test_a_grant_that_cannot_see_the_organization_has_no_time_zone(lookups):
    assert lookups.time_zone() is None


def test_a_list_that_breaks_off_is_not_kept(lookups, lists, responses):
    responses.replace("GET", f"{API}/settings/taxes", status=502, body="<html>")
    with pytest.raises(ZohoUnavailable):
        lookups.tax("VAT 7%")

    responses.replace("GET", f"{API}/settings/taxes", json={"code": 0, "taxes": TAXES})
    assert lookups.tax("VAT 7%") == {"tax_id": "7"}


def test_threads_that_start_together_read_a_list_once(lookups, lists, run_threads):
    results = run_threads(5, lambda: lookups.tax("VAT 7%"))

    assert results == [{"tax_id": "7"}] * 5
    assert lists.asked == ["/settings/taxes"]
