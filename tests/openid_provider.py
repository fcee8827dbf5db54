"""An OpenID provider, as small as one can be that checks what a client shows: its secret, the verifier, the code."""

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from flask import Flask, jsonify, redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.serving import make_server

from tests.serving import serving

CLIENT_ID, CLIENT_SECRET = "console", "console: its secret"
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def make_key(algorithm: str = "RS256") -> Key:
    if algorithm == "ES256":
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class OpenIdProvider:
    """The provider at `issuer`; whoever comes is `person`, and its token holds the `claims` besides.

    It signs with `key`, which it calls `kid`; `told` changes what it says about itself, `headers` what a token does.
    """

    issuer: str
    now: Any = time.time
    person: dict[str, Any] = field(default_factory=lambda: {"email": "mara@example.com", "email_verified": True})
    claims: dict[str, Any] = field(default_factory=dict)
    algorithm: str = "RS256"
    key: Any = field(default_factory=make_key)
    kid: str = "first"
    published: dict[str, Any] = field(default_factory=dict)
    told: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, Any] = field(default_factory=dict)
    codes: dict[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def settings(self) -> dict[str, str]:
        """What a console sets to have people log in here."""
        return {
            "BOOKHOOK_OIDC_ISSUER": self.issuer,
            "BOOKHOOK_OIDC_CLIENT_ID": CLIENT_ID,
            "BOOKHOOK_OIDC_CLIENT_SECRET": CLIENT_SECRET,
        }

    def publish(self, kid: str | None = None, key: Any = None) -> None:
        """Has a key, by default its own, among those it tells."""
        key = key or self.key
        kind = (
            jwt.algorithms.ECAlgorithm if isinstance(key, ec.EllipticCurvePrivateKey) else jwt.algorithms.RSAAlgorithm
        )
        self.published[kid or self.kid] = kind.to_jwk(key.public_key(), as_dict=True)

    def app(self) -> Flask:
        app = Flask("openid_provider")
        app.add_url_rule("/.well-known/openid-configuration", "configuration", self.configuration)
        app.add_url_rule("/authorize", "authorize", self.authorize)
        app.add_url_rule("/token", "token", self.token, methods=["POST"])
        app.add_url_rule("/keys", "keys", self.keys)
        return app

    def configuration(self) -> ResponseReturnValue:
        places = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
        told = {name: f"{self.issuer}/{place}" for name, place in places.items()}
        return jsonify({"issuer": self.issuer, **told, **self.told})

    def authorize(self) -> ResponseReturnValue:
        code = secrets.token_urlsafe(8)
        self.codes[code] = request.args.to_dict()
        return redirect(f"{request.args['redirect_uri']}?code={code}&state={request.args['state']}")

    def token(self) -> ResponseReturnValue:
        asked = self.codes.pop(request.form["code"], None)
        if asked is None or not self._is_client() or not _is_verifier(request.form["code_verifier"], asked):
            return jsonify(error="invalid_grant"), 400
        assert asked["redirect_uri"] == request.form["redirect_uri"]
        claims = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "sub": "7",
            "iat": int(self.now()),
            "exp": int(self.now()) + 300,
        }
        told = {**claims, "nonce": asked["nonce"], **self.person, **self.claims}
        token = jwt.encode(told, self.key, self.algorithm, headers={"kid": self.kid})
        return jsonify(id_token=_with_headers(token, self.headers) if self.headers else token)

    def keys(self) -> ResponseReturnValue:
        return jsonify(keys=[{**key, "kid": kid, "use": "sig"} for kid, key in self.published.items()])

    def _is_client(self) -> bool:
        if self.told.get("token_endpoint_auth_methods_supported") == ["client_secret_post"]:
            return (request.form["client_id"], request.form["client_secret"]) == (CLIENT_ID, CLIENT_SECRET)
        words = base64.b64decode(request.headers["Authorization"].removeprefix("Basic ")).decode()
        return words == f"{CLIENT_ID}:console%3A%20its%20secret"


def _with_headers(token: str, headers: Mapping[str, Any]) -> str:
    """The token with other headers, which its signature is not of."""
    told = json.dumps({**jwt.get_unverified_header(token), **headers}).encode()
    return ".".join([base64.urlsafe_b64encode(told).rstrip(b"=").decode(), *token.split(".")[1:]])


def _is_verifier(verifier: str, asked: Mapping[str, str]) -> bool:
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    return asked["code_challenge_method"] == "S256" and digest == asked["code_challenge"]


@contextmanager
def serve_provider(**options: Any) -> Iterator[OpenIdProvider]:
    """The provider on this machine, its key told."""
    made = OpenIdProvider("", **options)
    server = make_server("127.0.0.1", 0, made.app(), threaded=True)
    made.issuer = f"http://127.0.0.1:{server.server_port}"
    made.publish()
    with serving(server):
        yield made
