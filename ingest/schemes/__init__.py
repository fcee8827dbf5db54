"""How senders prove who they are: `sign` beside `verifier`, one pair for each scheme, pure.

A scheme is loaded when a source uses it: those with key pairs need more than most deployments do.
"""

from importlib import import_module

from ingest.schemes.scheme import CannotSign, Request, Scheme, Verifier, address
from mappings import Verify

PLACES = {
    "hmac": "keyed.Keyed",
    "timestamped_hmac": "keyed.Keyed",
    "url_hmac": "keyed.Keyed",
    "fields_hmac": "keyed.fields_hmac",
    "secret_digest": "keyed.secret_digest",
    "slack": "keyed.slack",
    "standard_webhooks": "keyed.standard_webhooks",
    "basic": "tokens.basic",
    "bearer": "tokens.bearer",
    "header_token": "tokens.HeaderToken",
    "body_token": "tokens.BodyToken",
    "path_token": "tokens.PathToken",
    "rsa": "rsa.Rsa",
    "jws_detached": "jws.JwsDetached",
    "jwt_body": "jws.JwtBody",
}
"""Where each scheme is made of its parameters, by the name that mappings use."""

__all__ = ["PLACES", "CannotSign", "Request", "Scheme", "Verifier", "address", "make_scheme"]


def make_scheme(verify: Verify) -> Scheme:
    """The scheme that a mapping asks for, with its parameters."""
    module, _, name = PLACES[verify.scheme].partition(".")
    scheme: Scheme = getattr(import_module(f"{__name__}.{module}"), name)(**verify.parameters)
    return scheme
