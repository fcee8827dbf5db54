"""The file of connections: what it makes, and that nothing in it is passed over."""

import re
from decimal import Decimal
from pathlib import Path

import pytest

from config.connection_file import EXPENSE_KEYS, INVOICE_KEYS, KEYS, PAYMENT_KEYS, TAX_KEYS
from config.options import ExpenseOptions, PaymentOptions, TaxOptions
from config.organization_file import ORGANIZATION_KEYS
from config.problems import ConfigError
from config.settings import read_settings

SOURCES = {"shopify": "SHOPIFY_WEBHOOK_SECRET", "slack": "SLACK_SIGNING_SECRET"}
ENVIRON = {"ZOHO_ORGANIZATION_ID": "10000001", "SHOPIFY_WEBHOOK_SECRET": "s", "EU_SECRET": "e"}
ALWAYS = Decimal(0)

EVERYTHING = """
connections:
  shop-eu:
    source: shopify
    secret: EU_SECRET
    organization: 10000001
    settings: {shop: acme.example.com, plan: no}
    credentials: {SHOP_API_KEY: EU_SECRET}
    public_url: https://eu.example.com/hooks/
    taxes: {mode: amounts, account: VAT Payable, names: {"MwSt.": "VAT 19%", 19%: "VAT 19%"}}
    payments:
      record: false
      account: Bank
      accounts: {PayPal: PayPal Account}
      modes: {paypal: PayPal}
    invoices: {mark_sent: true, email: true, accounts: {tip: Tips, gift_card: Gift Cards}}
    expenses:
      paid_through: Petty Cash
      default_account: Other
      accounts: {Meals: Meals and Entertainment}
      approval: over(99.50)
      submitters: [U1, U2]
      approvers: [U9]
      receipt_hosts: [files.example.com]
    contact_currency: park
"""


def write(folder: Path, text: str) -> Path:
    file = folder / "connections.yaml"
    file.write_text(text)
    return file


def read(folder: Path, text: str, **environ: str):
    settings = {"BOOKHOOK_CONNECTIONS": str(write(folder, text)), **environ}
    return read_settings(ENVIRON | settings, secret_settings=SOURCES).connections


