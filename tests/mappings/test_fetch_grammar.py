"""What a mapping may say of fetching: a host is pinned, and what is wrong is refused with its place."""

from pathlib import Path

import pytest
import yaml

from errors import MappingError
from mappings import Options, Received
from tests.mappings.test_fetching import APIS, LINES, order

CASES = yaml.safe_load(Path(__file__).with_name("refused_fetches.yaml").read_text())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["problem"])
def test_what_is_wrong_is_refused_with_its_place(problems, minimal, case):
    text = minimal.replace("events:\n", APIS, 1)
    text = text.replace("    contact:\n", f"    fetch:{LINES}    contact:\n", 1)
    assert case["replace"] in text

    found = problems(text.replace(case["replace"], case["by"], 1))
    assert case["problem"] in [each.split("mapping.yaml: ", 1)[1] for each in found]


def test_the_whole_host_may_be_an_option_of_the_connection(source, minimal):
    text = minimal.replace("verify:", "options:\n  host: {meaning: its host, default: a.example}\nverify:", 1)
    text = text.replace("events:\n", "apis:\n  \"{option('host')}\":\nevents:\n", 1)
    step = "    fetch:\n      order:\n        url: \"https://{option('host')}/{id}\"\n    contact:\n"
    configured = source(text.replace("    contact:\n", step, 1)).with_options({})

    assert next(configured.fetching(Received(order(), {}), Options(), topic="paid")).host == "a.example"


def test_a_host_may_be_an_option_of_the_connection_which_must_be_a_host_name(source, minimal):
    text = minimal.replace("verify:", "options:\n  shop: {meaning: its name}\nverify:", 1)
    text = text.replace("events:\n", "apis:\n  \"{option('shop')}.shop.example\":\nevents:\n", 1)
    step = "    fetch:\n      order:\n        url: \"https://{option('shop')}.shop.example/{id}\"\n    contact:\n"
    written = source(text.replace("    contact:\n", step, 1))

    def host(shop):
        configured = written.with_options({"shop": shop})
        return next(configured.fetching(Received(order(), {}), Options(), topic="paid")).host

    assert host("acme") == "acme.shop.example"
    for shop in ("evil.example/", "a@b", "127.0.0.1:80#", "Acme", "a..b"):
        with pytest.raises(MappingError, match="an option of the connection"):
            host(shop)
