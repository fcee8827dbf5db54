import dataclasses
import json
from urllib.parse import parse_qs

import pytest
import requests

from config.organizations import Places
from errors import OrganizationPaused, ZohoUnavailable
from zoho.oauth import Tokens

TOKEN_URL = "https://accounts.zoho.example/oauth/v2/token"
THROTTLED = {"error": "Access Denied", "error_description": "You have made too many requests continuously."}


@pytest.fixture
def tokens(redis, clock, organization):
    return Tokens(organization, redis=redis, clock=clock)


@pytest.fixture
def numbered(responses):
    """A token service that gives token-1, token-2, …; the list of what was asked."""
    asked = []

    def answer(request):
        asked.append(request)
        return 200, {}, json.dumps({"access_token": f"token-{len(asked)}", "expires_in": 3600})

    responses.add_callback("POST", TOKEN_URL, callback=answer)
    return asked


def test_the_secrets_travel_in_the_body_never_in_the_address(tokens, numbered):
    assert tokens.access_token() == "token-1"

    assert numbered[0].url == TOKEN_URL
    assert parse_qs(numbered[0].body) == {
        "grant_type": ["refresh_token"],
        "client_id": ["1000.CLIENT"],
        "client_secret": ["the-secret"],
        "refresh_token": ["1000.refresh"],
    }


def test_a_token_is_shared_and_renewed_five_minutes_early(tokens, numbered, redis, clock, organization):
    tokens.access_token()
    clock.pass_seconds(3299)
    assert Tokens(organization, redis=redis, clock=clock).access_token() == "token-1"

    clock.pass_seconds(2)

    assert tokens.access_token() == "token-2"


def test_what_another_process_has_put_in_its_place_is_used_within_five_seconds(
    tokens, numbered, redis, clock, organization
):
    tokens.access_token()
    assert tokens.access_token() == "token-1"
    another = Tokens(organization, redis=redis, clock=clock)
    another.reject("token-1")
    assert another.access_token() == "token-2"

    clock.pass_seconds(5)

    assert tokens.access_token() == "token-2"


def test_redis_holds_no_readable_token(tokens, numbered, redis):
    tokens.access_token()

    kept = b"".join(redis.dump(key) for key in redis.scan_iter())
    assert b"token-1" not in kept
    assert b"the-secret" not in kept


def test_another_grant_does_not_see_the_token(tokens, numbered, redis, clock, organization):
    tokens.access_token()

    reconnected = dataclasses.replace(organization, refresh_token="1000.other")

    assert Tokens(reconnected, redis=redis, clock=clock).access_token() == "token-2"


def test_a_token_nobody_here_can_decrypt_is_renewed(tokens, numbered, redis, clock, organization):
    tokens.access_token()

    rotated = dataclasses.replace(organization, client_secret="a-new-secret")

    assert Tokens(rotated, redis=redis, clock=clock).access_token() == "token-2"


def test_fifty_workers_at_once_make_one_request(redis, clock, organization, numbered, run_threads):
    def ask():
        return Tokens(organization, redis=redis, clock=clock).access_token()

    results = run_threads(50, ask)

    assert len(numbered) == 1
    waiting = [result for result in results if isinstance(result, ZohoUnavailable)]
    assert len(waiting) + results.count("token-1") == 50
    assert all(0 < trouble.retry_after_seconds <= 2 for trouble in waiting)
    assert tokens_now(redis, clock, organization) == "token-1"


def tokens_now(redis, clock, organization):
    return Tokens(organization, redis=redis, clock=clock).access_token()


def test_never_more_than_ten_requests_in_ten_minutes_with_fifty_threads(
    redis, clock, organization, numbered, run_threads
):
    tokens = Tokens(organization, redis=redis, clock=clock)

    def ask_and_reject():
        for _ in range(4):
            tokens.reject(tokens.access_token())

    results = run_threads(50, ask_and_reject)
    while len(numbered) < 10:
        tokens.reject(tokens.access_token())
    with pytest.raises(OrganizationPaused) as caught:
        tokens.access_token()

    assert len(numbered) == 10
    assert all(result is None or isinstance(result, ZohoUnavailable | OrganizationPaused) for result in results)
    assert 600 <= caught.value.retry_after_seconds <= 610

    clock.pass_seconds(611)
    assert tokens.access_token() == "token-11"


