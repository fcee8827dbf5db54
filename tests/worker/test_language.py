"""Documents in the language of their connection: the few words that are neither the sender's nor the organization's."""

import pytest

from tests.scene import example
from tests.two_organizations import deliver, settings_of_both


@pytest.fixture
def environ(environ, europe, tmp_path):
    return settings_of_both(environ, europe, tmp_path, more=", language: de")


def names(documents) -> set[str]:
    return {line["name"] for document in documents for line in document["line_items"]}


def test_each_connection_has_its_own(hooks, worker, sandbox, europe):
    for shop in ("shop-us", "shop-eu"):
        deliver(hooks, shop, example("shopify/tip_and_discounted_shipping"))
    worker.drain()

    assert "Tip" in names(sandbox.invoices)
    assert "Trinkgeld" in names(europe.invoices)
    assert "Tip" not in names(europe.invoices)


def test_a_refund_by_amount_is_said_in_it_too(hooks, worker, europe):
    for case in ("taxes_included", "refund_by_amount"):
        deliver(hooks, "shop-eu", example(f"shopify/{case}"))
        worker.drain()

    [note] = europe.creditnotes
    assert note["reference_number"].split()[0] == "Erstattung"
    assert [line["name"].split(",")[0] for line in note["line_items"]] == [
        f"Erstattung zu {europe.invoices[0]['invoice_number']}"
    ]
