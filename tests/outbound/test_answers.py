"""Where an answer may be posted: only where a mapping says, whatever address a stranger writes."""

import pytest

from outbound import NotDelivered, Outbound


@pytest.mark.parametrize("path", ["/_sandbox/slack", "/_sandbox/slack/reply", "/_sandbox/slack/a/../reply"])
def test_the_sandbox_hears_what_would_go_to_slack(sandbox, path):
    Outbound(loopback_origins=[sandbox.url]).post_json(f"{sandbox.url}{path}", {"text": "hello"}, hosts=())

    assert sandbox.slack[-1]["body"] == {"text": "hello"}


@pytest.mark.parametrize(
    "path",
    [
        *(
            "/_sandbox/reset",
            "/_sandbox/slack/../reset",
            "/_sandbox/slack/%2e%2e/reset",
            "/_sandbox/slack/a/../../reset",
        ),
        *("/_sandbox/slack//..//../reset", "/_sandbox/slacker", "/", ""),
    ],
)
def test_nothing_else_of_it_is_reached(sandbox, path):
    contact = sandbox.keep_books("POST", "/contacts", {"contact_name": "Ada"})["contact"]

    with pytest.raises(NotDelivered, match="not on an allowed host"):
        Outbound(loopback_origins=[sandbox.url]).post_json(f"{sandbox.url}{path}", {}, hosts=("127.0.0.1",))

    assert [each["contact_id"] for each in sandbox.contacts] == [contact["contact_id"]]


@pytest.mark.parametrize(
    "url",
    [
        *("http://hooks.slack.com/x", "https://hooks.slack.com:444/x", "https://a@hooks.slack.com/x"),
        *("https://hooks.slack.com.evil.example/x", "https://hooks.slack.com:x/", "https://[::1", "nonsense", ""),
    ],
)
def test_another_scheme_port_or_host_is_never_called(url):
    with pytest.raises(NotDelivered, match="not on an allowed host"):
        Outbound().post_json(url, {}, hosts=("hooks.slack.com",))
