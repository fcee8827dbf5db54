"""Asking a sender's API for what an event lacks, here and now, for whoever tries a mapping."""

import click

from cli.deployment import Deployment
from cli.dry_run import Stage
from config.logs import configure_logs
from mappings import Received
from outbound import Apis
from worker.fetching import Fetching, address


def ask(deployment: Deployment, stage: Stage, event: Received) -> Received:
    """The event with what the connection's API answers, and what was asked on standard error.

    Raises UsageError where there is no connection; RetryLater and NeedsAttention.
    """
    connection = deployment.connections.get(stage.connection)
    if connection is None:
        raise click.UsageError(f"--fetch asks as a connection does: {stage.connection} is none, set it up first.")
    configure_logs("WARNING")  # which commands that call nobody do without
    identity = stage.identify(event)
    if identity.ignored:
        return event
    keys, apis = deployment.keys[connection.name], Apis(None)
    fetching = Fetching(lambda call, _: apis.ask(address(call, connection, keys, caller=stage.connection)))
    fetched = fetching.go_through(stage.steps(event, topic=identity.topic))
    for line in fetching.told():
        click.echo(f"fetched {line}", err=True)
    return event.with_fetched(fetched)
