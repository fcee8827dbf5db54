"""`bookhook sandbox`: a Zoho Books to try things against, until it is stopped."""

import click

import sandbox as sandbox_server
from cli.listening import PORT, host_option, require_free


@click.command()
@host_option
@click.option("--port", default=8099, show_default=True, type=PORT)
def sandbox(host: str, port: int) -> None:
    """Run a stateful Zoho Books in memory: organizations 10000001 (USD) and 10000002 (EUR)."""
    require_free(host, port)
    server = sandbox_server.make_server(host, port)
    click.echo(f"sandbox: http://{host}:{port} shows what it holds", err=True)
    server.serve_forever()
