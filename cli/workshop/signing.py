"""What a source's scheme does, found out by signing examples."""

from cli.examples import sign
from errors import SignatureMismatch
from ingest.schemes import Request, make_scheme
from ingest.schemes.fields import read_field
from mappings import Example, Source
from mappings.signing import WINDOW_SECONDS

NOW = 1_780_000_000.0
PUBLIC_URL = "https://hooks.example.com"
_MADE: dict[tuple[str, ...], list[str]] = {}
# Where a secret belongs into a body, it cannot be put into every body.
_UNSIGNABLE = (ValueError, TypeError, AttributeError, ArithmeticError, RecursionError)


def sign_as_it_is(source: Source, example: Example, secret: str, *, timestamp: float = NOW) -> Request:
    """The request its sender would make, or an unsigned one where the body is none that its sender could sign."""
    try:
        return sign(source, example, secret, timestamp=timestamp, public_url=PUBLIC_URL)
    except _UNSIGNABLE:
        return Request(example.body, example.headers)


def made_secret(source: Source, number: int = 0) -> str:
    """A secret that the source could have, another for each number; the same for all that have such secrets."""
    scheme = make_scheme(source.verify)
    form = (type(scheme).new_secret.__qualname__, *(getattr(scheme, name, "") for name in ("key", "word")))
    made = _MADE.setdefault(form, [])
    while len(made) <= number:
        made.append(scheme.sample_secret(len(made)))
    return made[number]


def window_seconds(source: Source, example: Example) -> int | None:
    """How far a signed time may be from now; None where no time is signed."""
    secret = made_secret(source)
    now, later = (sign_as_it_is(source, example, secret, timestamp=NOW + seconds) for seconds in (0, 1))
    return source.verify.parameters.get("window_seconds", WINDOW_SECONDS) if now != later else None


def covers(source: Source, example: Example, other: Example) -> bool:
    """Whether the other body would have another signature."""
    secret = made_secret(source)
    one, another = (sign_as_it_is(source, each, secret)._replace(body=b"") for each in (example, other))
    return one != another


def secret_field(source: Source, example: Example) -> str | None:
    """The way to the secret in the example's body, if it stands there: no example has it."""
    if source.verify.scheme != "body_token":
        return None
    way: str = source.verify.parameters["field"]
    try:
        read_field(Request(example.body, example.headers), way)
    except SignatureMismatch:
        return None
    return way


def secret_headers(source: Source, example: Example) -> frozenset[str]:
    """The headers, in lower case, that hold a secret or are made with it: no example has them."""
    one, other = (sign_as_it_is(source, example, made_secret(source, number)).headers for number in range(2))
    return frozenset(name.lower() for name in one if one[name] != other.get(name))
