from decimal import Decimal
from pathlib import Path

import pytest

from config.organizations import DATA_CENTERS, Limits
from config.problems import ConfigError
from config.settings import TextEnv, read_settings

GRANT = {
    "ZOHO_CLIENT_ID": "1000.CLIENT",
    "ZOHO_CLIENT_SECRET": "client-secret",
    "ZOHO_REFRESH_TOKEN": "refresh-token",
    "ZOHO_ORGANIZATION_ID": "10000001",
}


def problems_of(environ, **options):
    with pytest.raises(ConfigError) as caught:
        read_settings(environ, **options)
    return caught.value.problems


def test_nothing_set_is_a_deployment_with_an_embedded_redis_and_no_organization():
    settings = read_settings({})

    assert settings.redis_url is None
    assert settings.home == Path(".bookhook")
    assert settings.organization is None
    assert settings.connections == {}
    assert (settings.settle_seconds, settings.max_body_bytes, settings.retention_days) == (120.0, 2_000_000, 90)
    assert settings.log_level == "INFO"
    assert settings.warnings == ()


def test_what_an_organization_lacks_is_named_all_at_once():
    settings = read_settings({"ZOHO_CLIENT_ID": "1000.CLIENT"})

    with pytest.raises(ConfigError) as caught:
        settings.require_organizations()

    assert str(caught.value) == (
        "cannot start: 3 problems\n"
        "  ZOHO_CLIENT_SECRET is not set\n"
        "  ZOHO_REFRESH_TOKEN is not set\n"
        "  ZOHO_ORGANIZATION_ID is not set"
    )


@pytest.mark.parametrize("data_center", DATA_CENTERS)
def test_an_organization_lives_at_its_data_center(data_center):
    organization = read_settings(GRANT | {"ZOHO_DATA_CENTER": data_center.upper()}).organization

    assert organization.accounts_url == DATA_CENTERS[data_center].accounts_url
    assert organization.api_url == DATA_CENTERS[data_center].api_url
    assert organization.web_url == DATA_CENTERS[data_center].web_url


def test_documents_of_an_api_on_this_machine_are_looked_at_there():
    local = {"ZOHO_ACCOUNTS_URL": "http://127.0.0.1:8099", "ZOHO_API_URL": "http://127.0.0.1:8099/books/v3/"}

    organization = read_settings(GRANT | local).organization

    assert organization.api_url == "http://127.0.0.1:8099/books/v3"
    assert organization.web_url == "http://127.0.0.1:8099"


def test_a_proxy_elsewhere_changes_the_api_but_not_where_people_look():
    organization = read_settings(GRANT | {"ZOHO_API_URL": "https://proxy.example/books/v3"}).organization

    assert (organization.api_url, organization.web_url) == ("https://proxy.example/books/v3", "https://books.zoho.com")


@pytest.mark.parametrize(
    ("environ", "limits"),
    [
        ({}, Limits(95, 950, 4)),
        ({"ZOHO_PLAN": "Premium"}, Limits(95, 9500, 9)),
        ({"ZOHO_PLAN": "premium", "ZOHO_QUOTA_HEADROOM": "0"}, Limits(100, 10000, 10)),
        ({"ZOHO_CALLS_PER_DAY": "45000", "ZOHO_QUOTA_HEADROOM": "0.5"}, Limits(50, 22500, 2)),
        ({"ZOHO_CONCURRENT_CALLS": "1", "ZOHO_QUOTA_HEADROOM": "0.999"}, Limits(1, 1, 1)),
    ],
)
def test_limits_come_from_the_plan_or_settings_less_the_headroom_and_never_reach_zero(environ, limits):
    assert read_settings(GRANT | environ).organization.limits == limits


def test_all_problems_are_reported_at_once_and_in_words():
    bad = {
        "REDIS_URL": "localhost",
        "ZOHO_PLAN": "gold",
        "ZOHO_CALLS_PER_DAY": "many",
        "ZOHO_QUOTA_HEADROOM": "1",
        "ZOHO_TIMEOUT_SECONDS": "0",
        "SHOPIFY_WEBHOOK_SECRET": "one,,two",
    }

    assert problems_of(bad, secret_settings={"shopify": "SHOPIFY_WEBHOOK_SECRET"}) == (
        "REDIS_URL: the value is not a redis://, rediss:// or unix:// URL",
        "ZOHO_PLAN: 'gold' is not one of free, standard, professional, premium, elite, ultimate",
        "ZOHO_CALLS_PER_DAY: 'many' is not a whole number",
        "ZOHO_QUOTA_HEADROOM: '1' is not a share: 0 or more, less than 1",
        "ZOHO_TIMEOUT_SECONDS: '0' is not between 1 and 300",
        "SHOPIFY_WEBHOOK_SECRET: one of the comma-separated secrets is empty",
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("REDIS_URL", "http://u:hunter2@redis"),
        ("ZOHO_API_URL", "https://u:hunter2@zoho.example/books/v3"),
        ("ZOHO_API_URL", "https://zoho.example/?token=hunter2"),
        ("SENTRY_DSN", "hunter2"),
    ],
)
def test_a_problem_never_quotes_a_secret(name, value):
    [problem] = problems_of({name: value})

    assert problem.startswith(f"{name}: the value ")
    assert "hunter2" not in problem


