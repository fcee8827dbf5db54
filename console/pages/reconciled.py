"""What the last comparison of the ledger with Zoho found, and what is to be done about it."""

from datetime import UTC, datetime
from typing import Any

from console.frame import Pages
from console.guard import services
from ledger.records import second
from zoho.books import Books

MEANINGS = {
    "missing": (
        "is not in Zoho any more: somebody deleted it.",
        "Undo its event, which notes that here. If it was not meant to go, then retry the event: it is posted anew.",
    ),
    "voided": (
        "was voided in Zoho by hand.",
        "Mark it as draft again in Zoho. Or undo its event, which notes that here; a retry then posts it anew.",
    ),
    "changed": (
        "has another amount or currency than when it was posted.",
        "Correct it in Zoho, or leave it: nothing is written over it.",
    ),
    "doubled": (
        "has the marker of another document of ours: it was copied by hand, or Zoho saved a request late.",
        "This is the one too many: delete it in Zoho.",
    ),
    "unknown": (
        "has a marker that was never given here, or is forgotten.",
        "After a restored backup deliver its order again: it is found, not posted twice. "
        "Else remove the marker from its reference number in Zoho.",
    ),
    "stands_again": (
        "was undone, but stands in Zoho: a void invoice was made a draft again.",
        "Void or delete it in Zoho.",
    ),
    "in_doubt": (
        "may stand in Zoho or not: it should be known by now.",
        "Look at its event, then retry or undo it.",
    ),
}
"""What each word of a comparison says of its document, and what to do, as docs/reconciling.md has it for commands."""
pages = Pages("reconciled")


@pages.page("/reconciled", "reconciled.html")
def differences() -> dict[str, Any]:
    """The last comparison of each organization, and each difference that is kept of it."""
    return {"now": services().ledger.clock(), "organizations": [_last(books) for books in services().books.values()]}


def _last(books: Books) -> dict[str, Any]:
    """`count` is of all that was found, also of what is not kept; None where nothing was ever compared."""
    organization_id, kept = books.organization.organization_id, services().ledger.reconciliations
    last = kept.last(organization_id)
    return {
        "id": organization_id,
        "name": books.organization.name,
        "compared_at": _moment(last["at"]) if last else None,
        "since": _moment(last["since"]) if last else None,
        "checked": int(last["checked"]) if last else None,
        "count": int(last["differences"]) if last else None,
        "differences": [in_words(each) for each in kept.differing(organization_id)] if last else [],
    }


def in_words(difference: dict[str, Any]) -> dict[str, Any]:
    """The difference with what it means and what is to be done."""
    meaning, todo = MEANINGS.get(difference["what"], (difference["detail"], ""))
    return {**difference, "meaning": meaning, "todo": todo}


def _moment(at: float) -> str:
    return second(datetime.fromtimestamp(at, UTC))
