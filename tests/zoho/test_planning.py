import datetime
from decimal import Decimal

import pytest

from config.options import ConnectionOptions, InvoiceOptions, TaxOptions
from drafts import InvoiceDraft, Line, RefundDraft, Tax
from errors import MappingError, NeedsAttention, TaxDiffers, TotalDiffers, UnknownName
from tests.zoho.known_names import Ids
from zoho.names import NamesAsTheyAre
from zoho.planning import plan_credit_note, plan_invoice

DAY = datetime.date(2026, 11, 20)
ZOHO = ConnectionOptions()
NONE = ConnectionOptions(taxes=TaxOptions(mode="none"))
AMOUNTS = ConnectionOptions(taxes=TaxOptions(mode="amounts", account="Tax Payable"))


def line(rate="10.00", *taxes, **changes):
    fields = {"name": "Mug", "quantity": Decimal(1), "rate": Decimal(rate), "taxes": taxes}
    return Line(**{**fields, **changes})


def tax(name, amount, rate=None):
    return Tax(name=name, amount=Decimal(amount), rate=None if rate is None else Decimal(rate))


def invoice(total, *lines, **changes):
    fields = {"reference_number": "#1", "date": DAY, "currency_code": "USD", "lines": lines}
    return InvoiceDraft(control_total=Decimal(total), **{**fields, **changes})


def refund(total, *lines, **changes):
    fields = {"once_per": "refund:5", "reference_number": "#1", "date": DAY, "currency_code": "USD", "lines": lines}
    return RefundDraft(control_total=Decimal(total), **{**fields, **changes})


def plan(draft, options=ZOHO, names=None):
    names = names or Ids(VAT=("20",), State=("6",), County=("2",))
    return (plan_invoice if isinstance(draft, InvoiceDraft) else plan_credit_note)(draft, names, options)


def items(planned, *fields):
    return [tuple(item.get(field) for field in fields) for item in planned.fields["line_items"]]


def test_an_invoice_that_comes_out_needs_no_adjustment():
    planned = plan(invoice("24.00", line("10.00", tax("VAT", "4.00"), quantity=Decimal(2))))

    assert planned.totals.total == Decimal("24.00")
    assert (planned.adjustment, planned.reason) == (0, None)
    assert "adjustment" not in planned.fields
    assert items(planned, "name", "rate", "quantity", "tax_id") == [("Mug", Decimal("10.00"), Decimal(2), "tax VAT")]


def test_cents_between_zoho_and_the_sender_become_an_adjustment_that_says_so():
    planned = plan(invoice("11.99", line("10.00", tax("VAT", "1.99"))))

    assert planned.fields["adjustment"] == planned.adjustment == Decimal("-0.01")
    assert planned.fields["adjustment_description"] == "Rounding"
    assert planned.totals.total == Decimal("11.99")
    assert "12.00" in planned.reason
    assert "11.99" in planned.reason


@pytest.mark.parametrize(("control_total", "fits"), [("12.02", True), ("12.03", False), ("11.98", True)])
def test_rounding_goes_as_far_as_a_cent_for_each_line_and_each_tax(control_total, fits):
    draft = invoice(control_total, line("10.00", tax("VAT", "2.00")))

    if fits:
        assert plan(draft).totals.total == Decimal(control_total)
    else:
        with pytest.raises(TotalDiffers):
            plan(draft)


def test_a_larger_difference_is_told_with_both_numbers_and_nothing_is_sent():
    with pytest.raises(TotalDiffers, match=r"12\.00 USD.*15\.00 USD; nothing was sent") as caught:
        plan(invoice("15.00", line("10.00", tax("VAT", "2.00"))))

    assert caught.value.field == "control_total"
    assert "draft there" not in caught.value.remedy


