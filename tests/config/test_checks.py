import pytest
from marshmallow import ValidationError

from config.checks import (
    is_custom_field,
    is_digits,
    is_folder,
    is_loopback,
    is_redis_url,
    is_sentry_dsn,
    is_service_url,
    is_time_zone,
)

GOOD = [
    (is_redis_url, "redis://localhost"),
    (is_redis_url, "redis://:pw@localhost:6379/1"),
    (is_redis_url, "rediss://redis.example:6380"),
    (is_redis_url, "unix:///run/redis.sock"),
    (is_service_url, "https://www.zohoapis.eu/books/v3"),
    (is_service_url, "http://127.0.0.1:8099/books/v3"),
    (is_service_url, "http://localhost:8099"),
    (is_service_url, "http://[::1]:8099"),
    (is_sentry_dsn, "https://key@o1.ingest.sentry.io/42"),
    (is_time_zone, "Europe/Berlin"),
    (is_digits, "10000001"),
    (is_custom_field, "cf_bookhook"),
]
BAD = [
    (is_redis_url, "localhost:6379"),
    (is_redis_url, "redis://"),
    (is_redis_url, "redis://host:port"),
    (is_redis_url, "unix://"),
    (is_redis_url, "http://localhost"),
    (is_service_url, "http://zoho.example"),
    (is_service_url, "http://127.0.0.1.example"),
    (is_service_url, "http://169.254.169.254"),
    (is_service_url, "https://user@zoho.example"),
    (is_service_url, "https://zoho.example/?a=1"),
    (is_service_url, "https://zoho.example/#a"),
    (is_service_url, "ftp://zoho.example"),
    (is_service_url, "https://"),
    (is_service_url, "https://[::1"),
    (is_sentry_dsn, "https://o1.ingest.sentry.io/42"),
    (is_sentry_dsn, "https://key@o1.ingest.sentry.io/"),
    (is_time_zone, "America"),
    (is_time_zone, "Mars/Olympus"),
    (is_time_zone, "../../etc/passwd"),
    (is_custom_field, "Bookhook"),
    (is_custom_field, "cf_"),
    (is_custom_field, "cf_Bookhook"),
    (is_digits, "12a"),
    (is_digits, "٣"),
    (is_folder, "no/such/folder"),
]


@pytest.mark.parametrize(("check", "value"), GOOD)
def test_good_values_pass(check, value):
    assert check(value) is None


@pytest.mark.parametrize(("check", "value"), BAD)
def test_bad_values_are_refused_in_words_that_follow_the_value(check, value):
    with pytest.raises(ValidationError) as caught:
        check(value)

    assert caught.value.messages[0].split()[0] in {"is", "holds"}


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.8.9.1", True), ("LocalHost", True), ("::1", True), ("10.0.0.1", False), ("localhost.example", False)],
)
def test_only_this_machine_is_loopback(host, loopback):
    assert is_loopback(host) is loopback
