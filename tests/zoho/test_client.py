import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from config.organizations import Limits
from errors import OrganizationPaused, OutcomeUnknown, QuotaExhausted, ZohoRejected, ZohoUnavailable
from zoho.protocol import Call, create, freeze, read

API = "https://api.zoho.example/books/v3"
TOKEN_URL = "https://accounts.zoho.example/oauth/v2/token"
FROZEN = freeze({"reference_number": "#1001 bh-7k2m9q4x1dfa"})
UNAUTHORIZED = {"code": 57, "message": "You are not authorized to perform this operation"}


def calls_to(responses, url):
    return [call.request for call in responses.calls if call.request.url.startswith(url)]


def test_a_call_carries_token_organization_and_the_frozen_bytes(make_client, responses, tokens_flow):
    tokens_flow("token-1")
    responses.post(f"{API}/invoices", json={"code": 0, "invoice": {}}, status=201)

    make_client().call(create("/invoices", FROZEN))

    request = calls_to(responses, API)[0]
    assert request.headers["Authorization"] == "Zoho-oauthtoken token-1"
    assert request.headers["Content-Type"] == "application/json"
    assert request.body == FROZEN.encode()
    assert request.url == f"{API}/invoices?organization_id=10000001"


def test_the_list_of_organizations_is_asked_without_naming_one(make_client, responses, tokens_flow):
    tokens_flow()
    responses.get(f"{API}/organizations", json={"code": 0, "organizations": []})

    assert list(make_client().rows("/organizations")) == []

    assert "organization_id" not in calls_to(responses, API)[0].url


def test_an_expired_token_is_renewed_once_and_the_call_repeated_once(make_client, responses, tokens_flow):
    tokens_flow("token-1", "token-2")
    responses.post(f"{API}/invoices", json=UNAUTHORIZED, status=401)
    responses.post(f"{API}/invoices", json={"code": 0, "invoice": {"invoice_id": "1"}}, status=201)

    answer = make_client().call(create("/invoices", FROZEN))

    assert answer["invoice"] == {"invoice_id": "1"}
    assert [request.headers["Authorization"][-7:] for request in calls_to(responses, API)] == ["token-1", "token-2"]
    assert len({request.body for request in calls_to(responses, API)}) == 1


def test_a_missing_scope_pauses_and_never_becomes_a_loop_of_renewals(make_client, responses, tokens_flow):
    tokens_flow("token-1", "token-2", "token-3")
    responses.get(f"{API}/chartofaccounts", json=UNAUTHORIZED, status=401)
    client = make_client()

    for _ in range(6):
        with pytest.raises(OrganizationPaused, match="scope"):
            client.call(read("/chartofaccounts"))

    assert len(calls_to(responses, TOKEN_URL)) == 2
    responses.get(f"{API}/invoices", json={"code": 0, "invoices": []})
    assert list(client.rows("/invoices")) == []


def test_every_attempt_is_counted_and_a_used_up_quota_sends_nothing(make_client, responses, tokens_flow):
    tokens_flow()
    responses.get(f"{API}/invoices", json={"code": 0, "invoices": []})
    client = make_client(limits=Limits(2, 100, 5))
    client.call(read("/invoices"))
    client.call(read("/invoices"))

    with pytest.raises(QuotaExhausted):
        client.call(read("/invoices"))

    assert len(calls_to(responses, API)) == 2


def test_zohos_429_closes_the_gate_for_every_process(make_client, responses, tokens_flow, clock):
    tokens_flow()
    responses.get(f"{API}/invoices", json={"code": 44, "message": "blocked"}, status=429)
    with pytest.raises(QuotaExhausted):
        make_client().call(read("/invoices"))

    with pytest.raises(QuotaExhausted, match="pause"):
        make_client().call(read("/invoices"))
    assert len(calls_to(responses, API)) == 1

    responses.replace("GET", f"{API}/invoices", json={"code": 0, "invoices": []})
    clock.pass_seconds(61)
    make_client().call(read("/invoices"))


def test_a_redirect_is_not_followed(make_client, responses, tokens_flow):
    tokens_flow()
    elsewhere = {"Location": "https://elsewhere.example/"}
    responses.get(f"{API}/invoices", status=302, headers=elsewhere, body="moved")

    with pytest.raises(ZohoUnavailable):
        make_client().call(read("/invoices"))

    assert len(calls_to(responses, "https://elsewhere.example")) == 0


def test_nothing_is_sent_after_the_deadline(make_client, responses, tokens_flow, clock):
    tokens_flow()

    with pytest.raises(ZohoUnavailable, match="was over"):
        make_client().call(create("/invoices", FROZEN), deadline=clock() - 1)

    assert calls_to(responses, API) == []


def test_a_refusal_is_raised_as_it_is(make_client, responses, tokens_flow):
    tokens_flow()
    responses.post(f"{API}/expenses", json={"code": 1002, "message": "Please enter valid expense account"}, status=404)

    with pytest.raises(ZohoRejected, match="valid expense account"):
        make_client().call(create("/expenses", FROZEN))


def test_all_pages_of_a_list_are_read(make_client, responses, tokens_flow):
    tokens_flow()

    def page(request):
        number = int(request.params["page"])
        more = {"has_more_page": number < 3}
        return 200, {}, json.dumps({"code": 0, "taxes": [{"tax_id": str(number)}], "page_context": more})

    responses.add_callback("GET", f"{API}/settings/taxes", callback=page)

    rows = list(make_client().rows("/settings/taxes"))

    assert [row["tax_id"] for row in rows] == ["1", "2", "3"]
    assert calls_to(responses, API)[0].params["per_page"] == "200"


@pytest.mark.parametrize("context", [None, [], {"page": 1}])
def test_a_full_page_that_does_not_say_whether_more_follows_is_followed_by_another(
    make_client, responses, tokens_flow, context
):
    tokens_flow()
    responses.get(f"{API}/items", json={"code": 0, "items": [{"sku": "x"}] * 200, "page_context": context})
    responses.get(f"{API}/items", json={"code": 0, "items": [{"sku": "y"}], "page_context": context})

    assert len(list(make_client().rows("/items"))) == 201


@pytest.mark.parametrize("answer", [{"code": 0}, {"code": 0, "items": {}}, {"code": 0, "items": ["x"]}])
def test_a_list_without_rows_is_unreadable_not_empty(make_client, responses, tokens_flow, answer):
    tokens_flow()
    responses.get(f"{API}/items", json=answer)

    with pytest.raises(ZohoUnavailable):
        list(make_client().rows("/items"))


def test_a_server_error_after_a_write_is_unknown(make_client, responses, tokens_flow):
    tokens_flow()
    responses.post(f"{API}/invoices", body="<html>", status=502)

    with pytest.raises(OutcomeUnknown):
        make_client().call(create("/invoices", FROZEN))

    assert len(calls_to(responses, API)) == 1


def test_places_in_flight_are_held_while_calls_are(make_client, responses, tokens_flow):
    tokens_flow()
    entered, leave = threading.Event(), threading.Event()

    def slow(request):
        entered.set()
        leave.wait(10)
        return 200, {}, '{"code": 0, "invoices": []}'

    responses.add_callback("GET", f"{API}/invoices", callback=slow)
    client = make_client(limits=Limits(100, 100, 1))
    with ThreadPoolExecutor() as pool:
        first = pool.submit(client.call, Call("GET", "/invoices"))
        entered.wait(10)
        with pytest.raises(QuotaExhausted, match="in flight"):
            client.call(read("/invoices"))
        leave.set()

        assert first.result()["invoices"] == []
