"""Which scope a call needs; the `security` of each call in Zoho's description of its API."""

import re

MODULES = ("contacts", "invoices", "expenses", "customerpayments", "creditnotes", "settings", "accountants", "banking")
_VERBS = {"GET": "READ", "POST": "CREATE", "PUT": "UPDATE", "DELETE": "DELETE"}
_MODULE_OF = {"items": "settings", "organizations": "settings", "chartofaccounts": "accountants"}
_SCOPE = re.compile(rf"ZohoBooks\.({'|'.join(MODULES)})\.({'|'.join([*_VERBS.values(), 'ALL'])})")


def is_scope(text: str) -> bool:
    """Whether there is such a scope; those of whole products are not played."""
    return _SCOPE.fullmatch(text) is not None


def scopes_for(method: str, path: str) -> tuple[str, str]:
    """The scopes of which one lets the call in; `path` is below /books/v3."""
    first = path.strip("/").split("/")[0]
    module = _MODULE_OF.get(first, first)
    return f"ZohoBooks.{module}.{_VERBS.get(method, 'READ')}", f"ZohoBooks.{module}.ALL"
