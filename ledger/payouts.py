"""What the refunds of a credit note are named: the first as the credit note, each further one after it."""

FURTHER = "#paid"


def nth_payout(once_per: str, number: int) -> str:
    """What the refund of a credit note is once per: `refund:7`, then `refund:7#paid2`."""
    return once_per if number == 1 else f"{once_per}{FURTHER}{number}"


def paid_note(name: str) -> str:
    """What the credit note is once per that is refunded under this name."""
    once_per, further, number = name.rpartition(FURTHER)
    return once_per if further and number.isdecimal() else name
