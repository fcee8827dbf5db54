"""What a monitor may see, and with what."""

import pytest
from prometheus_client.parser import text_string_to_metric_families

from console.app import create_console
from tests.console.conftest import ORDER, URL, order

TOKEN = "monitor-" + "0" * 32


@pytest.fixture
def ask(services):
    client = create_console(services, url=URL, metrics_token=TOKEN).test_client()

    def ask(path: str = "/metrics", token: str | None = None):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return client.get(path, base_url=URL, headers=headers)

    return ask


def read(text: str) -> dict[tuple[str, str], float]:
    samples = (sample for family in text_string_to_metric_families(text) for sample in family.samples)
    return {(sample.name, next(iter(sample.labels.values()))): sample.value for sample in samples}


def test_a_monitor_reads_how_events_and_quotas_stand(ask, hooks, worker, services):
    hooks.deliver(ORDER)
    hooks.deliver(order(7, line_items=[], shipping_lines=[]))
    worker.drain()
    services.ledger.dispatch.pause("10000001", reason="the grant is gone", seconds=60)

    answer = ask(token=TOKEN)

    told = read(answer.text)
    assert answer.content_type.startswith("text/plain")
    assert told["bookhook_events", "posted"] == told["bookhook_events", "parked"] == 1
    assert told["bookhook_zoho_paused", "10000001"] == 1
    assert told["bookhook_zoho_minute_used", "10000001"] > 0
    assert told["bookhook_zoho_minute_limit", "10000001"] > 0
    assert "the grant is gone" not in answer.text


@pytest.mark.parametrize("token", [None, "monitor-", TOKEN + "0", "é" * 40])
def test_nobody_else_reads_it(ask, token):
    answer = ask(token=token)

    assert answer.status_code == 401
    assert "bookhook_events" not in answer.text


@pytest.mark.parametrize("path", ["/index.json", "/events.json", "/team.json"])
def test_the_token_opens_nothing_else(ask, path):
    assert ask(path, token=TOKEN).status_code in (401, 404)


def test_where_there_is_no_token_none_is_right(browse, new_browser):
    assert "bookhook_events" in browse("viewer").get("/metrics").text
    assert new_browser().get("/metrics", headers={"Authorization": "Bearer "}).status_code == 401
