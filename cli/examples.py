"""A source's examples by name, signed as its sender would."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace

import click

from ingest.schemes import SCHEMES
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


def sign(source: Source, example: Example, secret: str, *, timestamp: float) -> dict[str, str]:
    """The example's headers and the signature its sender would add at `timestamp` (unix seconds)."""
    verify = source.verify
    message_id = example.headers.get("webhook-id") or f"msg_{hashlib.sha256(example.body).hexdigest()[:24]}"
    signed = SCHEMES[verify.scheme].sign(verify.parameters, example.body, secret, message_id, int(timestamp))
    return {**example.headers, **signed}


def _find_delivery_header(source: Source, body: bytes, headers: Mapping[str, str]) -> str | None:
    """A header without which this would be another delivery to its source."""
    delivery = source.identify(Received(body, headers)).delivery
    for name in headers:
        without = {other: value for other, value in headers.items() if other != name}
        if name.lower() != "content-type" and source.identify(Received(body, without)).delivery != delivery:
            return name
    return None
