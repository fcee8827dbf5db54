"""The organizations of a deployment: the one of the settings, and those of the connections' file."""

from pathlib import Path

import pytest

from config.organization_list import GRANT_SETTINGS
from config.organizations import DATA_CENTERS, Limits
from config.problems import ConfigError
from config.settings import Settings, read_settings

SOURCES = {"shopify": "SHOPIFY_WEBHOOK_SECRET"}
GRANT = {
    "ZOHO_CLIENT_ID": "1000.CLIENT",
    "ZOHO_CLIENT_SECRET": "client-secret",
    "ZOHO_REFRESH_TOKEN": "refresh-token",
    "ZOHO_ORGANIZATION_ID": "10000001",
}
EVERYTHING = """
organizations:
  acme:
    organization_id: 20000001
    data_center: EU
    client_id: ACME_ID
    client_secret: ACME_SECRET
    refresh_token: ACME_TOKEN
    plan: Professional
    calls_per_minute: 60
    calls_per_day: 3000
    concurrent_calls: 6
    quota_headroom: 0.5
    time_zone: Europe/Berlin
    unique_field: cf_bookhook
connections:
  shop: {source: shopify, secret: SHOP_SECRET, organization: acme}
"""
ACME = {"ACME_ID": "1000.ACME", "ACME_SECRET": "acme-secret", "ACME_TOKEN": "acme-refresh", "SHOP_SECRET": "s"}


def read(folder: Path, text: str, environ: dict[str, str]) -> Settings:
    file = folder / "connections.yaml"
    file.write_text(text)
    return read_settings({**environ, "BOOKHOOK_CONNECTIONS": str(file)}, secret_settings=SOURCES)


def problems_of(folder: Path, text: str, environ: dict[str, str]) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read(folder, text, environ)
    return [problem.removeprefix(f"{folder / 'connections.yaml'}: ") for problem in caught.value.problems]


def lacks_of(folder: Path, text: str, environ: dict[str, str]) -> list[str]:
    found = read(folder, text, environ).lacks
    return [problem.removeprefix(f"{folder / 'connections.yaml'}: ") for problem in found]


def one(**keys: object) -> str:
    """A file with one organization, of these keys."""
    written = "".join(f"    {key}: {value}\n" for key, value in {"organization_id": 20000001, **keys}.items())
    return f"organizations:\n  acme:\n{written}"


def test_an_organization_of_the_file_says_everything_for_itself(tmp_path):
    settings = read(tmp_path, EVERYTHING, ACME)

    [acme] = settings.organizations.values()
    assert (acme.name, acme.organization_id, acme.label) == ("acme", "20000001", "acme (20000001)")
    assert (acme.accounts_url, acme.api_url, acme.web_url) == (
        DATA_CENTERS["eu"].accounts_url,
        DATA_CENTERS["eu"].api_url,
        DATA_CENTERS["eu"].web_url,
    )
    assert (acme.client_id, acme.client_secret, acme.refresh_token) == ("1000.ACME", "acme-secret", "acme-refresh")
    assert acme.limits == Limits(30, 1500, 3)
    assert (acme.time_zone, acme.unique_field, acme.timeout_seconds) == ("Europe/Berlin", "cf_bookhook", 30.0)
    assert (acme.places.refresh_token, acme.places.data_center) == ("ACME_TOKEN", "organizations.acme.data_center")
    assert settings.connections["shop"].organization_id == "20000001"
    assert (settings.organization, settings.lacks) == (None, ())
    assert "acme-secret" not in repr(settings)


def test_beside_the_default_organization_those_of_the_file_come_after_it(tmp_path):
    settings = read(tmp_path, EVERYTHING, {**ACME, **GRANT, "SHOPIFY_WEBHOOK_SECRET": "s"})

    assert [each.name for each in settings.organizations.values()] == ["default", "acme"]
    assert {name: each.organization_id for name, each in settings.connections.items()} == {
        "shop": "20000001",
        "shopify": "10000001",
    }


@pytest.mark.parametrize("named", ["acme", "20000001"])
def test_a_connection_names_its_organization_by_name_or_id(tmp_path, named):
    text = EVERYTHING.replace("organization: acme", f"organization: {named}")

    assert read(tmp_path, text, ACME).connections["shop"].organization_id == "20000001"