def test_a_failing_service_uses_up_no_more_than_the_ten_either(tokens, responses, clock):
    responses.post(TOKEN_URL, status=502, body="<html>")

    for _ in range(30):
        with pytest.raises((ZohoUnavailable, OrganizationPaused)):
            tokens.access_token()

    assert len(responses.calls) == 10


def test_while_one_process_renews_the_others_use_the_old_token(tokens, numbered, redis, clock):
    tokens.access_token()
    clock.pass_seconds(3400)
    lock = next(key for key in redis.keys("bh:token:*:requests")).replace(b":requests", b":lock")
    redis.set(lock, "somebody else")

    assert tokens.access_token() == "token-1"

    clock.pass_seconds(300)
    with pytest.raises(ZohoUnavailable, match="on its way"):
        tokens.access_token()
    assert len(numbered) == 1


def test_the_lock_is_given_back_after_success_and_failure(tokens, responses, redis):
    responses.post(TOKEN_URL, body=requests.ConnectionError("no route to accounts.zoho.example"))
    with pytest.raises(ZohoUnavailable) as caught:
        tokens.access_token()
    assert redis.keys("bh:token:*:lock") == []
    assert "zoho.example" not in str(caught.value)

    responses.replace("POST", TOKEN_URL, json={"access_token": "token-1", "expires_in": 3600})
    assert tokens.access_token() == "token-1"
    assert redis.keys("bh:token:*:lock") == []


@pytest.mark.parametrize("status", [200, 400])
def test_a_throttled_service_is_left_alone_by_everyone_until_the_window_ends(
    redis, clock, organization, responses, status
):
    responses.post(TOKEN_URL, json=THROTTLED, status=status)
    for _ in range(3):
        with pytest.raises(OrganizationPaused, match="limit of token requests") as caught:
            tokens_now(redis, clock, organization)
    assert caught.value.retry_after_seconds > 600
    assert len(responses.calls) == 1

    responses.replace("POST", TOKEN_URL, json={"access_token": "token-1", "expires_in": 3600})
    clock.pass_seconds(611)
    assert tokens_now(redis, clock, organization) == "token-1"


def test_a_valid_token_outlives_a_throttled_renewal(tokens, responses, clock):
    responses.post(TOKEN_URL, json={"access_token": "token-1", "expires_in": 3600})
    responses.post(TOKEN_URL, json=THROTTLED, status=400)
    tokens.access_token()
    clock.pass_seconds(3400)

    assert [tokens.access_token() for _ in range(3)] == ["token-1"] * 3
    assert len(responses.calls) == 2


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("invalid_code", "Connect again"),
        ("invalid_client", "ZOHO_DATA_CENTER"),
        ("invalid_client_secret", "ZOHO_CLIENT_SECRET"),
        ("something_new", "connect again"),
    ],
)
def test_a_broken_grant_pauses_the_organization_and_is_asked_about_once_a_minute(
    tokens, responses, clock, error, words
):
    responses.post(TOKEN_URL, json={"error": error})
    for _ in range(5):
        with pytest.raises(OrganizationPaused, match=words):
            tokens.access_token()
    assert len(responses.calls) == 1

    clock.pass_seconds(61)
    with pytest.raises(OrganizationPaused):
        tokens.access_token()
    assert len(responses.calls) == 2


def test_an_obstacle_is_told_without_asking_zoho_until_it_is_over(tokens, responses, clock):
    assert tokens.obstacle() is None
    responses.post(TOKEN_URL, json={"error": "invalid_code"})
    with pytest.raises(OrganizationPaused):
        tokens.access_token()

    assert "Connect again" in tokens.obstacle()

    clock.pass_seconds(61)
    assert tokens.obstacle() is None
    assert len(responses.calls) == 1


