"""What the commands have in common that run until they are stopped."""

from cli.deployment import Deployment, read_deployment
from config.logs import configure_logs
from config.signals import wake_main_thread_on_signals


def start(*, posts: bool = False) -> Deployment:
    """The deployment; from here on signals wake the main thread, and its level is logged."""
    deployment = read_deployment(posts=posts)
    wake_main_thread_on_signals()
    configure_logs(deployment.settings.log_level)
    return deployment


def names(deployment: Deployment) -> str:
    """Its connections, for people."""
    return ", ".join(sorted(deployment.connections)) or "no connection (set a webhook secret; see docs/settings.md)"
