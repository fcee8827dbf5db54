"""Names of currencies, taxes, accounts and items, and what a request says in their place."""

from collections.abc import Mapping
from typing import Any, Protocol

Fields = Mapping[str, Any]


class Names(Protocol):
    """Turns the names of a draft into the fields of a request.

    Raises `UnknownName` for a name the organization does not have; an unknown SKU gives no fields.
    """

    def currency(self, code: str) -> Fields:
        """`currency_id`, and `exchange_rate` when the currency is foreign and Zoho knows its rate."""
        ...

    def tax(self, name: str) -> Fields:
        """`tax_id`."""
        ...

    def account(self, name: str) -> Fields:
        """`account_id`."""
        ...

    def paid_through_account(self, name: str) -> Fields:
        """`paid_through_account_id`."""
        ...

    def item(self, sku: str) -> Fields:
        """`item_id`, or nothing."""
        ...


class NamesAsTheyAre:
    """Leaves every name a name, for a dry run without network."""

    def currency(self, code: str) -> Fields:
        """`currency_code` in place of the id."""
        return {"currency_code": code}

    def tax(self, name: str) -> Fields:
        """`tax_name` in place of the id."""
        return {"tax_name": name}

    def account(self, name: str) -> Fields:
        """`account_name` in place of the id."""
        return {"account_name": name}

    def paid_through_account(self, name: str) -> Fields:
        """`paid_through_account_name` in place of the id."""
        return {"paid_through_account_name": name}

    def item(self, sku: str) -> Fields:
        """`sku` in place of the id."""
        return {"sku": sku}
