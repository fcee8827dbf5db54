"""Every call out except to Zoho Books, to hosts that data names and code pins."""

from outbound.answers import NotDelivered, Outbound
from outbound.apis import ApiAnswer, ApiCall, ApiLimited, ApiRefused, Apis
from outbound.fetching import Keeper, NotFetched
from outbound.files import File, ReceiptRefused, recognise
from outbound.openid import Endpoints, Provider, ProviderFailed
from outbound.pace import Limit, Pace

__all__ = [
    "ApiAnswer",
    "ApiCall",
    "ApiLimited",
    "ApiRefused",
    "Apis",
    "Endpoints",
    "File",
    "Keeper",
    "Limit",
    "NotDelivered",
    "NotFetched",
    "Outbound",
    "Pace",
    "Provider",
    "ProviderFailed",
    "ReceiptRefused",
    "recognise",
]
