"""What the senders send: requests made of the sources' own examples, with other people, lines and amounts. No I/O."""

import json
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlencode

from mappings.examples import Example, compact
from tests.chaos.things import TAXES, Change, Expense, Item, Order, Person, Thing
from tests.scene import example

template_of = cache(example)
Body = dict[str, Any]


def request_for(thing: Thing, sandbox_url: str) -> Example:
    """The request a sender would make of this version, unsigned; answers to Slack go to the sandbox."""
    if isinstance(thing, Change):
        return {"shopify": _shopify_refund, "woocommerce": _woocommerce_change, "standard": _standard_change}[
            thing.source
        ](thing)
    if isinstance(thing, Order):
        return {"shopify": _shopify, "woocommerce": _woocommerce, "standard": _standard_order}[thing.source](thing)
    return _slack(thing, sandbox_url) if thing.source == "slack" else _standard_expense(thing)


def _shopify(order: Order) -> Example:
    template = template_of("shopify/paid_order")
    body = _template(template)
    customer = {**body["customer"], "id": order.person.customer_id or 0, **_shopify_name(order.person)}
    customer["email"] = order.person.email
    body |= {
        "id": order.number,
        "name": order.reference,
        "email": order.person.email,
        "contact_email": order.person.email,
        "phone": None,
        "currency": order.currency_code,
        "note": None,
        "total_price": str(order.total),
        "updated_at": f"2026-03-14T10:{order.version % 60:02}:09-04:00",
        "customer": customer if order.person.customer_id else None,
        "billing_address": {**body["billing_address"], **_shopify_name(order.person)},
        "line_items": [_shopify_line(body["line_items"][0], item) for item in order.items],
        "shipping_lines": [],
    }
    identity = f"{order.number:08x}-{order.version:04x}-4b7e-8a52-5d0f6c1e0001"
    return _made(template, body, {"X-Shopify-Event-Id": identity, "X-Shopify-Webhook-Id": f"w-{identity}"})


def _shopify_refund(refund: Change) -> Example:
    template = template_of("shopify/refund_by_amount")
    body, amount = _template(template), str(refund.amount)
    currency = {"amount": "0.00", "currency_code": refund.order.currency_code}
    [adjustment], [transaction] = body["order_adjustments"], body["transactions"]
    body |= {
        "id": refund.number,
        "order_id": refund.order.number,
        "total_duties_set": {"shop_money": currency, "presentment_money": currency},
        "total_additional_fees_set": {"shop_money": currency, "presentment_money": currency},
        "order_adjustments": [adjustment | {"amount": f"-{amount}"}],
        "transactions": [transaction | {"amount": amount, "currency": refund.order.currency_code}],
    }
    identity = f"{refund.number:08x}-0002-4b7e-8a52-5d0f6c1e0002"
    return _made(template, body, {"X-Shopify-Event-Id": identity, "X-Shopify-Webhook-Id": f"w-{identity}"})


def _shopify_name(person: Person) -> Body:
    return {"first_name": person.first_name, "last_name": person.last_name, "company": None, "phone": None}


def _shopify_line(template: Body, item: Item) -> Body:
    title, rate = TAXES["shopify"]
    tax = {"price": str(item.tax("shopify")), "rate": rate / 100, "title": title}
    return template | {
        "title": item.title,
        "price": str(item.price),
        "quantity": item.quantity,
        "sku": None,
        "discount_allocations": [{"amount": str(item.discount)}] if item.discount else [],
        "tax_lines": [tax] if item.is_taxed else [],
    }


def _woocommerce_change(change: Change) -> Example:
    """The order as it stands then."""
    order = replace(change.order, version=change.version)
    if change.what == "cancel":
        return _woocommerce(order, status="cancelled")
    refund = {"id": change.number, "reason": "", "total": f"-{change.amount}"}
    return _woocommerce(order, refunds=[refund])