def test_a_corrected_client_secret_is_tried_at_once(tokens, responses, redis, clock, organization):
    responses.post(TOKEN_URL, json={"error": "invalid_client_secret"})
    with pytest.raises(OrganizationPaused):
        tokens.access_token()
    responses.replace("POST", TOKEN_URL, json={"access_token": "token-1", "expires_in": 3600})
    corrected = Tokens(dataclasses.replace(organization, client_secret="right"), redis=redis, clock=clock)

    assert corrected.obstacle() is None
    assert corrected.access_token() == "token-1"
    assert "ZOHO_CLIENT_SECRET" in tokens.obstacle()


def test_another_client_secret_does_not_lift_a_throttle(tokens, responses, redis, clock, organization):
    responses.post(TOKEN_URL, json=THROTTLED)
    with pytest.raises((ZohoUnavailable, OrganizationPaused)):
        tokens.access_token()
    corrected = Tokens(dataclasses.replace(organization, client_secret="right"), redis=redis, clock=clock)

    with pytest.raises(OrganizationPaused, match="limit of token requests"):
        corrected.access_token()
    assert "limit of token requests" in corrected.obstacle()
    assert len(responses.calls) == 1


def test_rejecting_an_old_token_does_not_lose_the_new_one(tokens, numbered):
    old = tokens.access_token()
    tokens.reject(old)
    tokens.access_token()

    tokens.reject(old)

    assert tokens.access_token() == "token-2"


def test_a_token_that_is_rejected_while_another_thread_reads_it_is_not_given_again(
    tokens, numbered, redis, clock, organization, monkeypatch
):
    Tokens(organization, redis=redis, clock=clock).access_token()
    read = redis.get

    def read_and_reject(key):
        found = read(key)
        monkeypatch.setattr(redis, "get", read)
        tokens.reject("token-1")
        return found

    monkeypatch.setattr(redis, "get", read_and_reject)
    assert tokens.access_token() == "token-1"

    assert tokens.access_token() == "token-2"


def test_plain_http_to_another_machine_is_refused(redis, organization):
    unsafe = dataclasses.replace(organization, accounts_url="http://accounts.zoho.example")

    with pytest.raises(ValueError, match="https only"):
        Tokens(unsafe, redis=redis)


@pytest.fixture
def shared(redis, clock, organization):
    """The tokens of two organizations that share a grant, of which the second is closed to the connected user."""
    second = dataclasses.replace(organization, organization_id="10000002")
    return [Tokens(each, redis=redis, clock=clock) for each in (organization, second)]


def test_an_organization_that_rejects_every_token_does_not_use_up_those_of_another(shared, numbered, redis):
    welcome, closed = shared
    closed.reject(closed.access_token())
    assert "rejects even a new access token" in closed.give_up(closed.access_token()).message

    for _ in range(20):
        with pytest.raises(OrganizationPaused, match="rejects even a new"):
            closed.reject(closed.access_token())
        assert welcome.access_token() == "token-2"

    assert len(numbered) == 2
    [in_vain] = redis.scan_iter("bh:token:*:in_vain")
    assert redis.ttl(in_vain) > 600  # ten token requests in ten minutes are all there are


def test_a_token_is_kept_for_the_host_that_it_is_sent_to(shared, numbered, redis, clock, organization):
    elsewhere = dataclasses.replace(organization, api_url="https://proxy.example/books/v3")

    assert shared[0].access_token() == shared[1].access_token() == "token-1"
    assert Tokens(elsewhere, redis=redis, clock=clock).access_token() == "token-2"


def test_what_a_person_has_to_change_is_named_as_the_organization_has_it(responses, redis, clock, organization):
    places = Places(client_secret="ACME_SECRET", data_center="organizations.acme.data_center")
    acme = Tokens(dataclasses.replace(organization, places=places), redis=redis, clock=clock)
    responses.post(TOKEN_URL, json={"error": "invalid_client_secret"})

    with pytest.raises(OrganizationPaused, match=r"check ACME_SECRET and organizations\.acme\.data_center\."):
        acme.access_token()
    assert "organizations.acme.data_center is not the organization's" in acme.give_up("any").message