def test_what_is_left_out_of_where_it_lives_and_of_its_grant_is_as_the_settings_say_and_nothing_else(tmp_path):
    elsewhere = {
        "ZOHO_DATA_CENTER": "in",
        "ZOHO_PLAN": "premium",
        "ZOHO_CALLS_PER_DAY": "9999",
        "ZOHO_TIME_ZONE": "Asia/Kolkata",
        "ZOHO_UNIQUE_FIELD": "cf_mine",
        "ZOHO_QUOTA_HEADROOM": "0.5",
        "ZOHO_TIMEOUT_SECONDS": "9",
    }

    acme = read(tmp_path, one(), {**GRANT, **elsewhere}).organizations["20000001"]

    assert (acme.api_url, acme.refresh_token) == (DATA_CENTERS["in"].api_url, "refresh-token")
    assert acme.limits == Limits(50, 500, 2)
    assert (acme.time_zone, acme.unique_field, acme.timeout_seconds) == (None, None, 9.0)


def test_a_proxy_or_sandbox_of_the_settings_is_for_those_that_live_in_the_same_place(tmp_path):
    local = {"ZOHO_ACCOUNTS_URL": "http://127.0.0.1:8099", "ZOHO_API_URL": "http://127.0.0.1:8099/books/v3"}
    token = {"ACME_TOKEN": "t"}

    here = read(tmp_path, one(), {**GRANT, **local}).organizations["20000001"]
    away = read(tmp_path, one(data_center="eu", refresh_token="ACME_TOKEN"), {**GRANT, **local, **token})

    assert (here.accounts_url, here.api_url) == (local["ZOHO_ACCOUNTS_URL"], local["ZOHO_API_URL"])
    assert away.organizations["20000001"].accounts_url == DATA_CENTERS["eu"].accounts_url


def test_hosts_may_be_overridden_as_for_the_settings(tmp_path):
    urls = {"accounts_url": "http://127.0.0.1:9/", "api_url": "http://127.0.0.1:9/books/v3/"}

    settings = read(tmp_path, one(refresh_token="ACME_TOKEN", **urls), {**GRANT, "ACME_TOKEN": "t"})

    acme = settings.organizations["20000001"]
    assert (acme.accounts_url, acme.api_url) == ("http://127.0.0.1:9", "http://127.0.0.1:9/books/v3")
    assert acme.web_url == "http://127.0.0.1:9"
    assert settings.warnings == ()


def test_half_a_sandbox_is_doubted(tmp_path):
    settings = read(tmp_path, one(api_url="http://127.0.0.1:9/books/v3"), GRANT)

    [warning] = settings.warnings
    assert warning.endswith(
        "organizations.acme.api_url is on this machine but "
        f"{tmp_path / 'connections.yaml'}: organizations.acme.accounts_url is not; one grant does not fit both"
    )


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        ({"organization_id": "x1"}, "organization_id: is not an id: digits only"),
        ({"data_center": "mars"}, "data_center: is not one of us, eu, in"),
        ({"plan": "gold"}, "plan: is not one of free, standard"),
        ({"calls_per_minute": "many"}, "calls_per_minute: is not a whole number"),
        ({"calls_per_day": "0"}, "calls_per_day: is not between 1 and"),
        ({"concurrent_calls": "1.5"}, "concurrent_calls: is not a whole number"),
        ({"quota_headroom": "1"}, "quota_headroom: is not a share"),
        ({"quota_headroom": "some"}, "quota_headroom: is not a number"),
        ({"time_zone": "Berlin"}, "time_zone: is not an IANA time zone"),
        ({"unique_field": "Bookhook"}, "unique_field: is not the API name of a custom field"),
        ({"accounts_url": "http://zoho.example"}, "accounts_url: is plain http, which is allowed to this machine only"),
        ({"api_url": "ftp://zoho.example"}, "api_url: is not an https:// URL"),
        ({"client_secret": "hunter2-Hunter2"}, "client_secret: must be the name of a setting such as"),
        ({"refresh": "X"}, " no such key: refresh, did you mean refresh_token?"),
    ],
)
def test_what_is_wrong_with_an_organization_is_said_with_its_place(tmp_path, keys, problem):
    found = problems_of(tmp_path, one(**keys), GRANT)

    assert found[0].startswith(f"organizations.acme{':' if problem[0] == ' ' else '.'}{problem}")
    assert "unter2" not in found[0]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("organizations: {acme: {plan: free}}", "organizations.acme: organization_id is missing"),
        ("organizations: {Acme/1: {organization_id: 2}}", "organizations.Acme/1: an organization's name is at most 40"),
        (
            "organizations: {default: {organization_id: 2}}",
            "organizations.default: default is the name of the one that ZOHO_ORGANIZATION_ID names",
        ),
        (
            "organizations: {a: {organization_id: 2}, b: {organization_id: 2}}",
            "organizations.b.organization_id: is the id of a already",
        ),
        (
            "organizations: {a: {organization_id: 10000001}}",
            "organizations.a.organization_id: is ZOHO_ORGANIZATION_ID already; leave out one of the two",
        ),
        (
            "organizations: {a: {organization_id: 2, data_center: eu}}",
            "organizations.a.refresh_token: is missing: ZOHO_REFRESH_TOKEN is a grant of another data centre",
        ),
        ("organizations: [acme]", "organizations: must be a mapping of keys to values"),
        ("orgs: {}\nconnections: {shopify: {}}", "no such key: orgs"),
    ],
)
def test_what_is_wrong_between_organizations_is_said_with_its_place(tmp_path, text, problem):
    [found] = problems_of(tmp_path, text, {**GRANT, "SHOPIFY_WEBHOOK_SECRET": "s"})

    assert found.startswith(problem)


