"""`bookhook send`: an example, signed afresh, posted as its sender would."""

import sys
import time

import click
import requests

from cli.deployment import Deployment, read_deployment
from cli.examples import as_new_delivery, find_example, sign
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
    """Sign EXAMPLE (<source>/<case>) with the connection's secret and send it; exits with 1 unless it is accepted."""
    deployment = read_deployment()
    found = find_example(deployment.sources, example)
    if fields:
        found = as_new_delivery(deployment.sources[found.source], found.with_fields(_pairs(fields)))
    secret = _secret(deployment, found.source)
    accepted = True
    with requests.Session() as session:
        for _ in range(times):
            source = deployment.sources[found.source]
            public_url = deployment.public_url(deployment.connections[found.source])
            answer = deliver(session, url, source, found, secret=secret, public_url=public_url)
            click.echo(f"{answer.status_code} {answer.text.strip()}")
            accepted = accepted and answer.ok
    sys.exit(0 if accepted else 1)


def deliver(
    session: requests.Session, url: str, source: Source, example: Example, *, secret: str, public_url: str = ""
) -> requests.Response:
    """The answer to the example, signed and posted to its source's connection."""
    try:
        request = sign(source, example, secret, timestamp=time.time(), public_url=public_url)
        return session.post(
            url.rstrip("/") + request.target(source.name),
            data=request.body,
            headers=request.headers,
            timeout=TIMEOUT_SECONDS,
            allow_redirects=False,
        )
    except CannotSign as error:
        raise click.ClickException(f"{source.name}/{example.case} cannot be signed: {error}.") from None
    except requests.RequestException as error:
        raise click.ClickException(f"{url} cannot be reached ({type(error).__name__}). Is `bookhook web` up?") from None


def _secret(deployment: Deployment, source: str) -> str:
    if source not in deployment.connections:
        setting = deployment.sources[source].setting
        raise click.UsageError(f"{setting} is not set, so there is no connection {source!r} to sign for.")
    return deployment.connections[source].secrets[0]


def _pairs(fields: tuple[str, ...]) -> dict[str, str]:
    wrong = [field for field in fields if "=" not in field]
    if wrong:
        raise click.UsageError(f"--set takes FIELD=VALUE, not {wrong[0]!r}.")
    return dict(field.split("=", 1) for field in fields)