def problems_of(folder: Path, text: str, **environ: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read(folder, text, **environ)
    return [problem.removeprefix(f"{folder / 'connections.yaml'}: ") for problem in caught.value.problems]


def test_a_connection_of_the_file_decides_everything_for_itself(tmp_path):
    connection = read(tmp_path, EVERYTHING)["shop-eu"]

    assert (connection.source, connection.secrets, connection.secret_setting) == ("shopify", ("e",), "EU_SECRET")
    options = connection.options
    assert options.taxes == TaxOptions(
        mode="amounts", account="VAT Payable", names={"mwst.": "VAT 19%", "19%": "VAT 19%"}
    )
    assert options.payments == PaymentOptions(
        record=False, account="Bank", accounts={"paypal": "PayPal Account"}, modes={"paypal": "PayPal"}
    )
    assert (options.invoices.mark_sent, options.invoices.email) == (True, True)
    assert options.invoices.accounts == {"tip": "Tips", "gift_card": "Gift Cards"}
    assert options.expenses == ExpenseOptions(
        paid_through="Petty Cash",
        default_account="Other",
        accounts={"meals": "Meals and Entertainment"},
        approval_over=Decimal("99.50"),
        submitters=frozenset({"U1", "U2"}),
        approvers=frozenset({"U9"}),
        receipt_hosts=("files.example.com",),
    )
    assert options.contact_currency == "park"
    assert connection.settings == {"shop": "acme.example.com", "plan": "no"}
    assert (connection.setting_of("SHOP_API_KEY"), connection.setting_of("OTHER")) == ("EU_SECRET", "OTHER")
    assert connection.public_url == "https://eu.example.com/hooks"


def test_a_source_the_file_leaves_alone_still_has_its_connection(tmp_path):
    assert set(read(tmp_path, EVERYTHING)) == {"shop-eu", "shopify"}


def test_a_secret_opens_one_door_only(tmp_path):
    text = "connections: {shop-eu: {source: shopify}}"

    assert set(read(tmp_path, text)) == {"shop-eu"}


def test_what_the_file_leaves_out_is_as_the_settings_say(tmp_path):
    environ = {
        "BOOKHOOK_TAX_MODE": "none",
        "BOOKHOOK_TAX_NAMES": "vat=VAT 19%",
        "EXPENSE_PAID_THROUGH": "Petty Cash",
    }
    text = "connections: {shopify: {taxes: {names: {gst: GST}}, expenses: {default_account: Other}}}"

    options = read(tmp_path, text, **environ)["shopify"].options

    assert options.taxes == TaxOptions(mode="none", account="Tax Payable", names={"vat": "VAT 19%", "gst": "GST"})
    assert options.expenses == ExpenseOptions(paid_through="Petty Cash", default_account="Other")


def test_settings_give_the_options_of_a_connection_without_a_file():
    environ = ENVIRON | {
        "BOOKHOOK_TAX_MODE": "Amounts",
        "BOOKHOOK_TAX_ACCOUNT": "Tax Payable",
        "BOOKHOOK_TAX_NAMES": "CA State Tax=State Tax,19%=VAT 19%",
        "BOOKHOOK_PAYMENTS": "none",
        "BOOKHOOK_PAYMENT_ACCOUNT": "Bank",
        "EXPENSE_ACCOUNTS": "meals=Meals",
    }

    options = read_settings(environ, secret_settings=SOURCES).connections["shopify"].options

    assert options.taxes == TaxOptions(
        mode="amounts", account="Tax Payable", names={"ca state tax": "State Tax", "19%": "VAT 19%"}
    )
    assert options.payments == PaymentOptions(record=False, account="Bank")
    assert options.expenses.accounts == {"meals": "Meals"}


def test_expenses_that_people_send_need_approval_and_no_others_unless_the_file_says_so(tmp_path):
    slack, typeform = {"SLACK_SIGNING_SECRET": "x"}, {"TYPEFORM_WEBHOOK_SECRET": "x"}
    sources = SOURCES | {"typeform": "TYPEFORM_WEBHOOK_SECRET"}

    environ, held = ENVIRON | slack | typeform, {"slack", "typeform"}
    by_default = read_settings(environ, secret_settings=sources, held=held).connections
    decided = read(
        tmp_path,
        "connections: {slack: {expenses: {approval: none}}, shopify: {expenses: {approval: always}}}",
        **slack,
    )

    assert by_default["slack"].options.expenses.approval_over == ALWAYS
    assert by_default["typeform"].options.expenses.approval_over == ALWAYS
    assert by_default["slack"].options.expenses.approvers == frozenset()
    assert by_default["shopify"].options.expenses == ExpenseOptions()
    assert decided["slack"].options.expenses.approval_over is None
    assert decided["shopify"].options.expenses.approval_over == ALWAYS


def test_a_list_of_nobody_is_not_everybody(tmp_path):
    text = "connections: {shopify: {expenses: {submitters: []}}}"

    assert read(tmp_path, text)["shopify"].options.expenses.submitters == frozenset()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("conections: {}", "no such key: conections, did you mean connections?"),
        ("connections: {}", "connections: must hold at least one connection"),
        ("connections: [shopify]", "connections: must be a mapping of keys to values"),
        ("connections: {shopify: {taxs: {}}}", "connections.shopify: no such key: taxs, did you mean taxes?"),
        (
            "connections: {shopify: {taxes: {acount: x}}}",
            "connections.shopify.taxes: no such key: acount, did you mean account?",
        ),
        (
            "connections: {shopify: {taxes: {mode: zohoo}}}",
            "connections.shopify.taxes.mode: must be one of zoho, amounts, none",
        ),
        ("connections: {shopify: {taxes: {account: }}}", "connections.shopify.taxes.account: is empty"),
        ("connections: {shopify: {taxes: {account: [x]}}}", "connections.shopify.taxes.account: must be a text"),
        (
            "connections: {shopify: {taxes: {names: {vat: A, VAT: B}}}}",
            "connections.shopify.taxes.names: names a word twice, in another case of letters",
        ),
        (
            "connections: {shopify: {payments: {record: yes}}}",
            "connections.shopify.payments.record: must be one of true, false",
        ),
        (
            "connections: {shopify: {invoices: {accounts: {tips: T}}}}",
            "connections.shopify.invoices.accounts: no such key: tips, did you mean tip?",
        ),
        (
            "connections: {shopify: {expenses: {approval: over 100}}}",
            "connections.shopify.expenses.approval: must be none, always or over(100): "
            "the amount in the organization's currency",
        ),
        (
            "connections: {shopify: {expenses: {approvers: U1}}}",
            "connections.shopify.expenses.approvers: must be a list",
        ),
        (
            "connections: {shopify: {expenses: {receipt_hosts: ['https://x.example']}}}",
            "connections.shopify.expenses.receipt_hosts: 'https://x.example' is not a host name in lower case",
        ),
        (
            "connections: {shop: {source: shopfy}}",
            "connections.shop: no such source: shopfy, did you mean shopify?",
        ),
        ("connections: {slack: {source: shopify}}", "connections.slack: slack is the name of another source"),
        (
            "connections: {Shop/1: {source: shopify}}",
            "connections.Shop/1: a connection's name is at most 40 lower-case letters, digits, - and _, a letter first",
        ),
        (
            "connections: {shopify: {secret: shpss_0123}}",
            "connections.shopify.secret: must be the name of a setting such as SHOP_WEBHOOK_SECRET, "
            "never the secret itself",
        ),
        (
            "connections: {shopify: {secret: OTHER_SECRET}}",
            "connections.shopify: OTHER_SECRET is not set, so nothing can come in",
        ),
        (
            "connections: {shopify: {organization: 99}}",
            "connections.shopify.organization: no such organization: 99; there are default",
        ),
        (
            "connections: {shopify: {settings: {shp_0123456789ABCDEF: x}}}",
            "connections.shopify.settings: an option's name is at most 40 lower-case letters, digits and _: … is none",
        ),
        ("connections: {shopify: {settings: {shop: [a]}}}", "connections.shopify.settings.shop: must be a text"),
        (
            "connections: {shopify: {credentials: {key: EU_SECRET}}}",
            "connections.shopify.credentials: key is not the name of a setting, such as STRIPE_API_KEY",
        ),
        (
            "connections: {shopify: {credentials: {API_KEY: sk_live_0123}}}",
            "connections.shopify.credentials.API_KEY: must be the name of a setting such as SHOP_WEBHOOK_SECRET, "
            "never the secret itself",
        ),
        (
            "connections: {shopify: {credentials: {API_KEY: NOT_SET}}}",
            "connections.shopify.credentials.API_KEY: NOT_SET is not set",
        ),
        (
            "connections: {shopify: {public_url: http://hooks.example.com}}",
            "connections.shopify.public_url: is plain http, which is allowed to this machine only",
        ),
        ("connections:\n  shopify: {}\n  shopify: {}", "line 3: the key shopify stands here a second time"),
        ("connections: {", "line 1: not YAML"),
        ("connections: {shopify: {contact_currency: keep}}", "connections.shopify.contact_currency: must be one of "),
    ],
)
def test_what_is_wrong_in_the_file_is_said_with_its_place(tmp_path, text, problem):
    [found] = problems_of(tmp_path, text)

    assert found.startswith(problem)


