"""By what a document of ours is found again in Zoho."""

import base64
import hashlib


def marker(business_key: str, generation: int) -> str:
    """What makes a document findable in Zoho: `bh-` and 12 characters from the hash of its key and generation."""
    digest = hashlib.sha256(f"{business_key}\n{generation}".encode()).digest()
    return "bh-" + base64.b32encode(digest).decode().lower()[:12]
