"""Somebody at Zoho's own page, which the sandbox plays."""

from urllib.parse import parse_qs, urlsplit

import requests


def consent(url: str, word: str = "accept", **changes: str) -> str:
    """Where Zoho sends somebody back who was sent to `url`, and accepts or rejects; changes are to what it asks."""
    asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()} | changes
    page = url.partition("?")[0]
    answer = requests.post(page, data={**asked, "answer": word}, allow_redirects=False, timeout=5)
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]
