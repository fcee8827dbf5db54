"""`bookhook connect`: makes a code from Zoho's console into the settings of an organization."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import click

from cli.organizations import say
from config.environment import deployment_environ, read_text
from config.organizations import DATA_CENTERS, DataCenter
from errors import BookhookError
from zoho.connecting import SCOPES, SCOPES_OF_UNDO, Found, Grant, api_console, exchange, list_organizations


@click.command()
@click.option("--data-center", type=click.Choice(list(DATA_CENTERS)), help="Where the organization lives.")
@click.option("--undo", is_flag=True, help="Ask for what `bookhook undo` needs, too.")
def connect(data_center: str | None, undo: bool) -> None:
    """Connect to Zoho Books with a Self Client's code; prints the settings, for `>> .env`.

    Everything else is said on standard error. The client's id and secret are asked for unless they are set
    (ZOHO_CLIENT_ID, ZOHO_CLIENT_SECRET).
    """
    environ = deployment_environ(Path())
    name = data_center or read_text(environ, "ZOHO_DATA_CENTER") or _ask("Data centre", default="us")
    if name not in DATA_CENTERS:
        raise click.UsageError(f"There is no data centre {name!r}; there are {', '.join(DATA_CENTERS)}.")
    place = _place(name, environ)
    _explain(name, undo=undo)
    client_id = read_text(environ, "ZOHO_CLIENT_ID") or _ask("Client id")
    client_secret = read_text(environ, "ZOHO_CLIENT_SECRET") or _ask("Client secret", hidden=True)
    try:
        grant = exchange(place, client_id=client_id, client_secret=client_secret, code=_ask("Code", hidden=True))
        chosen = _choose(list_organizations(place, grant))
    except BookhookError as trouble:
        raise click.ClickException(say(trouble)) from None
    _print_settings(name, client_id, client_secret, grant, chosen)


def _place(name: str, environ: Mapping[str, str]) -> DataCenter:
    """The data centre, or whatever stands for it."""
    place = DATA_CENTERS[name]
    overrides = {"accounts_url": read_text(environ, "ZOHO_ACCOUNTS_URL"), "api_url": read_text(environ, "ZOHO_API_URL")}
    return replace(place, **{field: url.rstrip("/") for field, url in overrides.items() if url})


def _explain(name: str, *, undo: bool) -> None:
    scopes = ",".join([*SCOPES, *(SCOPES_OF_UNDO if undo else ())])
    _tell(f"1. Open {api_console(name)} and make, or open, a Self Client.")
    _tell("2. In its tab Generate Code enter these scopes, and a duration of three minutes:\n")
    _tell(f"{scopes}\n")
    _tell("3. Paste the code here at once: it lives a minute or a few.\n")


def _ask(what: str, *, default: str | None = None, hidden: bool = False) -> str:
    answer: str = click.prompt(what, default=default, hide_input=hidden, err=True)
    return answer.strip()


def _choose(found: list[Found]) -> Found:
    """The one, or the one that is chosen of several."""
    for number, each in enumerate(found, start=1):
        plan = each.plan_name or "unknown"
        _tell(f"{number}. {each.name}, {each.organization_id}, {each.currency_code}, plan {plan}")
    if len(found) == 1:
        return found[0]
    number = click.prompt("Which one", type=click.IntRange(1, len(found)), err=True)
    return found[number - 1]


def _print_settings(name: str, client_id: str, client_secret: str, grant: Grant, chosen: Found) -> None:
    settings = {
        "ZOHO_DATA_CENTER": name,
        "ZOHO_CLIENT_ID": client_id,
        "ZOHO_CLIENT_SECRET": client_secret,
        "ZOHO_REFRESH_TOKEN": grant.refresh_token,
        "ZOHO_ORGANIZATION_ID": chosen.organization_id,
    }
    click.echo("\n".join(f"{setting}={value}" for setting, value in settings.items()))
    _tell(f"\nConnected to {chosen.name}. Keep these settings where only Bookhook reads them, then: bookhook check")
    _tell("Where the console has connected the same organization, its grant is used until it is disconnected there.")


def _tell(line: str) -> None:
    click.echo(line, err=True)
