"""Money paid back out of a payment or a credit note: the part that both have in common."""

from decimal import Decimal

from sandbox.answers import Record, wrong_value
from sandbox.call import books, json_body, keep
from sandbox.fields import REFUND
from sandbox.money import amount_of, exchange_rate_of
from sandbox.settings import account_for_money
from sandbox.settling import settle
from sandbox.totals import rounded
from sandbox.validation import check_body

_KEPT = ("date", "refund_mode", "payment_form", "reference_number", "description")


def pay_back(source: Record, source_id: str, *, left: Decimal, id_key: str) -> Record:
    """The refund the call's body asks for, kept; `left` is what there is to pay back of the source."""
    body = check_body(json_body(), REFUND, required=("date", "amount", "from_account_id"))
    amount = amount_of(body["amount"], "amount", precision=source["price_precision"])
    if amount > left:
        raise wrong_value(f"The amount refunded is more than what is left to refund: {left}.")
    rate, refund_id = exchange_rate_of(body), books().new_id("refund")
    refund = (
        dict.fromkeys(_KEPT, "")
        | {name: body[name] for name in _KEPT if name in body}
        | account_for_money(body["from_account_id"], "from_account_id", "from_account_name")
        | {
            id_key: refund_id,
            "customer_id": source["customer_id"],
            "customer_name": source["customer_name"],
            "amount": amount,
            "amount_fcy": amount,
            "amount_bcy": rounded(amount * rate, books().organization["price_precision"]),
            "exchange_rate": rate,
        }
    )
    keep(books().refunds_of(source_id), refund_id, refund)
    settle(books(), source_id)
    return refund
