"""Logging in by an OpenID provider in a real browser, which goes there and comes back."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PASSWORD
from tests.openid_provider import OpenIdProvider, serve_provider


@pytest.fixture
def provider(clock) -> Iterator[OpenIdProvider]:
    with serve_provider(now=clock) as provider:
        yield provider


@pytest.fixture
def environ(environ, provider):
    return {**environ, **provider.settings}


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_somebody_goes_to_the_provider_and_comes_back_to_the_page_they_wanted(
    chromium, console_url, services, provider, scripts
):
    services.people.keep("mara", role="viewer", password=PASSWORD, names=("mara@example.com",))
    context = chromium.new_context(java_script_enabled=scripts, base_url=console_url)
    page = context.new_page()

    page.goto("/events?state=parked")
    page.get_by_role("link", name="Log in with 127.0.0.1").click()

    expect(page.get_by_role("heading", name="Events")).to_be_visible()
    expect(page.get_by_role("link", name="mara viewer")).to_be_visible()
    assert page.url == f"{console_url}/events?state=parked"
    assert [each["name"] for each in context.cookies()] == ["bookhook"]
    context.close()
