"""What every source keeps to, tested once on all of its examples: a new folder is tested by being there."""

import json
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.schemes import WINDOW_SECONDS
from tests.scene import SOURCES, every_example, signs_time, two_secrets
from tests.scene import example as find_example

EXAMPLES = every_example()
every = pytest.mark.parametrize("example", EXAMPLES)


KINDS = ("invoice", "expense", "payment", "credit_note")


def in_books(sandbox) -> int:
    records = sandbox.records()
    return sum(len(records.get(kind, ())) for kind in ("invoices", "expenses", "customerpayments", "creditnotes"))


def predecessors(example):
    """The examples this one follows."""
    return [find_example(f"{example.source}/{case}") for case in example.expected.get("after", [])]


def deliver_what_comes_before(example, hooks, worker) -> None:
    """The examples this one follows, all done."""
    for each in predecessors(example):
        hooks.deliver(each)
    worker.drain()


def event_of(example, worker):
    """The one event about what the example is about, by its topic."""
    [event] = [each for each in worker.desk.ledger.events.list() if each.topic == example.expected["topic"]]
    return event


def posted_keys(worker) -> set[str]:
    """The business keys of all posted documents with an amount, of every event."""
    documents = worker.desk.ledger.documents
    records = [record for event in worker.desk.ledger.events.list() for record in documents.of(event.event_id)]
    return {record.business_key for record in records if record.kind in KINDS and record.state == "posted"}


def drafted(example) -> list[tuple[str, Decimal, str]]:
    """Kind, total and currency of every document with an amount that the example asks for."""
    drafts = example.expected.get("drafts", {})
    parts = [drafts.get("invoice"), *drafts.get("payments", []), *drafts.get("refunds", []), drafts.get("expense")]
    return sorted(
        (part["kind"], Decimal(part.get("control_total") or part["amount"]), part["currency_code"])
        for part in parts
        if part
    )


@every
def test_an_example_ends_as_it_says(example, hooks, worker, sandbox):
    expected = example.expected
    deliver_what_comes_before(example, hooks, worker)

    answer = hooks.deliver(example)
    worker.drain()

    event = event_of(example, worker)
    assert answer.status_code < 300
    assert (event.state, event.topic, event.source) == (expected["state"], expected["topic"], example.source), (
        event.error
    )
    records = [each for each in worker.desk.ledger.documents.of(event.event_id) if each.kind in KINDS]
    found = [(each.kind, each.total, each.currency_code) for each in records if each.state == "posted"]
    wanted = drafted(example) if expected["state"] == "posted" else []
    assert sorted(found) == wanted
    assert in_books(sandbox) == len(posted_keys(worker))
    error = event.error.as_json() if event.error else {}
    assert {name: error.get(name) for name in expected.get("error", {})} == expected.get("error", {})
    assert worker.reported == []


@every
def test_an_unsigned_request_is_refused_and_not_recorded(example, hooks, worker):
    answer = hooks.post(example, example.headers)

    assert (answer.status_code, answer.json["error"]["code"]) == (401, "missing_signature")
    assert list(worker.desk.ledger.events.list()) == []


@every
def test_a_forged_request_is_refused_and_not_recorded(example, hooks, worker):
    forged = "whsec_" + "Zm9y" * 8 if example.source == "standard" else "forged"

    answer = hooks.deliver(example, secret=forged)

    assert (answer.status_code, answer.json["error"]["code"]) == (401, "bad_signature")
    assert list(worker.desk.ledger.events.list()) == []


@every
def test_the_second_of_two_secrets_is_accepted_during_rotation(example, hooks, worker):
    answer = hooks.deliver(example, secret=two_secrets(SOURCES[example.source])[1])

    assert answer.status_code < 300
    assert worker.only_event().source == example.source


@every
def test_the_same_delivery_twice_is_one_event_and_its_documents_once(example, hooks, worker, sandbox):
    deliver_what_comes_before(example, hooks, worker)
    hooks.deliver(example)
    worker.drain()
    before = in_books(sandbox)

    again = hooks.deliver(example)
    worker.drain()

    assert again.status_code == 200
    assert event_of(example, worker).state == example.expected["state"]
    assert in_books(sandbox) == before


@pytest.mark.parametrize("example", [each for each in EXAMPLES if signs_time(SOURCES[each.values[0].source])])
@pytest.mark.parametrize("age", [WINDOW_SECONDS + 1, -WINDOW_SECONDS - 1], ids=["old", "future"])
def test_a_stale_signature_is_refused_where_a_time_is_signed(example, age, hooks, worker):
    answer = hooks.deliver(example, age=age)

    assert (answer.status_code, answer.json["error"]["code"]) == (401, "stale_signature")
    assert list(worker.desk.ledger.events.list()) == []


def test_every_source_shows_every_topic_carried_out_and_something_ignored():
    for source in SOURCES.values():
        expected = [each.expected for each in source.examples()]
        done = {one["topic"] for one in expected if one["state"] in ("posted", "rejected")}
        assert done == set(source.topics), source.name
        assert [one for one in expected if one["state"] == "ignored"], source.name


JUNK = st.sampled_from([None, "", [], {}, -1, 0, "x", True, [None], "1e400", 10**30])


@pytest.mark.parametrize("name", sorted(SOURCES))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(raw=st.none() | st.binary(max_size=200), place=st.integers(0, 5000), junk=JUNK)
def test_a_fuzzed_body_is_accepted_and_ends_without_an_unexpected_error(name, raw, place, junk, hooks, worker):
    example = SOURCES[name].examples()[0]
    body = _mutated(example.body, place, junk) if raw is None else raw

    answer = hooks.deliver(_with_body(example, body))
    worker.drain()

    assert answer.status_code in (200, 202)
    assert worker.reported == []


def _with_body(example, body):
    return type(example)(example.source, example.case, body, example.headers, example.expected)


def _mutated(body: bytes, place: int, junk: object) -> bytes:
    """The body with a value replaced by something else, or cut short."""
    try:
        content = json.loads(body)
    except ValueError:
        return body[: place % len(body)]
    key = sorted(content)[place % len(content)]
    return json.dumps({**content, key: junk}).encode()
