"""What a mapping file may say of posting to the sender's API, and its checked form."""

from dataclasses import dataclass

from mappings.fetch_grammar import Api


@dataclass(frozen=True)
class Place:
    """Where JSON is posted: a host of the apis, and a path."""

    api: Api
    path: str
