"""What a dry run says beside the bodies."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.main import bookhook
from config.problems import ConfigError
from tests.scene import example

OFFLINE = {
    "SHOPIFY_WEBHOOK_SECRET": "s",
    "STANDARD_WEBHOOK_SECRET": "whsec_" + "bmV3" * 8,
    "ZOHO_ORGANIZATION_ID": "1",
    "EXPENSE_PAID_THROUGH": "Petty Cash",
    "EXPENSE_DEFAULT_ACCOUNT": "Other Expenses",
    "REDIS_URL": "redis://127.0.0.1:1",
}


@pytest.fixture
def run(environ, tmp_path, monkeypatch):
    """Runs a dry run in an empty folder, without network."""
    monkeypatch.chdir(tmp_path)

    def invoke(*words: str, **settings: str):
        return CliRunner().invoke(bookhook, ["map", *words], env={**dict.fromkeys(environ), **OFFLINE, **settings})

    return invoke


@pytest.fixture
def run_here(environ, tmp_path, monkeypatch):
    """Runs it with the settings of the test."""
    monkeypatch.chdir(tmp_path)

    def invoke(*words: str, **settings: str):
        return CliRunner().invoke(bookhook, ["map", *words], env={**environ, **settings})

    return invoke


def bodies(result) -> dict[str, dict]:
    """The body of each call by its first line; of several alike the last."""
    found, rest = {}, result.stdout
    while "{" in rest:
        title, rest = rest.split("{", 1)
        body, end = json.JSONDecoder().raw_decode("{" + rest)
        found[title.strip().splitlines()[-1]] = body
        rest = rest[end - 1 :]
    return found


def test_what_a_dry_run_cannot_know_is_said_beside_the_bodies(run):
    result = run("standard", "order")

    assert result.exit_code == 0
    [said] = result.stderr.splitlines()
    assert "days in UTC unless ZOHO_TIME_ZONE is set" in said
    assert "exchange rate" in said
    assert bodies(result)["POST /invoices"]["currency_code"] == "USD"


ORGANIZATIONS = """
organizations:
  tokyo: {organization_id: 77, time_zone: Asia/Tokyo, unique_field: cf_tokyo, refresh_token: TOKYO_TOKEN}
  berlin: {organization_id: 78, refresh_token: BERLIN_TOKEN}
connections:
  tokyo: {source: standard, secret: STANDARD_WEBHOOK_SECRET, organization: tokyo}
  berlin: {source: standard, secret: STANDARD_WEBHOOK_SECRET, organization: berlin}
