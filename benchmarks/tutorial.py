"""The baseline: what a tutorial on webhooks and Zoho Books builds, run by gunicorn.

Verify the signature; in the same request find the customer by e-mail or create it, post the invoice, answer 200. The
access token is cached, as the better ones do. What Zoho refuses is answered with 500, so that the sender comes again.
"""

import base64
import hashlib
import hmac
import os
import time

import requests
from flask import Flask, abort, request

API = os.environ["ZOHO_API_URL"]
ORGANIZATION = {"organization_id": os.environ["ZOHO_ORGANIZATION_ID"]}

app = Flask(__name__)
token = {"value": "", "expires_at": 0.0}


@app.get("/health")
def health():
    return {"ok": True}


@app.errorhandler(requests.RequestException)
def come_again(error):
    return {"error": str(error)}, 500


@app.post("/hooks/shopify")
def order_paid():
    secret = os.environ["SHOPIFY_WEBHOOK_SECRET"].encode()
    digest = base64.b64encode(hmac.new(secret, request.get_data(), hashlib.sha256).digest()).decode()
    if not hmac.compare_digest(digest, request.headers.get("X-Shopify-Hmac-Sha256", "")):
        abort(401)
    order = request.get_json()
    create_invoice(order, find_or_create_customer(order))
    return {"ok": True}


def find_or_create_customer(order):
    found = zoho("GET", "/contacts", params={"email": order["email"]})["contacts"]
    if found:
        return found[0]["contact_id"]
    customer = order["customer"]
    contact = {
        "contact_name": f"{customer['first_name']} {customer['last_name']}",
        "contact_type": "customer",
        "contact_persons": [{"email": order["email"], "is_primary_contact": True}],
    }
    return zoho("POST", "/contacts", json=contact)["contact"]["contact_id"]


def create_invoice(order, customer_id):
    lines = [
        {"name": line["title"], "quantity": line["quantity"], "rate": float(line["price"])}
        for line in order["line_items"]
    ]
    invoice = {"customer_id": customer_id, "reference_number": order["name"], "line_items": lines}
    return zoho("POST", "/invoices", json=invoice)["invoice"]


def zoho(method, path, *, params=None, json=None):
    answer = requests.request(
        method,
        API + path,
        params={**ORGANIZATION, **(params or {})},
        json=json,
        headers={"Authorization": f"Zoho-oauthtoken {access_token()}"},
        timeout=30,
    )
    answer.raise_for_status()
    return answer.json()


def access_token():
    if time.time() > token["expires_at"] - 60:
        grant = {
            "grant_type": "refresh_token",
            "client_id": os.environ["ZOHO_CLIENT_ID"],
            "client_secret": os.environ["ZOHO_CLIENT_SECRET"],
            "refresh_token": os.environ["ZOHO_REFRESH_TOKEN"],
        }
        answer = requests.post(f"{os.environ['ZOHO_ACCOUNTS_URL']}/oauth/v2/token", data=grant, timeout=30).json()
        token.update(value=answer["access_token"], expires_at=time.time() + answer["expires_in"])
    return token["value"]
