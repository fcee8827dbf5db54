"""Connections with a secret in common: what is signed for one of them is genuine at the address of the other."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations

from config.connection import Connection
from ingest.schemes import make_scheme
from mappings import Source


def find_shared_secrets(connections: Iterable[Connection], configured: Mapping[str, Source]) -> Iterator[str]:
    """A warning for each two connections of which one takes what was sent to the other; never with a secret.

    Not where the address is signed too, nor where each ignores the other's events by an option they give unlike values.
    """
    sharing = defaultdict[str, list[Connection]](list)
    for connection in connections:
        for secret in connection.secrets:
            sharing[secret].append(connection)
    pairs = dict.fromkeys(pair for group in sharing.values() for pair in _pairs(group))
    by_name = {connection.name: connection for group in sharing.values() for connection in group}
    for one, other in pairs:
        if _takes_both(configured[one], configured[other]):
            yield _warn(by_name[one], by_name[other])


def _pairs(group: Iterable[Connection]) -> Iterator[tuple[str, str]]:
    return combinations(sorted({connection.name for connection in group}), 2)


def _takes_both(one: Source, other: Source) -> bool:
    """Whether a request that one finds genuine is genuine for the other, and not ignored by it."""
    proofs = [(source.verify.scheme, source.verify.parameters) for source in (one, other)]
    if proofs[0] != proofs[1] or make_scheme(one.verify).needs_public_url:
        return False
    return not any(_are_unlike(one.options.get(name), other.options.get(name)) for name in _telling_apart(one, other))


def _telling_apart(one: Source, other: Source) -> frozenset[str]:
    return one.telling_apart & other.telling_apart if one.name == other.name else frozenset()


def _are_unlike(one: str | None, other: str | None) -> bool:
    return bool(one and other) and one != other


def _warn(one: Connection, other: Connection) -> str:
    settings = sorted({one.secret_setting, other.secret_setting})
    held = " and ".join(settings) + (" is the secret of both" if len(settings) == 1 else " hold the same secret")
    return (
        f"/hooks/{one.name} and /hooks/{other.name}: {held}, so a webhook of one is genuine at the other's address: "
        "give each a secret of its own, where the platform gives one"
    )
