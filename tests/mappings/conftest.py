"""What the tests of mappings share: the built-in sources, and a way to write a small source of one's own."""

import pytest

from mappings import BUILT_IN, MappingFileErrors, load_sources

MINIMAL = """
source: shop
verify:
  scheme: hmac
  digest: sha256
  encoding: hex
  header: X-Signature
  secret: SHOP_SECRET
identify:
  topic: type
events:
  paid:
    once_per: "order:{id}"
    contact:
      name: buyer.name
      email?: buyer.email
      customer_id?: buyer.id
      phone?: buyer.phone
    invoice:
      reference_number: number
      date: date(day)
      currency_code: currency
      due_date?: date(due)
      is_inclusive_tax?: gross
      lines:
        - each: rows
          name: title
          description?: about
          quantity: quantity
          rate: money(price)
          discount?: total(discounts[].amount)
          taxes?:
            each: taxes
            name: name
            amount: money(amount)
      control_total: money(total)
"""


@pytest.fixture(scope="session")
def sources():
    return load_sources(BUILT_IN)


@pytest.fixture
def source(tmp_path):
    """Loads one source from a mapping's text."""

    def load(text=MINIMAL):
        folder = tmp_path / "mine" / "shop"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "mapping.yaml").write_text(text)
        return load_sources(folder.parent)["shop"]

    return load


@pytest.fixture
def problems(source):
    """The problems of a mapping's text."""

    def complain(text):
        with pytest.raises(MappingFileErrors) as caught:
            source(text)
        return caught.value.problems

    return complain


@pytest.fixture
def complaints(problems):
    """The problems of the minimal mapping after one replacement, each from its path on."""

    def complain(old, new):
        assert old in MINIMAL
        return [each.split("mapping.yaml: ", 1)[1] for each in problems(MINIMAL.replace(old, new, 1))]

    return complain


@pytest.fixture
def minimal():
    return MINIMAL
