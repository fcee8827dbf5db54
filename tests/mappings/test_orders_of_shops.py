"""What real orders hold besides the examples: blank names, long texts, no moment of payment."""

import json
from collections.abc import Mapping

import pytest

from errors import MappingError
from mappings import BUILT_IN, Options, Received, load_sources

SOURCES = load_sources(BUILT_IN)
OPTIONS = Options(paid_through="Petty Cash", default_account="Travel Expense")


def example(name):
    source, case = name.split("/")
    return next(each for each in SOURCES[source].examples() if each.case == case)


def merged(value, changes):
    """The value with the changes in it, objects inside objects too."""
    if not isinstance(value, Mapping) or not isinstance(changes, Mapping):
        return changes
    return {**value, **{key: merged(value.get(key), each) for key, each in changes.items()}}


def request(name, **changes):
    found = example(name)
    return Received(json.dumps(merged(json.loads(found.body), changes)).encode(), found.headers)


def drafts(name, **changes):
    source, topic = SOURCES[name.split("/")[0]], example(name).expected["topic"]
    return source.render(request(name, **changes), OPTIONS, topic=topic)


BLANK = {"first_name": " ", "last_name": "\t"}
NOBODY = {"id": 99, **BLANK, "email": " ", "phone": None}


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"customer": {"first_name": " ", "last_name": "Norman"}}, "Norman"),
        ({"customer": BLANK, "billing_address": {"first_name": "Bob", "last_name": " "}}, "Bob"),
        ({"customer": BLANK, "billing_address": BLANK, "email": "a@example.com"}, "a@example.com"),
        (
            {"customer": NOBODY, "billing_address": None, "email": " ", "contact_email": "b@example.com"},
            "b@example.com",
        ),
        ({"customer": NOBODY, "billing_address": None, "email": "", "contact_email": " ", "phone": "+1 55"}, "+1 55"),
        ({"customer": NOBODY, "billing_address": None, "email": " ", "contact_email": None, "phone": " "}, "99"),
    ],
)
def test_a_shopify_buyer_is_called_by_the_first_thing_that_is_not_blank(changes, name):
    assert drafts("shopify/paid_order", **changes).contact.contact_name == name


@pytest.mark.parametrize(
    ("billing", "name"),
    [
        ({"first_name": " ", "last_name": "Doe"}, "Doe"),
        ({**BLANK, "company": "Doe &amp; Daughters"}, "Doe & Daughters"),
        ({**BLANK, "company": "&nbsp;", "email": "doe@example.com"}, "doe@example.com"),
        ({**BLANK, "company": " ", "email": " ", "phone": "+49 461"}, "+49 461"),
        ({**BLANK, "company": " ", "email": " ", "phone": " "}, "26"),
    ],
)
def test_a_woocommerce_buyer_is_called_by_the_first_thing_that_is_not_blank(billing, name):
    assert drafts("woocommerce/paid_order", billing=billing).contact.contact_name == name


@pytest.mark.parametrize(
    ("customer", "name"),
    [
        ({"name": " ", "first_name": " ", "last_name": "Okafor"}, "Okafor"),
        ({"name": " ", **BLANK, "company": "Okafor Architects"}, "Okafor Architects"),
        ({"name": " ", **BLANK, "company": " "}, "ada.okafor@example.com"),
        ({"name": " ", **BLANK, "company": " ", "email": " "}, "+1 415 555 0100"),
        ({"name": " ", **BLANK, "company": " ", "email": " ", "phone": " "}, "crm-900317"),
    ],
)
def test_a_customer_of_the_standard_sender_is_called_by_the_first_thing_that_is_not_blank(customer, name):
    assert drafts("standard/order", data={"customer": customer}).contact.contact_name == name


def test_a_buyer_of_whom_everything_is_blank_is_the_walk_in_customer():
    blank = dict.fromkeys(json.loads(example("woocommerce/paid_order").body)["billing"], " ")
    contact = drafts("woocommerce/paid_order", billing=blank, customer_id=0).contact

    assert (contact.contact_name, contact.email, contact.billing_address) == ("Walk-in customer", None, None)


def test_a_blank_email_and_id_are_no_identity_of_a_standard_customer():
    with pytest.raises(MappingError) as caught:
        drafts("standard/order", data={"customer": {"email": " ", "id": ""}})
    assert caught.value.field == "contact.email"


def test_a_blank_first_name_of_a_shopify_customer_is_taken_from_the_bill():
    changes = {"customer": BLANK, "billing_address": {"first_name": "Bob", "last_name": "Norman"}}
    contact = drafts("shopify/paid_order", **changes).contact

    assert (contact.first_name, contact.last_name) == ("Bob", "Norman")


def long_details(fields):
    return dict.fromkeys(fields.split(), "9" * 400)


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        (
            "shopify/paid_order",
            {
                "customer": long_details("first_name last_name phone"),
                "billing_address": long_details("address1 address2 city zip province country company phone"),
            },
        ),
        (
            "woocommerce/paid_order",
            {
                "billing": long_details(
                    "first_name last_name company address_1 address_2 city state postcode country phone"
                )
            },
        ),
        (
            "standard/order",
            {
                "data": {
                    "number": "N" * 500,
                    "customer": {
                        **long_details("name first_name last_name company phone"),
                        "address": long_details("attention line1 line2 city state postal_code country"),
                    },
                }
            },
        ),
    ],
)
def test_details_that_are_too_long_keep_no_order_from_being_drafted(name, changes):
    made, plain = drafts(name, **changes), drafts(name)

    assert made.invoice.lines == plain.invoice.lines
    assert made.contact.email == plain.contact.email
    assert len(made.contact.billing_address.address) == 99
    assert (len(made.contact.contact_name), made.contact.phone) == (99, None)


