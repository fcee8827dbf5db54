"""`bookhook sources`: every sender that is understood, and what each can do."""

import re
import sys
from collections.abc import Iterable
from pathlib import Path

import click

from cli.workshop.capabilities import asked_hosts, capabilities, how_verified, markdown
from cli.workshop.places import own_folder
from mappings import BUILT_IN, MappingFileErrors, Source, load_sources

# Between these stands the table in a page.
BETWEEN = re.compile(r"(<!-- sources: .* -->\n).*?(\n<!-- end of sources -->)", re.DOTALL)


@click.command()
@click.option("--table", is_flag=True, help="As a table in Markdown.")
@click.option(
    "--into",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Write the table of those that come along between the marks of this page.",
)
def sources(table: bool, into: Path | None) -> None:
    """List the senders that are understood, your own too, and what each can do; exits with 1 if one cannot be read."""
    found, problems = _load(None if into else own_folder())
    if into:
        into.write_text(with_table(into.read_text(), found))
    else:
        click.echo(markdown(found) if table else "\n".join(map(_told, found)))
    for problem in problems:
        click.echo(f"✗ {problem}", err=True)
    sys.exit(1 if problems else 0)


def with_table(page: str, found: Iterable[Source]) -> str:
    """The page with the table of these sources between its marks."""
    if not BETWEEN.search(page):
        raise click.UsageError("That page has no <!-- sources: … --> and <!-- end of sources -->.")
    return BETWEEN.sub(lambda marks: f"{marks[1]}{markdown(found)}{marks[2]}", page)


def _load(own: Path | None) -> tuple[list[Source], list[str]]:
    """The sources that can be read, by name, and what is wrong with the others."""
    try:
        return _sorted(load_sources(BUILT_IN, *([own] if own else []))), []
    except MappingFileErrors as errors:
        return _sorted(errors.sources), errors.problems


def _sorted(found: dict[str, Source]) -> list[Source]:
    return [found[name] for name in sorted(found)]


def _told(source: Source) -> str:
    able = ", ".join(name for name, can in capabilities(source).items() if can)
    asks = "".join(f"\n  asks {host}" for host in asked_hosts(source))
    return f"{source.name}: {able}\n  by {how_verified(source)}, {source.setting}\n  {', '.join(source.topics)}{asks}"
