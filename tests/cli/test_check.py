"""`bookhook check`, and what any command says when it cannot start."""

import json
import re
import shutil
from pathlib import Path

import pytest
from dotenv import dotenv_values

from cli.deployment import find_lacks, read_deployment
from config.organization_list import GRANT_SETTINGS
from mappings import BUILT_IN
from tests.connected import KEY, connect, without_grant

ROOT = Path(__file__).parents[2]
SETTINGS_PAGE = ROOT / "docs" / "settings.md"


def test_check_finds_nothing_wrong_with_a_working_deployment(run):
    result = run("check")

    assert (result.exit_code, result.stdout.splitlines()[-1]) == (0, "All is well.")


def test_check_takes_the_word_that_a_backup_was_restored_and_says_until_when_it_counts(run, ledger):
    before = run("check").stdout
    said = run("check", "--restored")
    later = run("check").stdout

    assert "looked for" not in before
    assert said.exit_code == 0
    assert ledger.incarnation.observe() is not None
    for told in (said.stdout, later):
        [line] = [line for line in told.splitlines() if "looked for" in line]
        assert re.fullmatch(r"! until 20\S+Z every document is looked for before it is posted: .*restored.*", line)


def test_check_warns_of_a_redis_that_forgets(run, servers, environ):
    told = run("check", env={**environ, "REDIS_URL": servers.redis(appendonly="no").url})

    assert "! Redis forgets with every restart" in told.stdout


def test_check_names_every_problem_at_once(run, tmp_path: Path):
    own = tmp_path / "sources" / "mine"
    own.mkdir(parents=True)
    (own / "mapping.yaml").write_text("source: mine\nverfy: {}\n")
    broken = {
        "BOOKHOOK_SOURCES": str(own.parent),
        "REDIS_URL": "localhost",
        "ZOHO_PLAN": "gold",
        "STANDARD_WEBHOOK_SECRET": "short",
        "ZOHO_ORGANIZATION_ID": "1",
    }

    result = run("check", env=broken)

    assert result.exit_code == 1
    for word in ("REDIS_URL", "ZOHO_PLAN", "did you mean verify?"):
        assert word in result.stdout
    problems = [line for line in result.stdout.splitlines() if line.startswith("✗")]
    assert result.stdout.splitlines()[-1] == f"{len(problems)} problems"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"ZOHO_REFRESH_TOKEN": "revoked"}, "refresh token"),
        ({"ZOHO_CLIENT_SECRET": "wrong"}, "ZOHO_CLIENT_SECRET"),
        ({"ZOHO_ORGANIZATION_ID": "99"}, "ZOHO_ORGANIZATION_ID"),
        ({"ZOHO_API_URL": "http://127.0.0.1:1/books/v3"}, "could not be reached"),
        ({"REDIS_URL": "redis://127.0.0.1:1"}, "Redis cannot be reached"),
        (
            {"REDIS_URL": "redis://x", "BOOKHOOK_REDIS_SENTINELS": "127.0.0.1:1"},
            "BOOKHOOK_REDIS_SENTINELS: Redis cannot be reached (MasterNotFoundError)",
        ),
        ({"STANDARD_WEBHOOK_SECRET": "whsec_not base64"}, "STANDARD_WEBHOOK_SECRET: each secret must be whsec_"),
    ],
)
def test_check_says_what_is_wrong_with_the_connection(run, environ, change, words):
    result = run("check", env={**environ, **change})

    assert result.exit_code == 1
    assert words in result.stdout


def test_check_names_problems_of_every_kind_together(run, tmp_path: Path):
    own = tmp_path / "sources" / "mine"
    own.mkdir(parents=True)
    (own / "mapping.yaml").write_text("source: mine\nverfy: {}\n")
    (tmp_path / "sources.txt").write_text(f"{own.parent}\n")
    broken = {
        "BOOKHOOK_SOURCES_FILE": "sources.txt",
        "ZOHO_PLAN": "gold",
        "SHOPIFY_WEBHOOK_SECRET": "one,,two",
        "STANDARD_WEBHOOK_SECRET": "short",
    }

    told = run("check", env=broken).stdout

    for problem in (
        "ZOHO_PLAN: 'gold' is not one of ",
        "sources/mine/mapping.yaml: ",
        "SHOPIFY_WEBHOOK_SECRET: one of the comma-separated secrets is empty",
        "ZOHO_ORGANIZATION_ID is not set, but STANDARD_WEBHOOK_SECRET makes a connection",
        "STANDARD_WEBHOOK_SECRET: each secret must be whsec_",
        "ZOHO_CLIENT_ID is not set",
        "ZOHO_CLIENT_SECRET is not set",
        "ZOHO_REFRESH_TOKEN is not set",
    ):
        assert f"✗ {problem}" in told
    assert told.count("ZOHO_ORGANIZATION_ID") == 1


