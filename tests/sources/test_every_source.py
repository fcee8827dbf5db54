"""What every source keeps to, tested once on all of its examples: a new folder is tested by being there."""

from decimal import Decimal
from functools import cache

import pytest

from cli.workshop.checks import CHECKS
from cli.workshop.signing import made_secret, window_seconds
from cli.workshop.trial import Trial, try_source
from ingest.schemes import make_scheme
from tests.scene import SOURCES, every_example, secret_of, two_secrets
from tests.scene import example as find_example

EXAMPLES = every_example()
every = pytest.mark.parametrize("example", EXAMPLES)
each_source = pytest.mark.parametrize("source", SOURCES.values(), ids=lambda source: source.name)
KINDS = ("invoice", "expense", "payment", "credit_note")


@cache
def trial(name: str) -> Trial:
    return try_source(SOURCES[name])


@each_source
@pytest.mark.parametrize("title", CHECKS)
def test_a_folder_keeps_to_what_is_checked_of_it_alone(source, title):
    assert list(CHECKS[title](trial(source.name))) == []


@each_source
def test_the_secrets_it_is_tried_with_are_of_its_scheme(source):
    secrets = {made_secret(source, number) for number in range(3)}

    assert set(map(make_scheme(source.verify).fault, secrets)) == {None}
    assert len(secrets) == 3


def in_books(sandbox) -> int:
    records = sandbox.records()
    return sum(len(records.get(kind, ())) for kind in ("invoices", "expenses", "customerpayments", "creditnotes"))


def deliver_what_comes_before(example, hooks, worker) -> set[str]:
    """The examples this one follows, all done; gives the ids of their events."""
    for case in example.expected.get("after", []):
        hooks.deliver(find_example(f"{example.source}/{case}"))
    worker.drain()
    return {each.event_id for each in worker.desk.ledger.events.list()}


def event_besides(before, worker):
    """The one event that was not there before."""
    [event] = [each for each in worker.desk.ledger.events.list() if each.event_id not in before]
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
    before = deliver_what_comes_before(example, hooks, worker)

    answer = hooks.deliver(example)
    worker.drain()

    event = event_besides(before, worker)
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
def test_the_same_delivery_twice_is_one_event_and_its_documents_once(example, hooks, worker, sandbox):
    before = deliver_what_comes_before(example, hooks, worker)
    hooks.deliver(example)
    worker.drain()
    posted = in_books(sandbox)

    again = hooks.deliver(example, age=-1)
    worker.drain()

    assert again.status_code == 200
    assert event_besides(before, worker).state == example.expected["state"]
    assert in_books(sandbox) == posted


def refusals(source, post, worker) -> set[tuple[int, str]]:
    """Status and code of every example of a source, posted in some way; none of them is recorded."""
    answers = [post(example) for example in source.examples()]
    assert list(worker.desk.ledger.events.list()) == []
    return {(answer.status_code, answer.json["error"]["code"]) for answer in answers}


@each_source
def test_an_unsigned_request_is_refused_and_not_recorded(source, hooks, worker):
    assert refusals(source, lambda each: hooks.post(each, each.headers), worker) == {(401, "missing_signature")}


@each_source
def test_a_forged_request_is_refused_and_not_recorded(source, hooks, worker):
    forged = secret_of(source, "forged")

    assert refusals(source, lambda each: hooks.deliver(each, secret=forged), worker) == {(401, "bad_signature")}


SIGNS_TIME = [source for source in SOURCES.values() if window_seconds(source, source.examples()[0])]


@pytest.mark.parametrize("source", SIGNS_TIME, ids=lambda source: source.name)
@pytest.mark.parametrize("sign", [1, -1], ids=["replayed later", "dated ahead"])
def test_a_stale_signature_is_refused_where_a_time_is_signed(source, sign, hooks, worker):
    age = sign * (window_seconds(source, source.examples()[0]) + 1)

    assert refusals(source, lambda each: hooks.deliver(each, age=age), worker) == {(401, "stale_signature")}


@each_source
def test_the_second_of_two_secrets_is_accepted_during_rotation(source, hooks, worker):
    answers = [hooks.deliver(each, secret=two_secrets(source)[1]) for each in source.examples()]

    assert {answer.status_code for answer in answers} <= {200, 202}
    assert len(list(worker.desk.ledger.events.list())) == len(source.examples())
