"""`bookhook warm`: knows the customers before their first order."""

import sys
import time
from functools import partial

import click

from cli.desk import sit_at_desk
from cli.organizations import go_round, organization_option, say
from errors import BookhookError
from worker.desk import Desk
from worker.warming import Warmed, warm
from zoho.books import Books

PAGES_BETWEEN_WORDS = 10


@click.command("warm")
@organization_option
@click.option("--page", default=1, show_default=True, type=click.IntRange(1), help="Go on with this page.")
def warm_up(organization: str | None, page: int) -> None:
    """Load each organization's customers from Zoho, 200 a call, so that even their first order costs one call.

    What Bookhook knows already stays as it is. It leaves half of each minute's calls to the events that come in. Exits
    with 1 when an organization's customers could not be read to the end.
    """
    with sit_at_desk(organization) as desk:
        if page > 1 and len(desk.books) > 1:
            raise click.UsageError("--page is for one organization: say which with --organization.")
        _, is_well = go_round(desk.books.values(), partial(_warm, desk, page=page))
    sys.exit(0 if is_well else 1)


def _warm(desk: Desk, books: Books, *, page: int) -> None:
    warmed, label = Warmed(), books.organization.label
    try:
        with books.quota.yielding(time.sleep):
            for warmed in warm(desk, books, first_page=page):
                if warmed.pages % PAGES_BETWEEN_WORDS == 0:
                    click.echo(f"page {page + warmed.pages - 1}: {warmed.known} customers so far", err=True)
    except BookhookError as trouble:
        ahead = f"{_say(warmed)} Go on with: {_command(desk, books)} --page {page + warmed.pages}"
        raise BookhookError(f"{say(trouble)} {ahead}") from None
    click.echo(f"organization {label}: {_say(warmed)}")


def _command(desk: Desk, books: Books) -> str:
    only = f" --organization {books.organization.name}" if len(desk.books) > 1 else ""
    return f"bookhook warm{only}"


def _say(warmed: Warmed) -> str:
    skipped = "; ".join(f"{count} {why}" for why, count in sorted(warmed.skipped.items()))
    return (
        f"{warmed.pages} pages read, a call each; {warmed.known} customers known, of which {warmed.added} were new to "
        f"the ledger. Skipped: {skipped or 'none'}."
    )
