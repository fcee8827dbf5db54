"""Getting a grant: the scopes that are asked for, a code made into a refresh token, and the organizations it opens.

zoho.com/accounts/protocol/oauth: a code lives about a minute and is good once; a refresh token comes with it only when
the consent asked for offline access.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from config.organizations import DATA_CENTERS, DataCenter
from errors import NeedsAttention, ZohoUnavailable
from zoho.answers import TokenRefused, TokenRejected, parse_object, read_answer, read_token
from zoho.transport import NoAnswer, NotSent, Transport, check_url

ANSWER_SECONDS = 20.0
_DOUBT = "to see whether it stands before it is posted again; reports"
SCOPES: Mapping[str, str] = {
    "ZohoBooks.contacts.CREATE": "to create customers and vendors that are not there yet",
    "ZohoBooks.contacts.READ": "to find those that are",
    "ZohoBooks.invoices.CREATE": "to post invoices, mark them sent or void, e-mail them and send reminders",
    "ZohoBooks.invoices.READ": _DOUBT,
    "ZohoBooks.expenses.CREATE": "to post expenses and their receipts",
    "ZohoBooks.expenses.READ": _DOUBT,
    "ZohoBooks.customerpayments.CREATE": "to record payments",
    "ZohoBooks.customerpayments.READ": _DOUBT,
    "ZohoBooks.creditnotes.CREATE": "to post credit notes, set them against invoices and pay them back",
    "ZohoBooks.creditnotes.READ": _DOUBT,
    "ZohoBooks.settings.READ": "organizations, currencies, taxes, items",
    "ZohoBooks.accountants.READ": "the chart of accounts, where expenses go",
}
"""Every scope that posting needs, with its reason."""
SCOPES_OF_UNDO: Mapping[str, str] = {
    f"ZohoBooks.{kind}.DELETE": "only to take documents back (undo)"
    for kind in ("invoices", "expenses", "customerpayments", "creditnotes")
}
"""What taking back needs besides."""
REMEDIES: Mapping[str, str] = {
    "invalid_code": "The code is not, or no longer, good: it lives about a minute, is good once, and only in the "
    "data centre whose console made it. Generate another, and paste it at once.",
    "invalid_client": "Zoho does not know this client id in this data centre: it is another one's, or mistyped.",
    "invalid_client_secret": "The client secret is not that client's in this data centre.",
    "invalid_redirect_uri": "The client is not a Self Client, or its redirect address is another.",
    "access denied": "Too many tokens were asked for in ten minutes: wait as long, then generate another code.",
}
NOT_OFFLINE = (
    "Zoho gave no refresh token: the code was not generated for offline access. Generate it in the Self Client's tab "
    "Generate Code; twenty refresh tokens exist at most, the oldest goes when another is made."
)


REMEDIES_OF_CONSENT: Mapping[str, str] = {
    "invalid_code": "The code that Zoho sent is not good any more: it lives about a minute and is good once. "
    "Connect again, and do not go back or reload on the way.",
    "invalid_client": "Zoho does not know this client id in this data centre. Compare it with Zoho's API console, and "
    "see there, in the client's settings, that the data centre is enabled.",
    "invalid_client_secret": "The client secret is not that client's in this data centre: unless the client uses the "
    "same credentials everywhere, each data centre has a secret of its own.",
    "invalid_redirect_uri": "The client lists another redirect address. Copy the one shown here into the client's "
    "Authorized Redirect URIs, to the letter, and connect again.",
    "access denied": "Too many tokens were asked for in ten minutes: wait as long, then connect again.",
}
"""What to do when a code that came with a consent is refused."""


NOT_OFFLINE_CONSENT = (
    "It gives one only with a new consent. Remove Bookhook among the connected apps of that Zoho account (under Zoho "
    "Accounts, Security), then connect again."
)


class NotConnected(NeedsAttention):
    """Raised when Zoho gives no grant, with what to do."""

    code = "not_connected"


@dataclass(frozen=True, slots=True)
class Grant:
    """What a code was made into; `access_token` is good for an hour. `scopes` is None where Zoho does not tell them."""

    refresh_token: str = field(repr=False)
    access_token: str = field(repr=False)
    scopes: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """An organization the grant opens, as Zoho describes it."""

    organization_id: str
    name: str
    currency_code: str
    plan_name: str


def api_console(data_center: str) -> str:
    """Where clients of that data centre are registered."""
    tld = DATA_CENTERS[data_center].accounts_url.partition("accounts.zoho")[2]
    return f"https://api-console.zoho{tld}"


def consent_url(place: DataCenter, *, client_id: str, redirect_uri: str, scopes: Collection[str], state: str) -> str:
    """Where somebody is asked to let the client use their organizations; the answer comes to the redirect address."""
    asked = {
        "response_type": "code",
        "client_id": client_id,
        "scope": ",".join(scopes),
        "redirect_uri": redirect_uri,
        "access_type": "offline",
        "prompt": "consent",  # else there is no refresh token where somebody consented before
        "state": state,
    }
    return check_url(f"{place.accounts_url}/oauth/v2/auth") + f"?{urlencode(asked)}"


def exchange(
    place: DataCenter,
    *,
    client_id: str,
    client_secret: str,
    code: str,
    redirect_uri: str | None = None,
    transport: Transport | None = None,
) -> Grant:
    """The grant of a code: one that came to the redirect address, else one that a Self Client generated.

    Raises NotConnected and ZohoUnavailable.
    """
    fields = {"grant_type": "authorization_code", "client_id": client_id, "client_secret": client_secret, "code": code}
    fields |= {"redirect_uri": redirect_uri} if redirect_uri else {}
    answer = _ask(transport, "POST", f"{place.accounts_url}/oauth/v2/token", body=fields)
    try:
        access_token, _ = read_token(*answer)
    except TokenRefused as refusal:
        remedies = REMEDIES_OF_CONSENT if redirect_uri else REMEDIES
        words = remedies.get(refusal.error, "Try again with another code; compare client id, secret and data centre.")
        raise NotConnected(f"Zoho refuses: {refusal.error}.", remedy=words) from None
    told = parse_object(answer[1]) or {}
    refresh_token, scopes = told.get("refresh_token"), told.get("scope")
    if not isinstance(refresh_token, str) or not refresh_token:
        raise NotConnected("Zoho gave no refresh token.", remedy=NOT_OFFLINE_CONSENT if redirect_uri else NOT_OFFLINE)
    return Grant(refresh_token, access_token, _words(scopes) if isinstance(scopes, str) and scopes else None)


def revoke(place: DataCenter, refresh_token: str, *, transport: Transport | None = None) -> bool:
    """Has Zoho forget a grant and every token of it; False where Zoho did not know it. Raises ZohoUnavailable."""
    body = {"token": refresh_token}
    status, answer = _ask(transport, "POST", f"{place.accounts_url}/oauth/v2/token/revoke", body=body)
    if status >= 500:
        raise ZohoUnavailable("Zoho's accounts server could not do it just now.")
    return (parse_object(answer) or {}).get("status") == "success"


def list_organizations(place: DataCenter, grant: Grant, *, transport: Transport | None = None) -> list[Found]:
    """The organizations the grant opens. Raises NotConnected, RetryLater and NeedsAttention."""
    headers = {"Authorization": f"Zoho-oauthtoken {grant.access_token}"}
    status, body = _ask(transport, "GET", f"{place.api_url}/organizations", headers=headers)
    try:
        rows = read_answer(status, {}, body, writes=False).get("organizations", [])
    except TokenRejected:
        raise NotConnected(
            "Zoho does not show the organizations of this grant.",
            remedy="The scope ZohoBooks.settings.READ is missing, or the user has no access to Zoho Books. Connect "
            "again, with every scope that is listed.",
        ) from None
    if not rows:
        raise NotConnected(
            "This user belongs to no organization of Zoho Books here.",
            remedy="Connect with a user of the organization, in the data centre where it lives.",
        )
    return [
        Found(*(str(row.get(name, "")) for name in ("organization_id", "name", "currency_code", "plan_name")))
        for row in rows
    ]


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.replace(",", " ").split())


def _ask(
    transport: Transport | None,
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: Mapping[str, str] | None = None,
) -> tuple[int, bytes]:
    try:
        answer = (transport or Transport()).send(
            method,
            check_url(url),
            seconds=ANSWER_SECONDS,
            headers={"Accept": "application/json", **(headers or {})},
            body=body,
        )
    except (NotSent, NoAnswer) as trouble:
        raise ZohoUnavailable(f"Zoho could not be reached ({trouble}).") from None
    return answer.status, answer.body
