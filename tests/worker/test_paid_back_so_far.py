"""A refund that is told again with more of it paid back, or less: what went back is paid once, or a person sees it."""

import shutil
from decimal import Decimal

import pytest

from mappings import BUILT_IN
from tests.orders import Figures, Order, figures
from tests.worker.test_doubts_in_orders import SETTLED_SECONDS, books, go_on, money
from tests.worker.test_ledger_gone_back import back_up, restore
from tests.worker.test_order_life import code, state, steps

__all__ = ["books", "go_on"]
NO_VERSION = """once_per: "order:{data.order_id}"
    refunds:"""
WITH_VERSION = """once_per: "order:{data.order_id}"
    version?: data.updated_at
    refunds:"""
VERSIONS = ("2026-03-16T10:00:00Z", "2026-03-17T10:00:00Z", "2026-03-18T10:00:00Z")
PAY_OUT = "POST /creditnotes/:id/refunds"


@pytest.fixture
def environ(environ, tmp_path):
    """The standard sender, whose refunds may say how new they are."""
    folder = shutil.copytree(BUILT_IN / "standard", tmp_path / "sources" / "standard")
    mapping = (folder / "mapping.yaml").read_text()
    assert NO_VERSION in mapping
    (folder / "mapping.yaml").write_text(mapping.replace(NO_VERSION, WITH_VERSION))
    return {**environ, "BOOKHOOK_SOURCES": str(folder.parent)}


@pytest.fixture
def order(hooks, worker):
    order = Order(hooks)
    order.completed()
    order.paid("100.00")
    worker.drain()
    return order


@pytest.fixture
def tell(order, worker, clock):
    """Tells the refund with so much of it paid back; the id of the event, when it has been worked on."""

    def tell(back: str, *, version: int | None = None) -> str:
        clock.advance(1)
        at = {} if version is None else {"updated_at": VERSIONS[version]}
        event_id = order.refunded("21.20", paid_back=back, told_at=clock(), **at)
        worker.drain()
        return event_id

    return tell


def left_of(back: str) -> Figures:
    """The books when so much of the refund is paid back, and the rest is the customer's credit."""
    paid = Decimal(back)
    return Figures(net=Decimal("78.80"), cash=100 - paid, owed=Decimal(0), credit=Decimal("21.20") - paid)


def payouts(sandbox):
    return [Decimal(str(each["amount"])) for note in sandbox.creditnotes for each in note["refunds"]]


def replay(worker, *event_ids):
    for each in event_ids:
        assert worker.desk.ledger.events.replay(each) is None
        worker.drain()


def delete_payout(sandbox, amount: str) -> None:
    """A person deletes a refund of the credit note in Zoho."""
    [note] = sandbox.creditnotes
    [found] = [each for each in note["refunds"] if Decimal(str(each["amount"])) == Decimal(amount)]
    sandbox.keep_books("DELETE", f"/creditnotes/{note['creditnote_id']}/refunds/{found['creditnote_refund_id']}")


def test_what_is_paid_back_more_is_paid_by_a_further_refund(tell, worker, books, sandbox):
    told = [tell(back) for back in ("0", "10.00", "21.20")]

    assert [state(worker, each) for each in told] == ["posted"] * 3
    assert books() == left_of("21.20")
    assert sorted(payouts(sandbox)) == [Decimal("10.00"), Decimal("11.20")]
    assert len({each["reference_number"] for each in sandbox.creditnotes[0]["refunds"]}) == 2


def test_a_sender_that_leaves_out_the_amount_in_the_end_has_paid_back_all(tell, order, worker, books):
    tell("10.00")
    order.refunded("21.20")
    worker.drain()

    assert books() == left_of("21.20")


def test_what_is_told_again_is_paid_once(tell, worker, books, sandbox):
    told = [tell(back) for back in ("10.00", "21.20", "21.20")]
    replay(worker, *told[1:])

    assert [state(worker, each) for each in told] == ["posted"] * 3
    assert books() == left_of("21.20")
    assert sandbox.calls[PAY_OUT] == 2


@pytest.mark.parametrize("fault", ["reset", "reset_after_saving", "answer_429_1070"])
def test_a_further_refund_in_doubt_is_paid_once(tell, worker, books, sandbox, go_on, fault):
    tell("10.00")
    sandbox.fault(on=PAY_OUT, times=1, do=fault)
    more = tell("21.20")
    assert state(worker, more) == "waiting"

    go_on()

    assert state(worker, more) == "posted"
    assert books() == left_of("21.20")
    assert len(payouts(sandbox)) == 2


def test_more_is_paid_back_only_once_the_first_refund_is_out_of_doubt(order, worker, books, sandbox, clock, go_on):
    sandbox.fault(on=PAY_OUT, times=1, do="reset_after_saving")
    first = order.refunded("21.20", paid_back="10.00")
    clock.advance(1)
    told = [first, order.refunded("21.20", paid_back="21.20")]

    go_on()

    assert [state(worker, each) for each in told] == ["posted"] * 2
    assert books() == left_of("21.20")
    assert sorted(payouts(sandbox)) == [Decimal("10.00"), Decimal("11.20")]


