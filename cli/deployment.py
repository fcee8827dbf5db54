"""Putting a deployment together: settings, sources and connections, checked as one list."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from redis import Redis

from config.connections import Connection, read_secrets
from config.environment import deployment_environ, find_unset, read_texts
from config.problems import ConfigError
from config.settings import Settings, find_missing_grant, read_settings
from ingest.schemes import SCHEMES
from ledger import Ledger
from mappings import BUILT_IN, MappingFileErrors, Source, load_sources


@dataclass(frozen=True, slots=True)
class Deployment:
    """What the environment and the mapping files say, free of contradictions."""

    settings: Settings
    sources: Mapping[str, Source]

    @property
    def connections(self) -> Mapping[str, Connection]:
        """The configured senders by name."""
        return self.settings.connections

    def ledger(self, redis: Redis, *, clock: Callable[[], float] = time.time) -> Ledger:
        """The ledger in that Redis."""
        return Ledger(redis, clock=clock, retention_days=self.settings.retention_days)


def read_deployment(environ: Mapping[str, str] | None = None, *, posts: bool = False) -> Deployment:
    """The deployment of this environment; raises ConfigError with every problem at once.

    One that `posts` needs the whole grant; without it an organization may be missing.
    """
    environ = deployment_environ(Path()) if environ is None else environ
    settings, problems = None, list[str]()
    sources, bad_mappings = _load_sources(environ)
    try:
        settings = read_settings(environ, secret_settings={name: source.setting for name, source in sources.items()})
    except ConfigError as error:
        problems += error.problems
    problems += [*bad_mappings, *_find_bad_schemes(sources), *_find_bad_secrets(environ, sources)]
    problems += _find_bad_secrets_of_connections(settings, sources) if settings and not bad_mappings else []
    problems += without_repeats(find_missing_grant(environ), problems) if posts else []
    if problems or settings is None:
        raise ConfigError(problems)
    return Deployment(settings, sources)


def find_lacks(environ: Mapping[str, str] | None = None) -> list[str]:
    """What a deployment that receives and posts still needs, though without it some commands may start."""
    environ = deployment_environ(Path()) if environ is None else environ
    sources, _ = _load_sources(environ)
    settings = sorted(source.setting for source in sources.values())
    # A connections' file that can be read has its secrets.
    secrets_are_missing = len(find_unset(environ, [*settings, "BOOKHOOK_CONNECTIONS"])) == len(settings) + 1
    no_sender = f"no webhook secret is set, so nothing can come in: set one of {', '.join(settings)}"
    return [*([no_sender] if secrets_are_missing else []), *find_missing_grant(environ)]


def without_repeats(lacks: Iterable[str], problems: Sequence[str]) -> list[str]:
    """Those of `lacks` that no problem says already, perhaps with more words."""
    return [lack for lack in lacks if not any(problem.startswith(lack) for problem in problems)]


def _load_sources(environ: Mapping[str, str]) -> tuple[dict[str, Source], list[str]]:
    """The good sources and what is wrong with the others; a folder that is none is a problem of the settings."""
    texts, _ = read_texts(environ, ["BOOKHOOK_SOURCES"])
    own = [folder for text in texts.values() if (folder := Path(text)).is_dir()]
    try:
        return load_sources(BUILT_IN, *own), []
    except MappingFileErrors as errors:
        return errors.sources, errors.problems


def _find_bad_schemes(sources: Mapping[str, Source]) -> list[str]:
    found = []
    for name, source in sources.items():
        scheme = SCHEMES.get(source.verify.scheme)
        if scheme is None:
            known = ", ".join(sorted(SCHEMES))
            found.append(f"{name}: verify.scheme: no such scheme {source.verify.scheme!r}; there are {known}")
        else:
            missing = [word for word in scheme.required if word not in source.verify.parameters]
            found += [f"{name}: verify.{word}: the scheme {source.verify.scheme} needs it" for word in missing]
    return found


def _find_bad_secrets(environ: Mapping[str, str], sources: Mapping[str, Source]) -> list[str]:
    found = []
    for source in sources.values():
        scheme = SCHEMES.get(source.verify.scheme)
        with suppress(ConfigError):  # which read_settings raises, too
            faults = {scheme.fault(secret) for secret in read_secrets(environ, source.setting)} if scheme else set()
            found += [f"{source.setting}: each secret {fault}" for fault in sorted(filter(None, faults))]
    return found


def _find_bad_secrets_of_connections(settings: Settings, sources: Mapping[str, Source]) -> list[str]:
    """What is wrong with secrets that only the connections' file names."""
    found = []
    for connection in settings.connections.values():
        source = sources[connection.source]
        scheme = SCHEMES.get(source.verify.scheme)
        if scheme is not None and connection.secret_setting != source.setting:
            faults = {scheme.fault(secret) for secret in connection.secrets}
            found += [f"{connection.secret_setting}: each secret {fault}" for fault in sorted(filter(None, faults))]
    return found
