"""The organizations of a deployment, as people name them, and what is done for one after the other."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any, TypeVar

import click
from redis import Redis
from redis.exceptions import RedisError

from config.organizations import Organization
from config.problems import ConfigError
from config.sealing import Seal
from config.settings import Settings
from config.strict_yaml import did_you_mean
from errors import BookhookError, NeedsAttention
from zoho.books import Books
from zoho.grants import Grants
from zoho.organizations import Organizations

Done = TypeVar("Done")

organization_option: Callable[[Any], Any] = click.option(
    "--organization", metavar="NAME", help="Only this organization, by its name or id. Default: all of them."
)


def open_organizations(settings: Settings, redis: Redis) -> Organizations:
    """The organizations as they are now: those of the settings and, if Redis can be asked, those of the console."""
    organizations = Organizations(settings, Grants(redis, Seal(settings.secret_keys)))
    with suppress(RedisError):
        organizations.look()
    return organizations


def choose_organizations(settings: Settings, redis: Redis, name: str | None) -> Mapping[str, Organization]:
    """The organization of that name or id, or all, by id; raises ConfigError where its grant is incomplete."""
    found = open_organizations(settings, redis)
    if name is None:
        settings.require_organizations()
        return found
    ids = {each.name: id_ for id_, each in found.items()} | dict(settings.organization_ids)
    organization_id = ids.get(name, name)
    if organization_id not in (*ids.values(), *found):
        raise click.UsageError(f"There is no organization {name!r}{did_you_mean(name, ids) if ids else ''}.")
    if organization_id not in found:
        raise ConfigError(found.lacks())
    return {organization_id: found[organization_id]}


def go_round(books: Iterable[Books], act: Callable[[Books], Done]) -> tuple[list[Done], bool]:
    """What was done for each, and whether all went well: one organization's trouble is told and keeps no other."""
    done, is_well = [], True
    for each in books:
        try:
            done.append(act(each))
        except BookhookError as trouble:
            click.echo(f"organization {each.organization.label}: {say(trouble)}", err=True)
            is_well = False
    return done, is_well


def say(trouble: BookhookError) -> str:
    """The trouble and, where a person can do something, what."""
    return f"{trouble.message} {trouble.remedy}" if isinstance(trouble, NeedsAttention) else trouble.message
