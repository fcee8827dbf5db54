"""`bookhook test-source`: each thing a source must keep to, broken once."""

import json
import shutil

import pytest
from click.testing import CliRunner

from cli.main import bookhook
from cli.workshop.books import CURRENCIES, TAXES
from mappings import BUILT_IN
from sandbox import seed


@pytest.fixture
def folder(tmp_path):
    """A copy of a source that keeps to everything, the only one of one's own."""
    copied = tmp_path / "own" / "standard"
    shutil.copytree(BUILT_IN / "standard", copied)
    return copied


@pytest.fixture
def check(folder, monkeypatch):
    """Checks it, where nothing else is set, and gives what is said."""
    monkeypatch.chdir(folder.parent.parent)

    def invoke(*words, name="standard"):
        return CliRunner().invoke(bookhook, ["test-source", name, *words], env={"BOOKHOOK_SOURCES": str(folder.parent)})

    return invoke


@pytest.fixture
def change(folder):
    """Changes a JSON file of its examples."""

    def write(name, **changes):
        file = folder / "examples" / name
        content = json.loads(file.read_text()) | changes
        file.write_text(json.dumps({key: value for key, value in content.items() if value is not ...}))

    return write


def change_mapping(folder, old, new):
    file = folder / "mapping.yaml"
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))


def test_a_source_that_keeps_to_everything_is_well(check):
    result = check()

    assert result.exit_code == 0
    assert result.stdout.splitlines()[0] == "standard, in own/standard"
    assert result.stdout.endswith("All is well.\n")
    assert "✗" not in result.stdout


@pytest.mark.parametrize("name", ["shopify", "own/standard"])
def test_one_that_comes_along_and_one_at_a_path_are_checked_too(check, name):
    assert check(name=name).exit_code == 0


@pytest.mark.parametrize("name", ["shopfy", "own/none"])
def test_a_name_that_there_is_not_is_wrong_use(check, name):
    result = check(name=name)

    assert result.exit_code == 2
    assert name in result.stderr


def test_what_is_still_to_do_in_the_mapping_is_listed_and_nothing_else(check, folder):
    change_mapping(folder, "STANDARD_WEBHOOK_SECRET", "TODO the name of the setting")
    change_mapping(folder, "topic: type", "topic: TODO where the kind of event stands")

    result = check()

    assert result.exit_code == 1
    assert "mapping.yaml: verify.secret: still to do: the name of the setting\n" in result.stdout
    assert "mapping.yaml: identify.topic: still to do: where the kind of event stands\n" in result.stdout
    assert result.stdout.count("mapping.yaml: ") == 2
    assert "Next: Correct mapping.yaml from top to bottom" in result.stdout


def test_without_an_example_the_first_one_is_asked_for(check, folder):
    shutil.rmtree(folder / "examples")

    result = check()

    assert result.exit_code == 1
    assert "- totals are right to the cent: waits for an example" in result.stdout
    assert "Next: Put a request of the platform's documentation into examples/<case>.request.json" in result.stdout


@pytest.mark.parametrize("text", ["{", "[]", '{"headers": {}}', '{"headers": [], "body": 1}', "\xff"])
def test_an_example_that_cannot_be_read_is_named(check, folder, text):
    (folder / "examples" / "order.request.json").write_text(text, encoding="latin-1")

    assert "examples/order.request.json: it cannot be read: " in check().stdout


def test_an_outcome_that_cannot_be_read_is_named(check, folder):
    (folder / "examples" / "order.expected.json").write_text("[]")

    told = check().stdout

    assert "examples/order.request.json: it cannot be read: order.expected.json is not a JSON object\n" in told


def test_an_example_holds_no_signature(check, change):
    change("order.request.json", headers={"Webhook-Signature": "v1,abc", "webhook-id": "msg_1"})

    assert "examples/order.request.json: it holds Webhook-Signature\n" in check().stdout


def test_an_example_holds_no_secret_where_the_body_has_its_place(check, folder, change):
    change_mapping(folder, "scheme: standard_webhooks", "scheme: body_token\n  field: auth.token")
    order = json.loads((folder / "examples" / "order.request.json").read_text())["body"]
    change("order.request.json", body=order | {"auth": {"token": "hush"}})

    assert "examples/order.request.json: it holds auth.token\n        Leave the secret out.\n" in check().stdout


