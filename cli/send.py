"""`bookhook send`: an example, signed afresh, posted as its sender would."""

import hashlib
import sys
import time
from collections.abc import Mapping
from dataclasses import replace

import click
import requests

from cli.deployment import Deployment, read_deployment
from ingest.schemes import SCHEMES
from mappings import Example, Received, Source

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
            answer = deliver(session, url, deployment.sources[found.source], found, secret=secret)
            click.echo(f"{answer.status_code} {answer.text.strip()}")
            accepted = accepted and answer.ok
    sys.exit(0 if accepted else 1)


def find_example(sources: Mapping[str, Source], name: str) -> Example:
    """The example `<source>/<case>`; raises UsageError naming those there are."""
    source, _, case = name.partition("/")
    if source not in sources:
        raise click.UsageError(f"There is no source {source!r}; there are {', '.join(sorted(sources))}.")
    examples = {example.case: example for example in sources[source].examples()}
    if not case:
        raise click.UsageError(
            f"Which example of {source}? Give {source}/CASE, a case of {', '.join(sorted(examples))}."
        )
    if case not in examples:
        raise click.UsageError(f"{source} has no example {case!r}; it has {', '.join(sorted(examples))}.")
    return examples[case]


def as_new_delivery(source: Source, example: Example) -> Example:
    """The example without the headers that its source knows a repeated delivery by."""
    headers = dict(example.headers)
    while name := _find_delivery_header(source, example.body, headers):
        del headers[name]
    return replace(example, headers=headers)


def sign(source: Source, example: Example, secret: str, *, timestamp: float) -> dict[str, str]:
    """The example's headers and the signature its sender would add at `timestamp` (unix seconds)."""
    verify = source.verify
    message_id = example.headers.get("webhook-id") or f"msg_{hashlib.sha256(example.body).hexdigest()[:24]}"
    signed = SCHEMES[verify.scheme].sign(verify.parameters, example.body, secret, message_id, int(timestamp))
    return {**example.headers, **signed}


def deliver(session: requests.Session, url: str, source: Source, example: Example, *, secret: str) -> requests.Response:
    """The answer to the example, signed and posted to its source's connection."""
    try:
        return session.post(
            f"{url.rstrip('/')}/hooks/{source.name}",
            data=example.body,
            headers=sign(source, example, secret, timestamp=time.time()),
            timeout=TIMEOUT_SECONDS,
            allow_redirects=False,
        )
    except requests.RequestException as error:
        raise click.ClickException(f"{url} cannot be reached ({type(error).__name__}). Is `bookhook web` up?") from None


def _find_delivery_header(source: Source, body: bytes, headers: Mapping[str, str]) -> str | None:
    """A header without which this would be another delivery to its source."""
    delivery = source.identify(Received(body, headers)).delivery
    for name in headers:
        without = {other: value for other, value in headers.items() if other != name}
        if name.lower() != "content-type" and source.identify(Received(body, without)).delivery != delivery:
            return name
    return None


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
