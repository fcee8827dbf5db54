"""Commands about organizations: all of them, or the one that is named."""

import json
from pathlib import Path

import pytest

from tests.two_organizations import AMERICA, EUROPE, deliver, order, settings_of_both


@pytest.fixture
def environ(environ, europe, tmp_path: Path):
    return settings_of_both(environ, europe, tmp_path)


@pytest.fixture
def posted(hooks, worker) -> tuple[str, str]:
    events = deliver(hooks, "shop-us", order(1)), deliver(hooks, "shop-eu", order(2))
    worker.drain()
    return events


def test_check_lists_organizations_and_which_of_them_each_connection_posts_to(run, environ, europe):
    result = run("check")

    assert result.exit_code == 0, result.stdout
    host = europe.url.removeprefix("http://")
    told = result.stdout.splitlines()
    assert f"  organization europe ({EUROPE}): {host}; at most 95000 calls a minute, 95000 a day, 95 at once" in told
    assert any(line.startswith(f"  organization {AMERICA}: ") for line in told)
    assert any(line.startswith("  /hooks/shop-eu (shopify → europe): ") for line in told)
    assert any(line.startswith("  /hooks/shop-us (shopify): ") for line in told)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"EUROPE_REFRESH_TOKEN": "revoked"}, "set the new EUROPE_REFRESH_TOKEN."),
        ({"EUROPE_CLIENT_SECRET": "wrong"}, "check EUROPE_CLIENT_SECRET and organizations.europe.data_center."),
    ],
)
def test_check_tries_each_organization_and_names_what_a_person_has_to_change(run, environ, change, problem):
    result = run("check", env={**environ, **change})

    assert result.exit_code == 1
    [found] = [line for line in result.stdout.splitlines() if line.startswith("✗")]
    assert found.startswith(f"✗ organization europe ({EUROPE}): ")
    assert found.endswith(problem)


def test_check_looks_up_names_in_the_organization_that_they_are_for(run, environ, europe, tmp_path: Path):
    europe.have_account(EUROPE, "Postbank")
    file = tmp_path / "two_organizations.yaml"
    named = "organization: europe, payments: {account: Postbank}, expenses: {accounts: {fuel: Benzin}}}"
    file.write_text(file.read_text().replace("organization: europe}", named))

    result = run("check")

    [found] = [line for line in result.stdout.splitlines() if line.startswith("✗")]
    assert found.startswith("✗ shop-eu: expenses.accounts.fuel: Zoho Books has no account named “Benzin”")


def test_stats_tell_of_every_organization(run, posted):
    told = json.loads(run("stats", "--json").stdout)["organizations"]

    assert [(each["id"], each["name"], each["backlog"], each["day_limit"]) for each in told] == [
        (AMERICA, "default", 0, 95000),
        (EUROPE, "europe", 0, 95000),
    ]
    assert f"organization europe ({EUROPE}): 0 events not finished" in run("stats").stdout


def test_warm_is_for_all_or_for_the_one_that_is_named(run, sandbox, europe):
    told = run("warm").stdout
    only = run("warm", "--organization", "europe").stdout

    assert [line.split(":")[0] for line in told.splitlines()] == [
        f"organization {AMERICA}",
        f"organization europe ({EUROPE})",
    ]
    assert [line.split(":")[0] for line in only.splitlines()] == [f"organization europe ({EUROPE})"]
    assert (sandbox.calls["GET /contacts"], europe.calls["GET /contacts"]) == (1, 2)


@pytest.mark.parametrize("command", ["warm", "reconcile"])
def test_trouble_with_one_organization_is_told_and_keeps_no_other(run, sandbox, posted, command):
    sandbox.fault(on="*", times=100, do="answer_500")

    result = run(command)

    assert result.exit_code == 1
    assert f"organization {AMERICA}: Zoho failed to answer" in result.stderr
    assert f"organization europe ({EUROPE})" in result.stdout


def test_warm_says_how_to_go_on_with_the_one_that_broke_off(run, europe):
    europe.fault(on="GET /contacts", times=1, do="answer_500")

    assert "Go on with: bookhook warm --organization europe --page 1\n" in run("warm").stderr
    assert run("warm", "--page", "2").exit_code == 2
    assert run("warm", "--page", "1", "--organization", EUROPE).exit_code == 0


def test_reconcile_compares_each_with_its_own_books(run, posted, europe):
    [invoice] = europe.invoices
    told = json.loads(run("reconcile", "--since", "2026-01-01", "--json").stdout)["organizations"]
    assert [(each["organization"], each["checked"]) for each in told] == [
        (AMERICA, {"invoice": 1, "payment": 1}),
        (EUROPE, {"invoice": 1, "payment": 1}),
    ]

    only = run("reconcile", "--organization", "europe", "--since", "2026-01-01")
    assert only.stdout.startswith(f"organization europe ({EUROPE}), since ")
    assert invoice["organization_id"] == EUROPE


def test_undo_takes_back_in_each_organization_or_only_in_the_one_that_is_named(run, posted, sandbox, europe):
    american, european = posted

    only = run("undo", american, european, "--organization", "europe", "--yes")
    assert only.exit_code == 0, only.output
    assert f"{american}: it is of organization {AMERICA}, and left alone" in only.stderr
    assert [len(zoho.customerpayments) for zoho in (sandbox, europe)] == [1, 0]

    run("undo", american, "--yes")
    assert [len(zoho.customerpayments) for zoho in (sandbox, europe)] == [0, 0]


@pytest.mark.parametrize("command", [("warm",), ("reconcile",), ("undo", "ev_1")])
def test_an_organization_that_is_none_is_a_wrong_use(run, command):
    result = run(*command, "--organization", "eurpe")

    assert result.exit_code == 2
    assert "There is no organization 'eurpe', did you mean europe?" in result.stderr


def test_a_command_for_one_organization_needs_the_grant_of_no_other(run, environ):
    halfway = {**environ, "EUROPE_REFRESH_TOKEN": ""}

    assert run("warm", "--organization", "default", env=halfway).exit_code == 0
    assert "EUROPE_REFRESH_TOKEN is not set" in run("warm", "--organization", "europe", env=halfway).output
    assert "EUROPE_REFRESH_TOKEN is not set" in str(run("worker", "--burst", env=halfway).exception)
    assert "✗" in run("check", env=halfway).stdout