def test_check_says_at_once_that_nothing_can_come_in_or_be_posted(run):
    told = run("check", env={"ZOHO_PLAN": "gold"}).stdout.splitlines()

    assert [line.split()[1] for line in told[:-1]] == ["ZOHO_PLAN:", "no", *GRANT_SETTINGS]
    assert told[-1] == "6 problems"


def test_a_worker_without_the_grant_says_so_beside_everything_else(run):
    told = str(run("worker", env={"ZOHO_PLAN": "gold", "ZOHO_CLIENT_ID": "any"}).exception)

    assert told.splitlines()[0] == "cannot start: 4 problems"
    assert "ZOHO_REFRESH_TOKEN is not set" in told


def test_what_cannot_start_reads_as_the_page_of_settings_shows(run):
    shown = SETTINGS_PAGE.read_text().split("```\n")[1]

    result = run("web", env={"REDIS_URL": "localhost", "ZOHO_PLAN": "gold", "SHOPIFY_WEBHOOK_SECRET": "hush"})

    assert f"{result.exception}\n" == shown


@pytest.mark.parametrize("suffix", ["", "_FILE"])
def test_your_own_sources_may_be_named_with_spaces_around_or_in_a_file(tmp_path: Path, suffix):
    shutil.copytree(BUILT_IN / "standard", tmp_path / "sources" / "mine")
    mapping = tmp_path / "sources" / "mine" / "mapping.yaml"
    mapping.write_text(mapping.read_text().replace("source: standard", "source: mine"))
    (tmp_path / "where").write_text(f"{tmp_path / 'sources'}\n")
    value = str(tmp_path / "where") if suffix else f" {tmp_path / 'sources'} "

    assert "mine" in read_deployment({f"BOOKHOOK_SOURCES{suffix}": value}).sources


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"EXPENSE_PAID_THROUGH": "Company Credit Crad"}, "EXPENSE_PAID_THROUGH: Zoho Books has no account named"),
        ({"EXPENSE_DEFAULT_ACCOUNT": "Nowhere"}, "EXPENSE_DEFAULT_ACCOUNT: Zoho Books has no account named"),
        ({"EXPENSE_ACCOUNTS": "meals=Meels"}, "EXPENSE_ACCOUNTS: Zoho Books has no account named"),
        (
            {"EXPENSE_PAID_THROUGH": ""},
            "slack: every expense (/expense) will be parked: EXPENSE_PAID_THROUGH is not set",
        ),
        (
            {"EXPENSE_DEFAULT_ACCOUNT": "", "EXPENSE_ACCOUNTS": ""},
            "slack: every expense (/expense) will be parked: neither EXPENSE_DEFAULT_ACCOUNT nor EXPENSE_ACCOUNTS is",
        ),
    ],
)
def test_check_says_which_expenses_would_all_be_parked(run, environ, change, problem):
    result = run("check", env={**environ, **change})

    assert result.exit_code == 1
    found, *others = [line for line in result.stdout.splitlines() if line.startswith("✗")]
    assert found.startswith(f"✗ {problem}")
    alike = ("✗ slack: every expense (view_submission)", "✗ typeform: every expense (form_response)")
    assert all(line.startswith(alike) and "will be parked" in line for line in others)


def test_a_sender_that_may_name_accounts_itself_is_only_warned_of(run, environ):
    others = dict.fromkeys(["SLACK_SIGNING_SECRET", "TYPEFORM_WEBHOOK_SECRET", "BOOKHOOK_CONNECTIONS"], "")

    result = run("check", env={**environ, "EXPENSE_PAID_THROUGH": "", **others})

    assert result.exit_code == 0
    assert "! standard: an expense that names no account itself (expense.submitted) will be parked" in result.stdout