def _woocommerce(order: Order, **changes: Any) -> Example:
    template = template_of("woocommerce/paid_order")
    body = _template(template)
    person = order.person
    named = {"first_name": person.first_name, "last_name": person.last_name, "company": ""}
    body |= {
        "id": order.number,
        "number": order.reference,
        "status": "processing" if order.is_paid else "pending",
        "currency": order.currency_code,
        "date_modified": f"2026-03-14T10:{order.version % 60:02}:10",
        "date_modified_gmt": f"2026-03-14T14:{order.version % 60:02}:10",
        "total": str(order.total),
        "customer_id": person.customer_id or 0,
        "billing": body["billing"] | named | {"email": person.email or "", "phone": ""},
        "line_items": [_woocommerce_line(body["line_items"][0], item) for item in order.items],
        "shipping_lines": [],
        "coupon_lines": [],
    }
    body |= changes
    return _made(template, body, {"X-WC-Webhook-Delivery-ID": f"{order.number:024x}{order.version:08x}"})


def _woocommerce_line(template: Body, item: Item) -> Body:
    rate = TAXES["woocommerce"][1]
    tax = {"id": 75, "total": str(item.net * rate / 100), "subtotal": str(item.gross * rate / 100)}
    return template | {
        "name": item.title,
        "quantity": item.quantity,
        "sku": "",
        "subtotal": str(item.gross),
        "total": str(item.net),
        "total_tax": str(item.tax("woocommerce")),
        "taxes": [tax] if item.is_taxed else [],
    }


def _standard_order(order: Order) -> Example:
    person = order.person
    customer = {"name": person.name, "email": person.email, "id": person.customer_id and f"crm-{person.customer_id}"}
    body = {
        "type": "order.completed",
        "timestamp": f"2026-03-14T14:21:09.{order.version:03}Z",
        "data": {
            "id": f"deal-{order.number}",
            "number": order.reference,
            "date": "2026-03-14",
            "currency": order.currency_code,
            "customer": {name: value for name, value in customer.items() if value},
            "lines": [_standard_line(item) for item in order.items],
            "total": str(order.total),
        },
    }
    return _made(template_of("standard/order"), body, {"webhook-id": f"msg_order_{order.number}_{order.version}"})


def _standard_change(change: Change) -> Example:
    told = {
        "payment": ("payment.received", {"id": str(change.number), "amount": str(change.amount)}),
        "refund": ("refund.created", {"id": str(change.number), "amount": str(change.amount)}),
        "cancel": ("order.cancelled", {}),
    }
    kind, own = told[change.what]
    data = {"order_id": f"deal-{change.order.number}", "date": "2026-03-15", "currency": change.order.currency_code}
    body = {"type": kind, "timestamp": "2026-03-15T10:00:00.000Z", "data": data | own}
    identity = f"msg_{change.what}_{change.order.number}_{change.number}"
    return _made(template_of("standard/order"), body, {"webhook-id": identity})


def _standard_line(item: Item) -> Body:
    name, rate = TAXES["standard"]
    line: Body = {"name": item.title, "quantity": item.quantity, "unit_price": str(item.price)}
    if item.discount:
        line["discount"] = str(item.discount)
    if item.is_taxed:
        line["taxes"] = [{"name": name, "rate": str(rate), "amount": str(item.tax("standard"))}]
    return line


def _standard_expense(expense: Expense) -> Example:
    data = {
        "id": f"exp-{expense.number}",
        "date": "2026-03-13",
        "amount": str(expense.amount),
        "currency": expense.currency_code,
        "category": "travel",
        "description": f"Taxi {expense.reference}",
        **({"vendor": expense.vendor} if expense.vendor else {}),
    }
    body = {"type": "expense.submitted", "timestamp": f"2026-03-14T17:45:00.{expense.version:03}Z", "data": data}
    return _made(
        template_of("standard/expense"), body, {"webhook-id": f"msg_expense_{expense.number}_{expense.version}"}
    )


def _slack(expense: Expense, sandbox_url: str) -> Example:
    template = template_of("slack/expense")
    fields = dict(parse_qsl(template.body.decode())) | {
        "text": f"{expense.amount} {expense.currency_code} meals lunch {expense.reference}",
        "trigger_id": f"{expense.number}.1",
        "response_url": f"{sandbox_url}/_sandbox/slack/{expense.number}",
    }
    return Example("slack", expense.reference, urlencode(fields).encode(), template.headers, {})


def _template(template: Example) -> Body:
    body: Body = json.loads(template.body, parse_float=Decimal)
    return body


def _made(template: Example, body: Body, headers: Mapping[str, str]) -> Example:
    return Example(template.source, template.case, compact(body).encode(), {**template.headers, **headers}, {})
