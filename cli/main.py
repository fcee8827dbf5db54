"""The `bookhook` command; each subcommand's module is loaded only when it is asked for."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import click

from config.problems import ConfigError

# command: (where it is, what `bookhook --help` says of it)
COMMANDS = {
    "approve": ("cli.approve:approve", "Let expenses that wait for approval be posted."),
    "backfill": ("cli.backfill:backfill", "Post history from a file, at low priority."),
    "check": ("cli.check:check", "Name every problem of settings, mappings and the Zoho connection."),
    "connect": ("cli.connect:connect", "Make a code from Zoho's console into the settings of an organization."),
    "console": ("cli.console:console", "Show the private pages: what needs a person, every event, approvals."),
    "demo": ("cli.demo:demo", "Take example webhooks of every source through to documents in the sandbox."),
    "events": ("cli.events:events", "List events, newest first."),
    "heal": ("cli.heal:heal", "Ask senders for what never came, and record it."),
    "map": ("cli.map:map_request", "Show the bodies that a request would become, without any network."),
    "new-source": ("cli.new_source:new_source", "Write the folder of a source that is still to be written."),
    "reconcile": ("cli.reconcile:reconcile_books", "Compare the ledger with what stands in Zoho."),
    "record": ("cli.record:record", "Keep real requests of a connection as examples."),
    "reject": ("cli.approve:reject", "Turn down expenses that wait for approval."),
    "retry": ("cli.retry:retry", "Work on parked or waiting events again."),
    "sandbox": ("cli.sandbox:sandbox", "Run a Zoho Books to try things against."),
    "schema": ("cli.schema:schema", "Print the JSON Schema of mapping.yaml, for editors."),
    "send": ("cli.send:send", "Sign an example and send it to a running `bookhook web`."),
    "show": ("cli.events:show", "Show one event: its timeline, documents and trouble."),
    "sources": ("cli.sources:sources", "List the senders that are understood, and what each can do."),
    "stats": ("cli.stats:stats", "Show how many events are in each state, and the use of Zoho's quota."),
    "test-source": ("cli.test_source:test_source", "Check the folder of a source, with what to do next."),
    "undo": ("cli.undo:undo", "Take back what events led to, after showing what that means."),
    "warm": ("cli.warm:warm_up", "Load the organization's customers, so that even their first order costs one call."),
    "web": ("cli.web:web", "Receive webhooks."),
    "worker": ("cli.worker:worker", "Work on events: map, find or create, post."),
}


class Commands(click.Group):
    """A group that imports a command when it is used, so that `bookhook --help` stays quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, sorted."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, or None."""
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        with _without_collecting():
            command: click.Command = getattr(import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the list of commands without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name][1]) for name in self.list_commands(ctx)])


@contextmanager
def _without_collecting() -> Iterator[None]:
    """Looks for no garbage among modules, now or later: there is none, and it would take an eighth of every start."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


# What these do nothing logs: they need neither network nor Redis. Logs take a tenth of a second to import.
QUIET = frozenset({"map", "new-source", "schema", "sources", "test-source"})


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="bookhook")
@click.pass_context
def bookhook(context: click.Context) -> None:
    """Webhooks in, books out: signed webhooks become exactly one document each in Zoho Books."""
    if context.invoked_subcommand not in QUIET:
        import_module("config.logs").configure_logs("WARNING")


def main(**settings: Any) -> None:
    """Runs the command; a deployment that cannot start is told everything that is wrong with it, and exits with 1."""
    try:
        bookhook(**settings)
    except ConfigError as error:
        click.echo(str(error), err=True)
        sys.exit(1)
