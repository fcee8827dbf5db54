"""Senders whose webhooks only name an order: what their APIs then hold, and the webhook that would have come of it."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, ClassVar

from mappings import Example
from tests.apis.crms import Close, Pipedrive
from tests.apis.platform import Platform, Row
from tests.apis.shops import BigCommerce, Ecwid, Etsy, Squarespace
from tests.scene import example


def iso(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}"


@dataclass
class Sender:
    """One sender; of its `listed` collection it answers a `page` of rows at a time.

    `own` is the id of the order in its example, `pattern` what others look like; rows with `not_for_us` are no business
    of ours.
    """

    case: ClassVar[str]
    platform: ClassVar[type[Platform]]
    host: ClassVar[str]
    listed: ClassVar[str]
    page: ClassVar[int]
    own: ClassVar[str]
    pattern: ClassVar[str] = "{}"
    not_for_us: ClassVar[Row] = {}
    settings: ClassVar[dict[str, str]] = {}
    example: Example = field(init=False)

    def __post_init__(self) -> None:
        self.example = example(self.case)

    @property
    def source(self) -> str:
        return self.example.source

    @property
    def fetched(self) -> Any:
        return self.example.fetched

    @property
    def body(self) -> Row:
        read: Row = json.loads(self.example.body)
        return read

    def row(self, key: str, at: float) -> Row:
        """The order, changed at that time, as it is listed."""
        raise NotImplementedError

    def beside(self, key: str) -> dict[str, dict[str, Any]]:
        """What is held besides, by collection and id."""
        return {}

    def webhook(self, at: float) -> Example:
        """The example as it would have come then."""
        return self.example

    def hold(self, platform: Platform, key: str, at: float, **changes: object) -> None:
        """Has the API hold an order that was changed at that time."""
        platform.put(self.listed, {key: {**self.row(key, at), **changes}})
        for collection, rows in self.beside(key).items():
            platform.put(collection, rows)


class PipedriveSender(Sender):
    case, platform, host = "pipedrive/deal_won", Pipedrive, "api.pipedrive.com"
    listed, page, own = "deals", 500, "1"
    not_for_us: ClassVar = {"status": "open"}

    def row(self, key: str, at: float) -> Row:
        return {**self.body["data"], "id": int(key), "update_time": iso(at)}

    def beside(self, key: str) -> dict[str, dict[str, Any]]:
        people = {"persons": {"3": self.fetched["person"]["data"]}}
        return {**people, "organizations": {"2": self.fetched["organization"]["data"]}, "products": {key: []}}

    def webhook(self, at: float, **changes: object) -> Example:
        data = {**self.body["data"], "update_time": iso(at), **changes}
        return self.example.with_fields({"data": data, "meta": {**self.body["meta"], "id": f"sent-{at}"}})


class BigCommerceSender(Sender):
    case, platform, host = "bigcommerce/paid_order", BigCommerce, "api.bigcommerce.com"
    listed, page, own = "orders", 250, "1001"
    not_for_us: ClassVar = {"status_id": 7}
    settings: ClassVar = {"store": "h4rb0ur1oom"}

    def row(self, key: str, at: float) -> Row:
        return {
            **self.fetched["order"],
            "id": int(key),
            "date_modified": format_datetime(datetime.fromtimestamp(at, UTC)),
        }

    def beside(self, key: str) -> dict[str, dict[str, Any]]:
        return {part: {key: self.fetched[part]} for part in ("products", "taxes")}

    def webhook(self, at: float) -> Example:
        return self.example.with_fields({"created_at": int(at)})


class SquarespaceSender(Sender):
    case, platform, host = "squarespace/paid_order", Squarespace, "api.squarespace.com"
    listed, page, own, pattern = "orders", 50, "65f2f0a5c4b3a29100010001", "{:024x}"
    not_for_us: ClassVar = {"testmode": True}
    settings: ClassVar = {"tax": "Sales Tax"}

    def row(self, key: str, at: float) -> Row:
        return {**self.fetched["order"], "id": key, "modifiedOn": iso(at)}

    def webhook(self, at: float) -> Example:
        return self.example.with_fields({"createdOn": iso(at)})


class EcwidSender(Sender):
    case, platform, host = "ecwid/paid_order", Ecwid, "app.ecwid.com"
    listed, page, own, pattern = "orders", 100, "XJ12H", "N{}"
    not_for_us: ClassVar = {"paymentStatus": "AWAITING_PAYMENT"}
    settings: ClassVar = {"store": "4870020"}

    def row(self, key: str, at: float) -> Row:
        return {**self.fetched["order"], "id": key, "updateTimestamp": int(at)}

    def beside(self, key: str) -> dict[str, dict[str, Any]]:
        return {"profiles": {"4870020": self.fetched["profile"]}}

    def webhook(self, at: float) -> Example:
        return self.example.with_fields({"eventCreated": int(at)})


class EtsySender(Sender):
    case, platform, host = "etsy/paid_order", Etsy, "api.etsy.com"
    listed, page, own = "receipts", 100, "3200000001"
    not_for_us: ClassVar = {"is_paid": False}
    settings: ClassVar = {"shop": "41520377"}

    def row(self, key: str, at: float) -> Row:
        return {**self.fetched["receipt"], "receipt_id": int(key), "updated_timestamp": int(at)}


class CloseSender(Sender):
    case, platform, host = "close/opportunity_won", Close, "api.close.com"
    listed, page, own, pattern = "events", 50, "ev_2sYKRjcrA79yKxi3S4Crd7", "ev_{}"
    not_for_us: ClassVar = {"data": {"status_type": "active"}}

    def row(self, key: str, at: float) -> Row:
        event = self.body["event"]
        named = event["data"]["id"] if key == self.own else f"oppo_{key}"
        return {**event, "id": key, "date_updated": iso(at), "data": {**event["data"], "id": named}}

    def beside(self, key: str) -> dict[str, dict[str, Any]]:
        return {kind: {self.fetched[kind]["id"]: self.fetched[kind]} for kind in ("contact", "lead")}


SENDERS = (PipedriveSender, BigCommerceSender, SquarespaceSender, EcwidSender, EtsySender, CloseSender)
