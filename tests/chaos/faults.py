"""What Zoho does wrong meanwhile: about one call in ten, writes more often than reads."""

from typing import Any

# Below BOOKHOOK_SETTLE_SECONDS, as the promise asks; the holding ones are above ZOHO_TIMEOUT_SECONDS.
HELD_SECONDS = 3
HIDDEN_SECONDS = 4
EVERY_CALL = {
    "answer_429_44": 0.002,
    "answer_429_45": 0.001,
    "answer_429_1070": 0.002,
    "answer_500": 0.015,
    "answer_html_502": 0.015,
    "reset": 0.015,
    "reset_after_saving": 0.01,
    "timeout_after_saving": 0.01,
    "save_after_timeout": 0.01,
}
EVERY_WRITE = {
    "reset_after_saving": 0.012,
    "timeout_after_saving": 0.012,
    "save_after_timeout": 0.012,
    "hide_from_search": 0.02,
}
CREATES = ("POST /contacts", "POST /invoices", "POST /expenses", "POST /customerpayments", "POST /creditnotes")
STEPS = (
    "POST /invoices/:id/status/sent",
    "POST /invoices/:id/status/void",
    "POST /invoices/:id/status/draft",
    "POST /creditnotes/:id/refunds",
    "POST /creditnotes/:id/invoices",
    "DELETE /creditnotes/:id/invoices/:id",
)


def orders(seed: int) -> list[dict[str, Any]]:
    """The faults to order from the sandbox, each with dice of its own."""
    wanted = [(call, do, share) for call in (*CREATES, *STEPS) for do, share in EVERY_WRITE.items()]
    wanted += [("*", do, share) for do, share in EVERY_CALL.items()]
    return [
        {"on": on, "do": do, "share": share, "seconds": _seconds(do), "seed": seed * 100 + number}
        for number, (on, do, share) in enumerate(wanted)
    ]


def expired_tokens() -> dict[str, Any]:
    """Every access token dies, once; rare, since Zoho gives ten in ten minutes."""
    return {"on": "*", "do": "expire_tokens", "times": 1}


def _seconds(do: str) -> int:
    """How long a call is held or a record hidden; with a 429, after how many seconds to come again."""
    if do.startswith("answer_429"):
        return 1
    return HIDDEN_SECONDS if do == "hide_from_search" else HELD_SECONDS