def test_everything_wrong_with_settings_and_file_is_said_at_once(tmp_path):
    file = write(tmp_path, "connections: {shopify: {taxs: {}, payments: {record: maybe}}}")
    environ = ENVIRON | {"BOOKHOOK_CONNECTIONS": str(file), "ZOHO_PLAN": "gold"}

    with pytest.raises(ConfigError) as caught:
        read_settings(environ, secret_settings=SOURCES)

    assert [problem.split(": ")[0] for problem in caught.value.problems] == ["ZOHO_PLAN", str(file), str(file)]


def test_a_file_that_is_not_there_is_a_problem_of_the_setting(tmp_path):
    environ = ENVIRON | {"BOOKHOOK_CONNECTIONS": str(tmp_path / "none.yaml")}

    with pytest.raises(ConfigError) as caught:
        read_settings(environ, secret_settings=SOURCES)

    assert caught.value.problems == (f"BOOKHOOK_CONNECTIONS: '{tmp_path / 'none.yaml'}' is not a file",)


def test_secrets_that_only_the_file_names_are_no_misspelt_settings(tmp_path):
    file = write(tmp_path, "connections: {shop-eu: {source: shopify, secret: SHOPIFY_WEBHOOK_SECRE}}")
    environ = ENVIRON | {"BOOKHOOK_CONNECTIONS": str(file), "SHOPIFY_WEBHOOK_SECRE": "s"}

    assert read_settings(environ, secret_settings=SOURCES).warnings == ()