def test_an_example_of_a_source_that_sends_several_events_holds_one(check, folder, change):
    change_mapping(folder, "identify:", 'each_event: "@"\nidentify:')
    change_mapping(folder, ", multipart/form-data]", "]")
    order = json.loads((folder / "examples" / "order.request.json").read_text())["body"]
    change("order.request.json", body=[order, order])

    assert "examples/order.request.json: it holds 2 events\n" in check().stdout


def test_a_word_that_means_nothing_is_named(check, change):
    change("refund.expected.json", afterwards=["order_paid"])

    assert "examples/refund.expected.json: no such key: afterwards\n" in check().stdout


def test_what_comes_out_differently_is_shown_line_by_line_and_can_be_accepted(check, folder):
    change_mapping(folder, "          name: name\n", "          name: join(' ', ['A', name])\n")

    result = check()

    assert result.exit_code == 1
    assert "examples/order.expected.json: it comes out differently:" in result.stdout
    assert '-          "name": "Site survey",' in result.stdout
    assert '+          "name": "A Site survey",' in result.stdout

    accepted = check("--accept")
    assert accepted.exit_code == 0
    assert "  accepted order: posted as invoice 2160.00 USD\n" in accepted.stdout
    assert '"name": "A Site survey"' in (folder / "examples" / "order.expected.json").read_text()


def test_an_outcome_that_is_not_written_yet_is_told_and_written_as_all_others_are(check, folder):
    files = list((folder / "examples").glob("*.expected.json"))
    written = {file: file.read_text() for file in files}
    for file in files:
        file.unlink()

    told = check().stdout
    assert "examples/order_paid.expected.json: there is none yet; it would be posted as invoice 23.50 USD\n" in told
    assert "examples/order_opened.expected.json: there is none yet; it would be ignored (nothing is mapped for" in told

    again = check("--accept")
    assert "  accepted order_without_identity: parked (mapping_failed at contact.email)\n" in again.stdout
    changed = {file.name for file in files if file.read_text() != written[file]}
    # Two examples invoice this order: only a person knows which came first.
    assert changed == {f"{case}.expected.json" for case in ("order_updated", "payment", "refund_by_amount")}


def test_accepting_what_is_right_changes_nothing(check, folder):
    before = {file: file.stat().st_mtime_ns for file in folder.rglob("*")}

    assert "accepted" not in check("--accept").stdout
    assert {file: file.stat().st_mtime_ns for file in folder.rglob("*")} == before


def test_cents_that_are_missing_are_told_and_only_a_person_accepts_them(check, folder, change):
    request = json.loads((folder / "examples" / "order.request.json").read_text())
    request["body"]["data"]["total"] = "2160.01"
    change("order.request.json", **request)

    check("--accept")
    result = check()

    assert result.exit_code == 1
    assert "0.01 must be added to what its lines come to, to make the sender's total" in result.stdout
    change("order.expected.json", rounding="0.01")
    assert check().exit_code == 0


def test_a_larger_difference_is_parked(check, folder, change):
    request = json.loads((folder / "examples" / "order.request.json").read_text())
    request["body"]["data"]["total"] = "2100"
    change("order.request.json", **request)

    assert '+  "state": "parked",' in check().stdout


def test_every_topic_is_posted_once_and_something_is_ignored(check, folder):
    for file in [*folder.glob("examples/refund*"), *folder.glob("examples/order_opened*")]:
        file.unlink()

    told = check().stdout

    assert "examples/: none of the topic refund.created is posted\n" in told
    assert "examples/: none is ignored\n" in told


def test_whatever_a_mapping_has_is_shown_by_an_example(check, folder):
    for file in folder.glob("examples/order_cancelled*"):
        file.unlink()

    assert "examples/: none comes to cancel, which the mapping has\n" in check().stdout


