"""Stand-ins for the APIs of shops, as their documentation describes them."""

import base64
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, ClassVar
from urllib.parse import quote

from tests.apis.platform import KEY, Call, Platform, Refusal, Row


def unix(time: str | None) -> float:
    """The seconds of a time like `2026-03-14T09:00:00Z`, or as mails write it."""
    assert time is not None
    return (parsedate_to_datetime(time) if "," in time else datetime.fromisoformat(time)).timestamp()


@dataclass
class Stripe(Platform):
    """https://docs.stripe.com/api: errors, pagination, checkout/sessions, invoices, payment_intents."""

    host = "api.stripe.com"
    routes: ClassVar = {
        r"/v1/checkout/sessions/(?P<id>[^/]+)": "session",
        r"/v1/checkout/sessions/(?P<id>[^/]+)/line_items": "session_lines",
        r"/v1/checkout/sessions": "sessions",
        r"/v1/invoices/(?P<id>[^/]+)": "invoice",
        r"/v1/invoices/(?P<id>[^/]+)/lines": "invoice_lines",
        r"/v1/payment_intents/(?P<id>[^/]+)": "payment",
    }

    def knows(self, call: Call) -> bool:
        as_user = "Basic " + base64.b64encode(f"{KEY}:".encode()).decode()
        return super().knows(call) or call.headers.get("authorization") == as_user

    def session(self, call: Call) -> Row:
        return self.find("sessions", call.parts["id"])

    def session_lines(self, call: Call) -> Row:
        return self._page(self.find("session_lines", call.parts["id"]), call)

    def sessions(self, call: Call) -> Row:
        wanted = call.text("payment_intent")
        found = [row for row in self.rows.get("sessions", {}).values() if row.get("payment_intent") == wanted]
        return self._page(found, call)

    def invoice(self, call: Call) -> Row:
        return self.find("invoices", call.parts["id"])

    def invoice_lines(self, call: Call) -> Row:
        return self._page(self.find("invoice_lines", call.parts["id"]), call)

    def payment(self, call: Call) -> Row:
        return self.find("payments", call.parts["id"])

    def _page(self, rows: list[Row], call: Call) -> Row:
        """10 rows unless said, 100 at most, those after the one named."""
        after, limit = call.text("starting_after"), call.number("limit", 10, 100)
        ids = [row["id"] for row in rows]
        if after is not None and after not in ids:
            raise Refusal(400, {"error": {"type": "invalid_request_error", "param": "starting_after"}})
        start = ids.index(after) + 1 if after is not None else 0
        page = rows[start : start + limit]
        return {"object": "list", "data": page, "has_more": start + limit < len(rows), "url": "/v1"}

    def unknown_key(self) -> Refusal:
        return Refusal(401, {"error": {"type": "invalid_request_error", "message": "Invalid API Key provided"}})

    def missing(self) -> Refusal:
        return Refusal(404, {"error": {"type": "invalid_request_error", "code": "resource_missing"}})