"""


@pytest.fixture
def late_order(tmp_path) -> str:
    """A request that came late on the fourteenth by UTC."""
    body = json.loads(example("standard/order").body)
    body["data"] |= {"date": "2026-03-14T23:30:00Z", "due_date": None}
    (tmp_path / "late.json").write_text(json.dumps({"body": body}))
    return "late.json"


def test_what_is_said_of_the_organization_holds_without_a_grant(run, late_order):
    unset = run("standard", late_order)
    told = run("standard", late_order, ZOHO_TIME_ZONE="Asia/Tokyo", ZOHO_UNIQUE_FIELD="cf_bookhook")

    assert bodies(unset)["POST /invoices"]["date"] == "2026-03-14"
    assert bodies(told)["POST /invoices"]["date"] == "2026-03-15"
    assert bodies(told)["POST /invoices"]["custom_fields"][0]["api_name"] == "cf_bookhook"
    assert "time zone" not in told.stderr
    assert "exchange rate" in told.stderr


def test_what_the_file_says_of_a_connections_organization_holds_without_a_grant(run, late_order, tmp_path):
    (tmp_path / "connections.yaml").write_text(ORGANIZATIONS)
    file = {"BOOKHOOK_CONNECTIONS": "connections.yaml", "ZOHO_TIME_ZONE": "America/New_York"}

    tokyo, berlin = (run(name, late_order, **file) for name in ("tokyo", "berlin"))

    assert bodies(tokyo)["POST /invoices"]["date"] == "2026-03-15"
    assert bodies(tokyo)["POST /invoices"]["custom_fields"][0]["api_name"] == "cf_tokyo"
    assert bodies(berlin)["POST /invoices"]["date"] == "2026-03-14"
    assert "days in UTC unless organizations.berlin.time_zone is set" in berlin.stderr


@pytest.mark.parametrize("words", [("shopify", "test_order"), ("standard", "order_without_identity")])
def test_nothing_is_said_of_bodies_that_would_not_be_sent(run, words):
    assert "cannot know" not in run(*words).output


def test_it_prints_the_bodies_with_names_and_needs_no_network(run):
    result = run("shopify", "paid_order")

    assert result.exit_code == 0
    assert result.stdout.startswith("POST /contacts, unless it is there\n")
    invoice = bodies(result)["POST /invoices"]
    assert invoice["line_items"][0]["tax_name"] == "State Tax"
    assert invoice["reference_number"].startswith("#1001 bh-")
    assert "customer_id" not in invoice


def test_it_shows_the_marker_in_the_unique_field_too(run_here):
    expense = bodies(run_here("standard", "expense", ZOHO_UNIQUE_FIELD="cf_bookhook"))["POST /expenses"]

    marker = expense["reference_number"].split()[-1]
    assert expense["custom_fields"] == [{"api_name": "cf_bookhook", "value": marker}]


def test_it_prints_what_is_then_really_sent(run_here, hooks, worker, sandbox):
    told = bodies(run_here("standard", "order_paid"))
    for case in ("order_paid", "refund"):
        hooks.deliver(example(f"standard/{case}"))
        worker.drain()
    refund = bodies(run_here("standard", "refund"))

    invoice, payment = told["POST /invoices"], told["POST /customerpayments"]
    [real], [customer], [note] = sandbox.invoices, sandbox.contacts, sandbox.creditnotes
    assert (real["reference_number"], real["date"]) == (invoice["reference_number"], invoice["date"])
    assert real["adjustment"] == invoice["adjustment"]
    assert [(line["name"], line["quantity"], line["rate"]) for line in real["line_items"]] == [
        (line["name"], line["quantity"], line["rate"]) for line in invoice["line_items"]
    ]
    contact = told["POST /contacts, unless it is there"]
    assert customer["contact_name"] == contact["contact_name"] == invoice["customer_name"]
    assert (payment["reference_number"], payment["amount"], payment["payment_mode"]) in [
        (paid["reference_number"], paid["amount"], paid["payment_mode"]) for paid in sandbox.customerpayments
    ]
    assert note["reference_number"] == refund["POST /creditnotes"]["reference_number"]
    [back] = note["refunds"]
    assert back["reference_number"] == refund["POST /creditnotes/<the credit note>/refunds"]["reference_number"]


def test_the_calls_come_in_the_order_they_would_be_made(run):
    lines = run("standard", "order_paid").stdout.splitlines()

    assert [line for line in lines if line.startswith("POST")] == [
        "POST /contacts, unless it is there",
        "POST /invoices",
        "POST /invoices/<the invoice>/status/sent",
        "POST /customerpayments",
        "POST /customerpayments",
    ]


def test_the_computation_is_shown_line_by_line_with_the_reason_of_the_adjustment(run):
    table = run("standard", "order_paid").stdout.split("by Zoho's arithmetic:\n")[1].splitlines()

    assert table[0].split() == ["line", "quantity", "rate", "discount", "amount", "taxes", "total"]
    assert table[1].split() == ["Coffee", "beans", "0.750", "24.00", "0", "18.00", "State", "Tax", "1.08", "19.08"]
    assert table[-2] == "adjustment 0.02 (Rounding of 0.02 by the sender)"
    assert table[-1] == "total 23.50 USD, of which 1.08 is tax; the sender's total is 23.50 USD"


def test_it_goes_by_the_options_of_the_connection(run_here):
    told = bodies(run_here("standard", "order_paid", BOOKHOOK_TAX_MODE="none", BOOKHOOK_PAYMENTS="none"))

    assert "POST /customerpayments" not in told
    assert not any("tax_name" in line for line in told["POST /invoices"]["line_items"])


def test_a_total_that_does_not_come_out_would_be_parked_with_both_numbers(run, tmp_path):
    request = {"body": json.loads(example("standard/order").body)}
    request["body"]["data"]["total"] = "9.99"
    (tmp_path / "request.json").write_text(json.dumps(request))

    result = run("standard", "request.json")

    assert result.exit_code == 1
    assert "would be parked: total_differs at control_total" in result.stderr
    assert "9.99" in result.stderr
    assert "2160.00" in result.stderr


def test_a_total_that_does_not_come_out_is_shown_line_by_line(run):
    result = run("shopify", "documented_order")

    assert result.exit_code == 1
    head, columns, *lines, total = result.stdout.splitlines()
    assert head == "By Zoho's arithmetic:"
    assert columns.split() == ["line", "quantity", "rate", "discount", "amount", "taxes", "total"]
    assert len(lines) > 1
    computed = total.removeprefix("total ").split(",")[0]
    assert f"would come to {computed} USD" in result.stderr


def test_a_tax_that_does_not_come_out_is_shown_line_by_line(run, tmp_path):
    request = {"body": json.loads(example("standard/order_with_tax").body)}
    for line in request["body"]["data"]["lines"]:
        for tax in line["taxes"]:
            tax["rate"] = "1"
    (tmp_path / "request.json").write_text(json.dumps(request))

    result = run("standard", "request.json")

    assert result.exit_code == 1
    assert "By Zoho's arithmetic:" in result.stdout
    assert "_differs" in result.stderr


def test_map_reads_a_request_from_a_file(run, tmp_path: Path):
    request = {"headers": {"X-Shopify-Topic": "orders/paid"}, "body": json.loads(example("shopify/paid_order").body)}
    (tmp_path / "request.json").write_text(json.dumps(request))

    result = run("shopify", "request.json")

    assert result.exit_code == 0
    assert "#1001 bh-" in result.stdout


def test_another_source_that_is_unfinished_is_none_of_its_business(run, tmp_path):
    CliRunner().invoke(bookhook, ["new-source", "unfinished", "--into", str(tmp_path / "own")])

    mapped = run("shopify", "paid_order", BOOKHOOK_SOURCES=str(tmp_path / "own"))
    itself = run("unfinished", "paid_order", BOOKHOOK_SOURCES=str(tmp_path / "own"))

    assert mapped.exit_code == 0, mapped.output
    assert "POST /invoices" in mapped.stdout
    assert isinstance(itself.exception, ConfigError)
    assert "verify.scheme: still to do" in str(itself.exception)


@pytest.mark.parametrize("content", ["not json", "[]", '{"headers": {}}'])
def test_map_says_when_a_file_is_no_request(run, tmp_path: Path, content):
    (tmp_path / "request.json").write_text(content)

    result = run("shopify", "request.json")

    assert result.exit_code == 2
    assert "request.json" in result.stderr


def test_map_says_what_would_be_parked_and_why(run):
    result = run("standard", "order_without_identity")

    assert result.exit_code == 1
    assert "would be parked: mapping_failed at contact.email: nothing there" in result.stderr
    assert "what to do:" in result.stderr
    assert "retry" not in result.stderr


def test_map_says_what_would_be_ignored(run):
    assert "would be ignored: it is a test order" in run("shopify", "test_order").stdout


def expense_at(tmp_path: Path, url: object) -> str:
    """A request of the standard sender for an expense whose receipt is at that address."""
    body = json.loads(example("standard/expense").body)
    body["data"]["receipt_url"] = url
    (tmp_path / "expense.json").write_text(json.dumps({"body": body}))
    return "expense.json"


RECEIPT = "POST /expenses/<the expense>/receipt"
LISTED = "connections: {standard: {expenses: {receipt_hosts: [files.example.com]}}}"


def line_of(result, beginning: str) -> str:
    return next(line for line in result.stdout.splitlines() if line.startswith(beginning))


def test_it_says_where_the_receipt_comes_from(run, tmp_path):
    (tmp_path / "connections.yaml").write_text(LISTED)
    file = expense_at(tmp_path, "https://files.example.com/slips/secret-1.pdf?key=1")

    result = run("standard", file, BOOKHOOK_CONNECTIONS="connections.yaml")

    assert (result.exit_code, line_of(result, RECEIPT)) == (0, f"{RECEIPT} (from files.example.com)")
    assert "secret-1" not in result.stdout


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("https://files.example.org/slip.pdf", "from files.example.org: its host is not among the connection's"),
        ("http://files.example.com/slip.pdf", "from files.example.com: its address is not a plain https:// one"),
        ("https://files.example.com:8443/slip.pdf", "its address is not a plain https:// one"),
        ("https://files.example.com:none/slip.pdf", "its address is not a plain https:// one"),
        ("https://[slip", "from nowhere: its address cannot be read"),
    ],
)
def test_it_says_that_a_receipt_would_be_refused(run, tmp_path, url, reason):
    (tmp_path / "connections.yaml").write_text(LISTED)

    result = run("standard", expense_at(tmp_path, url), BOOKHOOK_CONNECTIONS="connections.yaml")

    assert result.exit_code == 1
    assert reason in line_of(result, RECEIPT)
    assert "would be parked with receipt_refused" in line_of(result, RECEIPT)
    assert "POST /expenses" in bodies(result)


def test_it_names_the_file_that_came_with_the_event(run):
    result = run("standard", "expense_with_receipt")

    assert (result.exit_code, line_of(result, RECEIPT)) == (0, f"{RECEIPT} (the file lunch.pdf)")


def test_a_receipt_at_the_senders_own_api_is_taken(run):
    result = run("typeform", "expense_with_receipt", TYPEFORM_WEBHOOK_SECRET="s", TYPEFORM_ACCESS_TOKEN="t")

    assert (result.exit_code, line_of(result, RECEIPT)) == (0, f"{RECEIPT} (from api.typeform.com)")


@pytest.mark.parametrize(
    ("words", "approval", "note"),
    [
        (("slack", "expense"), None, " (once it is approved, which it waits for)"),
        (("standard", "expense"), None, ""),
        (("standard", "expense"), "always", " (once it is approved, which it waits for)"),
        (("standard", "expense"), "over(100)", " (once it is approved, which it waits for if it is over 100)"),
    ],
)
def test_it_says_that_an_expense_waits_for_approval(run, tmp_path, words, approval, note):
    (tmp_path / "connections.yaml").write_text(f"connections: {{standard: {{expenses: {{approval: {approval}}}}}}}")
    settings = {"BOOKHOOK_CONNECTIONS": "connections.yaml"} if approval else {}

    assert line_of(run(*words, **settings), "POST /expenses") == f"POST /expenses{note}"
