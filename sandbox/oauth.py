"""The accounts server: access tokens for a refresh token or for a code, each code once, and revocation.

Errors come with HTTP 200, the throttle with HTTP 400, as Zoho's do.
https://www.zoho.com/accounts/protocol/oauth/
"""

from flask import Blueprint, Response, jsonify, request

from sandbox.call import world
from sandbox.tokens import CLIENT_SECRET, LIFETIME_SECONDS, CodeRefused, Grant

api = Blueprint("oauth", __name__, url_prefix="/oauth/v2")

_THROTTLED = "You have made too many requests continuously. Please try again after some time."


@api.post("/token")
def issue_token() -> Response | tuple[Response, int]:
    now = world().clock()
    if not world().meter.may_ask_for_token(now):
        return jsonify(error_description=_THROTTLED, error="Access Denied"), 400
    if error := _what_is_wrong_with_the_client():
        return jsonify(error=error)
    try:
        refresh_token, grant = _granted(now)
    except CodeRefused as refusal:
        return jsonify(error=str(refusal))
    return jsonify(
        **({"refresh_token": refresh_token} if refresh_token else {}),
        **({"scope": " ".join(sorted(grant.scopes))} if grant.scopes is not None else {}),
        access_token=world().tokens.issue(grant, now),
        api_domain=request.host_url.rstrip("/"),
        token_type="Bearer",  # noqa: S106  the type, not a token
        expires_in=LIFETIME_SECONDS,
    )


@api.post("/token/revoke")
def revoke_token() -> Response | tuple[Response, int]:
    if not world().tokens.revoke(request.values.get("token", "")):
        return jsonify(error="invalid_token"), 400
    return jsonify(status="success")


def _what_is_wrong_with_the_client() -> str | None:
    sent = request.values
    if sent.get("grant_type") not in ("refresh_token", "authorization_code"):
        return "general_error"
    if not sent.get("client_id"):
        return "invalid_client"
    return "invalid_client_secret" if sent.get("client_secret") != CLIENT_SECRET else None


def _granted(now: float) -> tuple[str | None, Grant]:
    """A refresh token to hand out, if there is one, and what is granted; raises CodeRefused."""
    sent = request.values
    if sent["grant_type"] == "authorization_code":
        code, client_id = sent.get("code", ""), sent["client_id"]
        return world().tokens.exchange(code, client_id=client_id, redirect_uri=sent.get("redirect_uri"), now=now)
    grant = world().tokens.grant_of(sent.get("refresh_token", ""))
    if grant is None:
        raise CodeRefused("invalid_code")
    return None, grant
