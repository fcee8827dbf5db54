"""An organization that knows every name but the taxes it is not given."""

from collections.abc import Mapping
from decimal import Decimal

from errors import UnknownName
from zoho.names import decimals


class Ids:
    """Every id is the name with its kind before it; the base currency is the dollar."""

    def __init__(self, **percentages: tuple[str, ...] | None) -> None:
        self.taxes: Mapping[str, tuple[str, ...] | None] = percentages
        self.groups: tuple[frozenset[str], ...] = ()

    def currency(self, code: str) -> dict[str, object]:
        return {"currency_id": f"currency {code}", "exchange_rate": Decimal("1.18")}

    def exchange_rate(self, code: str, given: Decimal | None) -> dict[str, object]:
        return {} if code == "USD" else {"exchange_rate": given or Decimal("1.18")}

    def precision(self, code: str) -> int:
        return decimals(code)

    def tax(self, name: str) -> dict[str, object]:
        if not self.has_tax(name):
            raise UnknownName(f"no tax {name}", code="unknown_tax", remedy="")
        return {"tax_id": f"tax {name}"}

    def has_tax(self, name: str) -> bool:
        return name in self.taxes

    def tax_percentages(self, name: str) -> tuple[Decimal, ...] | None:
        percentages = self.taxes[name]
        return None if percentages is None else tuple(map(Decimal, percentages))

    def tax_group(self, names: tuple[str, ...]) -> dict[str, object]:
        if frozenset(names) not in self.groups:
            raise UnknownName(f"no group of {' + '.join(names)}", code="several_taxes", remedy="")
        return {"tax_id": f"group {'+'.join(names)}"}

    def account(self, name: str) -> dict[str, object]:
        return {"account_id": f"account {name}"}

    def paid_through_account(self, name: str) -> dict[str, object]:
        return {"paid_through_account_id": f"account {name}"}

    def item(self, sku: str) -> dict[str, object]:
        return {"item_id": "item"} if sku == "KNOWN" else {}
