"""`bookhook test-source`: everything a source must keep to, checked on its folder alone, with what to do next."""

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from cli.workshop.accepting import accept
from cli.workshop.checks import CHECKS, check_examples, check_readme
from cli.workshop.places import find_folder
from cli.workshop.trial import Complaint, Trial, try_source
from cli.workshop.unshown import find_unshown
from mappings import MappingFileErrors, Source, load_source

READ_ON = "Correct mapping.yaml from top to bottom; docs/mapping-reference.md says what each key takes."
WITHOUT_EXAMPLES = (check_examples, check_readme)


@click.command("test-source")
@click.argument("name", metavar="NAME|FOLDER")
@click.option("--accept", "is_accepted", is_flag=True, help="Take what comes of the examples now as right: write it.")
def test_source(name: str, is_accepted: bool) -> None:
    """Check the folder of the source NAME, without network, Redis or settings; exits with 1 unless all is well."""
    folder = find_folder(name)
    click.echo(f"{folder.name}, in {_shown(folder)}")
    source = _load(folder)
    if is_accepted:
        for case, outcome in accept(try_source(source)):
            click.echo(f"  accepted {case}: {outcome}")
    trial = try_source(source)
    complaints = list(_examine(trial))
    if trial.examples and (unshown := find_unshown(trial)):
        click.echo(f"  · filled in no example, so perhaps misspelt: {', '.join(unshown)}")
    click.echo(f"Next: {complaints[0].remedy}" if complaints else "All is well.")
    sys.exit(1 if complaints else 0)


def _load(folder: Path) -> Source:
    """The source; tells what is wrong with its mapping and exits where there is something."""
    try:
        source = load_source(folder)
    except MappingFileErrors as errors:
        problems = [problem.removeprefix(str(_shown(folder))).lstrip("/") for problem in errors.problems]
        _tell("the mapping can be read", [Complaint("", problem, "") for problem in problems])
        click.echo(f"Next: {READ_ON}")
        sys.exit(1)
    _tell("the mapping can be read", [])
    return source


def _examine(trial: Trial) -> Iterator[Complaint]:
    """Every complaint, each told below its check; without an example there is little to check."""
    for title, check in CHECKS.items():
        if trial.examples or check in WITHOUT_EXAMPLES:
            complaints = list(check(trial))
            _tell(title, complaints)
            yield from complaints
        else:
            click.echo(f"  - {title}: waits for an example")


def _tell(title: str, complaints: list[Complaint]) -> None:
    click.echo(f"  {'✗' if complaints else '✓'} {title}")
    for complaint in complaints:
        told = f"{complaint.where}: {complaint.what}" if complaint.where else complaint.what
        lines = [*told.splitlines(), *([f"  {complaint.remedy}"] if complaint.remedy else [])]
        click.echo("\n".join(f"      {line}" for line in lines))


def _shown(folder: Path) -> str:
    here = Path.cwd()
    return str(folder.relative_to(here) if folder.is_relative_to(here) else folder)
