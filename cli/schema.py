"""`bookhook schema`: what editors complete and check mapping files by."""

import json

import click

from mappings.editor_schema import mapping_schema


@click.command()
def schema() -> None:
    """Print the JSON Schema of mapping.yaml, for editors."""
    click.echo(schema_text(), nl=False)


def schema_text() -> str:
    """The schema as it is kept in files."""
    return json.dumps(mapping_schema(), indent=1, ensure_ascii=False) + "\n"
