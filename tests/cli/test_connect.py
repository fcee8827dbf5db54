"""Connecting from a terminal: a code becomes settings that work, and every refusal says what to do."""

import pytest

CLIENT = {"ZOHO_CLIENT_ID": "test", "ZOHO_CLIENT_SECRET": "sandbox-secret"}


@pytest.fixture
def nothing(environ) -> dict[str, str]:
    """Whoever begins: where Zoho is, and the client."""
    return {name: environ[name] for name in ("ZOHO_ACCOUNTS_URL", "ZOHO_API_URL")} | CLIENT


def settings(stdout: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in stdout.splitlines() if "=" in line)


def test_a_code_becomes_settings_that_check_finds_right(run, nothing, environ):
    done = run("connect", "--data-center", "us", env=nothing, typed="sandbox-code\n2\n")

    made = settings(done.stdout)
    assert done.exit_code == 0
    assert made["ZOHO_REFRESH_TOKEN"] == "sandbox-refresh"
    assert made["ZOHO_ORGANIZATION_ID"] == "10000002"
    assert run("check", env={**environ, **made}).exit_code == 0


def test_only_the_settings_are_on_standard_output_and_secrets_nowhere_else(run, nothing):
    done = run("connect", "--data-center", "us", env=nothing, typed="sandbox-code\n1\n")

    assert all(line.startswith("ZOHO_") for line in done.stdout.strip().splitlines())
    assert "ZohoBooks.invoices.CREATE" in done.stderr
    assert "sandbox-secret" not in done.stderr
    assert "sandbox-refresh" not in done.stderr
    assert "sandbox-code" not in done.output.replace(done.stdout, "")


def test_scopes_of_undo_are_asked_for_only_by_whoever_wants_them(run, nothing):
    with_undo = run("connect", "--undo", "--data-center", "us", env=nothing, typed="sandbox-code\n1\n").stderr
    without = run("connect", "--data-center", "us", env=nothing, typed="x\n").stderr

    assert ".DELETE" in with_undo
    assert ".DELETE" not in without


@pytest.mark.parametrize(
    ("change", "typed", "words"),
    [
        ({}, "a-code-of-yesterday\n", "Generate another"),
        ({"ZOHO_CLIENT_SECRET": "another"}, "sandbox-code\n", "not that client's in this data centre"),
        ({"ZOHO_ACCOUNTS_URL": "http://127.0.0.1:9"}, "sandbox-code\n", "could not be reached"),
    ],
)
def test_what_goes_wrong_is_said_with_what_to_do(run, nothing, change, typed, words):
    done = run("connect", "--data-center", "us", env={**nothing, **change}, typed=typed)

    assert done.exit_code == 1
    assert words in done.stderr
    assert done.stdout == ""


def test_a_code_is_good_once(run, nothing):
    run("connect", "--data-center", "us", env=nothing, typed="sandbox-code\n1\n")

    again = run("connect", "--data-center", "us", env=nothing, typed="sandbox-code\n1\n")

    assert (again.exit_code, "good once" in again.stderr) == (1, True)


def test_the_client_is_asked_for_where_it_is_not_set(run, nothing):
    bare = {name: value for name, value in nothing.items() if name not in CLIENT}

    done = run("connect", env=bare, typed="us\ntest\nsandbox-secret\nsandbox-code\n1\n")

    assert settings(done.stdout)["ZOHO_CLIENT_ID"] == "test"
