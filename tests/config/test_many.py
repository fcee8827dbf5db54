"""A file of very many organizations and connections is read as fast per line as a short one."""

import sys
from pathlib import Path

import pytest

from config.problems import ConfigError
from config.settings import read_settings

SOURCES = {"shopify": "SHOPIFY_WEBHOOK_SECRET"}
GRANT = {"ZOHO_CLIENT_ID": "a", "ZOHO_CLIENT_SECRET": "b", "ZOHO_REFRESH_TOKEN": "c"}


def file_of(count: int, named: str = "acme-{0}") -> str:
    numbers = range(30_000_000, 30_000_000 + count)
    organizations = "".join(f"  acme-{number}: {{organization_id: {number}}}\n" for number in numbers)
    shops = "".join(
        f"  shop-{number}: {{source: shopify, secret: S{number}, organization: {named.format(number)}}}\n"
        for number in numbers
    )
    return f"organizations:\n{organizations}connections:\n{shops}"


def steps_to_read(folder: Path, count: int, named: str) -> int:
    """How many instructions of Python reading takes, the same on every machine."""
    file = folder / "connections.yaml"
    file.write_text(file_of(count, named))
    secrets = {f"S{number}": "s" for number in range(30_000_000, 30_000_000 + count)}
    environ = {**GRANT, **secrets, "BOOKHOOK_CONNECTIONS": str(file)}
    steps = 0

    def follow(frame, what, argument):
        nonlocal steps
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        steps += what == "opcode"
        return follow

    before = sys.gettrace()
    sys.settrace(follow)
    try:
        settings = read_settings(environ, secret_settings=SOURCES)
    finally:
        sys.settrace(before)
    assert len(settings.organizations) == len(settings.connections) == count
    return steps


@pytest.mark.parametrize("named", ["acme-{0}", "{0}"])
def test_ten_times_the_organizations_take_no_more_than_some_ten_times_the_steps(tmp_path, named):
    few = steps_to_read(tmp_path, 10, named)

    assert steps_to_read(tmp_path, 100, named) < 12 * few


def test_a_misspelt_organization_does_not_list_thousands(tmp_path):
    file = tmp_path / "connections.yaml"
    file.write_text(file_of(1000).replace("organization: acme-30000500", "organization: zzz"))
    environ = {**GRANT, **{f"S{number}": "s" for number in range(30_000_000, 30_001_000)}}

    with pytest.raises(ConfigError) as caught:
        read_settings({**environ, "BOOKHOOK_CONNECTIONS": str(file)}, secret_settings=SOURCES)

    [problem] = caught.value.problems
    assert problem.endswith(" and 970 more")
    assert len(problem) < 1000
