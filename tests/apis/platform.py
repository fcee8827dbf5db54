"""What stand-ins for the APIs of senders have in common: rows that are asked for, credentials, pages, and faults."""

import re
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import parse_qs, unquote

from mappings.examples import compact
from tests.outbound.api_server import ApiServer, Reply

KEY = "good-key"
Row = dict[str, Any]


class Refusal(Exception):
    """Raised for what the API refuses."""

    def __init__(self, status: int, body: object) -> None:
        super().__init__(status)
        self.status = status
        self.body = body


@dataclass(frozen=True)
class Call:
    """One GET: the parts of its path that the route names, its query and its headers."""

    parts: dict[str, str]
    query: dict[str, list[str]]
    headers: dict[str, str]

    def number(self, name: str, default: int, most: int) -> int:
        """A number of the query, as far as the API allows it."""
        return min(int(self.query.get(name, [str(default)])[0]), most)

    def text(self, name: str) -> str | None:
        return self.query.get(name, [None])[0]


@dataclass
class Platform(ApiServer):
    """An API that holds `rows` by collection and id; whatever is in `faults` is answered first.

    `routes` are patterns of paths by the method that answers.
    """

    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    faults: list[Reply] = field(default_factory=list)
    host: ClassVar[str]
    routes: ClassVar[dict[str, str]]

    def put(self, collection: str, rows: dict[str, Any]) -> None:
        """Has the API hold these rows, by id."""
        self.rows.setdefault(collection, {}).update(rows)

    def reply_to(self, target: str, headers: dict[str, str]) -> Reply:
        if self.faults:
            return self.faults.pop(0)
        path, _, query = target.partition("?")
        try:
            return self._answer(path, Call({}, parse_qs(query, keep_blank_values=True), headers))
        except Refusal as refusal:
            return Reply(compact(refusal.body).encode(), refusal.status)

    def _answer(self, path: str, call: Call) -> Reply:
        if not self.knows(call):
            raise self.unknown_key()
        for pattern, name in self.routes.items():
            if found := re.fullmatch(pattern, path):
                parts = {each: unquote(text) for each, text in found.groupdict().items()}
                content = getattr(self, name)(Call(parts, call.query, call.headers))
                return Reply(b"", 204) if content is None else Reply(compact(content).encode())
        raise self.missing()

    def find(self, collection: str, key: str) -> Any:
        rows = self.rows.get(collection, {})
        if key not in rows:
            raise self.missing()
        return rows[key]

    def knows(self, call: Call) -> bool:
        """Whether the call comes with the right credential."""
        return call.headers.get("authorization") == f"Bearer {KEY}"

    def unknown_key(self) -> Refusal:
        """How a wrong credential is refused."""
        raise NotImplementedError

    def missing(self) -> Refusal:
        """How it is told that something is not there."""
        raise NotImplementedError
