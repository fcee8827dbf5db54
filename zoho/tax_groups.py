"""What a tax group of an organization is made of.

bh:lookup:<org>:tax_group:<id>  text  JSON, the members' tax_id and tax_percentage; read anew after a day

The list of taxes names a group, not its members (zoho.com/books/api/v3/taxes); they are read once when they matter.
"""

from collections.abc import Iterable
from typing import Any

import simplejson
from redis import Redis

from zoho import protocol
from zoho.client import Client
from zoho.protocol import Row, read_money

FIELDS = ("tax_id", "tax_name", "tax_percentage")


class TaxGroups:
    """The members of an organization's tax groups; safe to share between threads."""

    def __init__(self, client: Client, *, redis: Redis, prefix: str, keep_seconds: int) -> None:
        self._client = client
        self._redis = redis
        self._prefix = prefix
        self._keep_seconds = keep_seconds

    def members(self, group: Row) -> list[Row]:
        """The taxes in a group, given its row in the list of taxes."""
        if group.get("taxes"):
            return list(group["taxes"])
        key = f"{self._prefix}:tax_group:{group['tax_id']}"
        if (kept := self._redis.get(key)) is not None:
            rows: list[Row] = simplejson.loads(kept, use_decimal=True)
            return rows
        rows = self._read(str(group["tax_id"]))
        self._redis.set(key, simplejson.dumps(rows, use_decimal=True), ex=self._keep_seconds)
        return rows

    def of(self, members: Iterable[Row], rows: Iterable[Row]) -> list[Row]:
        """The groups among the rows that have exactly these members."""
        wanted = {str(member["tax_id"]): member for member in members}
        likely = [row for row in rows if is_group(row) and _may_hold(row, wanted.values())]
        return [row for row in likely if {str(tax["tax_id"]) for tax in self.members(row)} == wanted.keys()]

    def _read(self, group_id: str) -> list[Row]:
        answer: Any = self._client.call(protocol.read(f"/settings/taxgroups/{group_id}")).get("tax_group")
        taxes = answer.get("taxes") if isinstance(answer, dict) else None
        rows = taxes if isinstance(taxes, list) else []
        return [{name: row[name] for name in FIELDS if name in row} for row in rows if "tax_id" in row]


def is_group(row: Row) -> bool:
    """Whether a row in the list of taxes is a group of them."""
    return row.get("tax_type") == "tax_group"


def _may_hold(group: Row, members: Iterable[Row]) -> bool:
    """Whether the percentages add up, which saves reading the members of other groups."""
    percentages = [row.get("tax_percentage") for row in (group, *members)]
    whole, *parts = [None if given is None else read_money(given) for given in percentages]
    known = [part for part in parts if part is not None]
    return whole is None or len(known) < len(parts) or sum(known) == whole
