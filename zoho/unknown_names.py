"""What is said of names that an organization does not know: what it has instead, and what a person may do or answer."""

from collections.abc import Mapping
from difflib import get_close_matches

from errors import NeedsAttention, Question, Subject, UnknownName

SUGGESTIONS = 8
# What a person may name instead of a name that is unknown; a currency is what it is.
ASKED: Mapping[str, Subject] = {"tax": "tax", "account": "account"}
REMEDY = "Create the {word} in Zoho Books under exactly this name, or use an existing name, then retry."
REMEDIES = {
    "tax": "Say in the console which of these it is (Failures), or map it (BOOKHOOK_TAX_NAMES, `taxes.names` of the "
    "connection), or create the tax in Zoho Books under exactly this name, then retry.",
    "account": "Say in the console what it is called in Zoho Books (Failures), or create it there under exactly this "
    "name, then retry.",
}


def ambiguous(word: str, wanted: str, count: int) -> UnknownName:
    """Several have the name."""
    return UnknownName(
        f"The organization has {count} records named “{wanted}” as {word}.",
        code=f"unknown_{word}",
        field=word,
        remedy="Give them different names in Zoho Books and use the right one, then retry.",
        question=_question(word, wanted),
    )


def unknown(word: str, wanted: str, known: list[str]) -> UnknownName:
    """None has the name; says which are close, or which there are."""
    close = get_close_matches(wanted, known, n=3, cutoff=0.6)
    return UnknownName(
        f"Zoho Books has no {word} named “{wanted}”. {_suggest(close, known, lists_all=word == 'tax')}",
        code=f"unknown_{word}",
        field=word,
        remedy=REMEDIES.get(word, REMEDY).format(word=word),
        question=_question(word, wanted),
    )


def _question(word: str, wanted: str) -> Question | None:
    return Question(about=ASKED[word], word=wanted) if word in ASKED else None


def _suggest(close: list[str], known: list[str], *, lists_all: bool) -> str:
    if not known:
        return "It has none at all."
    if lists_all:
        return "".join((f"Close: {', '.join(close)}. " if close else "", f"It has: {', '.join(known)}."))
    return f"Close: {', '.join(close)}." if close else _listed(known)


def _listed(known: list[str]) -> str:
    rest = "" if len(known) <= SUGGESTIONS else f" and {len(known) - SUGGESTIONS} more"
    return f"It has: {', '.join(known[:SUGGESTIONS])}{rest}."


def no_group(names: tuple[str, ...]) -> UnknownName:
    """No tax group has exactly these taxes."""
    listed = " + ".join(names)
    return UnknownName(
        f"A line has several taxes; Zoho Books has no tax group of exactly {listed}.",
        code="several_taxes",
        field="taxes",
        remedy=f"Create a tax group of {listed} in Zoho Books (Settings > Taxes > New Tax Group), then retry.",
    )


def no_exchange_rate(code: str) -> NeedsAttention:
    """Nobody says what the currency is worth."""
    return NeedsAttention(
        f"Neither the sender nor Zoho Books says what a {code} is worth.",
        code="no_exchange_rate",
        field="exchange_rate",
        remedy=f"Enter an exchange rate for {code} in Zoho Books (Settings > Currencies), or have the mapping read the "
        "sender's `exchange_rate`, then retry.",
    )
