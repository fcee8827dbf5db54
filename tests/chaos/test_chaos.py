"""The proof itself: that it draws what it says, that its count misses nothing, and one short run of all of it."""

import copy
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from ledger.marks import marker
from tests.chaos.lives import lives
from tests.chaos.plan import draw
from tests.chaos.plant import PLANTS, ROOT, plant
from tests.chaos.recovery import Recovery, Stranded
from tests.chaos.shops import request_for
from tests.chaos.things import Change, Order
from tests.chaos.verdict import Verdict, judge_books, things_to_post

PLAN = draw(11, 400)


def bookkeeping(plan):
    """The books as they should be."""
    records = {kind: [] for kind in ("invoices", "expenses", "contacts", "slack", "customerpayments", "creditnotes")}
    contacts = {}
    for number, (key, versions) in enumerate(things_to_post(plan).items()):
        thing = versions[0]
        document = {"total": thing.total, "currency_code": thing.currency_code}
        if isinstance(thing, Order):
            who = (thing.person.email or (thing.source, thing.person.customer_id), thing.currency_code)
            who = (who[0].casefold(), who[1]) if thing.person.email else who
            document |= {"invoice_id": str(number), "reference_number": f"{thing.reference} {marker(key, 1)}"}
            document["customer_id"] = contacts.setdefault(who, str(len(contacts)))
        else:
            document |= {"expense_id": str(number), "reference_number": marker(key, 1)}
            document["description"] = f"Taxi {thing.reference} — jonas"
            if thing.vendor:
                who = ("vendor", thing.vendor, thing.currency_code)
                document["vendor_id"] = contacts.setdefault(who, str(len(contacts)))
        records["invoices" if isinstance(thing, Order) else "expenses"].append(document)
    records["contacts"] = [{"contact_id": one, "contact_name": str(who)} for who, one in contacts.items()]
    keep_what_follows(plan, records)
    return records


def keep_what_follows(plan, records):
    """Payments, and one credit note for each refund and cancellation, as if all had come in its order."""
    invoices = {each["reference_number"].rpartition(" ")[2]: each for each in records["invoices"]}
    for key, life in lives(plan).items():
        invoice, paid, taken_off = (
            invoices[marker(key, 1)],
            sum(life.payments.values()),
            sum(life.credit_notes.values()),
        )
        name = {"customer_name": "", "unused_amount": 0}
        records["customerpayments"] += [
            name | {"reference_number": mark, "amount": amount} for mark, amount in life.payments.items()
        ]
        payouts = zip(life.credit_notes.items(), life.payouts, strict=True)
        notes = [
            name | {"reference_number": mark, "total": amount, "balance": 0, "refunds": [refund(payout, amount)]}
            for (mark, amount), payout in payouts
        ]
        owed = life.order.total - paid
        if life.cancellation:
            rest, owed = life.order.total - taken_off, 0
            credit = max(paid - taken_off, 0)
            notes.append(
                name | {"reference_number": life.cancellation, "total": rest, "balance": credit, "refunds": []}
            )
        records["creditnotes"] += notes
        invoice |= {"customer_name": "", "status": "sent", "balance": owed}


def refund(mark, amount):
    return {"reference_number": mark, "amount": amount, "amount_fcy": amount}


def judged(records):
    verdict = Verdict()
    judge_books(verdict, PLAN, records)
    return len(verdict.missing), len(verdict.duplicate), len(verdict.wrong_total), len(verdict.other)


@pytest.fixture
def records():
    return copy.deepcopy(bookkeeping(PLAN))


def test_a_seed_draws_the_same_plan_with_exactly_so_many_different_requests():
    bodies = {request_for(request.thing, "http://127.0.0.1:1").body for request in PLAN.requests}

    assert draw(11, 400) == PLAN
    assert draw(12, 400) != PLAN
    assert (len(PLAN.requests), len(bodies)) == (400, 400)


def test_a_plan_has_what_tends_to_go_wrong():
    things = [request.thing for request in PLAN.requests]
    ends = {request.ends for request in PLAN.requests}
    sent = [delivery.request for delivery in PLAN.deliveries]

    assert {thing.source for thing in things} == {"shopify", "woocommerce", "slack", "standard"}
    assert ends == {("posted",), ("ignored",), ("posted", "ignored"), ("posted", "parked:conflict")}
    assert {thing.what for thing in things if isinstance(thing, Change)} == {"payment", "refund", "cancel"}
    assert max(sent.count(request) for request in set(sent)) == 3
    assert sent != sorted(sent)
    assert len(things) > len({thing.business_key for thing in things})


def test_books_that_are_right_pass(records):
    assert judged(records) == (0, 0, 0, 0)


def test_a_document_that_is_not_there_is_missing(records):
    lost = next(each for each in records["expenses"] if "vendor_id" not in each)
    records["expenses"].remove(lost)

    assert judged(records) == (1, 0, 0, 0)


@pytest.mark.parametrize("reference", ["{reference} {marker}", "{reference} bh-somethingels", "#77 {marker}"])
def test_a_second_document_is_a_duplicate_under_either_of_its_names(records, reference):
    first = records["invoices"][0]
    name, _, mark = first["reference_number"].rpartition(" ")
    again = reference.format(reference=name, marker=mark)
    records["invoices"].append({**first, "invoice_id": "again", "reference_number": again})

    assert judged(records)[1] >= 1


