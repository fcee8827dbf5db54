"""`bookhook send`: an example, signed afresh, posted as its sender would."""

import sys
import time

import click
import requests

from cli.deployment import Deployment, read_deployment
from cli.examples import as_new_delivery, find_example, sign
from config.connection import Connection
from ingest.schemes import CannotSign
from mappings import Example, Source

TIMEOUT_SECONDS = 10.0


@click.command()
@click.argument("example")
@click.option("--url", default="http://127.0.0.1:8000", show_default=True, help="Where `bookhook web` listens.")
@click.option("--times", default=1, show_default=True, type=click.IntRange(1, 100_000), help="Deliver it so often.")
@click.option(
    "--set",
    "fields",
    multiple=True,
    metavar="FIELD=VALUE",
    help="Replace a top-level field of the body, in a delivery of its own.",
)
def send(example: str, url: str, times: int, fields: tuple[str, ...]) -> None:
    """Sign EXAMPLE (<source>/<case>) with the connection's secret and send it; exits with 1 unless it is accepted.

    In place of the source may stand the name of a connection: an example of its source goes to that connection.
    """
    deployment = read_deployment()
    name, _, case = example.partition("/")
    source = _find_source(deployment, name)
    found = find_example({name: source}, f"{name}/{case}")
    connection = _find_connection(deployment, source, name)
    if fields:
        found = as_new_delivery(source, found.with_fields(_pairs(fields)))
    accepted = True
    with requests.Session() as session:
        for _ in range(times):
            answer = deliver(
                session,
                url,
                source,
                found,
                secret=connection.secrets[0],
                public_url=deployment.public_url(connection),
                connection=connection.name,
            )
            click.echo(f"{answer.status_code} {answer.text.strip()}")
            accepted = accepted and answer.ok
    sys.exit(0 if accepted else 1)


def deliver(
    session: requests.Session,
    url: str,
    source: Source,
    example: Example,
    *,
    secret: str,
    public_url: str = "",
    connection: str | None = None,
) -> requests.Response:
    """The answer to the example, signed and posted to a connection of its source, by default the one of its name."""
    name = connection or source.name
    try:
        request = sign(source, example, secret, timestamp=time.time(), public_url=public_url, connection=name)
        return session.post(
            url.rstrip("/") + request.target(name),
            data=request.body,
            headers=request.headers,
            timeout=TIMEOUT_SECONDS,
            allow_redirects=False,
        )
    except CannotSign as error:
        raise click.ClickException(f"{source.name}/{example.case} cannot be signed: {error}.") from None
    except requests.RequestException as error:
        raise click.ClickException(f"{url} cannot be reached ({type(error).__name__}). Is `bookhook web` up?") from None


def _find_source(deployment: Deployment, name: str) -> Source:
    """The source of that name, or that of the connection of that name, as the connection has it."""
    source = deployment.configured.get(name) or deployment.sources.get(name)
    if source is None:
        others = sorted(set(deployment.connections) - set(deployment.sources))
        connections = f" There are the connections {', '.join(others)}, too." if others else ""
        raise click.UsageError(
            f"There is no source {name!r}; there are {', '.join(sorted(deployment.sources))}.{connections}"
        )
    return source


def _find_connection(deployment: Deployment, source: Source, name: str) -> Connection:
    """The connection of that name; UsageError says which others the source has, or how it gets one."""
    if name in deployment.connections:
        return deployment.connections[name]
    if others := sorted(each.name for each in deployment.connections.values() if each.source == source.name):
        raise click.UsageError(
            f"There is no connection {name!r} to sign for; of this source there are {', '.join(others)}. "
            f"Give one of these in its place, as in {others[0]}/CASE."
        )
    raise click.UsageError(f"{source.setting} is not set, so there is no connection {name!r} to sign for.")


def _pairs(fields: tuple[str, ...]) -> dict[str, str]:
    wrong = [field for field in fields if "=" not in field]
    if wrong:
        raise click.UsageError(f"--set takes FIELD=VALUE, not {wrong[0]!r}.")
    return dict(field.split("=", 1) for field in fields)
