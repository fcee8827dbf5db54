"""What the commands have in common that run until they are stopped."""

import click

from cli.deployment import Deployment, read_deployment
from cli.shared_secrets import find_shared_secrets
from config.logs import configure_logs
from config.signals import wake_main_thread_on_signals


def start(*, posts: bool = False) -> Deployment:
    """The deployment; from here on signals wake the main thread, and its level is logged."""
    deployment = read_deployment(posts=posts)
    wake_main_thread_on_signals()
    configure_logs(deployment.settings.log_level)
    return deployment


def warn_of_shared_secrets(deployment: Deployment) -> None:
    """Says which connections take each other's webhooks; once, by the command, not by each of its processes."""
    for warning in find_shared_secrets(deployment.connections.values(), deployment.configured):
        click.echo(f"! {warning}", err=True)


def names(deployment: Deployment) -> str:
    """Its connections, for people."""
    return ", ".join(sorted(deployment.connections)) or "no connection (set a webhook secret; see docs/settings.md)"
