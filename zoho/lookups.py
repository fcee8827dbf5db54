"""Names → ids of one organization, out of lists kept in Redis.

bh:lookup:<org>:<list>          text  JSON {"fetched_at", "fields", "rows"}; read anew after a day
bh:lookup:<org>:tax_group:<id>  text  JSON, the member taxes; see zoho.tax_groups

<list> is currencies, taxes, accounts, items or organizations. Lists are read completely. A name that is missing is
looked for once more in a fresh list before it is called unknown.
Sources: zoho.com/books/api/v3/{currency,taxes,chart-of-accounts,items,organizations}.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from threading import Lock
from typing import Any, Literal

import simplejson
from redis import Redis

from errors import ZohoUnavailable
from zoho import unknown_names
from zoho.client import Client
from zoho.names import Fields, decimals
from zoho.protocol import Row, read_money
from zoho.reports import Currency
from zoho.tax_groups import TaxGroups, is_group

KEEP_SECONDS = 86400
MEMORY_SECONDS = 60.0
FRESH_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class _List:
    """Where a list comes from, which fields of its rows are kept, and when a miss is worth reading it anew."""

    path: str
    params: Mapping[str, str]
    fields: tuple[str, ...]
    stale_on_miss_seconds: float = FRESH_SECONDS


LISTS = {
    "currencies": _List(
        "/settings/currencies",
        {},
        ("currency_id", "currency_code", "is_base_currency", "exchange_rate", "price_precision"),
    ),
    "taxes": _List("/settings/taxes", {}, ("tax_id", "tax_name", "tax_percentage", "tax_type", "taxes")),
    "accounts": _List(
        "/chartofaccounts",
        {"filter_by": "AccountType.Active"},
        ("account_id", "account_name", "account_type", "is_active"),
    ),
    # A shop's SKUs are often not Zoho's, and this list is long: a miss must not read it each time.
    "items": _List("/items", {"filter_by": "Status.Active"}, ("item_id", "sku", "status"), 3600.0),
    "organizations": _List("/organizations", {}, ("organization_id", "time_zone", "plan_name")),
}

Nameable = Literal["tax", "account"]
LIST_OF: Mapping[Nameable, str] = {"tax": "taxes", "account": "accounts"}


@dataclass(frozen=True, slots=True)
class _Fetched:
    fetched_at: float
    rows: list[Row]


class Lookups:
    """The names an organization knows (`zoho.names.Names`); safe to share between threads."""

    def __init__(self, client: Client, *, redis: Redis, clock: Callable[[], float] = time.time) -> None:
        self._client = client
        self._redis = redis
        self._clock = clock
        self._prefix = f"bh:lookup:{client.organization.organization_id}"
        self._tax_groups = TaxGroups(client, redis=redis, prefix=self._prefix, keep_seconds=KEEP_SECONDS)
        self._locks = {name: Lock() for name in LISTS}
        self._remembered: dict[str, tuple[float, _Fetched]] = {}

    def currency(self, code: str) -> Fields:
        """`currency_id`, and `exchange_rate` of a foreign currency if Zoho knows one above zero."""
        row = self._currency(code)
        rate = Decimal(0) if row.get("is_base_currency") else read_money(row.get("exchange_rate") or 0)
        return {"currency_id": str(row["currency_id"])} | ({"exchange_rate": rate} if rate > 0 else {})

    def exchange_rate(self, code: str, given: Decimal | None) -> Fields:
        """`exchange_rate` of a foreign currency, the given one or Zoho's; raises `NeedsAttention` if there is none."""
        if self._currency(code).get("is_base_currency"):
            return {}
        rate = given or self.currency(code).get("exchange_rate")
        if rate is None:
            raise unknown_names.no_exchange_rate(code)
        return {"exchange_rate": rate}

    def own_currency(self) -> Currency:
        """The currency the organization keeps its books in."""
        own = [row for row in self._rows("currencies").rows if row.get("is_base_currency")]
        if len(own) != 1:
            raise ZohoUnavailable("Zoho's list of currencies does not say which is the organization's own.")
        return Currency(str(own[0]["currency_code"]), self.precision(str(own[0]["currency_code"])))

    def precision(self, code: str) -> int:
        """The currency's decimals as set up in Zoho, else by ISO 4217."""
        precision = self._currency(code).get("price_precision")
        return decimals(code) if precision is None else int(precision)

    def tax(self, name: str) -> Fields:
        """`tax_id` of the tax or tax group of that name."""
        return {"tax_id": str(self._tax(name)["tax_id"])}

    def has_tax(self, name: str) -> bool:
        """Whether one tax or tax group has that name."""
        return len(self._search("taxes", lambda rows: match(rows, "tax_name", name))) == 1

    def tax_percentages(self, name: str) -> tuple[Decimal, ...] | None:
        """The percentage of the tax, or of each member of the group, if Zoho tells."""
        row = self._tax(name)
        taxes = self._tax_groups.members(row) if is_group(row) else [row]
        percentages = [tax["tax_percentage"] for tax in taxes if "tax_percentage" in tax]
        return tuple(map(read_money, percentages)) if taxes and len(percentages) == len(taxes) else None

    def tax_group(self, names: tuple[str, ...]) -> Fields:
        """`tax_id` of the tax group that has exactly these members."""
        members = [self._tax(name) for name in names]
        found = self._search("taxes", lambda rows: self._tax_groups.of(members, rows))
        if not found:
            raise unknown_names.no_group(names)
        return {"tax_id": str(found[0]["tax_id"])}

    def account(self, name: str) -> Fields:
        """`account_id` of the active account of that name."""
        return {"account_id": self._account_id(name)}

    def paid_through_account(self, name: str) -> Fields:
        """`paid_through_account_id` of the active account of that name."""
        return {"paid_through_account_id": self._account_id(name)}

    def kept_names(self, kind: Nameable) -> list[str] | None:
        """The names of the taxes, or of the active accounts, as far as they are kept; asks Zoho for nothing."""
        fetched = self._kept(LIST_OF[kind])
        return None if fetched is None else sorted({str(row.get(f"{kind}_name")) for row in fetched.rows})

    def kept_percentages(self, name: str) -> tuple[Decimal, ...] | None:
        """The percentage of the tax, as far as the list that is kept tells; asks Zoho for nothing."""
        fetched = self._kept("taxes")
        found = [row for row in match(fetched.rows, "tax_name", name) if not is_group(row)] if fetched else []
        known = len(found) == 1 and "tax_percentage" in found[0]
        return (read_money(found[0]["tax_percentage"]),) if known else None

    def read_names(self, kind: Nameable) -> None:
        """Reads the taxes, or the accounts, anew from Zoho."""
        self._fetch(LIST_OF[kind])

    def item(self, sku: str) -> Fields:
        """`item_id` of the one active item with exactly that SKU; nothing if there is none."""
        rows = self._search("items", lambda rows: [row for row in rows if row.get("sku") == sku])
        return {"item_id": str(rows[0]["item_id"])} if len(rows) == 1 else {}

    def time_zone(self) -> str | None:
        """The organization's time zone as configured, else as Zoho names it."""
        if self._client.organization.time_zone:
            return self._client.organization.time_zone
        row = self.organization()
        return str(row["time_zone"]) if row and row.get("time_zone") else None

    def organization(self) -> Row | None:
        """`organization_id`, `time_zone` and `plan_name`, if the grant can see the organization."""
        wanted = self._client.organization.organization_id
        rows = self._search(
            "organizations", lambda rows: [row for row in rows if str(row.get("organization_id")) == wanted]
        )
        return rows[0] if rows else None

    def read(self, name: str) -> list[Row]:
        """Reads one of `LISTS` from Zoho, whatever is kept, and keeps it."""
        return self._fetch(name).rows

    def forget(self) -> None:
        """Has what was not read just now read anew when it is next needed: an id in it was refused."""
        now = self._clock()
        for name, (_, fetched) in list(self._remembered.items()):
            if now - fetched.fetched_at > FRESH_SECONDS:
                self._redis.delete(f"{self._prefix}:{name}")
                self._remembered.pop(name, None)

    def _currency(self, code: str) -> Row:
        return self._find("currencies", "currency_code", code, word="currency")

    def _tax(self, name: str) -> Row:
        return self._find("taxes", "tax_name", name, word="tax")

    def _account_id(self, name: str) -> str:
        return str(self._find("accounts", "account_name", name, word="account")["account_id"])

    def _find(self, name: str, field: str, wanted: str, *, word: str) -> Row:
        found = self._search(name, lambda rows: match(rows, field, wanted))
        if len(found) == 1:
            return found[0]
        if found:
            raise unknown_names.ambiguous(word, wanted, len(found))
        raise unknown_names.unknown(word, wanted, [str(row.get(field)) for row in self._rows(name).rows])

    def _search(self, name: str, select: Callable[[list[Row]], list[Row]]) -> list[Row]:
        """What `select` finds; if that is nothing, in a list read anew unless the list is fresh."""
        with self._locks[name]:
            fetched = self._rows(name)
            found = select(fetched.rows)
            if len(found) != 1 and self._clock() - fetched.fetched_at > LISTS[name].stale_on_miss_seconds:
                found = select(self._fetch(name).rows)
            return found

    def _rows(self, name: str) -> _Fetched:
        remembered_at, fetched = self._remembered.get(name, (0.0, None))
        if fetched is not None and self._clock() - remembered_at < MEMORY_SECONDS:
            return fetched
        return self._kept(name) or self._fetch(name)

    def _kept(self, name: str) -> _Fetched | None:
        text = self._redis.get(f"{self._prefix}:{name}")
        if text is None:
            return None
        kept = simplejson.loads(text, use_decimal=True)
        if kept.get("fields") != list(LISTS[name].fields):
            return None  # kept by another version, which knew less of a row
        fetched = _Fetched(float(kept["fetched_at"]), kept["rows"])
        return self._remember(name, fetched) if self._clock() - fetched.fetched_at < KEEP_SECONDS else None

    def _fetch(self, name: str) -> _Fetched:
        source = LISTS[name]
        now = self._clock()
        rows = [_trim(row, source.fields) for row in self._client.rows(source.path, **source.params) if _active(row)]
        text = simplejson.dumps({"fetched_at": now, "fields": source.fields, "rows": rows}, use_decimal=True)
        self._redis.set(f"{self._prefix}:{name}", text, ex=KEEP_SECONDS)
        return self._remember(name, _Fetched(now, rows))

    def _remember(self, name: str, fetched: _Fetched) -> _Fetched:
        self._remembered[name] = (self._clock(), fetched)
        return fetched


def match(rows: Iterable[Row], field: str, wanted: str) -> list[Row]:
    """The rows of that name: exactly, else ignoring case; spaces around either do not count."""
    named = [(str(row.get(field)).strip(), row) for row in rows]
    exactly = [row for name, row in named if name == wanted.strip()]
    return exactly or [row for name, row in named if name.casefold() == wanted.strip().casefold()]


def _trim(row: Mapping[str, Any], fields: tuple[str, ...]) -> Row:
    return {name: row[name] for name in fields if name in row}


def _active(row: Row) -> bool:
    """Zoho ignores a filter without a word, so the rows are asked too."""
    return row.get("is_active", True) is not False and str(row.get("status", "active")).casefold() == "active"
