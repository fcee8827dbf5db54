"""What a dry run says of an expense's receipt: where it comes from, and what would keep it from being taken."""

from collections.abc import Collection
from urllib.parse import SplitResult, urlsplit

from drafts import ReceiptDraft

PARKED = "the event would be parked with receipt_refused, although the expense stands"


def describe_receipt(receipt: ReceiptDraft) -> str:
    """The file that came with the event, by its name, or the host of its address: more of that is nobody's business."""
    if receipt.content is not None:
        return f"the file {receipt.name}" if receipt.name else "a file without a name"
    parts = _split(receipt.url)
    return f"from {parts.hostname}" if parts and parts.hostname else "from nowhere"


def find_refusal(receipt: ReceiptDraft, *, listed: Collection[str], asked: Collection[str]) -> str | None:
    """Why it would not be taken, as far as its address tells.

    Its host has to be `listed` by the connection, or to be one of the sender's API, which is `asked` anyway.
    """
    if receipt.content is not None:
        return None
    if receipt.url is None:
        return "neither the file nor its address came with the event"
    parts = _split(receipt.url)
    if parts is None or not parts.hostname:
        return "its address cannot be read"
    if parts.hostname not in {*listed, *asked}:
        return "its host is not among the connection's `receipt_hosts`"
    if parts.scheme != "https" or "@" in parts.netloc or _port(parts) not in (None, 443):
        return "its address is not a plain https:// one"
    return None


def _split(url: str | None) -> SplitResult | None:
    try:
        return urlsplit(url or "")
    except ValueError:
        return None


def _port(parts: SplitResult) -> int | None:
    try:
        return parts.port
    except ValueError:
        return -1