def test_check_warns_of_a_sender_that_could_be_asked_for_what_never_came_where_others_are(run, environ):
    told = run("check", env={**environ, "BOOKHOOK_HEAL_HOURS": "6"})
    untold = run("check")

    warned = (
        "! /hooks/bigcommerce: its sender is not asked for what never came: set the option store in the `settings` of "
        "the connection bigcommerce: the hash of the store,"
    )
    assert (told.exit_code, untold.exit_code) == (0, 0)
    assert warned in told.stdout
    assert "/hooks/slack: its sender" not in told.stdout
    assert "what never came" not in untold.stdout


def test_check_warns_of_a_misspelt_secret(run, environ):
    result = run("check", env={**environ, "SHOPIFY_WEBHOK_SECRET": "hush"})

    assert "! SHOPIFY_WEBHOK_SECRET is not a setting, did you mean SHOPIFY_WEBHOOK_SECRET?" in result.stdout


def test_the_settings_of_the_container_on_a_laptop_are_complete_and_right():
    environ = {name: text or "" for name, text in dotenv_values(ROOT / "sandbox.env").items()}

    assert set(read_deployment(environ, posts=True).connections) == {"shopify", "slack", "standard", "woocommerce"}
    assert find_lacks(environ) == []


def test_check_lists_connections_and_what_they_decide_in_words(run, environ, tmp_path: Path):
    file = tmp_path / "connections.yaml"
    file.write_text(
        "connections:\n"
        "  shop-eu:\n"
        "    source: shopify\n"
        "    secret: EU_SECRET\n"
        "    taxes: {mode: amounts, account: Tax Payable}\n"
        "    payments: {record: false}\n"
        "    invoices: {mark_sent: true}\n"
        "    expenses: {approval: over(100), approvers: [U2, U1], submitters: [], receipt_hosts: [x.example]}\n"
        "    contact_currency: park\n"
    )
    environ = {**environ, "BOOKHOOK_CONNECTIONS": str(file), "EU_SECRET": "e", "SLACK_SIGNING_SECRET": "s"}

    told = run("check", env=environ).stdout.splitlines()

    assert (
        "  /hooks/shop-eu (shopify): taxes as amounts to Tax Payable; payments not recorded; invoices marked sent; "
        "expenses over 100 need approval, U1, U2; submitted by nobody; receipts from x.example; "
        "a customer's second currency is parked"
    ) in told
    assert (
        "  /hooks/slack (slack): taxes by name; payments to Undeposited Funds; invoices left as drafts; "
        "expenses need approval, by command only; asks slack.com, files.slack.com"
    ) in told
    assert any(line.startswith("  /hooks/shopify (shopify): taxes by name;") for line in told)


def test_check_lists_what_is_off_behind_what_is_on(run, environ):
    unset = ("LEMONSQUEEZY_WEBHOOK_SECRET", "WOOCOMMERCE_WEBHOOK_SECRET")

    told = run("check", env={name: text for name, text in environ.items() if name not in unset}).stdout.splitlines()

    off = [number for number, line in enumerate(told) if " off (" in line]
    on = [number for number, line in enumerate(told) if " connected; " in line or line.startswith("  /hooks/")]
    assert len(off) >= 2
    assert max(on) < min(off)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ("taxes: {names: {vat: State Taxx}}", "shopify: taxes.names.vat: Zoho Books has no tax named “State Taxx”"),
        ("taxes: {mode: amounts, account: Nowhere}", "shopify: taxes.account: Zoho Books has no account named"),
        ("payments: {account: Nowhere}", "shopify: payments.account: Zoho Books has no account named"),
        ("payments: {accounts: {paypal: No}}", "shopify: payments.accounts.paypal: Zoho Books has no account named"),
        ("invoices: {accounts: {tip: No}}", "shopify: invoices.accounts.tip: Zoho Books has no account named"),
        ("expenses: {accounts: {a: No}}", "shopify: expenses.accounts.a: Zoho Books has no account named"),
    ],
)
def test_check_says_which_names_of_a_connection_the_organization_lacks(run, environ, tmp_path, options, problem):
    file = tmp_path / "connections.yaml"
    file.write_text(f"connections: {{shopify: {{{options}}}}}")

    result = run("check", env={**environ, "BOOKHOOK_CONNECTIONS": str(file)})

    assert result.exit_code == 1
    [found] = [line for line in result.stdout.splitlines() if line.startswith("✗")]
    assert found.startswith(f"✗ {problem}")