def test_a_connection_of_no_known_organization_is_refused_with_what_was_meant(tmp_path):
    text = EVERYTHING.replace("organization: acme", "organization: acm")

    assert problems_of(tmp_path, text, ACME) == [
        "connections.shop.organization: no such organization: acm, did you mean acme?"
    ]


def test_without_a_default_organization_a_connection_must_name_one(tmp_path):
    text = EVERYTHING.replace(", organization: acme", "")

    assert problems_of(tmp_path, text, ACME) == [
        "connections.shop: organization is missing: ZOHO_ORGANIZATION_ID is not set; there are acme"
    ]


def test_everything_wrong_with_organizations_and_connections_is_said_at_once(tmp_path):
    text = """
organizations: {a: {organization_id: x}, b: {plan: gold}}
connections: {shopify: {taxs: {}}, shop: {source: shopfy, organization: c}}
"""

    found = problems_of(tmp_path, text, {**GRANT, "ZOHO_PLAN": "gold"})

    places = ["ZOHO_PLAN", "organizations.a.organization_id", "organizations.b", "organizations.b.plan"]
    assert [each.split(":")[0] for each in found] == [
        *places,
        *("connections.shopify", "connections.shop", "connections.shop.organization"),
    ]


def test_what_organizations_lack_to_be_posted_to_is_named_by_setting_and_place(tmp_path):
    partly = {"ACME_ID": "1000.ACME", "SHOP_SECRET": "s"}

    assert lacks_of(tmp_path, EVERYTHING, partly) == [
        "organizations.acme.client_secret: ACME_SECRET is not set",
        "organizations.acme.refresh_token: ACME_TOKEN is not set",
    ]
    assert lacks_of(tmp_path, EVERYTHING, {**ACME, "ZOHO_ORGANIZATION_ID": "10000001"}) == [
        f"{name} is not set" for name in GRANT_SETTINGS[:3]
    ]
    assert lacks_of(tmp_path, one(), {}) == [f"{name} is not set" for name in GRANT_SETTINGS[:3]]


def test_an_organization_without_its_whole_grant_is_known_but_not_posted_to(tmp_path):
    settings = read(tmp_path, EVERYTHING, {**GRANT, "SHOP_SECRET": "s"})

    assert settings.organization_ids == {"default": "10000001", "acme": "20000001"}
    assert list(settings.organizations) == ["10000001"]
    with pytest.raises(ConfigError, match="ACME_TOKEN is not set"):
        settings.require_organizations()


def test_settings_of_a_grant_may_be_mounted_files_and_are_no_misspelt_settings(tmp_path):
    (tmp_path / "token").write_text("from-a-file\n")
    mounted = {**GRANT, "ZOHO_REFRESH_TOKE_FILE": str(tmp_path / "token")}

    settings = read(tmp_path, one(refresh_token="ZOHO_REFRESH_TOKE"), mounted)

    assert settings.organizations["20000001"].refresh_token == "from-a-file"
    assert settings.warnings == ()
