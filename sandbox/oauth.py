"""The accounts server: access tokens for the refresh token, and revocation.

Errors come with HTTP 200, the throttle with HTTP 400, as Zoho's do.
https://www.zoho.com/accounts/protocol/oauth/
"""

from flask import Blueprint, Response, jsonify, request

from sandbox.call import world
from sandbox.tokens import CLIENT_SECRET, LIFETIME_SECONDS, REFRESH_TOKEN

api = Blueprint("oauth", __name__, url_prefix="/oauth/v2")

_THROTTLED = "You have made too many requests continuously. Please try again after some time."


@api.post("/token")
def issue_token() -> Response | tuple[Response, int]:
    now = world().clock()
    if not world().meter.may_ask_for_token(now):
        return jsonify(error_description=_THROTTLED, error="Access Denied"), 400
    error = _what_is_wrong()
    if error:
        return jsonify(error=error)
    return jsonify(
        access_token=world().tokens.issue(now),
        api_domain=request.host_url.rstrip("/"),
        token_type="Bearer",  # noqa: S106  the type, not a token
        expires_in=LIFETIME_SECONDS,
    )


@api.post("/token/revoke")
def revoke_token() -> Response | tuple[Response, int]:
    if not world().tokens.revoke(request.values.get("token", "")):
        return jsonify(error="invalid_token"), 400
    return jsonify(status="success")


def _what_is_wrong() -> str | None:
    sent = request.values
    if sent.get("grant_type") != "refresh_token":
        return "general_error"
    if not sent.get("client_id"):
        return "invalid_client"
    if sent.get("client_secret") != CLIENT_SECRET:
        return "invalid_client_secret"
    if sent.get("refresh_token") != REFRESH_TOKEN or world().tokens.revoked:
        return "invalid_code"
    return None
