"""Who may log in to the console, and what each may do.

bh:people            set   the names of all people
bh:person:<name>     hash  role, password (a salt and its scrypt digest, as text), created_at (unix seconds), names
                           (JSON: what the person is called elsewhere, such as a Slack id)
"""

import base64
import hashlib
import hmac
import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, cast, get_args

from redis import Redis

from config.checks import SHORTEST_PASSWORD

Role = Literal["viewer", "approver", "operator", "admin"]
May = Literal["view", "examine", "approve", "operate", "administer"]
ROLES: tuple[Role, ...] = get_args(Role)
# To examine is to see what people wrote, and their receipts.
# Whoever keeps the events moving does not decide about money as well, unless they are an admin.
MAY: Mapping[Role, frozenset[May]] = {
    "viewer": frozenset({"view"}),
    "approver": frozenset({"view", "examine", "approve"}),
    "operator": frozenset({"view", "examine", "operate"}),
    "admin": frozenset({"view", "examine", "approve", "operate", "administer"}),
}
LONGEST_PASSWORD = 1024
# OWASP's cheat sheet on password storage: scrypt with N = 2^15, r = 8, p = 3.
_COST = {"n": 2**15, "r": 8, "p": 3, "maxmem": 2**26}
_NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}")


class Refusal(Exception):
    """Raised when a person cannot be kept as asked; says why, in a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who may log in; `names` are what they are called elsewhere."""

    name: str
    role: Role
    names: tuple[str, ...] = ()

    def may(self, what: May) -> bool:
        """Whether the role permits it."""
        return what in MAY[self.role]


class People:
    """Everybody who may log in."""

    def __init__(self, redis: Redis, *, clock: Callable[[], float]) -> None:
        self._redis = redis
        self._clock = clock
        self._nobody = _digest("nobody's password")

    def begin_with(self, password: str) -> None:
        """Lets `admin` log in with the password while there is nobody else yet."""
        if not self._redis.scard("bh:people"):
            self.keep("admin", role="admin", password=password)

    def keep(self, name: str, *, role: str, password: str | None = None, names: tuple[str, ...] = ()) -> None:
        """Adds a person, or changes one; without a password the one they have stays. Raises Refusal."""
        is_new = self.get(name) is None
        if not _NAME.fullmatch(name):
            raise Refusal("A name is at most 64 lower-case letters, digits, dots, -, _ and @, a letter or digit first.")
        if role not in ROLES:
            raise Refusal(f"A role is one of {', '.join(ROLES)}.")
        if is_new and password is None:
            raise Refusal("Somebody new needs a password.")
        if password is not None and not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
            raise Refusal(f"A password has at least {SHORTEST_PASSWORD} characters.")
        self._refuse_losing_the_last_admin(name, role)
        fields = {"role": role, "names": json.dumps(names)}
        fields |= {"created_at": repr(self._clock())} if is_new else {}
        fields |= {"password": _digest(password)} if password is not None else {}
        self._redis.hset(f"bh:person:{name}", items=[part for pair in fields.items() for part in pair])
        self._redis.sadd("bh:people", name)

    def remove(self, name: str) -> None:
        """Lets a person log in no more. Raises Refusal for the last admin."""
        self._refuse_losing_the_last_admin(name, "")
        self._redis.srem("bh:people", name)
        self._redis.delete(f"bh:person:{name}")

    def get(self, name: str) -> Person | None:
        """The person of that name, or None."""
        kept = cast("dict[bytes, bytes]", self._redis.hgetall(f"bh:person:{name}")) if _NAME.fullmatch(name) else {}
        if not kept:
            return None
        return Person(name=name, role=cast(Role, kept[b"role"].decode()), names=tuple(json.loads(kept[b"names"])))

    def called(self, email: str) -> Person | None:
        """The one person of whose names the e-mail address is one, in whatever case; None for nobody or several."""
        wanted = _as_compared(email)
        found = [person for person in self.all() if wanted in map(_as_compared, person.names)]
        return found[0] if len(found) == 1 else None

    def all(self) -> list[Person]:
        """Everybody, by name."""
        names = sorted(name.decode() for name in cast("set[bytes]", self._redis.smembers("bh:people")))
        return [person for name in names if (person := self.get(name))]

    def recognise(self, name: str, password: str) -> Person | None:
        """The person, if the password is theirs; an unknown name takes as long as a wrong password."""
        person = self.get(name)
        kept = cast("bytes | None", self._redis.hget(f"bh:person:{name}", "password")) if person else None
        is_theirs = _is_of(kept.decode() if kept else self._nobody, password[:LONGEST_PASSWORD])
        return person if person and kept and is_theirs else None

    def _refuse_losing_the_last_admin(self, name: str, role: str) -> None:
        admins = {person.name for person in self.all() if person.role == "admin"}
        if role != "admin" and admins == {name}:
            raise Refusal("Somebody has to stay an admin.")


def _as_compared(address: str) -> str:
    return address.lower() if address.isascii() else address  # the Kelvin sign in lower case is somebody else's k


def _digest(password: str) -> str:
    salt = os.urandom(16)
    return f"{_text(salt)}.{_text(_scrypt(password, salt))}"


def _is_of(kept: str, password: str) -> bool:
    salt, digest = (base64.b64decode(part) for part in kept.split("."))
    return hmac.compare_digest(_scrypt(password, salt), digest)


def _scrypt(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode("utf-8", "surrogatepass"), salt=salt, dklen=32, **_COST)


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()
