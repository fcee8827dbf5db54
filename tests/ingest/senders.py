"""How platforms sign, as their sources would say it, and requests whose signatures somebody else computed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from ingest.schemes import Request, Scheme, make_scheme
from mappings.reading import Reader
from mappings.signing import read_verify

PLATFORMS: Mapping[str, Mapping[str, Any]] = yaml.safe_load(
    """
    github: {scheme: hmac, header: X-Hub-Signature-256, digest: sha256, encoding: hex, prefix: sha256=}
    shopify: {scheme: hmac, header: X-Shopify-Hmac-SHA256, digest: sha256, encoding: base64}
    lemon squeezy: {scheme: hmac, header: X-Signature, digest: sha256, encoding: hex}
    typeform: {scheme: hmac, header: Typeform-Signature, digest: sha256, encoding: base64, prefix: sha256=}
    squarespace: {scheme: hmac, header: Squarespace-Signature, digest: sha256, encoding: hex, key: hex}
    shopware: {scheme: hmac, header: shopware-shop-signature, digest: sha256, encoding: hex, timestamp_field: timestamp}
    sha1: {scheme: hmac, header: X-Signature, digest: sha1, encoding: hex, separator: ","}
    base64 key: {scheme: hmac, header: X-Signature, digest: sha512, encoding: hex, key: base64}
    stripe:
      scheme: timestamped_hmac
      template: "{ts}.{body}"
      header: Stripe-Signature
      separator: ","
      timestamp_prefix: t=
      prefix: v1=
      digest: sha256
      encoding: hex
    paddle:
      scheme: timestamped_hmac
      template: "{ts}:{body}"
      header: Paddle-Signature
      separator: ;
      timestamp_prefix: ts=
      prefix: h1=
      digest: sha256
      encoding: hex
    close:
      scheme: timestamped_hmac
      template: "{ts}{body}"
      header: close-sig-hash
      timestamp_header: close-sig-timestamp
      digest: sha256
      encoding: hex
      key: hex
    slack: {scheme: slack}
    standard: {scheme: standard_webhooks}
    bigcommerce: {scheme: standard_webhooks, key: text}
    square:
      scheme: url_hmac
      template: "{url}{body}"
      header: x-square-hmacsha256-signature
      digest: sha256
      encoding: base64
    hubspot:
      scheme: url_hmac
      template: "{method}{url}{body}{ts}"
      header: X-HubSpot-Signature-v3
      timestamp_header: X-HubSpot-Request-Timestamp
      unit: milliseconds
      decode: ":/?@!$'()*,;"
      digest: sha256
      encoding: base64
    hubspot 1:
      {scheme: secret_digest, template: "{body}", header: X-HubSpot-Signature, digest: sha256, encoding: hex}
    hubspot 2:
      scheme: secret_digest
      template: "{method}{url}{body}"
      header: X-HubSpot-Signature
      digest: sha256
      encoding: hex
    ecwid:
      scheme: fields_hmac
      template: "{eventCreated}.{eventId}"
      header: X-Ecwid-Webhook-Signature
      digest: sha256
      encoding: base64
    adobe commerce:
      scheme: rsa
      header: x-adobe-commerce-webhook-signature
      template: "{base64_body}"
      digest: sha256
      encoding: base64
    adobe events:
      scheme: rsa
      header: x-adobe-digital-signature-1
      second_header: x-adobe-digital-signature-2
      digest: sha256
      encoding: base64
    saleor: {scheme: jws_detached, header: Saleor-Signature}
    wix: {scheme: jwt_body}
    pipedrive: {scheme: basic}
    a bearer: {scheme: bearer}
    freshsales: {scheme: header_token, header: X-Auth-Token, prefix: "Token "}
    zoho crm: {scheme: body_token, field: token}
    salesforce: {scheme: path_token}
    jotform: {scheme: path_token, query: token}
    """
)


@dataclass(frozen=True)
class Sent:
    """A request as `platform` sends it, that `secret` proves genuine at `at`."""

    platform: str
    secret: str
    body: bytes
    headers: Mapping[str, str]
    at: int = 1_700_000_000
    url: str = ""
    method: str = "POST"
    token: str = ""
    query: str = ""

    @property
    def scheme(self) -> Scheme:
        return scheme_of(self.platform)

    @property
    def request(self) -> Request:
        headers = {"content-type": "application/json", **self.headers}
        return Request(self.body, headers, self.method, self.url, self.token, self.query)

    @property
    def unsigned(self) -> Request:
        return Request(self.body, {"content-type": "application/json"}, self.method, self.url)

    @property
    def message_id(self) -> str:
        return self.headers.get("webhook-id", "")


def scheme_of(platform: str, **changes: object) -> Scheme:
    """The platform's scheme, read as a mapping file's `verify` is."""
    reader = Reader()
    verify = read_verify(reader, {**PLATFORMS[platform], "secret": "SHOP_SECRET", **changes})
    assert reader.problems == []
    return make_scheme(verify)


HUSH = "hush"
YYYY = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy"
HEX_KEY = "8f742231b10e8888abcd99baac85a5d1"
TOKEN = "4f1c2f0e9d7b6a58_-4f1c2f0e"
SLACK_BODY = (
    b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
    b"&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
    b"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
    b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
)
SQUARE_BODY = (
    b'{"merchant_id":"MLEFBHHSJGVHD","type":"webhooks.test_notification","event_id":'
    b'"ac3ac95b-f97d-458c-a6e6-18981597e05f","created_at":"2022-07-13T20:30:59.037339943Z",'
    b'"data":{"type":"webhooks","id":"bc368e64-01aa-407e-b46e-3231809b1129"}}'
)
HUBSPOT_BODY = (
    b'[{"eventId":1,"subscriptionId":12345,"portalId":62515,"occurredAt":1564113600000,"subscriptionType":'
    b'"contact.creation","attemptNumber":0,"objectId":123,"changeSource":"CRM","changeFlag":"NEW","appId":54321}]'
)

PUBLISHED = [
    # docs.slack.dev/authentication/verifying-requests-from-slack
    Sent(
        "slack",
        "8f742231b10e8888abcd99yyyzzz85a5",
        SLACK_BODY,
        {
            "x-slack-request-timestamp": "1531420618",
            "x-slack-signature": "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
        },
        at=1_531_420_618,
    ),
    # github.com/standard-webhooks/standard-webhooks
    Sent(
        "standard",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        b'{"test": 2432232314}',
        {
            "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
            "webhook-timestamp": "1614265330",
            "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        },
        at=1_614_265_330,
    ),
    # docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries
    Sent(
        "github",
        "It's a Secret to Everybody",
        b"Hello, World!",
        {"x-hub-signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"},
    ),
    # github.com/square/square-python-sdk, tests/integration/test_webhooks_helper.py
    Sent(
        "square",
        "Ibxx_5AKakO-3qeNVR61Dw",
        SQUARE_BODY,
        {"x-square-hmacsha256-signature": "GF4YkrJgGBDZ9NIYbNXBnMzqb2HoL4RW/S6vkZ9/2N4="},
        url="https://webhook.site/679a4f3a-dcfa-49ee-bac5-9d0edad886b9",
    ),
    Sent(
        "square",
        "signature-key",
        b'{"data":{"type":"webhooks","id":">id<"}}',
        {"x-square-hmacsha256-signature": "Cxt7+aTi4rKgcA0bC4g9EHdVtLSDWdqccmL5MvihU4U="},
        url="https://webhook.site/webhooks",
    ),
    # developers.hubspot.com/docs/faq/v1-request-validation
    Sent(
        "hubspot 1",
        YYYY,
        HUBSPOT_BODY,
        {"x-hubspot-signature": "232db2615f3d666fe21a8ec971ac7b5402d33b9a925784df3ca654d05f4817de"},
    ),
    # developers.hubspot.com/docs/faq/v2-request-validation
    Sent(
        "hubspot 2",
        YYYY,
        b"",
        {"x-hubspot-signature": "eee2dddcc73c94d699f5e395f4b9d454a069a6855fbfa152e91e88823087200e"},
        url="https://www.example.com/webhook_uri",
        method="GET",
    ),
    Sent(
        "hubspot 2",
        YYYY,
        b'{"example_field":"example_value"}',
        {"x-hubspot-signature": "9569219f8ba981ffa6f6f16aa0f48637d35d728c7e4d93d0d52efaa512af7900"},
        url="https://www.example.com/webhook_uri",
    ),
]
"""Requests that the platforms themselves published."""

# Platforms that publish none: the digests are from `openssl dgst -sha256 -hmac hush`, with a hex key from
# `openssl dgst -sha256 -mac HMAC -macopt hexkey:8f74...`; base64 behind `-binary | base64`.
COMPUTED = [
    Sent(
        "shopify",
        HUSH,
        b'{"id":820982911946154508,"email":"jon@example.com"}',
        {"x-shopify-hmac-sha256": "D0UMXmhjwBRi4y66TmhJrDlhQABD7zI2fm3p6/QLMo8="},
    ),
    Sent(
        "lemon squeezy",
        HUSH,
        b'{"meta":{"event_name":"order_created"}}',
        {"x-signature": "a4b2a8f7023328cf654c4694590977efffaa417679ac19f0aeed4ae9004719ba"},
    ),
    Sent(
        "typeform",
        HUSH,
        b'{"event_id":"01"}',
        {"typeform-signature": "sha256=f0dgNv6eMOSXgkVhMKJ5L6nwJ5bu+cCFKClCFP5wR08="},
    ),
    Sent(
        "squarespace",
        HEX_KEY,
        b'{"topic":"order.create"}',
        {"squarespace-signature": "9e43a16c889321121640b7b3646cdd25c352207813f862c165eaf50e40c70203"},
    ),
    Sent(
        "shopware",
        HUSH,
        b'{"timestamp":1700000000}',
        {"shopware-shop-signature": "e044b4689f29b3b68c3831beb196479816b57bcd3a4addb45a02aecc975cf5ad"},
    ),
    Sent("sha1", HUSH, b'{"id":1}', {"x-signature": "1049127b461e69de33bfcbe48c1a59ceb91fd0da"}),
    Sent(
        "base64 key",
        "c2VjcmV0a2V5",
        b'{"id":1}',
        {
            "x-signature": "3f03fee4f5c4bf83523eada53878c284617f2eaf529a9f845758d3ce079e0a67"
            "e689d8249491aa0deb94e388e6878220ee8c13be64c8e34fa8115b1fdc23155b"
        },
    ),
    Sent(
        "close",
        HEX_KEY,
        b'{"event":{"id":"ev_1"}}',
        {
            "close-sig-timestamp": "1700000000",
            "close-sig-hash": "440da34daa551a0048c478bdf5bd3412a443063740b98c3fb06321bbe1de1502",
        },
    ),
    Sent(
        "bigcommerce",
        HUSH,
        b'{"a":1}',
        {
            "webhook-id": "msg_1",
            "webhook-timestamp": "1700000000",
            "webhook-signature": "v1,AUsQlz2Q4YBxs5LUS1wPEUXMUcO8FK9zktz1otvkkmU=",
        },
    ),
    Sent(
        "hubspot",
        HUSH,
        b'{"a":1}',
        {
            "x-hubspot-request-timestamp": "1700000000000",
            "x-hubspot-signature-v3": "Fq+hmGhXy3A/5yOWE///aFggQDdmaTYpliG9q9yq9pI=",
        },
        url="https://hooks.example.com/hooks/hubspot?a=%3A%2F%3F%40%21%24%27%28%29%2A%2C%3B%20",
    ),
    Sent(
        "ecwid",
        HUSH,
        b'{"eventId":"80aece08-40e8-4145-8764-6c2f0d38678","eventCreated":1494000000,"data":{"orderId":"XJ12H"}}',
        {"x-ecwid-webhook-signature": "DefxFA09LRZLijhOmLrEJbBf9jDVFCY8wsycKZyKQ5s="},
    ),
]

TOKENS = [
    Sent(
        "pipedrive", "Aladdin:open sesame", b"{}", {"authorization": "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="}
    ),  # RFC 7617
    Sent("a bearer", "mF_9.B5f-4.1JqM", b"{}", {"authorization": "Bearer mF_9.B5f-4.1JqM"}),  # RFC 6750
    Sent("freshsales", HUSH, b"{}", {"x-auth-token": "Token hush"}),
    Sent("zoho crm", TOKEN, f'{{"module":"Deals","token":"{TOKEN}"}}'.encode(), {}),
    Sent("salesforce", TOKEN, b"{}", {}, token=TOKEN),
    Sent("jotform", TOKEN, b"{}", {}, query=f"token={TOKEN}"),
]
"""Requests that carry their secret."""

SIGNED = [*PUBLISHED, *COMPUTED]
ALL = [*SIGNED, *TOKENS]