def test_no_example_is_a_repetition_of_another(check, folder, change):
    request = json.loads((folder / "examples" / "refund.request.json").read_text())
    same = json.loads((folder / "examples" / "order.request.json").read_text())["headers"]
    change("refund.request.json", **{**request, "headers": {**request["headers"], "webhook-id": same["webhook-id"]}})

    told = check().stdout

    assert "examples/refund.request.json: order is the same delivery, so this would be taken for a repetition\n" in told


def test_no_example_has_the_body_of_another(check, folder, change):
    request = json.loads((folder / "examples" / "order.request.json").read_text())
    (folder / "examples" / "twice.request.json").write_text(
        json.dumps(request | {"headers": request["headers"] | {"webhook-id": "msg_another"}})
    )

    told = check().stdout

    assert "examples/twice.request.json: order is the same body, so this would be taken for a repetition\n" in told


def change_body(folder, case, change):
    file = folder / "examples" / f"{case}.request.json"
    request = json.loads(file.read_text())
    change(request["body"]["data"])
    file.write_text(json.dumps(request))


def test_what_is_paid_fits_the_invoice(check, folder):
    change_body(folder, "order_paid", lambda order: order["payments"][0].update(amount="999.00"))
    check("--accept")

    assert "examples/order_paid.request.json: payments come to 1009.00 USD, the invoice to 23.50\n" in check().stdout


def test_what_is_refunded_fits_the_invoice_of_its_order(check, folder):
    change_body(folder, "refund", lambda refund: refund.update(currency="EUR"))
    check("--accept")

    assert "examples/refund.request.json: refunds in EUR, the invoice in USD\n" in check().stdout


def test_a_payment_is_named_like_none_of_another_order(check, folder):
    paid = json.loads((folder / "examples" / "order_paid.request.json").read_text())["body"]["data"]
    change_body(folder, "payment", lambda payment: payment.update(id=paid["payments"][0]["id"]))

    told = check("--accept").stdout

    assert "is named like one of order_paid, which is about order:" in told
    assert "Put what the order is named by into the once_per of it, too" in told


def test_what_invoices_an_order_comes_before_what_follows_it(check, folder, change):
    change("payment.expected.json", after=...)

    told = check().stdout

    assert "examples/payment.expected.json: order is about order:deal-4471, too\n" in told


def test_answers_of_no_step_are_told(check, change):
    change("order.request.json", fetched={"paymnt": {}})

    told = check().stdout

    assert "examples/order.request.json: it holds answers of no step: paymnt\n" in told
    assert "The steps of `fetch` are none." in told


def test_a_type_that_is_not_accepted_is_told_as_such(check, folder):
    change_mapping(folder, "accepts: [application/json, multipart/form-data]", "accepts: [multipart/form-data]")
    change = folder / "examples" / "order.request.json"
    change.write_text(change.read_text().replace('"headers": {', '"headers": {"Content-Type": "application/json", ', 1))

    told = check().stdout

    assert "order: signed it is answered wrong_type, not let in\n" in told
    assert "Add its Content-Type to `accepts` in mapping.yaml" in told


def test_a_field_that_no_example_fills_is_told_and_fails_nothing(check, folder):
    before = check()
    change_mapping(folder, "phone?: data.customer.phone", "phone?: data.customer.fone")

    after = check()

    assert before.exit_code == 0
    assert "contact.phone" not in before.stdout
    [told] = [line for line in after.stdout.splitlines() if "filled in no example, so perhaps misspelt: " in line]
    assert "contact.phone" in told


def test_accepting_what_is_parked_says_why(check, folder):
    change_body(folder, "order", lambda order: order.update(currency="XXX"))

    told = check("--accept").stdout

    assert (
        "accepted order: parked (unknown_currency at currency)\n      The sandbox has no currency named “XXX”" in told
    )
    assert "then retry" not in told


def test_what_follows_an_order_names_it(check, change):
    change("refund.expected.json", after=...)
    change("order_updated.expected.json", after=...)
    change("payment.expected.json", after=["order_paid"])

    told = check().stdout

    assert "examples/refund.expected.json: order_paid is about order:" in told
    assert "examples/order_updated.expected.json: order is about order:deal-4471, too\n" in told
    assert "examples/payment.expected.json: after: order_paid is not about order:deal-4471\n" in told


