"""What a request at the door comes to, decided without I/O.

The order of the checks is a promise: unknown connection 404, too large 413, handshake, signature 401, type 415.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from config.connections import Connection
from errors import UnknownConnection, WrongType
from ingest.schemes import SCHEMES
from ledger import Arrival
from mappings import Received, Reply, Source


@dataclass(frozen=True, slots=True)
class Door:
    """The sources and connections of this deployment."""

    sources: Mapping[str, Source]
    connections: Mapping[str, Connection]

    def connection(self, name: str) -> Connection:
        """The connection of that name; raises UnknownConnection."""
        try:
            return self.connections[name]
        except KeyError:
            raise UnknownConnection(f"There is no connection {name!r} here.") from None

    def admit(self, connection: Connection, received: Received, *, now: float) -> Arrival | Reply:
        """The arrival to record, or the reply to a handshake; raises SignatureMismatch or WrongType."""
        source = self.sources[connection.source]
        handshake = source.handshake(received)
        if handshake is not None and not handshake.signed:
            return handshake.reply
        verify = source.verify
        SCHEMES[verify.scheme].verify(verify.parameters, received.body, received.headers, connection.secrets, now)
        if handshake is not None:
            return handshake.reply
        _check_type(source, received)
        return make_arrival(connection, source, received)


def _check_type(source: Source, received: Received) -> None:
    given = received.headers.get("content-type", "").split(";")[0].strip().lower()
    if given and given not in source.accepts:
        raise WrongType(f"The content type is {given}; {source.name} sends {' or '.join(source.accepts)}.")


def make_arrival(connection: Connection, source: Source, received: Received) -> Arrival:
    identity = source.identify(received)
    return Arrival(
        connection=connection.name,
        source=source.name,
        organization=connection.organization_id,
        topic=identity.topic,
        delivery=identity.delivery,
        headers=received.headers,
        body=received.body,
        ignored=identity.ignored,
        order=identity.once_per,
        version=identity.version,
    )
