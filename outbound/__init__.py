"""Every call out except to Zoho Books, to hosts that data names and code pins."""

from outbound.answers import NotDelivered, Outbound

__all__ = ["NotDelivered", "Outbound"]