def test_the_senders_own_adjustment_is_kept_and_named_beside_the_rounding():
    rounded_cash = {"adjustment": Decimal("0.02"), "adjustment_description": "Cash rounding"}

    alone = plan(invoice("10.02", line(), **rounded_cash))
    with_cents = plan(invoice("10.03", line(), **rounded_cash))

    assert (alone.fields["adjustment"], alone.fields["adjustment_description"]) == (Decimal("0.02"), "Cash rounding")
    assert with_cents.fields["adjustment"] == Decimal("0.03")
    assert with_cents.fields["adjustment_description"] == "Cash rounding 0.02, rounding 0.01"


@pytest.mark.parametrize(("code", "total"), [("JPY", "1000.5"), ("USD", "10.005"), ("KWD", "1.0005")])
def test_a_total_with_more_decimals_than_the_currency_has_is_parked(code, total):
    with pytest.raises(MappingError, match="decimals") as caught:
        plan(invoice(total, line(total), currency_code=code))

    assert caught.value.field == "control_total"


@pytest.mark.parametrize(
    ("code", "rate", "charged", "total", "cents"),
    [("JPY", "1003", "202", "1205", "1"), ("KWD", "1.003", "0.2", "1.203", "-0.001")],
)
def test_a_currency_without_cents_or_with_three_decimals_is_rounded_in_its_own(code, rate, charged, total, cents):
    planned = plan(invoice(total, line(rate, tax("VAT", charged)), currency_code=code))

    assert str(planned.totals.total) == total
    assert planned.adjustment == Decimal(cents)


def test_a_discount_stays_a_discount():
    planned = plan(invoice("18.00", line(quantity=Decimal(2), discount=Decimal("2.00"))))

    assert items(planned, "rate", "quantity", "discount") == [(Decimal("10.00"), Decimal(2), Decimal("2.00"))]
    assert planned.fields["discount_type"] == "item_level"
    assert planned.fields["is_discount_before_tax"] is True


def test_a_free_order_is_an_invoice_over_nothing():
    assert plan(invoice("0.00", line(discount=Decimal("10.00")))).totals.total == 0


@pytest.mark.parametrize("names", [{"vat 1/5": "VAT"}, {"20%": "VAT"}])
def test_a_tax_is_found_by_its_name_or_its_rate_in_the_table(names):
    options = ConnectionOptions(taxes=TaxOptions(names=names))

    planned = plan(invoice("12.00", line("10.00", tax("VAT 1/5", "2.00", "20.00"))), options)

    assert items(planned, "tax_id") == [("tax VAT",)]


def test_the_name_of_a_tax_counts_before_its_rate():
    options = ConnectionOptions(taxes=TaxOptions(names={"state": "State", "6%": "VAT"}))

    assert items(plan(invoice("10.60", line("10.00", tax("State", "0.60", "6"))), options), "tax_id") == [
        ("tax State",)
    ]


def test_a_tax_the_organization_lacks_is_parked():
    with pytest.raises(UnknownName) as caught:
        plan(invoice("12.00", line("10.00", tax("GST", "2.00"))))

    assert caught.value.code == "unknown_tax"


def test_several_taxes_of_a_line_become_the_group_of_exactly_these():
    names = Ids(State=("6",), County=("2",))
    names.groups = (frozenset({"State", "County"}),)

    planned = plan(invoice("10.91", line("10.10", tax("State", "0.61"), tax("County", "0.20"))), names=names)

    assert items(planned, "tax_id") == [("group State+County",)]
    assert [part.amount for part in planned.totals.lines[0].taxes] == [Decimal("0.61"), Decimal("0.20")]


def test_several_taxes_mapped_to_one_are_that_one():
    names = Ids(Both=("6", "2"))
    options = ConnectionOptions(taxes=TaxOptions(names={"ca state": "Both", "la county": "Both"}))

    planned = plan(invoice("10.80", line("10.00", tax("CA State", "0.60"), tax("LA County", "0.20"))), options, names)

    assert items(planned, "tax_id") == [("tax Both",)]
    assert planned.totals.tax_total == Decimal("0.80")


def test_a_missing_tax_among_several_is_named():
    with pytest.raises(UnknownName, match=r"State, City.*“City”") as caught:
        plan(invoice("10.80", line("10.00", tax("State", "0.60"), tax("City", "0.20"))))

    assert caught.value.code == "several_taxes"