@pytest.mark.parametrize("data", [{"id": "x" * 150, "number": None}, {"number": " ", "id": "x" * 84}])
def test_a_long_id_of_a_standard_order_is_shortened_where_it_is_the_reference(data):
    made = drafts("standard/order", data=data)

    assert made.invoice.reference_number == "x" * 82 + "…"
    assert made.once_per == f"order:{data['id']}"


def test_a_long_reference_of_a_standard_expense_is_shortened():
    assert drafts("standard/expense", data={"reference": "r" * 120}).expense.reference_number == "r" * 82 + "…"


def test_what_a_standard_expense_cost_holds_its_tax_whatever_the_sender_says():
    made = drafts("standard/expense_to_account", data={"tax_included": False}).expense

    assert (made.is_inclusive_tax, made.tax_name, made.control_total) == (True, "VAT 19%", made.amount)


def test_a_shopify_order_that_was_not_processed_yet_is_dated_when_it_was_made():
    created = {"created_at": "2026-03-15T23:59:00-04:00"}

    assert str(drafts("shopify/paid_order", processed_at=None, **created).invoice.date) == "2026-03-15"
    assert str(drafts("shopify/paid_order", **created).invoice.date) == "2026-03-14"


@pytest.mark.parametrize("status", ["pending", "authorized"])
def test_a_shopify_order_that_is_not_paid_is_ignored_whatever_its_topic_says(status):
    identity = SOURCES["shopify"].identify(request("shopify/paid_order", financial_status=status))

    assert identity.ignored == "it is not paid"


@pytest.mark.parametrize("status", ["paid", "partially_refunded", None])
def test_a_shopify_order_that_is_paid_is_not_ignored(status):
    identity = SOURCES["shopify"].identify(request("shopify/paid_order", financial_status=status))

    assert (identity.ignored, identity.once_per) == (None, example("shopify/paid_order").expected["once_per"])


def test_a_woocommerce_order_must_say_whether_its_prices_include_tax():
    with pytest.raises(MappingError) as caught:
        drafts("woocommerce/paid_order", prices_include_tax=None)
    assert caught.value.field == "invoice.is_inclusive_tax"


def test_a_woocommerce_line_without_its_tax_before_coupons_is_an_error_not_a_cheaper_line():
    lines = json.loads(example("woocommerce/prices_include_tax").body)["line_items"]
    del lines[1]["subtotal_tax"]

    with pytest.raises(MappingError, match="one of the amounts is missing") as caught:
        drafts("woocommerce/prices_include_tax", line_items=lines)
    assert caught.value.field == "invoice.lines[1].amount"


REFUND = {"id": 7, "reason": "", "total": "-5.00"}


def test_what_is_taken_off_a_woocommerce_order_before_it_is_paid_counts_once_it_is_paid():
    unpaid = drafts("woocommerce/paid_order", date_paid=None, refunds=[REFUND])
    paid = drafts("woocommerce/paid_order", refunds=[REFUND])

    assert (unpaid.payments, unpaid.refunds) == ((), ())
    assert [str(each.control_total) for each in paid.refunds] == ["5.00"]


def test_a_woocommerce_order_refunded_without_a_payment_is_off():
    made = drafts("woocommerce/paid_order", status="refunded", date_paid=None, refunds=[REFUND])

    assert (made.invoice, made.payments, made.refunds) == (None, (), ())
    assert made.cancel.reason == "refunded"


@pytest.mark.parametrize("status", ["cancelled", "failed"])
def test_a_woocommerce_order_that_is_off_is_invoiced_only_if_it_was_paid(status):
    never = drafts("woocommerce/paid_order", status=status, date_paid=None)
    once = drafts("woocommerce/paid_order", status=status)

    assert (never.invoice, bool(never.cancel)) == (None, True)
    assert (bool(once.invoice), len(once.payments), bool(once.cancel)) == (True, 1, True)


def test_a_woocommerce_line_made_dearer_by_hand_has_its_new_price_and_no_discount():
    [line] = json.loads(example("woocommerce/paid_order").body)["line_items"]
    dearer = [line | {"total": "33.00", "total_tax": "2.72"}]
    made = drafts("woocommerce/paid_order", line_items=dearer).invoice.lines[0]

    assert (str(made.rate * made.quantity), made.discount) == ("33.0", 0)


@pytest.mark.parametrize("status", ["pending", "authorized", "voided", "expired"])
def test_a_shopify_order_that_is_not_paid_is_invoiced_without_a_payment_when_it_is_created(status):
    made = drafts("shopify/order_on_account", financial_status=status)

    assert made.invoice
    assert made.payments == ()


def test_a_shopify_order_cancelled_without_a_payment_asks_for_nothing_but_that():
    made = drafts("shopify/cancelled_and_refunded", financial_status="voided", refunds=[])

    assert (made.invoice, made.payments, made.refunds, made.cancel.reason) == (None, (), (), "inventory")


def test_a_shopify_payment_is_dated_when_the_webhook_tells_and_else_by_the_order():
    live, bare = request("shopify/paid_order"), json.loads(example("shopify/paid_order").body)
    headers = {**live.headers, "X-Shopify-Triggered-At": "2026-03-20T11:00:00.5Z"}
    source, topic = SOURCES["shopify"], "orders/paid"

    told = source.render(Received(live.body, headers), OPTIONS, topic=topic).payments[0]
    kept = source.render(Received(json.dumps(bare).encode(), {}), OPTIONS, topic=topic).payments[0]
    assert (str(told.date), str(kept.date)) == ("2026-03-20", "2026-03-14")
