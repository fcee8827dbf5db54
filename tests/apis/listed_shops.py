"""Stand-ins for the APIs of shops whose webhooks hold everything, so that they are only asked for lists."""

import base64
from dataclasses import dataclass
from typing import ClassVar

from tests.apis.platform import KEY, Call, Platform, Refusal, Row


@dataclass
class ShopifyAdmin(Platform):
    """https://shopify.dev/docs/api/admin-rest: orders by when they were changed, pages by Link."""

    host = "acme.myshopify.com"
    routes: ClassVar = {r"/admin/api/2026-07/orders\.json": "orders"}

    def knows(self, call: Call) -> bool:
        return call.headers.get("x-shopify-access-token") == KEY

    def orders(self, call: Call) -> Row:
        since, until = call.text("updated_at_min") or "", call.text("updated_at_max") or "9"
        found = [row for row in self.rows.get("orders", {}).values() if since <= row["updated_at"][:19] + "Z" <= until]
        paid, status = call.text("financial_status"), call.text("status")
        found = [row for row in found if paid in (None, row["financial_status"])]
        return {"orders": [row for row in found if status == "any" or row["cancelled_at"]]}

    def unknown_key(self) -> Refusal:
        return Refusal(401, {"errors": "[API] Invalid API key or access token"})

    def missing(self) -> Refusal:
        return Refusal(404, {"errors": "Not Found"})


@dataclass
class WooCommerce(Platform):
    """https://woocommerce.github.io/woocommerce-rest-api-docs/#list-all-orders: by when they were changed, in UTC."""

    host = "shop.example.com"
    routes: ClassVar = {r"/wp-json/wc/v3/orders": "orders"}

    def knows(self, call: Call) -> bool:
        return call.headers.get("authorization") == "Basic " + base64.b64encode(b"ck_1:cs_1").decode()

    def orders(self, call: Call) -> list[Row]:
        assert call.text("dates_are_gmt") == "true"
        since, until = call.text("modified_after") or "", call.text("modified_before") or "9"
        return [row for row in self.rows["orders"].values() if since <= row["date_modified_gmt"] + "Z" <= until]

    def unknown_key(self) -> Refusal:
        return Refusal(401, {"code": "woocommerce_rest_cannot_view"})

    def missing(self) -> Refusal:
        return Refusal(404, {"code": "rest_no_route"})