def test_taxes_without_a_group_are_told_together():
    with pytest.raises(UnknownName, match=r"State \+ County") as caught:
        plan(invoice("10.80", line("10.00", tax("State", "0.60"), tax("County", "0.20"))))

    assert caught.value.code == "several_taxes"


def test_inside_prices_another_rate_is_parked_though_the_total_is_right():
    draft = invoice("88.00", line("88.00", tax("VAT", "14.08")), is_inclusive_tax=True)

    with pytest.raises(TaxDiffers, match=r"14\.67.*14\.08.*nothing was sent"):
        plan(draft)


def test_a_wrong_rate_does_not_pass_for_the_rounding_of_many_cheap_lines():
    lines = [line("100", tax("VAT", "8"))] * 30

    with pytest.raises(TaxDiffers, match=r"600.*240.*nothing was sent"):
        plan(invoice("3240", *lines, currency_code="JPY", adjustment=Decimal(-360)))


def test_inside_prices_the_senders_tax_is_kept_to_compare_with_zohos_answer():
    draft = invoice("12.00", line("12.00", tax("VAT", "1.99")), is_inclusive_tax=True)

    planned = plan(draft)

    assert planned.fields["is_inclusive_tax"] is True
    assert (planned.control_tax, planned.tax_leeway) == (Decimal("1.99"), Decimal("0.01"))
    assert plan(invoice("12.00", line("10.00", tax("VAT", "2.00")))).control_tax == Decimal("2.00")
    assert plan(invoice("10.00", line("10.00"))).control_tax is None


def test_where_no_percentage_is_known_the_senders_rate_and_then_its_amount_count():
    by_rate = plan(invoice("12.00", line("10.00", tax("VAT", "2.00", "20"))), names=NamesAsTheyAre())
    by_amount = plan(invoice("12.34", line("10.00", tax("VAT", "2.34"))), names=Ids(VAT=None))

    assert by_rate.totals.tax_total == Decimal("2.00")
    assert (by_amount.totals.tax_total, by_amount.adjustment) == (Decimal("2.34"), 0)


def test_as_amounts_taxes_are_exact_lines_to_the_liability_account():
    lines = (line("10.10", tax("State", "0.61"), tax("County", "0.20")), line("5.00", tax("State", "0.29")))

    planned = plan(invoice("16.20", *lines), AMOUNTS, Ids())

    assert items(planned, "name", "rate", "account_id", "tax_id") == [
        ("Mug", Decimal("10.10"), None, None),
        ("Mug", Decimal("5.00"), None, None),
        ("State", Decimal("0.90"), "account Tax Payable", None),
        ("County", Decimal("0.20"), "account Tax Payable", None),
    ]
    assert planned.adjustment == 0


def test_as_amounts_tax_inside_prices_is_taken_out_and_put_to_the_liability():
    draft = invoice("88.00", line("100.00", tax("VAT", "14.08"), discount=Decimal("12.00")), is_inclusive_tax=True)

    planned = plan(draft, AMOUNTS, Ids())

    assert planned.fields["is_inclusive_tax"] is False
    assert items(planned, "name", "rate", "discount", "account_id") == [
        ("Mug", Decimal("100.00"), Decimal("12.00"), None),
        ("Tax included in the prices", Decimal("-14.08"), None, None),
        ("VAT", Decimal("14.08"), None, "account Tax Payable"),
    ]
    assert (planned.totals.total, planned.control_tax) == (Decimal("88.00"), None)


def test_taxes_as_amounts_need_a_liability_account():
    options = ConnectionOptions(taxes=TaxOptions(mode="amounts"))

    with pytest.raises(NeedsAttention) as caught:
        plan(invoice("12.00", line("10.00", tax("VAT", "2.00"))), options)

    assert caught.value.code == "account_not_set"
    assert "BOOKHOOK_TAX_ACCOUNT" in caught.value.remedy
    assert plan(invoice("10.00", line()), options).totals.total == 10


