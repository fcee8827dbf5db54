"""Where a command listens."""

import socket

import click

PORT = click.IntRange(1, 65535)
host_option = click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")


def require_free(host: str, port: int) -> None:
    """Raises ClickException when somebody listens there already."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise click.ClickException(f"cannot listen on {host}:{port}: {error.strerror}. Try --port.") from None
