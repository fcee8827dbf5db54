"""What keeps an organization's connection from working, in words. Makes about eight calls."""

from collections.abc import Mapping

from config.organizations import PLANS, Organization
from errors import BookhookError
from zoho.client import Client
from zoho.lookups import Lookups
from zoho.protocol import Call, Row

# What is read with which scope; zoho.com/books/api/v3/oauth.
SCOPES: Mapping[str, str] = {
    "/settings/currencies": "ZohoBooks.settings.READ",
    "/chartofaccounts": "ZohoBooks.accountants.READ",
    "/contacts": "ZohoBooks.contacts.READ",
    "/invoices": "ZohoBooks.invoices.READ",
    "/expenses": "ZohoBooks.expenses.READ",
    "/customerpayments": "ZohoBooks.customerpayments.READ",
    "/creditnotes": "ZohoBooks.creditnotes.READ",
}


def problems(organization: Organization, client: Client, names: Lookups) -> list[str]:
    """Empty when all is well; raises BookhookError when Zoho cannot even be asked."""
    row = names.organization()
    if row is None:
        return [
            f"The connected user cannot see organization {organization.organization_id}: check "
            f"{organization.places.organization_id} and {organization.places.data_center}."
        ]
    return [*_plan_problems(organization, row), *_scope_problems(client)]


def _plan_problems(assumed: Organization, organization: Row) -> list[str]:
    plan = str(organization.get("plan_name") or "").casefold()
    allowed = PLANS.get(plan)
    if allowed is None or assumed.limits.per_day <= allowed.per_day:
        return []
    return [
        f"The limits assume {assumed.limits.per_day} calls a day, but the organization's plan is {plan} with "
        f"{allowed.per_day}: check {assumed.places.plan} and {assumed.places.calls_per_day}."
    ]


def _scope_problems(client: Client) -> list[str]:
    found = []
    for path, scope in SCOPES.items():
        try:
            client.call(Call("GET", path, {"page": "1", "per_page": "1"}))
        except BookhookError as trouble:
            found.append(f"Reading {path} fails, for which the scope {scope} is needed: {trouble.message}")
    return found