def test_a_document_nobody_asked_for_is_told(records):
    records["invoices"].append({**records["invoices"][0], "invoice_id": "9", "reference_number": "#9 bh-nobodysmark"})

    assert judged(records)[1] == 2


@pytest.mark.parametrize("change", [{"total": 1}, {"currency_code": "JPY"}])
def test_a_total_that_is_not_the_senders_is_wrong(records, change):
    records["invoices"][0] |= change

    missing, duplicate, wrong, other = judged(records)
    assert (missing, duplicate, other) == (0, 0, 0)
    assert wrong >= 1


def test_a_second_contact_for_one_person_is_a_duplicate(records):
    one = next(each for each in records["invoices"] if each["customer_id"] == records["invoices"][0]["customer_id"])
    one["customer_id"] = "another"

    assert judged(records)[1] == 1


def test_one_contact_for_two_people_is_told(records):
    customers = {each["customer_id"] for each in records["invoices"]}
    wrong = records["invoices"][0]
    wrong["customer_id"] = (customers - {wrong["customer_id"]}).pop()

    assert judged(records)[3] == 1


def test_an_answer_told_twice_is_a_duplicate(records):
    records["slack"] = [{"path": "/_sandbox/slack/1"}] * 2

    assert judged(records) == (0, 1, 0, 0)


def test_an_alert_is_told_since_every_grant_is_sound(records):
    records["slack"] = [{"path": "/_sandbox/slack/alerts", "body": {"text": "Bookhook paused organization 10000001"}}]

    assert judged(records) == (0, 0, 0, 1)


@pytest.mark.parametrize("kind", ["customerpayments", "creditnotes"])
def test_a_payment_or_a_credit_note_that_is_not_there_is_told(records, kind):
    lost = next(each for each in records[kind] if kind == "customerpayments" or each["refunds"])
    records[kind].remove(lost)

    assert judged(records)[0] >= 1


@pytest.mark.parametrize("kind", ["customerpayments", "creditnotes"])
def test_a_payment_or_a_credit_note_that_is_there_twice_is_a_duplicate(records, kind):
    records[kind].append(records[kind][0])

    assert judged(records)[1] >= 1


def test_a_refund_paid_back_twice_is_a_duplicate(records):
    note = next(each for each in records["creditnotes"] if each["refunds"])
    note["refunds"] *= 2

    assert judged(records)[1] == 1


def test_a_payment_of_another_amount_is_wrong(records):
    records["customerpayments"][0]["amount"] += 1

    assert judged(records)[2] >= 1


def test_a_payment_that_is_not_set_against_its_invoice_is_wrong(records):
    payment = records["customerpayments"][0]
    payment["unused_amount"] = payment["amount"]
    invoice = records["invoices"][0]
    invoice["balance"] = invoice["total"]

    assert judged(records) == (0, 0, 1, 0)


@pytest.mark.parametrize("name", sorted(PLANTS))
def test_each_bug_can_still_be_planted(name, tmp_path):
    planted = plant(name, tmp_path)

    changed = {change.file for change in PLANTS[name]}
    assert all((planted / file).read_bytes() != (ROOT / file).read_bytes() for file in changed)


@pytest.fixture
def folder():
    # Not pytest's: the address of a Unix socket has little room.
    with tempfile.TemporaryDirectory(prefix="bh-") as name:
        yield Path(name)


def test_a_short_run_ends_with_the_books_right_and_nothing_left_running(folder):
    run = subprocess.run(
        [sys.executable, "-m", "tests.chaos", "--seed", "1", "--events", "60"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "TMPDIR": str(folder)},
        capture_output=True,
        text=True,
        timeout=280,
    )

    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-4000:]
    verdict = r"60 events, \d+ documents, 0 missing, 0 duplicate, 0 wrong total, slowest recovery [\d.]+ s"
    assert re.fullmatch(verdict, run.stdout.splitlines()[-1])
    assert list(folder.iterdir()) == []
    assert not [file for file in Path("/proc").glob("[0-9]*/environ") if str(folder) in read(file)]


def read(file):
    try:
        return file.read_text(errors="replace")
    except OSError:  # it ended meanwhile, or is somebody else's
        return ""


@pytest.mark.parametrize(("handed", "seconds", "again"), [([2], 20, 0), ([2, 3], 0, 1)])
def test_an_event_that_is_lost_again_on_its_way_is_timed_from_there(redis, handed, seconds, again):
    recovery = Recovery(lambda: redis)
    redis.hset("bh:event:ev_1", mapping={"state": "queued", "attempts": 1, "handed": 1})
    recovery._strand(Stranded("ev_1", b"ev_1-1", "worker", time.time() - 20, 1, 1))

    for number in handed:
        redis.hset("bh:event:ev_1", "handed", number)
        recovery._look(redis)
    redis.hset("bh:event:ev_1", "attempts", 2)
    recovery._look(redis)

    assert [int(took) for took, _ in recovery.recovered] == [seconds]
    assert recovery.lost_again == again
