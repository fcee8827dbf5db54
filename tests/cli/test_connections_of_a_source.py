"""Several connections of one source, each with what it says for itself."""

from collections.abc import Callable
from pathlib import Path

import pytest

from cli.deployment import read_deployment
from config.problems import ConfigError

MAPPING = """
source: corner
options:
  prefix:
    meaning: what its order numbers begin with
  day:
    meaning: the day of every order
    default: "2026-03-04"
verify:
  scheme: hmac
  digest: sha256
  encoding: hex
  header: X-Signature
  secret: CORNER_SECRET
identify:
  topic: type
events:
  paid:
    once_per: "order:{id}"
    contact:
      name: buyer
    invoice:
      reference_number: join('-', [option('prefix'), number])
      date: date(option('day'))
      currency_code: "'USD'"
      lines:
        - name: "'Cap'"
          quantity: "`1`"
          rate: money(total)
      control_total: money(total)
"""
REQUEST = '{"body": {"type": "paid", "id": 1, "number": "7", "buyer": "Jo", "total": "2.00"}}'

Write = Callable[[str], dict[str, str]]


@pytest.fixture
def corner(environ, tmp_path: Path) -> Write:
    """The environment of a deployment with these connections, and a source that has options."""
    folder = tmp_path / "own" / "corner"
    folder.mkdir(parents=True)
    (folder / "mapping.yaml").write_text(MAPPING)
    (tmp_path / "order.json").write_text(REQUEST)

    def write(connections: str) -> dict[str, str]:
        file = tmp_path / "connections.yaml"
        file.write_text(connections)
        secrets = {"CORNER_SECRET": "c", "EAST_SECRET": "e", "WEST_SECRET": "w"}
        return {**environ, **secrets, "BOOKHOOK_SOURCES": str(folder.parent), "BOOKHOOK_CONNECTIONS": str(file)}

    return write


EAST_AND_WEST = """
connections:
  east: {source: corner, secret: EAST_SECRET, settings: {prefix: E}}
  west: {source: corner, secret: WEST_SECRET, settings: {prefix: W, day: 2026-05-06}}
  corner: {settings: {prefix: C}}
"""


@pytest.mark.parametrize(("name", "number", "day"), [("east", "E-7", "2026-03-04"), ("west", "W-7", "2026-05-06")])
def test_each_connection_gives_the_options_of_its_source_its_own_values(run, corner, name, number, day):
    told = run("map", name, "order.json", env=corner(EAST_AND_WEST)).stdout

    assert f'"reference_number": "{number} bh-' in told
    assert f'"date": "{day}"' in told


def test_options_that_are_missing_or_made_up_keep_everything_from_starting(corner, tmp_path):
    environ = corner("connections: {east: {source: corner, secret: EAST_SECRET, settings: {prefx: E}}}")

    with pytest.raises(ConfigError) as caught:
        read_deployment(environ)

    assert caught.value.problems == (
        f"{tmp_path}/connections.yaml: connections.east.settings.prefx: corner has no such option, "
        "did you mean prefix?",
        f"{tmp_path}/connections.yaml: connections.east.settings.prefix: is missing: what its order numbers begin with",
        "the connection corner needs an entry in BOOKHOOK_CONNECTIONS, where settings.prefix is missing: "
        "what its order numbers begin with",
    )


def test_a_word_that_an_option_does_not_know_keeps_everything_from_starting(environ, tmp_path):
    (tmp_path / "connections.yaml").write_text("""
connections:
  stripe: {settings: {mode: prod}}
  adobe_commerce: {settings: {client_id: "76", prices_include_tax: true}}
""")
    file = {"BOOKHOOK_CONNECTIONS": str(tmp_path / "connections.yaml")}

    with pytest.raises(ConfigError) as caught:
        read_deployment({**environ, "ADOBE_COMMERCE_WEBHOOK_SECRET": "no key", **file})

    assert [problem for problem in caught.value.problems if "settings" in problem] == [
        f"{tmp_path}/connections.yaml: connections.stripe.settings.mode: is 'prod'; it is one of live, test",
        f"{tmp_path}/connections.yaml: connections.adobe_commerce.settings.prices_include_tax: "
        "is 'true'; it is one of yes, no",
    ]