def test_settings_never_show_their_secrets():
    shown = repr(
        read_settings(
            GRANT
            | {
                "REDIS_URL": "redis://:hunter2@redis",
                "SENTRY_DSN": "https://hunter2@sentry.example/1",
                "SECRET": "s3cret",
            },
            secret_settings={"shop": "SECRET"},
        )
    )

    for secret in ("hunter2", "s3cret", "client-secret", "refresh-token"):
        assert secret not in shown


def test_a_problem_of_two_readers_is_reported_once(tmp_path):
    both = {"ZOHO_ORGANIZATION_ID": "1", "ZOHO_ORGANIZATION_ID_FILE": str(tmp_path), "SECRET": "s"}

    assert problems_of(both, secret_settings={"shop": "SECRET"}) == (
        "ZOHO_ORGANIZATION_ID and ZOHO_ORGANIZATION_ID_FILE are both set; keep one",
    )


@pytest.mark.parametrize("number", ["nan", "inf", "1e400", "0x10", "٣x"])
@pytest.mark.parametrize("name", ["ZOHO_TIMEOUT_SECONDS", "ZOHO_CALLS_PER_DAY", "ZOHO_QUOTA_HEADROOM"])
def test_odd_numbers_are_problems(name, number):
    assert len(problems_of({name: number})) == 1


def test_category_words_are_matched_in_any_case():
    settings = read_settings({"EXPENSE_ACCOUNTS": "Meals=Meals and Entertainment, travel = Travel=Air"})

    assert settings.options.expenses.accounts == {"meals": "Meals and Entertainment", "travel": "Travel=Air"}


@pytest.mark.parametrize("text", ["meals", "meals=", "=Meals", "a=A,,b=B", "a=A,A=B"])
def test_a_list_of_words_that_cannot_be_meant_is_a_problem(text):
    assert len(problems_of({"EXPENSE_ACCOUNTS": text})) == 1


def test_an_empty_variable_is_unset():
    assert read_settings({"ZOHO_PLAN": "", "REDIS_URL": "  ", "BOOKHOOK_SOURCES": ""}) == read_settings({})


def test_a_misspelt_setting_is_a_warning_with_a_suggestion():
    settings = read_settings({"ZOHO_ORGANISATION_ID": "1", "BOOKHOOK_COLOUR": "blue", "PATH": "/bin"})

    assert settings.warnings == (
        "BOOKHOOK_COLOUR is not a setting",
        "ZOHO_ORGANISATION_ID is not a setting, did you mean ZOHO_ORGANIZATION_ID?",
    )


def test_a_variable_nearly_like_any_setting_is_a_warning():
    environ = {"SHOPIFY_WEBHOK_SECRET": "s", "SENTRY_DNS": "x", "STRIPE_WEBHOOK_SECRET": "s", "REDIS_TLS_URL": "x"}

    assert read_settings(environ, secret_settings={"shopify": "SHOPIFY_WEBHOOK_SECRET"}).warnings == (
        "SENTRY_DNS is not a setting, did you mean SENTRY_DSN?",
        "SHOPIFY_WEBHOK_SECRET is not a setting, did you mean SHOPIFY_WEBHOOK_SECRET?",
    )


def test_settings_of_sources_and_mounted_secrets_are_known(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("hunter2\n")
    environ = {"ZOHO_CRM_SECRET": "s", "ZOHO_CLIENT_SECRET_FILE": str(secret), "ZOHO_ORGANIZATION_ID": "1"}

    assert read_settings(environ, secret_settings={"zoho_crm": "ZOHO_CRM_SECRET"}).warnings == ()


def test_a_grant_split_between_this_machine_and_another_is_a_warning():
    settings = read_settings({"ZOHO_API_URL": "http://127.0.0.1:8099/books/v3"})

    assert settings.warnings == (
        "ZOHO_API_URL is on this machine but ZOHO_ACCOUNTS_URL is not; one grant does not fit both",
    )


def test_a_unique_field_belongs_to_the_organization():
    assert read_settings(GRANT).organization.unique_field is None
    assert read_settings(GRANT | {"ZOHO_UNIQUE_FIELD": "cf_bookhook"}).organization.unique_field == "cf_bookhook"


def test_the_headroom_is_exact():
    environ = GRANT | {"ZOHO_CALLS_PER_DAY": "1000000000", "ZOHO_QUOTA_HEADROOM": "0.1"}

    assert read_settings(environ).organization.limits.per_day == Decimal("900000000")


def test_environs_asks_the_texts_at_hand_and_not_this_process(monkeypatch):
    monkeypatch.setenv("ANSWER", "41")

    assert TextEnv({"ANSWER": "42"}).int("ANSWER") == 42
    assert TextEnv({}).int("ANSWER", 43) == 43


def test_a_provider_that_is_set_by_half_is_a_problem():
    problems = problems_of(
        {"BOOKHOOK_OIDC_ISSUER": "https://accounts.example.com", "BOOKHOOK_OIDC_CLIENT_ID": "console"}
    )

    assert [problem.split(",")[0] for problem in problems] == ["BOOKHOOK_OIDC_CLIENT_SECRET is not set"]


def test_a_provider_is_spoken_to_in_private():
    problems = problems_of({"BOOKHOOK_OIDC_ISSUER": "http://accounts.example.com"})

    assert any(problem.startswith("BOOKHOOK_OIDC_ISSUER") and "plain http" in problem for problem in problems)