@dataclass
class BigCommerce(Platform):
    """https://docs.bigcommerce.com/developer/api-reference/rest: orders V2, refunds V3, X-Auth-Token."""

    host = "api.bigcommerce.com"
    routes: ClassVar = {
        r"/stores/h4rb0ur1oom/v2/orders": "changed",
        r"/stores/h4rb0ur1oom/v3/orders/payment_actions/refunds": "refunded",
        r"/stores/(?P<store>\w+)/v2/orders/(?P<id>\d+)": "order",
        r"/stores/(?P<store>\w+)/v2/orders/(?P<id>\d+)/(?P<part>products|taxes|fees|coupons)": "parts",
        r"/stores/(?P<store>\w+)/v3/orders/(?P<id>\d+)/payment_actions/refunds": "refunds",
    }

    def knows(self, call: Call) -> bool:
        return call.headers.get("x-auth-token") == KEY

    def order(self, call: Call) -> Row:
        return self.find("orders", call.parts["id"])

    def changed(self, call: Call) -> list[Row] | None:
        rows = sorted(self.rows.get("orders", {}).values(), key=lambda row: row["id"])
        window = (unix(call.text("min_date_modified")), unix(call.text("max_date_modified")))
        return self._page([row for row in rows if window[0] <= unix(row["date_modified"]) <= window[1]], call)

    def parts(self, call: Call) -> list[Row] | None:
        self.order(call)
        return self._page(self.rows.get(call.parts["part"], {}).get(call.parts["id"], []), call)

    def _page(self, rows: list[Row], call: Call) -> list[Row] | None:
        """50 rows unless said, 250 at most; no content where there are none on the page."""
        limit = call.number("limit", 50, 250)
        start = (call.number("page", 1, 10**6) - 1) * limit
        return rows[start : start + limit] or None

    def refunds(self, call: Call) -> Row:
        return self._refunds(self.rows.get("refunds", {}).get(call.parts["id"], []), call)

    def refunded(self, call: Call) -> Row:
        window = (unix(call.text("created:min")), unix(call.text("created:max")))
        rows = [row for of_order in self.rows.get("refunds", {}).values() for row in of_order]
        return self._refunds([row for row in rows if window[0] <= unix(row["created"]) <= window[1]], call)

    def _refunds(self, rows: list[Row], call: Call) -> Row:
        limit, page = call.number("limit", 50, 250), call.number("page", 1, 10**6)
        pages = max(1, -(-len(rows) // limit))
        told = {"total": len(rows), "count": limit, "per_page": limit, "current_page": page, "total_pages": pages}
        return {"data": rows[(page - 1) * limit : page * limit], "meta": {"pagination": told}}

    def unknown_key(self) -> Refusal:
        return Refusal(401, {"status": 401, "title": "X-Auth-Client and X-Auth-Token headers are required"})

    def missing(self) -> Refusal:
        return Refusal(404, [{"status": 404, "message": "The requested resource was not found."}])


@dataclass
class Square(Platform):
    """https://developer.squareup.com/reference/square: orders, payments, customers, refunds; cursors."""

    host = "connect.squareup.com"
    routes: ClassVar = {
        r"/v2/(?P<kind>orders|payments|customers|refunds)/(?P<id>[^/]+)": "one",
        r"/v2/payments": "payments",
    }
    names: ClassVar = {"orders": "order", "payments": "payment", "customers": "customer", "refunds": "refund"}

    def one(self, call: Call) -> Row:
        kind = call.parts["kind"]
        return {self.names[kind]: self.find(kind, call.parts["id"])}

    def payments(self, call: Call) -> Row:
        """100 rows at most; nothing but an empty object where there are none, and a cursor where there are more."""
        rows, limit = list(self.rows.get("payments", {}).values()), call.number("limit", 100, 100)
        start = int(call.text("cursor") or 0)
        more = {"cursor": str(start + limit)} if start + limit < len(rows) else {}
        return {"payments": rows[start : start + limit], **more} if rows else {}

    def unknown_key(self) -> Refusal:
        return Refusal(401, {"errors": [{"category": "AUTHENTICATION_ERROR", "code": "UNAUTHORIZED"}]})

    def missing(self) -> Refusal:
        return Refusal(404, {"errors": [{"category": "INVALID_REQUEST_ERROR", "code": "NOT_FOUND"}]})


@dataclass
class Squarespace(Platform):
    """https://developers.squarespace.com/commerce-apis: orders; a User-Agent, pages of 50 by cursor or address."""

    host = "api.squarespace.com"
    routes: ClassVar = {r"/1.0/commerce/orders": "orders", r"/1.0/commerce/orders/(?P<id>[^/]+)": "order"}

    def knows(self, call: Call) -> bool:
        return super().knows(call) and bool(call.headers.get("user-agent"))

    def order(self, call: Call) -> Row:
        return self.find("orders", call.parts["id"])

    def orders(self, call: Call) -> Row:
        cursor = call.text("cursor")
        if cursor is not None and len(call.query) > 1:
            raise Refusal(400, {"type": "INVALID_REQUEST_ERROR", "message": "a cursor stands alone"})
        after, before, start = self._read(cursor) if cursor else self._window(call)
        held = self.rows.get("orders", {}).values()
        rows = [row for row in held if after <= row.get("modifiedOn", after) <= before]
        has_more = start + 50 < len(rows)
        following = f"{after}|{before}|{start + 50}" if has_more else None
        url = f"https://{self.host}/1.0/commerce/orders?cursor={quote(following)}" if following else None
        told = {"hasNextPage": has_more, "nextPageCursor": following, "nextPageUrl": url}
        return {"result": rows[start : start + 50], "pagination": told}

    def _read(self, cursor: str) -> tuple[str, str, int]:
        after, before, start = cursor.split("|")
        return after, before, int(start)

    def _window(self, call: Call) -> tuple[str, str, int]:
        """The time that is asked for, of which both ends must be said, or none."""
        after, before = call.text("modifiedAfter"), call.text("modifiedBefore")
        if (after is None) != (before is None):
            raise Refusal(400, {"type": "INVALID_REQUEST_ERROR", "message": "both modifiedAfter and modifiedBefore"})
        return after or "", before or "9", 0

    def unknown_key(self) -> Refusal:
        return Refusal(401, {"type": "AUTHORIZATION_ERROR", "message": "You are not authorized to do that."})

    def missing(self) -> Refusal:
        return Refusal(404, {"type": "INVALID_REQUEST_ERROR", "subtype": None, "message": "not found"})


@dataclass
class Ecwid(Platform):
    """https://api-docs.ecwid.com: orders of a store, offset and limit (100 at most)."""

    host = "app.ecwid.com"
    routes: ClassVar = {
        r"/api/v3/(?P<store>\d+)/orders": "orders",
        r"/api/v3/(?P<store>\d+)/orders/(?P<id>[^/]+)": "order",
        r"/api/v3/(?P<store>\d+)/profile": "profile",
    }

    def order(self, call: Call) -> Row:
        return self.find("orders", call.parts["id"])

    def profile(self, call: Call) -> Row:
        return self.find("profiles", call.parts["store"])

    def orders(self, call: Call) -> Row:
        since, until = call.number("updatedFrom", 0, 10**10), call.number("updatedTo", 10**10, 10**10)
        held = self.rows.get("orders", {}).values()
        rows, limit = (
            [row for row in held if since <= row.get("updateTimestamp", since) <= until],
            call.number("limit", 100, 100),
        )
        offset = call.number("offset", 0, 10**6)
        page = rows[offset : offset + limit]
        return {"total": len(rows), "count": len(page), "offset": offset, "limit": limit, "items": page}

    def unknown_key(self) -> Refusal:
        return Refusal(403, {"errorMessage": "Access token is invalid", "errorCode": "INVALID_TOKEN"})

    def missing(self) -> Refusal:
        return Refusal(404, {"errorMessage": "Order not found", "errorCode": "ORDER_NOT_FOUND"})


@dataclass
class Etsy(Platform):
    """https://developers.etsy.com/documentation/reference: receipts; two credentials, offset and limit."""

    host = "openapi.etsy.com"
    routes: ClassVar = {
        r"/v3/application/shops/(?P<shop>\d+)/receipts": "receipts",
        r"/v3/application/shops/(?P<shop>\d+)/receipts/(?P<id>\d+)": "receipt",
    }

    def knows(self, call: Call) -> bool:
        return super().knows(call) and call.headers.get("x-api-key") == KEY

    def receipt(self, call: Call) -> Row:
        return self.find("receipts", call.parts["id"])

    def receipts(self, call: Call) -> Row:
        since, until = call.number("min_last_modified", 0, 10**10), call.number("max_last_modified", 10**10, 10**10)
        held = self.rows.get("receipts", {}).values()
        rows = [row for row in held if since <= row.get("updated_timestamp", since) <= until]
        limit = call.number("limit", 25, 100)
        offset = call.number("offset", 0, 10**6)
        return {"count": len(rows), "results": rows[offset : offset + limit]}

    def unknown_key(self) -> Refusal:
        return Refusal(401, {"error": "invalid_token", "error_description": "invalid token format"})

    def missing(self) -> Refusal:
        return Refusal(404, {"error": "Resource not found"})


ALL: dict[str, Any] = {each.__name__: each for each in (Stripe, BigCommerce, Square, Squarespace, Ecwid, Etsy)}
