"""What would park every event of a kind, found before the first one comes."""

from collections.abc import Iterator

from cli.deployment import Deployment
from config.options import ConnectionOptions
from mappings import Source


def find_gaps(deployment: Deployment, *, of_every_event: bool) -> Iterator[str]:
    """The accounts that connections need and nothing names.

    Those missing to every event of a source, or those missing to such events only as do not name an account themselves.
    """
    for connection in sorted(deployment.connections.values(), key=lambda connection: connection.name):
        needs = _needs(connection.options)
        source = deployment.configured[connection.name]
        for topic, field in _expense_fields(source, needs, given=not of_every_event):
            which = "every expense" if of_every_event else "an expense that names no account itself"
            yield f"{connection.name}: {which} ({topic}) will be parked: {needs[field]}"


def _needs(options: ConnectionOptions) -> dict[str, str]:
    expenses, needs = options.expenses, {}
    if expenses.paid_through is None:
        needs["paid_through_account_name"] = "EXPENSE_PAID_THROUGH is not set"
    if expenses.default_account is None and not expenses.accounts:
        needs["account_name"] = "neither EXPENSE_DEFAULT_ACCOUNT nor EXPENSE_ACCOUNTS is set"
    return needs


def _expense_fields(source: Source, fields: dict[str, str], *, given: bool) -> Iterator[tuple[str, str]]:
    """Topic and field for each of `fields` that its expenses fill from the body, or else that they do not."""
    for topic, event in source.plan.events.items():
        for field in fields:
            if event.expense and (event.expense.field(field) is not None) is given:
                yield topic, field
