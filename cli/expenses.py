"""What would park every expense, found before the first one comes."""

from collections.abc import Iterator

from cli.deployment import Deployment
from config.settings import Settings
from errors import BookhookError
from mappings import Source
from zoho.books import Books


def find_gaps(deployment: Deployment, *, of_every_event: bool) -> Iterator[str]:
    """The accounts that connected sources' expenses need and no setting names.

    Those missing to every event of a source, or those missing to such events only as do not name an account themselves.
    """
    settings = deployment.settings
    needs = {}
    if settings.expense_paid_through is None:
        needs["paid_through_account_name"] = "EXPENSE_PAID_THROUGH is not set"
    if settings.expense_default_account is None and not settings.expense_accounts:
        needs["account_name"] = "neither EXPENSE_DEFAULT_ACCOUNT nor EXPENSE_ACCOUNTS is set"
    for name in sorted(deployment.connections):
        for topic, field in _expense_fields(deployment.sources[name], needs, given=not of_every_event):
            which = "every expense" if of_every_event else "an expense that names no account itself"
            yield f"{name}: {which} ({topic}) will be parked: {needs[field]}"


def find_unknown_accounts(settings: Settings, books: Books) -> Iterator[str]:
    """The names of accounts in settings that are not exactly one active account's, and close ones that are."""
    wanted = {
        "EXPENSE_PAID_THROUGH": [settings.expense_paid_through],
        "EXPENSE_DEFAULT_ACCOUNT": [settings.expense_default_account],
        "EXPENSE_ACCOUNTS": settings.expense_accounts.values(),
    }
    names = {setting: [name for name in named if name] for setting, named in wanted.items()}
    if not any(names.values()):
        return
    try:
        unknown = books.unknown_accounts({name for named in names.values() for name in named})
    except BookhookError:
        return  # books.check() says why the accounts cannot be read
    for setting, named in names.items():
        yield from (f"{setting}: {unknown[name]}" for name in dict.fromkeys(named) if name in unknown)


def _expense_fields(source: Source, fields: dict[str, str], *, given: bool) -> Iterator[tuple[str, str]]:
    """Topic and field for each of `fields` that its expenses fill from the body, or else that they do not."""
    for topic, event in source.plan.events.items():
        for field in fields:
            if event.expense and (event.expense.field(field) is not None) is given:
                yield topic, field
