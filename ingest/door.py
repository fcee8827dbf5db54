"""What a request at the door comes to, decided without I/O.

The order of the checks is a promise: unknown connection 404, too large 413, handshake, signature 401, type 415.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from config.connection import Connection
from errors import UnknownConnection, WrongType
from ingest.schemes import Request, Verifier, address, make_scheme
from ledger.arrivals import Arrival
from mappings import Asked, Handshake, HandshakePlan, Received, Source

# Whatever is in front of the door may have checked these; nobody needs them afterwards.
PRIVATE_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization"})


class Admitted(NamedTuple):
    """An event of a request: what is to be recorded of it, and the event by itself."""

    arrival: Arrival
    received: Received


@dataclass(frozen=True, slots=True)
class Guard:
    """What one connection's requests must prove, made ready once; of handshakes, each by its place, perhaps nothing."""

    verify: Verifier
    handshakes: Sequence[Verifier | None]
    url: str
    secret: str
    private_headers: frozenset[str]
    has_path_token: bool


@dataclass(frozen=True, slots=True)
class Door:
    """The connections of this deployment by name, and the source of each as that connection has it.

    `public_url` is where senders reach it, unless a connection has an address of its own.
    """

    sources: Mapping[str, Source]
    connections: Mapping[str, Connection]
    public_url: str = ""
    _guards: Mapping[str, Guard] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        guards = {name: self._guard(connection) for name, connection in self.connections.items()}
        object.__setattr__(self, "_guards", guards)

    def connection(self, name: str) -> Connection:
        """The connection of that name; raises UnknownConnection."""
        try:
            return self.connections[name]
        except KeyError:
            raise UnknownConnection(f"There is no connection {name!r} here.") from None

    def admit(
        self, connection: Connection, received: Received, *, now: float, token: str = "", query: str = ""
    ) -> Sequence[Admitted] | Handshake:
        """The events to record, at least one, or a handshake to answer, and to act upon.

        `token` is what follows the connection in the path. Raises UnknownConnection, SignatureMismatch or WrongType.
        """
        source, guard = self.sources[connection.name], self._guards[connection.name]
        request = self._request(connection, received, "POST", token, query)
        if guard.handshakes and (handshake := source.handshake(received, "POST", _asked(guard, query))):
            return _shake(guard, handshake, request, now)
        guard.verify(request, now)
        _check_type(source, received)
        events = source.events(_without(guard.private_headers, received))
        return [Admitted(make_arrival(connection, source, each, is_news=True), each) for each in events]

    def greet(
        self, connection: Connection, headers: Mapping[str, str], *, now: float, token: str = "", query: str = ""
    ) -> Handshake | None:
        """The handshake to answer that comes by GET, if it is one. Raises UnknownConnection and SignatureMismatch."""
        source, guard = self.sources[connection.name], self._guards[connection.name]
        received = Received(b"", headers)
        request = self._request(connection, received, "GET", token, query)
        handshake = source.handshake(received, "GET", _asked(guard, query))
        return _shake(guard, handshake, request, now) if handshake else None

    def _request(self, connection: Connection, received: Received, method: str, token: str, query: str) -> Request:
        guard = self._guards[connection.name]
        if token and not guard.has_path_token:
            raise UnknownConnection(f"The connection {connection.name!r} has no address below its own.")
        url = f"{guard.url}?{query}" if query else guard.url
        return Request(received.body, received.headers, method, url, token, query)

    def _guard(self, connection: Connection) -> Guard:
        source = self.sources[connection.name]
        scheme = make_scheme(source.verify)
        verify = scheme.verifier(connection.secrets)
        return Guard(
            verify=verify,
            handshakes=[_proof(plan, connection.secrets, verify) for plan in source.plan.handshakes],
            url=address(connection.public_url or self.public_url, connection.name),
            secret=connection.secrets[0],
            private_headers=PRIVATE_HEADERS | scheme.private_headers,
            has_path_token=scheme.has_path_token,
        )


def _proof(plan: HandshakePlan, secrets: Sequence[str], usual: Verifier) -> Verifier | None:
    if plan.verify:
        return make_scheme(plan.verify).verifier(secrets)
    return usual if plan.signed else None


def _asked(guard: Guard, query: str) -> Asked:
    return Asked(query, guard.url, guard.secret)


def _shake(guard: Guard, handshake: Handshake, request: Request, now: float) -> Handshake:
    """The handshake, once the sender has proved itself as far as it wants that."""
    if verify := guard.handshakes[handshake.number]:
        verify(request, now)
    return handshake


def _without(private: frozenset[str], received: Received) -> Received:
    """The request as it may be kept."""
    if private.isdisjoint(received.headers):
        return received
    kept = {name: text for name, text in received.headers.items() if name not in private}
    return Received(received.body, kept, at=received.at)


def _check_type(source: Source, received: Received) -> None:
    given = received.headers.get("content-type", "").split(";")[0].strip().lower()
    if given and given not in source.accepts:
        raise WrongType(f"The content type is {given}; {source.name} sends {' or '.join(source.accepts)}.")


def make_arrival(connection: Connection, source: Source, received: Received, *, is_news: bool = False) -> Arrival:
    """What is to be recorded of an event; `is_news` where it was sent, and not found in a list or a file."""
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
        may_recur=is_news and identity.may_recur,
    )