@pytest.mark.parametrize("is_last_first", [False, True])
def test_refunds_that_the_ledger_forgot_are_found(tell, worker, books, sandbox, redis, order, go_on, is_last_first):
    backup = back_up(redis)
    for back in ("10.00", "21.20"):
        tell(back)

    restore(redis, backup)
    for back in ("21.20", "10.00", "21.20")[0 if is_last_first else 1 :]:
        order.refunded("21.20", paid_back=back)
        go_on()

    assert books() == left_of("21.20")
    assert sandbox.calls[PAY_OUT] == 2


def test_an_older_event_that_runs_again_takes_nothing_back(tell, worker, books, sandbox):
    older = tell("10.00")
    tell("21.20")
    replay(worker, older)

    assert state(worker, older) == "posted"
    assert "older_version" in steps(worker, older)
    assert books() == left_of("21.20")


@pytest.mark.parametrize(("first", "late"), [("21.20", "10.00"), ("10.00", "21.20")])
def test_an_older_version_that_comes_late_changes_nothing(tell, worker, books, first, late):
    tell(first, version=1)
    older = tell(late, version=0)

    assert state(worker, older) == "posted"
    assert "older_version" in steps(worker, older)
    assert books() == left_of(first)


def test_an_older_version_sets_nothing_against_an_invoice_that_is_owed_again(tell, worker, books, sandbox, order):
    tell("21.20", version=1)
    [payment] = sandbox.customerpayments
    sandbox.keep_books("DELETE", f"/customerpayments/{payment['payment_id']}")
    older = tell("10.00", version=0)

    assert state(worker, older) == "posted"
    assert sandbox.calls.get("POST /creditnotes/:id/invoices") is None


@pytest.mark.parametrize("versions", [(None, None), (0, 1)])
def test_less_than_was_paid_back_is_left_to_a_person(tell, worker, books, versions):
    tell("21.20", version=versions[0])
    less = tell("10.00", version=versions[1])

    trouble = worker.event(less).error
    assert (state(worker, less), trouble.code, trouble.field) == ("parked", "conflict", "paid_back")
    assert "21.20 USD of credit note CN-00001 is paid back already, but now only 10.00 USD" in trouble.message
    assert books() == left_of("21.20")


def test_nothing_paid_back_any_more_is_left_to_a_person(tell, worker, books):
    tell("21.20")

    assert code(worker, tell("0")) == "conflict"
    assert books() == left_of("21.20")


def test_a_refund_that_a_person_has_deleted_is_taken_as_gone_and_paid_again_when_told(
    tell, worker, books, sandbox, clock
):
    told = [tell(back) for back in ("10.00", "21.20")]
    less = tell("10.00")
    clock.advance(SETTLED_SECONDS)
    delete_payout(sandbox, "11.20")

    worker.desk.ledger.events.requeue(less)
    worker.drain()
    assert (state(worker, less), "corrected" in steps(worker, less)) == ("posted", True)
    replay(worker, *told, less)
    assert books() == left_of("10.00")

    tell("15.00")
    assert books() == left_of("15.00")


def test_what_is_missing_of_a_refund_that_a_person_has_deleted_is_paid_anew(tell, worker, books, sandbox, clock):
    tell("21.20", version=0)
    less = tell("10.00", version=1)
    clock.advance(SETTLED_SECONDS)
    delete_payout(sandbox, "21.20")

    worker.desk.ledger.events.requeue(less)
    worker.drain()

    assert state(worker, less) == "posted"
    assert books() == left_of("10.00")


def test_a_refund_that_is_shown_late_is_not_taken_for_deleted(tell, worker, books, sandbox):
    for back in ("10.00", "21.20"):
        tell(back)
    delete_payout(sandbox, "11.20")

    assert code(worker, tell("10.00")) == "conflict"


def test_more_than_is_open_of_the_credit_note_is_parked_with_both_numbers(tell, worker, books, sandbox):
    tell("10.00")
    [note] = sandbox.creditnotes
    by_hand = {"date": "2026-03-20", "amount": 11.20, "from_account_id": note["refunds"][0]["from_account_id"]}
    sandbox.keep_books("POST", f"/creditnotes/{note['creditnote_id']}/refunds", by_hand)
    more = tell("21.20")

    trouble = worker.event(more).error
    assert trouble.code == "paid_back_exceeds_credit"
    assert "11.20 USD is to be paid back, but of credit note CN-00001 only 0.00 USD is open" in trouble.message
    assert books() == left_of("21.20")


def test_of_a_cancelled_order_more_is_paid_out_of_its_credit(tell, order, worker, books):
    order.cancelled()
    worker.drain()
    for back in ("10.00", "21.20"):
        tell(back)

    assert books() == money("0", "78.80", "0", "78.80")


def test_more_out_of_a_cancelled_order_waits_for_the_payment(hooks, worker, sandbox, go_on):
    order = Order(hooks)
    order.completed()
    order.paid("10.00")
    order.cancelled()
    order.refunded("21.20", paid_back="10.00")
    worker.drain()
    more = order.refunded("21.20", paid_back="21.20")
    worker.drain()
    assert worker.event(more).reason == "waits_for_order"

    order.paid("90.00", "2")
    go_on()

    assert state(worker, more) == "posted"
    assert figures(sandbox.records(), order.order_id) == money("0", "78.80", "0", "78.80")
