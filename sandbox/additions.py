"""Taxes, tax groups and accounts that a person or a test gives an organization beside the seeded ones."""

from decimal import Decimal
from typing import Any

from sandbox.answers import ControlError, Record
from sandbox.call import world
from sandbox.seed import add_account, add_tax, add_tax_group
from sandbox.settings import ACCOUNT_TYPES
from sandbox.state import Books


def give_tax(raw: Any) -> Record:
    """The tax or group of taxes an order asks for, now the organization's; ControlError if it makes no sense."""
    order = _order(raw, ("organization_id", "tax_name", "tax_percentage", "members"))
    held, name = _organization(order), _name(order, "tax_name")
    if any(tax["tax_name"].casefold() == name.casefold() for tax in held.taxes.values()):
        raise ControlError(f"there is a tax named {name} already")
    if "members" in order:
        return add_tax_group(held, name, _members(held, order["members"]))
    return add_tax(held, name, _percentage(order.get("tax_percentage")))


def give_account(raw: Any) -> Record:
    """The account an order asks for, now the organization's; ControlError if it makes no sense."""
    order = _order(raw, ("organization_id", "account_name", "account_type"))
    held, name = _organization(order), _name(order, "account_name")
    if any(account["account_name"].casefold() == name.casefold() for account in held.accounts.values()):
        raise ControlError(f"there is an account named {name} already")
    if order.get("account_type") not in ACCOUNT_TYPES:
        raise ControlError(f'"account_type" must be one of: {", ".join(ACCOUNT_TYPES)}')
    return add_account(held, name, order["account_type"])


def _order(raw: Any, keys: tuple[str, ...]) -> Record:
    if not isinstance(raw, dict) or set(raw) - set(keys):
        raise ControlError(f"send a JSON object with {', '.join(keys)}")
    return raw


def _organization(order: Record) -> Books:
    held = world().books.get(str(order.get("organization_id")))
    if held is None:
        raise ControlError(f"no such organization; there are: {', '.join(world().books)}")
    return held


def _name(order: Record, key: str) -> str:
    name = order.get(key)
    if not isinstance(name, str) or not name.strip():
        raise ControlError(f'"{key}" must be a name')
    return name.strip()


def _percentage(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or not 0 <= value <= 100:
        raise ControlError('"tax_percentage" must be a number from 0 to 100')
    return Decimal(value)


def _members(held: Books, names: Any) -> list[Record]:
    taxes = {tax["tax_name"]: tax for tax in held.taxes.values() if tax["tax_type"] == "tax"}
    if not isinstance(names, list) or len(names) < 2 or any(name not in taxes for name in names):
        raise ControlError(f'"members" must be two or more of: {", ".join(taxes)}')
    return [taxes[name] for name in names]
