"""What a connection needs to ask its sender's API is said at start, all of it."""

import pytest
import yaml

from cli.deployment import read_deployment
from cli.desk import open_desk
from config.problems import ConfigError
from tests.scene import Worker
from tests.thin_shop import api, deliver, environ

__all__ = ["api", "deliver", "environ"]

WRONG = [
    (
        {"CORNER_API_KEY": ""},
        {},
        "CORNER_API_KEY is not set, but the connection corner asks api.corner.example with it",
    ),
    ({"CORNER_API_KEY": "a\tb"}, {}, "CORNER_API_KEY: must be of visible ASCII characters, without spaces"),
    ({}, {"credentials": {"CORNER_API_KEY": "OTHER_KEY"}}, "OTHER_KEY is not set"),
    (
        {"OTHER_KEY": "k"},
        {"credentials": {"CORNER_API_KEI": "OTHER_KEY"}},
        "corner names no such credential, did you mean CORNER_API_KEY?",
    ),
    ({}, {"apis": {"api.corner.example": "https://evil.example"}}, "must be on this machine"),
    (
        {},
        {"apis": {"api.corner.exampel": "http://127.0.0.1:1"}},
        "corner asks no such host, did you mean api.corner.example?",
    ),
]


@pytest.mark.parametrize(("settings", "entry", "problem"), WRONG)
def test_what_a_connection_lacks_to_ask_is_a_problem_at_start(environ, tmp_path, settings, entry, problem):
    file = tmp_path / "wrong.yaml"
    file.write_text(yaml.safe_dump({"connections": {"corner": entry}}))

    with pytest.raises(ConfigError) as caught:
        read_deployment({**environ, **settings, "BOOKHOOK_CONNECTIONS": str(file)})

    [found] = caught.value.problems
    assert problem in found
    assert "a\tb" not in found


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ("", "TYPEFORM_ACCESS_TOKEN is not set, but the connection typeform asks api.typeform.com with it"),
        (
            "settings: {api: https://eu}",
            "connections.typeform.settings.api makes no host name in lower case: the host of Typeform's API, ",
        ),
    ],
)
def test_a_host_is_told_by_its_name_or_by_the_option_that_names_it(environ, tmp_path, settings, problem):
    (tmp_path / "named.yaml").write_text(f"connections: {{typeform: {{{settings}}}}}")
    named = {"TYPEFORM_WEBHOOK_SECRET": "s", "TYPEFORM_ACCESS_TOKEN": ""}

    with pytest.raises(ConfigError) as caught:
        read_deployment({**environ, **named, "BOOKHOOK_CONNECTIONS": str(tmp_path / "named.yaml")})

    assert [each for each in caught.value.problems if problem in each]
    assert "{option" not in str(caught.value)


def test_two_connections_of_a_source_ask_with_a_credential_each(environ, tmp_path, api, ledger, redis, deliver):
    entry = {"apis": {"api.corner.example": api.origin}, "credentials": {"CORNER_API_KEY": "EAST_KEY"}}
    file = tmp_path / "east.yaml"
    file.write_text(yaml.safe_dump({"connections": {"corner": entry}}))
    east = read_deployment({**environ, "EAST_KEY": "east-key", "BOOKHOOK_CONNECTIONS": str(file)})
    deliver()

    Worker(open_desk(east, ledger, report=[].append), redis, []).drain()

    assert {headers["authorization"] for _, headers in api.asked} == {"Bearer east-key"}
    assert "east-key" not in repr(east)
