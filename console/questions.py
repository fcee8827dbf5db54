"""What pages ask a person so that events go through: in words, with what Zoho has to choose from."""

from collections.abc import Mapping
from typing import Any

from console.guard import services
from errors import Question, Subject
from ledger.records import Event
from zoho.lookups import Nameable

SENTENCES: Mapping[Subject, str] = {
    "tax": "The sender names the tax “{word}”, which Zoho does not have. In Zoho it is",
    "account": "Zoho has no active account “{word}”. In Zoho it is",
    "category": "Expenses of the category “{word}” go to the account",
    "purpose": "What is sold as “{word}” goes to the account",
    "method": "Money that moved by “{word}” goes to the account",
    "tax_account": "Tax that is owed, and carried as amounts, goes to the liability account",
    "paid_through": "Expenses are paid with the account",
}


def asked_by(event: Event) -> dict[str, Any] | None:
    """What a parked event asks, if anything."""
    if event.state != "parked" or event.error is None or event.error.question is None:
        return None
    return asked(event.error.question, event.organization)


def asked(question: Question, organization: str) -> dict[str, Any]:
    """The question as pages put it; `names` are those Zoho has, None where they have to be read from there first."""
    return {
        "about": question.about,
        "word": question.word,
        "sentence": in_words(question),
        "organization": organization,
        "kind": kind_of(question),
        "names": names_for(question, organization),
    }


def in_words(question: Question) -> str:
    """The sentence that the answer completes."""
    return SENTENCES[question.about].format(word=question.word.replace("_", " "))


def kind_of(question: Question) -> Nameable:
    """What in Zoho is the answer."""
    return "tax" if question.about == "tax" else "account"


def names_for(question: Question, organization: str) -> list[str] | None:
    """What there is to choose from; None where it is not known without asking Zoho."""
    books = services().books
    return books[organization].names.kept_names(kind_of(question)) if organization in books else None