def test_check_names_the_setting_where_it_is_the_setting(run, environ):
    told = run(
        "check", env={**environ, "BOOKHOOK_TAX_NAMES": "vat=State Taxx", "BOOKHOOK_PAYMENT_ACCOUNT": "No"}
    ).stdout

    assert "✗ BOOKHOOK_TAX_NAMES: Zoho Books has no tax named “State Taxx”" in told
    assert "✗ BOOKHOOK_PAYMENT_ACCOUNT: Zoho Books has no account named “No”" in told


def test_a_secret_that_only_the_file_names_is_checked_and_is_enough(run, environ, tmp_path: Path):
    file = tmp_path / "connections.yaml"
    file.write_text("connections: {partner: {source: standard, secret: PARTNER_SECRET}}")
    only = {name: text for name, text in environ.items() if not name.endswith(("_SECRET", "_SECRETS"))}
    only |= {"BOOKHOOK_CONNECTIONS": str(file), "ZOHO_CLIENT_SECRET": environ["ZOHO_CLIENT_SECRET"]}

    good = run("check", env={**only, "PARTNER_SECRET": environ["STANDARD_WEBHOOK_SECRET"]})
    bad = run("check", env={**only, "PARTNER_SECRET": "short"})

    assert (good.exit_code, good.stdout.splitlines()[-1]) == (0, "All is well.")
    assert "✗ PARTNER_SECRET: each secret must be whsec_" in bad.stdout


def test_check_warns_of_a_secret_in_an_address(run, environ, tmp_path: Path):
    folder = tmp_path / "sources" / "shop"
    folder.mkdir(parents=True)
    (folder / "mapping.yaml").write_text(
        "source: shop\nverify: {scheme: path_token, secret: SHOP_TOKEN}\nidentify: {topic: type}\n"
        'events: {paid: {once_per: "{id}", cancel: {date: day}}}\n'
    )
    token = "4f1c2f0e9d7b6a58"

    told = run("check", env={**environ, "BOOKHOOK_SOURCES": str(folder.parent), "SHOP_TOKEN": token}).stdout

    assert "! /hooks/shop: its secret is part of its address" in told
    assert token not in told


def test_a_source_cannot_have_a_setting_of_our_own_for_its_secret(run, environ, tmp_path: Path):
    folder = tmp_path / "sources" / "shop"
    folder.mkdir(parents=True)
    (folder / "mapping.yaml").write_text(
        "source: shop\nverify: {scheme: bearer, secret: ZOHO_CLIENT_SECRET}\nidentify: {topic: type}\n"
        'events: {paid: {once_per: "{id}", cancel: {date: day}}}\n'
    )

    told = run("check", env={**environ, "BOOKHOOK_SOURCES": str(folder.parent)})

    assert told.exit_code == 1
    assert "✗ shop: verify.secret: ZOHO_CLIENT_SECRET is a setting of Bookhook itself, name another" in told.stdout


def test_check_is_content_with_an_organization_that_only_the_console_knows(run, environ, redis):
    waiting = run("check", env=without_grant(environ))
    connect(redis)
    connected = run("check", env=without_grant(environ))

    assert waiting.exit_code == 1
    assert "no organization is connected yet: connect one in the console" in waiting.stdout
    assert "ZOHO_REFRESH_TOKEN" not in waiting.stdout
    assert (connected.exit_code, "10000001" in connected.stdout) == (0, True)


def test_stats_tell_what_waits_for_an_organization_that_is_not_connected(run, environ, redis):
    before = json.loads(run("stats", "--json", env=without_grant(environ)).stdout)
    connect(redis)
    after = json.loads(run("stats", "--json", env=without_grant(environ)).stdout)

    assert (before["organizations"], before["not_connected"]) == ([], [{"id": "default", "backlog": 0}])
    assert ([each["id"] for each in after["organizations"]], after["not_connected"]) == (["10000001"], [])


def test_check_says_that_a_grant_cannot_be_read(run, environ, redis):
    connect(redis, key=KEY[::-1])

    done = run("check", env=without_grant(environ))

    assert done.exit_code == 1
    assert "the grant of organization 10000001 cannot be read: BOOKHOOK_SECRET_KEY is another" in done.stdout


def test_without_a_key_the_grant_is_still_required_of_the_settings(run, environ):
    bare = {name: text for name, text in without_grant(environ).items() if name != "BOOKHOOK_SECRET_KEY"}

    done = run("check", env=bare)

    assert done.exit_code == 1
    assert "ZOHO_REFRESH_TOKEN is not set" in done.stdout
