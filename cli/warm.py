"""`bookhook warm`: knows the customers before their first order."""

import time

import click

from cli.desk import say, sit_at_desk
from errors import BookhookError
from worker.desk import Desk
from worker.warming import Warmed, warm
from zoho.books import Books

PAGES_BETWEEN_WORDS = 10


@click.command("warm")
@click.option("--page", default=1, show_default=True, type=click.IntRange(1), help="Go on with this page.")
def warm_up(page: int) -> None:
    """Load the organization's customers from Zoho, 200 a call, so that even their first order costs one call.

    What Bookhook knows already stays as it is. It leaves half of each minute's calls to the events that come in.
    """
    with sit_at_desk() as desk:
        for books in desk.books.values():
            click.echo(f"organization {books.organization.organization_id}: {_warm(desk, books, page)}")


def _warm(desk: Desk, books: Books, page: int) -> str:
    warmed = Warmed()
    try:
        with books.quota.yielding(time.sleep):
            for warmed in warm(desk, books, first_page=page):
                if warmed.pages % PAGES_BETWEEN_WORDS == 0:
                    click.echo(f"page {page + warmed.pages - 1}: {warmed.known} customers so far", err=True)
    except BookhookError as trouble:
        ahead = f"{_say(warmed)} Go on with: bookhook warm --page {page + warmed.pages}"
        raise click.ClickException(f"{say(trouble)} {ahead}") from None
    return _say(warmed)


def _say(warmed: Warmed) -> str:
    skipped = "; ".join(f"{count} {why}" for why, count in sorted(warmed.skipped.items()))
    return (
        f"{warmed.pages} pages read, a call each; {warmed.known} customers known, of which {warmed.added} were new to "
        f"the ledger. Skipped: {skipped or 'none'}."
    )
