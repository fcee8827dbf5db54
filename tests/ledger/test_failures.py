"""What needs a person, put together by what mends it."""

import pytest

from errors import Question
from ledger.arrivals import Arrival
from ledger.records import Trouble


@pytest.fixture
def park(ledger, clock):
    """Parks a new event with a trouble; gives its id."""

    def park(trouble: Trouble, *, connection: str = "shop1", organization: str = "1") -> str:
        clock.advance(1)
        arrival = Arrival(
            connection=connection,
            source="shopify",
            organization=organization,
            topic="orders/paid",
            delivery=str(clock()),
            headers={},
            body=str(clock()).encode(),
        )
        event_id = ledger.events.record(arrival).event_id
        _, lease = ledger.events.begin(event_id, process="p")
        ledger.events.finish(event_id, lease, "parked", error=trouble)
        return event_id

    return park


def differs(total: int) -> Trouble:
    return Trouble(code="total_differs", message=f"Zoho's total is {total}, the sender's is 7.", remedy="Compare.")


def unknown(tax: str) -> Trouble:
    question = Question(about="tax", word=tax)
    return Trouble(code="unknown_tax", message=f"No tax “{tax}”. It has: VAT 7.", remedy="Map it.", question=question)


def test_what_differs_by_numbers_is_one_cause(ledger, park):
    ids = [park(differs(total)) for total in (10, 2000, 3)]

    [failure] = ledger.failures.newest(10)

    assert sorted(failure.event_ids) == sorted(ids)
    assert failure.trouble.code == "total_differs"


def test_names_that_are_asked_for_are_causes_of_their_own_by_their_numbers_too(ledger, park):
    for name in ("VAT 19", "VAT 21", "vat 19"):
        park(unknown(name))

    found = {failure.trouble.question.word.casefold(): failure.count for failure in ledger.failures.newest(10)}

    assert found == {"vat 19": 2, "vat 21": 1}


def test_connections_are_told_apart_whatever_numbers_their_names_have(ledger, park):
    first, second = park(differs(1), connection="shop1"), park(differs(2), connection="shop2")

    [failure] = ledger.failures.newest(10)

    assert failure.events == {"shop2": [second], "shop1": [first]}


def test_one_cause_in_two_organizations_is_two_as_each_has_taxes_of_its_own(ledger, park):
    park(unknown("VAT"), organization="1")
    park(unknown("VAT"), organization="2", connection="shop2")

    assert {failure.organization: failure.count for failure in ledger.failures.newest(10)} == {"1": 1, "2": 1}


def test_the_newest_of_all_connections_are_looked_at_the_most_frequent_cause_first(ledger, park):
    park(differs(1), connection="old")
    often = [park(unknown("VAT"), connection=name) for name in ("shop1", "shop2", "shop1")]
    park(differs(2), connection="shop2")

    found = ledger.failures.newest(4)

    assert [(failure.trouble.code, failure.count) for failure in found] == [("unknown_tax", 3), ("total_differs", 1)]
    assert found[0].events == {"shop1": [often[2], often[0]], "shop2": [often[1]]}


def test_what_was_retried_meanwhile_is_left_out(ledger, park):
    stays, goes = park(differs(1)), park(differs(2))
    ledger.events.requeue(goes)

    [failure] = ledger.failures.of([stays, goes, "ev_unknown"])

    assert failure.event_ids == [stays]
