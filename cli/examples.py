"""A source's examples by name, signed as its sender would."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from urllib.parse import quote

import click

from ingest.schemes import Request, address, make_scheme
from mappings import Example, Received, Source


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


def answering_at(source: Source, example: Example, url: str) -> Example:
    """The example whose sender hears at `url` what is told later, wherever its mapping's `answer` would tell it."""
    plans = (event.answer for event in source.plan.events.values() if event.answer)
    body = example.body
    for host in sorted({host for plan in plans for host in plan.hosts}):
        for written in (str, partial(quote, safe="")):
            body = body.replace(written(f"https://{host}").encode(), written(url).encode())
    return replace(example, body=body)


def sign(
    source: Source,
    example: Example,
    secret: str,
    *,
    timestamp: float,
    public_url: str = "",
    connection: str | None = None,
) -> Request:
    """The request its sender would make of the example at `timestamp` (unix seconds).

    It goes to a connection of the source, by default the one of its name.
    """
    message_id = example.headers.get("webhook-id") or f"msg_{hashlib.sha256(example.body).hexdigest()[:24]}"
    request = Request(example.body, example.headers, url=address(public_url, connection or source.name))
    return make_scheme(source.verify).sign(request, secret, message_id=message_id, timestamp=int(timestamp))


def _find_delivery_header(source: Source, body: bytes, headers: Mapping[str, str]) -> str | None:
    """A header without which this would be another delivery to its source."""
    delivery = source.identify(Received(body, headers)).delivery
    for name in headers:
        without = {other: value for other, value in headers.items() if other != name}
        if name.lower() != "content-type" and source.identify(Received(body, without)).delivery != delivery:
            return name
    return None
