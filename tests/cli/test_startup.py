"""What a command loads before it does anything: the time it takes to start, seen from its cause."""

import json
import subprocess
import sys
from functools import cache

import pytest

from cli.main import COMMANDS

# Runs a command, then tells what was loaded and how many objects are exempt from garbage collection.
PROBE = """
import gc, json, sys
from cli.main import main
try:
    main(args=sys.argv[1:])
except SystemExit:
    loaded = [name for name, module in sys.modules.items() if module]
    print("\\n" + json.dumps({"modules": loaded, "exempt": gc.get_freeze_count()}))
"""
# Each takes a twentieth of a second or more.
HEAVY = frozenset(
    {"flask", "granian", "marshmallow", "redis", "requests", "rich", "rq", "sandbox", "sentry_sdk", "structlog"}
)
FILES = frozenset({"marshmallow"})
LEDGER = FILES | {"redis", "structlog"}
ZOHO = LEDGER | {"requests"}
# What of these a command needs, if it is not ZOHO: whoever adds to this makes everybody wait.
NEEDED = {
    "backfill": LEDGER,
    "console": ZOHO | {"flask", "granian"},
    "events": LEDGER,
    "map": FILES,
    "record": LEDGER,
    "sandbox": {"flask", "sandbox", "structlog"},
    "new-source": FILES,
    "schema": FILES,
    "show": LEDGER,
    "sources": FILES,
    "test-source": FILES,
    "web": LEDGER | {"flask", "granian"},
    "worker": ZOHO | {"rq"},
}


@cache
def probe(*arguments: str) -> dict:
    done = subprocess.run([sys.executable, "-c", PROBE, *arguments], capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def test_the_list_of_commands_loads_nothing_heavy():
    assert HEAVY.isdisjoint(probe("--help")["modules"])


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_loads_nothing_heavy_that_it_does_not_need(name):
    assert HEAVY & set(probe(name, "--help")["modules"]) <= NEEDED.get(name, ZOHO)


@pytest.mark.parametrize("name", NEEDED)
def test_what_is_said_to_be_needed_is(name):
    assert HEAVY & set(probe(name, "--help")["modules"]) >= NEEDED[name]


def test_no_garbage_is_looked_for_among_what_is_loaded():
    assert probe("events", "--help")["exempt"] > 10_000