PATCH = """
events:
  paid:
    invoice:
      notes: "'From the east'"
      reference_number: number
"""


def test_a_patch_changes_the_mapping_of_its_connection_alone(run, corner, tmp_path):
    (tmp_path / "east.patch.yaml").write_text(PATCH)
    environ = corner(EAST_AND_WEST.replace("settings: {prefix: E}", "settings: {prefix: E}, patch: east.patch.yaml"))

    east = run("map", "corner", "order.json", "--connection", "east", env=environ).stdout
    west = run("map", "corner", "order.json", "--connection", "west", env=environ).stdout

    assert '"reference_number": "7 bh-' in east
    assert '"notes": "From the east"' in east
    assert '"reference_number": "W-7 bh-' in west
    assert "From the east" not in west


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ("corner", "--connection", "north"),
            "There is no connection 'north' of corner; there are corner, east, west.",
        ),
        (("shopify", "--connection", "east"), "There is no connection 'east' of shopify; there are shopify."),
        (("corn", "--connection", "north"), "There is no source 'corn'; there are"),
    ],
)
def test_a_connection_that_is_none_of_the_source_is_a_wrong_use(run, corner, words, told):
    result = run("map", words[0], "order.json", *words[1:], env=corner(EAST_AND_WEST))

    assert result.exit_code == 2
    assert told in " ".join(result.stderr.split())


def test_what_is_wrong_with_patches_and_connections_is_said_at_once_with_its_place(corner, tmp_path):
    (tmp_path / "east.patch.yaml").write_text(PATCH.replace("notes", "notez"))
    environ = corner("""
connections:
  east: {source: corner, secret: EAST_SECRET, settings: {prefix: E, dya: x}, patch: east.patch.yaml}
  corner: {settings: {prefix: C}}
""")

    with pytest.raises(ConfigError) as caught:
        read_deployment(environ)

    patch, option = caught.value.problems
    assert patch.endswith("east.patch.yaml: events.paid.invoice: no such field: notez, did you mean notes?")
    assert option.endswith("connections.east.settings.dya: corner has no such option, did you mean day?")


@pytest.mark.parametrize("nothing", ["", "\n# notes: later\n", "---\n{}\n"])
def test_a_patch_that_holds_nothing_is_a_problem_of_the_connection(run, corner, tmp_path, nothing):
    (tmp_path / "corner.patch.yaml").write_text(nothing)
    connections = "connections: {corner: {settings: {prefix: C}, patch: corner.patch.yaml}}"

    told = run("check", env=corner(connections))

    assert told.exit_code == 1
    assert "✗ corner.patch.yaml: holds nothing: write what is otherwise" in told.stdout


def test_check_names_the_patch_of_a_connection(run, corner, tmp_path):
    (tmp_path / "east.patch.yaml").write_text(PATCH)
    environ = corner(EAST_AND_WEST.replace("settings: {prefix: E}", "settings: {prefix: E}, patch: east.patch.yaml"))

    lines = run("check", env=environ).stdout.splitlines()

    patched = [line.split(" ")[2] for line in lines if "; mapping patched by east.patch.yaml" in line]
    assert patched == ["/hooks/east"]


def test_a_patch_that_is_no_file_is_a_problem_of_the_connection(corner, tmp_path):
    environ = corner("connections: {corner: {settings: {prefix: C}, patch: none.yaml}}")

    with pytest.raises(ConfigError) as caught:
        read_deployment(environ)

    assert caught.value.problems == (
        f"{tmp_path}/connections.yaml: connections.corner.patch: there is no file {tmp_path}/none.yaml",
    )


def test_a_patch_may_say_otherwise_how_a_sender_signs_and_its_secret_is_then_checked(corner, tmp_path):
    (tmp_path / "east.patch.yaml").write_text(
        "verify: {scheme: standard_webhooks, digest: null, encoding: null, header: null}"
    )
    environ = corner("""
connections:
  east: {source: corner, secret: EAST_SECRET, settings: {prefix: E}, patch: east.patch.yaml}
  corner: {settings: {prefix: C}}
""")

    with pytest.raises(ConfigError, match=r"EAST_SECRET: each secret must be whsec_"):
        read_deployment(environ)
