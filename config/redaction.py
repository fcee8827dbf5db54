"""The second line of defence for logs and error reports: what looks private is taken out.

The first line is not to write it there; this one catches what a library or a mistake lets through.
"""

import re
from collections.abc import Callable
from functools import lru_cache

REMOVED = "[removed]"
PRIVATE_WORDS = (
    "addr",
    "apikey",
    "authorization",
    "body",
    "cookie",
    "dsn",
    "email",
    "passw",
    "payload",
    "phone",
    "secret",
    "signature",
    "token",
)
_PRIVATE_FIELD = r"(?:\w*(?:token|secret|password|passwd|signature|api_?key|authorization))"
_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(?<=://)[^\s/@?#]{1,256}@"), f"{REMOVED}@"),  # user:password@ of a URL
    (re.compile(r"(?<![\w.+'-])[\w.+'-]{1,64}+@[\w-]{1,63}(?:\.[\w-]{1,63})+"), REMOVED),  # e-mail address
    (re.compile(r"(?<=[\w/-])\?[^\s\"'<>]+"), f"?{REMOVED}"),  # query of a URL
    (re.compile(r"(?i)\b(bearer|basic|zoho-oauthtoken)\s+[\w.~+/=-]+"), rf"\1 {REMOVED}"),
    (re.compile(rf"(?i)\b({_PRIVATE_FIELD}[\"']?\s*[=:]\s*[\"']?)[^\s\"',;&}}\])]+"), rf"\1{REMOVED}"),
    (re.compile(r"(?<=/hooks/)([\w-]+)/[^\s/?#\"'<>]+"), rf"\1/{REMOVED}"),  # the token in a connection's address
    (re.compile(r"\b1000\.[0-9A-Za-z]{20,}(?:\.[0-9A-Za-z]{20,})?"), REMOVED),  # Zoho's tokens and client ids
    (re.compile(r"\b(?:whsec_|xox[a-z]-|xapp-|shp[a-z]{2}_|[rs]k_live_|[rs]k_test_)[\w+/=-]+"), REMOVED),
)
# Without one of these none of the patterns finds anything, and most texts have none.
_PERHAPS_PRIVATE = re.compile(r"[@?=:\s]|/hooks/|1000\.|whsec_|xox|xapp-|shp|[rs]k_")


def redact_text(text: str) -> str:
    """`text` without e-mail addresses, URL passwords and queries, and what looks like a token or secret."""
    if not _PERHAPS_PRIVATE.search(text):
        return text
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text


@lru_cache(maxsize=1000)
def is_private_name(name: str) -> bool:
    """Whether a field of this name tends to hold what is nobody's business (clientSecret, X-Auth-Token, body)."""
    plain = re.sub(r"[^a-z]", "", name.lower())
    return any(word in plain for word in PRIVATE_WORDS)


def redact(value: object, *, text: Callable[[str], str] = redact_text) -> object:
    """`value` with every text in it passed through `text`, and non-numbers under private names removed.

    Mappings become dicts, sequences lists; numbers, booleans and None stay, anything else stays as it is.
    """
    if isinstance(value, str):
        return text(value)
    if isinstance(value, dict):
        return {name: _redact_field(name, item, text) for name, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [redact(item, text=text) for item in value]
    if isinstance(value, bytes | bytearray):
        return REMOVED
    return value


def hide(value: object) -> object:
    """The shape of a value: texts and numbers give way to what they are, names stay; what looks private is removed."""
    return _kinds(redact(value))


def _kinds(value: object) -> object:
    if isinstance(value, dict):
        return {name: _kinds(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_kinds(each) for each in value]
    if isinstance(value, bool) or value is None:
        return value
    return f"({'text' if isinstance(value, str) else 'number'})"


def _redact_field(name: object, item: object, text: Callable[[str], str]) -> object:
    if is_private_name(str(name)) and not isinstance(item, bool | int | float | None):
        return REMOVED
    return redact(item, text=text)
