"""Every call out except to Zoho Books, to hosts that data names and code pins."""

from outbound.answers import NotDelivered, Outbound
from outbound.fetching import NotFetched
from outbound.files import File, ReceiptRefused, recognise

__all__ = ["File", "NotDelivered", "NotFetched", "Outbound", "ReceiptRefused", "recognise"]