def test_settings_that_hold_a_connections_credentials_are_no_misspelt_settings(tmp_path):
    file = write(tmp_path, "connections: {shopify: {credentials: {API_KEY: SHOPIFY_WEBHOOK_SECRE}}}")
    environ = ENVIRON | {"BOOKHOOK_CONNECTIONS": str(file), "SHOPIFY_WEBHOOK_SECRE": "s"}

    assert read_settings(environ, secret_settings=SOURCES).warnings == ()


@pytest.mark.parametrize("text", ["24:00", "3:30", "03:60", "noon"])
def test_a_time_of_the_day_is_hours_and_minutes(text):
    with pytest.raises(ConfigError):
        read_settings({"BOOKHOOK_RECONCILE_AT": text})


def test_the_time_to_compare_is_read():
    settings = read_settings({"BOOKHOOK_RECONCILE_AT": "03:30"})

    assert (settings.reconcile_at.hour, settings.reconcile_at.minute) == (3, 30)
    assert read_settings({}).reconcile_at is None


PAGE = (Path(__file__).parents[2] / "docs" / "connections.md").read_text()


def test_the_file_on_the_page_is_read_as_it_stands_there(tmp_path):
    shown = PAGE.split("```yaml\n")[1].split("```")[0]
    environ = {"SHOPIFY_EU_SECRET": "e", "SLACK_SIGNING_SECRET": "x", "EUROPE_REFRESH_TOKEN": "t"}

    connections = read(tmp_path, shown, **environ)

    assert connections["shop-eu"].options.taxes.names == {"mwst. 19%": "VAT 19%", "7%": "VAT 7%"}
    assert connections["slack"].options.expenses.approval_over == Decimal(100)


def test_the_page_explains_every_key_and_no_other():
    sections = {"taxes": TAX_KEYS, "payments": PAYMENT_KEYS, "invoices": INVOICE_KEYS, "expenses": EXPENSE_KEYS}
    keys = {key for key in KEYS if key not in sections}
    keys |= {f"{section}.{key}" for section, names in sections.items() for key in names}

    assert keys_explained("connection") == keys


def test_the_page_explains_every_key_of_an_organization_and_no_other():
    assert keys_explained("organization") == set(ORGANIZATION_KEYS)


def keys_explained(of):
    """The keys in the table of that heading."""
    table = PAGE.split(f"| key of {'an' if of[0] == 'o' else 'a'} {of} |")[1].split("\n\n")[0]
    return set(re.findall(r"^\| `([a-z_.]+)` \|", table, re.MULTILINE))
