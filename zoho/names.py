"""Names of currencies, taxes, accounts and items, and what a request says in their place."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Protocol

Fields = Mapping[str, Any]

# Currencies with other than two decimals (ISO 4217).
DECIMALS = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI"), 0),
    **dict.fromkeys(("VND", "VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}


class Names(Protocol):
    """Turns the names of a draft into the fields of a request, and knows what Zoho will compute with.

    Raises `UnknownName` for a name the organization does not have; an unknown SKU gives no fields.
    """

    def currency(self, code: str) -> Fields:
        """`currency_id`, and `exchange_rate` when the currency is foreign and Zoho knows its rate."""
        ...

    def exchange_rate(self, code: str, given: Decimal | None) -> Fields:
        """`exchange_rate` of a foreign currency: the given one, else Zoho's; nothing for the organization's own.

        Raises `NeedsAttention` (code `no_exchange_rate`) when nobody knows one: Zoho would take it for 1.
        """
        ...

    def precision(self, code: str) -> int:
        """The number of decimals Zoho keeps in that currency."""
        ...

    def tax(self, name: str) -> Fields:
        """`tax_id`."""
        ...

    def tax_group(self, names: tuple[str, ...]) -> Fields:
        """`tax_id` of the group that has exactly these taxes; raises `UnknownName` (code `several_taxes`)."""
        ...

    def has_tax(self, name: str) -> bool:
        """Whether the organization has one tax or tax group of that name."""
        ...

    def tax_percentages(self, name: str) -> tuple[Decimal, ...] | None:
        """The percentage of the tax, or of each member of the group; None where it is not known."""
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

    def exchange_rate(self, code: str, given: Decimal | None) -> Fields:
        """The given one; without network there is no other."""
        return {"exchange_rate": given} if given else {}

    def precision(self, code: str) -> int:
        """The currency's decimals by ISO 4217."""
        return decimals(code)

    def tax(self, name: str) -> Fields:
        """`tax_name` in place of the id."""
        return {"tax_name": name}

    def tax_group(self, names: tuple[str, ...]) -> Fields:
        """`tax_name`: the members, joined."""
        return {"tax_name": " + ".join(names)}

    def has_tax(self, name: str) -> bool:
        """Every name is taken to exist."""
        return True

    def tax_percentages(self, name: str) -> tuple[Decimal, ...] | None:
        """Not known without network."""
        return None

    def account(self, name: str) -> Fields:
        """`account_name` in place of the id."""
        return {"account_name": name}

    def paid_through_account(self, name: str) -> Fields:
        """`paid_through_account_name` in place of the id."""
        return {"paid_through_account_name": name}

    def item(self, sku: str) -> Fields:
        """`sku` in place of the id."""
        return {"sku": sku}


def decimals(code: str) -> int:
    """How many decimals amounts of a currency have by ISO 4217."""
    return DECIMALS.get(code.upper(), 2)
