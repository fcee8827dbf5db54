"""What `bookhook check` says of a connection to Zoho."""

import dataclasses

import pytest

from config.organizations import Limits
from zoho.books import Books

API = "https://api.zoho.example/books/v3"


@pytest.fixture
def books(organization, redis, clock, tokens_flow, responses):
    tokens_flow()
    for name in ("settings/currencies", "chartofaccounts"):
        responses.get(f"{API}/{name}", json={"code": 0})
    return Books(organization, redis=redis, clock=clock)


def organizations(responses, **changes):
    row = {"organization_id": "10000001", "plan_name": "FREE", "time_zone": "UTC", **changes}
    responses.get(f"{API}/organizations", json={"code": 0, "organizations": [row]})


def lists(responses):
    for name in ("contacts", "invoices", "expenses", "customerpayments", "creditnotes"):
        responses.get(f"{API}/{name}", json={"code": 0, name: []})


def test_a_sound_connection_has_no_problems(books, responses):
    organizations(responses)
    lists(responses)

    assert books.check() == []


def test_a_check_names_the_missing_scope_and_the_wrong_plan(books, responses, organization):
    organizations(responses, plan_name="Free")
    lists(responses)
    responses.replace("GET", f"{API}/chartofaccounts", json={"code": 57, "message": "not authorized"}, status=401)

    problems = books.check()

    assert len(problems) == 1
    assert "ZohoBooks.accountants.READ" in problems[0]


def test_a_check_tells_a_plan_that_promises_too_much(organization, redis, clock, responses, tokens_flow):
    tokens_flow()
    organizations(responses, plan_name="Free")
    lists(responses)
    for name in ("settings/currencies", "chartofaccounts"):
        responses.get(f"{API}/{name}", json={"code": 0})
    elite = dataclasses.replace(organization, limits=Limits(95, 9500, 9))

    problems = Books(elite, redis=redis, clock=clock).check()

    assert problems == [
        "The limits assume 9500 calls a day, but the organization's plan is free with 1000: "
        "check ZOHO_PLAN and ZOHO_CALLS_PER_DAY."
    ]


def test_a_check_tells_an_organization_the_user_cannot_see(books, responses):
    organizations(responses, organization_id="10000002")

    assert "cannot see organization 10000001" in books.check()[0]


def test_a_check_tells_a_broken_grant_and_asks_no_further(organization, redis, clock, responses):
    responses.post("https://accounts.zoho.example/oauth/v2/token", json={"error": "invalid_code"})

    problems = Books(organization, redis=redis, clock=clock).check()

    assert len(problems) == 1
    assert "refresh token" in problems[0]
