"""What a mapping file may say of calls to the sender's API, and its checked form.

A call is a GET to a host that the file names, or that the connection's own options name; an event never does.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from mappings.expressions import Expression
from mappings.templates import Template

Keys = tuple[frozenset[str], frozenset[str]]

CREDENTIALS: Mapping[str, Keys] = {
    "bearer": (frozenset(), frozenset()),
    "basic": (frozenset(), frozenset()),
    "basic_user": (frozenset(), frozenset()),
    "header": (frozenset({"name"}), frozenset({"prefix"})),
    "query": (frozenset({"name"}), frozenset()),
}
"""The ways a credential is sent, with the keys that each needs and may have."""

PAGINGS: Mapping[str, Keys] = {
    "cursor": (frozenset({"next", "parameter"}), frozenset()),
    "number": (frozenset({"parameter"}), frozenset({"first"})),
    "offset": (frozenset({"parameter"}), frozenset()),
    "url": (frozenset({"next"}), frozenset()),
    "link": (frozenset(), frozenset()),
}
"""The ways to the next page, with the keys that each needs and may have."""

MOST_PAGES = 20
MOST_ITEMS = 100
"""How often a step calls at most where nothing else is said: page after page, and for each item of a list."""

FETCH_KEYS: Mapping[str, Keys] = {
    "api": (frozenset(), frozenset({"credential", "credential?", "headers", "limit"})),
    "credential": (frozenset({"setting", "as"}), frozenset()),
    "limit": (frozenset({"calls", "seconds"}), frozenset()),
    "fetch": (frozenset({"url"}), frozenset({"when", "each", "each?", "pages"})),
    "pages": (frozenset({"by"}), frozenset({"items", "items?", "while", "most"})),
}


@dataclass(frozen=True)
class Credential:
    """How a call says who makes it: the name of a setting, and how its value is sent."""

    setting: str
    way: str
    name: str = ""
    prefix: str = ""


@dataclass(frozen=True)
class Limit:
    """So many calls in so many seconds."""

    calls: int = 5
    seconds: int = 1


@dataclass(frozen=True)
class Api:
    """A host that may be called; `host` may hold the connection's options.

    Where credentials `may_lack`, the host is not called as long as one is not set.
    """

    host: Template
    credentials: tuple[Credential, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    limit: Limit = Limit()
    may_lack: bool = False

    @property
    def options(self) -> tuple[str, ...]:
        """The connection's options that its host is made of."""
        parts = (part for part in self.host.parts if isinstance(part, Expression))
        return tuple(name for part in parts for name in part.named("option"))


@dataclass(frozen=True)
class Pages:
    """How the rest of a list is found; `items` is where a page holds its part of it."""

    by: str
    items: Expression
    items_optional: bool = False
    next: Expression | None = None
    parameter: str = ""
    first: int = 1
    condition: Expression | None = None
    most: int = MOST_PAGES


@dataclass(frozen=True)
class Step:
    """One thing to fetch; path and query are texts with expressions, their literal parts good for a URL.

    An `optional` one may be missing at the host, or lack what its address is made of.
    """

    name: str
    api: Api
    path: Template
    query: Template
    optional: bool = False
    when: Expression | None = None
    each: Expression | None = None
    each_optional: bool = False
    pages: Pages | None = None