def test_without_taxes_they_are_part_of_what_is_charged():
    on_top = plan(invoice("12.34", line("10.00", tax("GST", "2.34"))), NONE, Ids())
    inside = plan(invoice("10.00", line("10.00", tax("GST", "2.34")), is_inclusive_tax=True), NONE, Ids())

    assert items(on_top, "name", "rate", "tax_id") == [("Mug", Decimal("10.00"), None), ("GST", Decimal("2.34"), None)]
    assert items(inside, "name", "rate", "tax_id") == [("Mug", Decimal("10.00"), None)]
    assert inside.fields["is_inclusive_tax"] is False


def test_the_purpose_of_a_line_gives_its_account():
    options = ConnectionOptions(invoices=InvoiceOptions(accounts={"tip": "Tips", "gift_card": "Gift Card Liability"}))
    lines = (line("1.00", purpose="tip"), line("2.00", purpose="shipping"), line("3.00", purpose="gift_card"))

    planned = plan(invoice("6.00", *lines), options)

    assert items(planned, "account_id") == [("account Tips",), (None,), ("account Gift Card Liability",)]


def test_a_gift_card_sold_needs_a_liability_account():
    with pytest.raises(NeedsAttention, match="gift card") as caught:
        plan(invoice("3.00", line("3.00", purpose="gift_card")))

    assert caught.value.code == "account_not_set"


def test_what_is_taken_off_is_a_line_below_zero():
    planned = plan(invoice("8.00", line("10.00"), line("-2.00", purpose="fee")))

    assert items(planned, "rate") == [(Decimal("10.00"),), (Decimal("-2.00"),)]


def test_the_senders_exchange_rate_counts_before_zohos():
    own = plan(invoice("10.00", line(), currency_code="EUR", exchange_rate=Decimal("1.2")))
    zohos = plan(invoice("10.00", line(), currency_code="EUR"))
    base = plan(invoice("10.00", line(), exchange_rate=Decimal("1.2")))

    assert (own.fields["exchange_rate"], zohos.fields["exchange_rate"]) == (Decimal("1.2"), Decimal("1.18"))
    assert "exchange_rate" not in base.fields


def test_the_cents_of_a_credit_note_are_a_line():
    planned = plan(refund("11.99", line("10.00", tax("VAT", "1.99"))))

    assert items(planned, "name", "rate", "tax_id")[1:] == [("Rounding", Decimal("-0.01"), None)]
    assert "adjustment" not in planned.fields
    assert planned.totals.total == Decimal("11.99")
    assert planned.adjustment == Decimal("-0.01")


def test_what_the_sender_adds_to_a_refund_is_a_line_of_its_own_name():
    planned = plan(refund("10.03", line(), adjustment=Decimal("0.02"), adjustment_description="Cash rounding"))

    assert items(planned, "name", "rate")[1:] == [("Cash rounding", Decimal("0.02")), ("Rounding", Decimal("0.01"))]
    assert planned.totals.total == Decimal("10.03")


def test_a_discounted_line_is_credited_as_one_piece_that_says_so():
    draft = refund("21.60", line(quantity=Decimal(2), discount=Decimal("2.00"), taxes=(tax("VAT", "3.60"),)))

    planned = plan(draft)

    assert items(planned, "rate", "quantity", "discount", "tax_id", "description") == [
        (Decimal("18.00"), Decimal(1), None, "tax VAT", "2 x 10.00 less a discount of 2.00")
    ]
    assert (planned.totals.total, planned.adjustment) == (Decimal("21.60"), 0)


@pytest.mark.parametrize("options", [AMOUNTS, NONE])
def test_a_refund_carries_taxes_like_its_invoice(options):
    planned = plan(refund("12.00", line("10.00", tax("VAT", "2.00"))), options, Ids())

    assert items(planned, "name", "rate") == [("Mug", Decimal("10.00")), ("VAT", Decimal("2.00"))]


def test_a_refund_that_does_not_come_out_is_parked():
    with pytest.raises(TotalDiffers):
        plan(refund("15.00", line("10.00")))
