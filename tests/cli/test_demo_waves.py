"""In which order the demo delivers examples."""

from cli.demo import in_waves
from tests.scene import example

PAID, LATER = example("ecwid/paid_order"), example("ecwid/refunded_in_part")
YEN = example("ecwid/yen_and_gift_card")


def test_what_an_example_follows_and_what_answers_otherwise_come_in_waves_of_their_own():
    profiles = {PAID.case: "USD", YEN.case: "JPY", LATER.case: "USD"}

    waves = list(in_waves([LATER, YEN, PAID], lambda each: {("app.ecwid.com", "/profile"): profiles[each.case]}))

    assert [[each.case for each in wave] for wave in waves] == [[YEN.case], [PAID.case], [LATER.case]]


def test_what_follows_one_order_comes_in_waves_of_its_own_a_cancellation_last():
    sold, paid, canceled = (example(f"medusa/{case}") for case in ("placed_order", "captured", "canceled_order"))

    waves = list(in_waves([canceled, paid, sold], lambda _: {}))

    assert [[each.case for each in wave] for wave in waves] == [[sold.case], [paid.case], [canceled.case]]