def test_a_refund_needs_the_example_of_its_order(check, folder):
    for file in folder.glob("examples/order_paid.*"):
        file.unlink()
    check("--accept")

    assert "examples/refund.expected.json: after: order_paid is not about order:" in check().stdout


def test_a_refund_whose_order_has_no_example_is_told_so(check, folder, change):
    for file in folder.glob("examples/order_paid.*"):
        file.unlink()
    change("refund.expected.json", after=...)

    assert "examples/refund.expected.json: the order it follows has no example\n" in check().stdout


def test_who_lets_in_what_is_not_signed_is_told(check, folder):
    handshake = "handshakes:\n  - when: type == 'order.completed'\n    signed: false\n    text: hello\nidentify:"
    change_mapping(folder, "identify:", handshake)

    told = check().stdout

    assert "order: unsigned it is answered let in, not missing_signature\n" in told
    assert "order: forged it is answered let in, not bad_signature\n" in told
    assert "order: altered it is answered let in, not bad_signature\n" in told
    assert "order: replayed later it is answered let in, not stale_signature\n" in told
    assert "refund: " not in told


def test_a_body_that_crashes_it_is_told_with_its_number(check, monkeypatch):
    def crash(source, example):
        raise ZeroDivisionError("by nothing")

    monkeypatch.setattr("cli.workshop.door_checks.find_outcome", crash)

    assert "damaged body number 0 is not answered: ZeroDivisionError: by nothing\n" in check().stdout


def test_the_readme_has_what_a_merchant_looks_for(check, folder):
    page = folder / "README.md"
    page.write_text("# Standard\n\nTODO where to click\n")

    told = check().stdout

    for part in ("## Set up", "## What it does not do", "STANDARD_WEBHOOK_SECRET", "/hooks/standard", "https://"):
        assert f"README.md: it does not say {part}\n" in told
    assert "README.md, line 3: still to do\n        where to click\n" in told
    page.unlink()
    assert "README.md: there is no such file" in check().stdout


def test_examples_are_rehearsed_in_the_books_of_the_sandbox():
    groups = {name: tuple(dict(seed.TAXES)[member] for member in members) for name, members in seed.TAX_GROUPS}

    assert {name: (rate,) for name, rate in seed.TAXES} | groups == TAXES
    assert tuple(code for code, *_ in seed.CURRENCIES) == CURRENCIES


@pytest.mark.parametrize(
    ("tax", "outcome", "reason"),
    [
        ("State Tax", "posted as invoice 23.50 USD", "All is well"),
        ("Sales Tacks", "parked (unknown_tax at tax)", "The sandbox"),
        ("VAT", "parked (total_differs at control_total)", "the sender's total is 23.50"),
    ],
)
def test_a_tax_is_the_one_the_sandbox_has_and_else_it_is_said_why(check, folder, change, tax, outcome, reason):
    request = json.loads((folder / "examples" / "order_paid.request.json").read_text())
    for line in request["body"]["data"]["lines"]:
        line["taxes"] = [each | {"name": tax} for each in line.get("taxes", [])]
    change("order_paid.request.json", **request)
    expected = folder / "examples" / "order_paid.expected.json"
    written = expected.read_text()
    expected.unlink()

    assert f"  accepted order_paid: {outcome}\n" in check("--accept").stdout

    expected.write_text(written)
    assert reason in check().stdout


def test_what_only_the_senders_api_knows_an_event_to_be_about_is_accepted_too(check, folder, change):
    change_mapping(folder, "events:\n", "apis:\n  api.shop.example:\nevents:\n")
    step = '    fetch:\n      found:\n        url: "https://api.shop.example/payments/{data.id}"\n'
    payment = '  payment.received:\n    once_per: "order:{data.order_id}"\n'
    change_mapping(folder, payment, payment.replace("data.order_id", "fetched('found').order") + step)
    change("payment.request.json", fetched={"found": {"order": "deal-4471"}})
    change("payment.expected.json", once_per=...)

    result = check("--accept")

    assert "  accepted payment: posted as payment 1000.00 USD\n" in result.stdout
    assert result.exit_code == 0
    assert json.loads((folder / "examples" / "payment.expected.json").read_text())["once_per"] == "order:deal-4471"
