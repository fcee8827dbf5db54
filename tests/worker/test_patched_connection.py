"""A connection whose mapping a patch changes, from the door to the books."""

import pytest

from tests.two_organizations import deliver, order, settings_of_both

PATCH = """
events:
  orders/paid:
    let:
      marked: "test || name == '#13'"
    ignore_if:
      - when: let('marked')
        because: it is not for the books
    invoice:
      notes: "'Umsatzsteuer im Land des Empfängers'"
    payments: null
"""


@pytest.fixture
def environ(environ, europe, tmp_path):
    (tmp_path / "mine.yaml").write_text(PATCH)
    return settings_of_both(environ, europe, tmp_path, more=", patch: mine.yaml")


def test_its_own_events_are_mapped_and_ignored_otherwise_and_no_others(hooks, worker, sandbox, europe):
    for shop in ("shop-us", "shop-eu"):
        deliver(hooks, shop, order(12))
        deliver(hooks, shop, order(13))
    worker.drain()

    assert {invoice["notes"] for invoice in europe.invoices} == {"Umsatzsteuer im Land des Empfängers"}
    assert [(len(zoho.invoices), len(zoho.customerpayments)) for zoho in (sandbox, europe)] == [(2, 2), (1, 0)]
    assert "Umsatzsteuer im Land des Empfängers" not in {invoice["notes"] for invoice in sandbox.invoices}
