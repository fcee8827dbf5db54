"""Stand-ins for the APIs of CRMs, as their documentation describes them."""

import base64
from dataclasses import dataclass
from typing import Any, ClassVar

from tests.apis.platform import KEY, Call, Platform, Refusal, Row


@dataclass
class HubSpot(Platform):
    """https://developers.hubspot.com/docs/api-reference/crm-objects: objects, their properties and associations.

    Properties come only when they are asked for. Associations of an object come 100 at a time with it, and by v4 with a
    cursor; those with line items are called `line items`.
    """

    host = "api.hubapi.com"
    routes: ClassVar = {
        r"/crm/v3/objects/(?P<kind>deals|contacts|companies|line_items)/(?P<id>\d+)": "one",
        r"/crm/v4/objects/(?P<kind>\w+)/(?P<id>\d+)/associations/(?P<to>\w+)": "associations",
    }

    def one(self, call: Call) -> Row:
        row = self.find(call.parts["kind"], call.parts["id"])
        wanted = (call.text("properties") or "").split(",")
        asked = [name for name in (call.text("associations") or "").split(",") if name]
        properties = {name: value for name, value in row.items() if name in wanted}
        associations = {name.replace("_", " "): self._beside(call, name) for name in asked}
        found = {"id": call.parts["id"], "properties": properties, "archived": False}
        return found | ({"associations": associations} if associations else {})

    def _beside(self, call: Call, to: str) -> Row:
        ids = self._associated(call.parts["kind"], call.parts["id"], to)
        more = {"paging": {"next": {"after": "100", "link": "https://api.hubapi.com/"}}} if len(ids) > 100 else {}
        return {"results": [{"id": each, "type": f"deal_to_{to}"} for each in ids[:100]], **more}

    def associations(self, call: Call) -> Row:
        self.find(call.parts["kind"], call.parts["id"])
        ids, limit = (
            self._associated(call.parts["kind"], call.parts["id"], call.parts["to"]),
            call.number("limit", 500, 500),
        )
        start = int(call.text("after") or 0)
        more = {"paging": {"next": {"after": str(start + limit)}}} if start + limit < len(ids) else {}
        return {"results": [{"toObjectId": int(each)} for each in ids[start : start + limit]], **more}

    def _associated(self, kind: str, key: str, to: str) -> list[str]:
        return self.rows.get("associations", {}).get(f"{kind}/{key}/{to}", [])

    def unknown_key(self) -> Refusal:
        return Refusal(401, {"status": "error", "category": "INVALID_AUTHENTICATION"})

    def missing(self) -> Refusal:
        return Refusal(404, {"status": "error", "category": "OBJECT_NOT_FOUND"})


@dataclass
class Pipedrive(Platform):
    """https://developers.pipedrive.com/docs/api/v1 (v2): deals, their products by cursor, persons, organizations."""

    host = "api.pipedrive.com"
    routes: ClassVar = {
        r"/api/v2/deals": "deals",
        r"/api/v2/deals/(?P<id>\d+)/products": "products",
        r"/api/v2/(?P<kind>deals|persons|organizations)/(?P<id>\d+)": "one",
    }

    def knows(self, call: Call) -> bool:
        return KEY in (call.headers.get("x-api-token"), call.text("api_token"))

    def one(self, call: Call) -> Row:
        return {"success": True, "data": self.find(call.parts["kind"], call.parts["id"])}

    def deals(self, call: Call) -> Row:
        """Those changed from one time until before another, of several states."""
        since, until = call.text("updated_since") or "", call.text("updated_until") or "9"
        wanted = (call.text("status") or "open,won,lost").split(",")
        rows = [row for row in self.rows.get("deals", {}).values() if since <= row["update_time"] < until]
        return self._page([row for row in rows if row["status"] in wanted], call)

    def products(self, call: Call) -> Row:
        return self._page(self.find("products", call.parts["id"]), call)

    def _page(self, rows: list[Row], call: Call) -> Row:
        limit = call.number("limit", 100, 500)
        start = int((call.text("cursor") or "at-0").removeprefix("at-"))
        cursor = f"at-{start + limit}" if start + limit < len(rows) else None
        page = rows[start : start + limit]
        return {"success": True, "data": page, "additional_data": {"next_cursor": cursor}}

    def unknown_key(self) -> Refusal:
        return Refusal(401, {"success": False, "error": "unauthorized access", "errorCode": 401})

    def missing(self) -> Refusal:
        return Refusal(404, {"success": False, "error": "Entity was not found", "code": "ERR_NOT_FOUND"})


@dataclass
class Close(Platform):
    """https://developer.close.com/api/resources: contacts, leads, and events, the newest first, 50 at most by cursor.

    A key of somebody who is no admin sees only that there were events.
    """

    host = "api.close.com"
    is_admin: bool = True
    routes: ClassVar = {
        r"/api/v1/event/": "events",
        r"/api/v1/(?P<kind>contact|lead)/(?P<id>\w+)/": "one",
    }

    def knows(self, call: Call) -> bool:
        return call.headers.get("authorization") == "Basic " + base64.b64encode(f"{KEY}:".encode()).decode()

    def one(self, call: Call) -> Row:
        return self.find(call.parts["kind"], call.parts["id"])

    def events(self, call: Call) -> Row:
        since, until = call.text("date_updated__gte") or "", call.text("date_updated__lte") or "9"
        asked = (call.text("object_type"), call.text("action"))
        held = sorted(self.rows.get("events", {}).values(), key=lambda row: row["date_updated"], reverse=True)
        rows = [row for row in held if since <= row["date_updated"] <= until]
        rows = [row for row in rows if (row["object_type"], row["action"]) == asked]
        start, limit = int(call.text("_cursor") or 0), call.number("_limit", 50, 50)
        page = [row if self.is_admin else {**row, "data": None} for row in rows[start : start + limit]]
        more = str(start + limit) if start + limit < len(rows) else ""
        return {"data": page, "cursor_next": more, "cursor_previous": ""}

    def unknown_key(self) -> Refusal:
        return Refusal(401, {"error": "The API key was not found."})

    def missing(self) -> Refusal:
        return Refusal(404, {"error": "Not found."})


ALL: dict[str, Any] = {each.__name__: each for each in (HubSpot, Pipedrive)}
