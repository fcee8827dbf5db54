from typing import Any

import pytest


def codes(zoho: Any, calls: int) -> list[int]:
    return [zoho.get("/items")["code"] for _ in range(calls)]


def test_nothing_is_limited_until_it_is_said(zoho: Any, control: Any) -> None:
    assert codes(zoho, 150) == [0] * 150
    assert control("limits") == {
        "per_minute": None,
        "per_day": None,
        "concurrent": None,
        "seconds_per_minute": 60.0,
        "token_requests": 10,
    }


def test_the_calls_of_a_minute_are_counted_per_organization(zoho: Any, zoho_eu: Any, control: Any, clock: Any) -> None:
    control("limits", {"per_minute": 2})

    assert codes(zoho, 3) == [0, 0, 44]
    assert codes(zoho_eu, 2) == [0, 0]
    refused = zoho.call("GET", "/items")
    assert refused.status_code == 429
    assert refused.json["message"].startswith("For security reasons your organization has been blocked")

    clock.advance(60)

    assert codes(zoho, 2) == [0, 0]
    assert control("records")["refused"] == {"44": 2}
    assert control("records?organization_id=10000002")["refused"] == {}


def test_a_minute_may_be_made_shorter(zoho: Any, control: Any, clock: Any) -> None:
    control("limits", {"per_minute": 1, "seconds_per_minute": 0.5})
    assert codes(zoho, 2) == [0, 44]

    clock.advance(0.5)

    assert codes(zoho, 1) == [0]


def test_the_day_ends_after_1440_of_its_minutes(zoho: Any, control: Any, clock: Any) -> None:
    control("limits", {"per_day": 1, "seconds_per_minute": 1})
    assert codes(zoho, 2) == [0, 45]
    clock.advance(1439)
    refused = zoho.call("GET", "/items")
    assert (refused.status_code, refused.json["message"]) == (
        429,
        "The API call for this organization has exceeded the maximum call rate limit of 1.",
    )

    clock.advance(1)

    assert codes(zoho, 1) == [0]


def test_calls_in_flight_are_limited(zoho: Any, control: Any) -> None:
    control("limits", {"concurrent": 0})

    refused = zoho.call("GET", "/items")

    assert (refused.status_code, refused.json["code"]) == (429, 1070)


def test_a_call_that_has_ended_is_not_in_flight(zoho: Any, control: Any) -> None:
    control("limits", {"concurrent": 1})

    assert codes(zoho, 3) == [0, 0, 0]


def test_limits_survive_a_reset_but_their_counts_do_not(zoho: Any, control: Any) -> None:
    control("limits", {"per_minute": 1})
    assert codes(zoho, 2) == [0, 44]

    control("reset", {})
    zoho.renew()

    assert codes(zoho, 2) == [0, 44]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ([], "JSON object"),
        ({"per_hour": 5}, "no such limit: per_hour"),
        ({"per_minute": "5"}, "per_minute must be a whole number"),
        ({"per_minute": -1}, "per_minute must be a whole number"),
        ({"seconds_per_minute": 0}, "seconds_per_minute must be a number above 0"),
    ],
)
def test_limits_that_make_no_sense_are_refused_with_a_reason(client: Any, body: Any, words: str) -> None:
    response = client.post("/_sandbox/limits", json=body)

    assert response.status_code == 400
    assert words in response.json["error"]
