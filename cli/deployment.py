"""Putting a deployment together: settings, sources and connections, checked as one list."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from cli.keys import find_heal_keys, hosts_without_keys, read_keys
from cli.shelf import Shelf
from config.connection import Connection
from config.connections import read_secrets
from config.environment import deployment_environ, find_unset, read_texts
from config.problems import ConfigError
from config.settings import Settings, find_missing_grant, read_settings
from config.table import SETTINGS
from ingest.schemes import make_scheme
from mappings import MappingFileErrors, Source, load_sources, patch_source

OUR_SETTINGS = frozenset(setting.name for setting in SETTINGS)


@dataclass(frozen=True, slots=True)
class Deployment:
    """What the environment and the mapping files say, free of contradictions.

    `sources` are by name, as their files have them; `configured` are by connection, each as that connection has it;
    `keys` are by connection, too: the credentials for the sender's API, by the settings that the mapping names.
    `heal_keys` are those of senders that can be asked for what never came, `heal_lacks` say why others cannot.
    """

    settings: Settings
    sources: Mapping[str, Source]
    configured: Mapping[str, Source]
    keys: Mapping[str, Mapping[str, str]] = field(repr=False)
    heal_keys: Mapping[str, Mapping[str, str]] = field(repr=False)
    heal_lacks: Mapping[str, str]

    @property
    def connections(self) -> Mapping[str, Connection]:
        """The configured senders by name."""
        return self.settings.connections

    def public_url(self, connection: Connection) -> str:
        """Where its sender reaches this deployment, as far as that is known."""
        return connection.public_url or self.settings.public_url


def read_deployment(
    environ: Mapping[str, str] | None = None,
    *,
    posts: bool = False,
    reads_all: bool = False,
    enough: str | None = None,
) -> Deployment:
    """The deployment of this environment; raises ConfigError with every problem at once.

    One that `posts` needs the whole grant of every organization; without it some may be missing. Unless it `reads_all`,
    those sources that come along are looked at that it uses. Where one source is `enough`, and can be read, others of
    one's own may still be unfinished: they are not there then.
    """
    environ = deployment_environ(Path()) if environ is None else environ
    settings, problems = None, list[str]()
    sources, bad_mappings = _find_sources(environ)
    if enough in sources:
        bad_mappings = []
    secret_settings = sources.secret_settings()
    problems += _find_taken(secret_settings)
    try:
        settings = read_settings(environ, secret_settings=secret_settings, held=sources.held())
    except ConfigError as error:
        problems += error.problems
    used = {connection.source for connection in settings.connections.values()} if settings else ()
    bad_mappings += sources.find_problems(sources if reads_all else used)
    problems += [*bad_mappings, *_find_bad_secrets(environ, sources, secret_settings)]
    configured: dict[str, Source] = {}
    keys: Mapping[str, Mapping[str, str]] = {}
    if settings and not bad_mappings:
        configured = _configure(settings.connections.values(), sources, problems)
        problems += _find_problems_of_connections(settings, sources, configured)
        keys = read_keys(environ, settings.connections.values(), configured, problems)
        configured = {
            name: source.without_calls_to(hosts_without_keys(source, keys[name])) for name, source in configured.items()
        }
        problems += _find_unheard(settings.connections.values(), configured)
    problems += without_repeats(find_missing_grant(environ, secret_settings), problems) if posts else []
    if problems or settings is None:
        raise ConfigError(problems)
    heal_keys, heal_lacks = find_heal_keys(environ, settings.connections.values(), configured)
    return Deployment(settings, sources, configured, keys, heal_keys, heal_lacks)


def find_lacks(environ: Mapping[str, str] | None = None) -> list[str]:
    """What a deployment that receives and posts still needs, though without it some commands may start."""
    environ = deployment_environ(Path()) if environ is None else environ
    secret_settings = _find_sources(environ)[0].secret_settings()
    settings = sorted(secret_settings.values())
    # A connections' file that can be read has its secrets.
    secrets_are_missing = len(find_unset(environ, [*settings, "BOOKHOOK_CONNECTIONS"])) == len(settings) + 1
    no_sender = f"no webhook secret is set, so nothing can come in: set one of {', '.join(settings)}"
    return [*([no_sender] if secrets_are_missing else []), *find_missing_grant(environ, secret_settings)]


def without_repeats(lacks: Iterable[str], problems: Sequence[str]) -> list[str]:
    """Those of `lacks` that no problem says already, perhaps with more words."""
    return [lack for lack in lacks if not any(problem.startswith(lack) for problem in problems)]


def _find_sources(environ: Mapping[str, str]) -> tuple[Shelf, list[str]]:
    """The sources, and what is wrong with one's own; a folder that is none is a problem of the settings."""
    texts, _ = read_texts(environ, ["BOOKHOOK_SOURCES"])
    own = [folder for text in texts.values() if (folder := Path(text)).is_dir()]
    try:
        return Shelf(load_sources(*own)), []
    except MappingFileErrors as errors:
        return Shelf(errors.sources), errors.problems


def _configure(
    connections: Iterable[Connection], sources: Mapping[str, Source], problems: list[str]
) -> dict[str, Source]:
    """Each connection's source, patched, and with what the connection gives its options; reports what is wrong."""
    configured = {}
    for connection in connections:
        source = _patch(connection, sources[connection.source], problems)
        for option, fault in source.option_faults(connection.settings).items():
            problems.append(f"{_place_of_option(connection, option)} {fault}")
        own = source.with_options(connection.settings).in_language(connection.options.language)
        configured[connection.name] = own.with_categories(connection.options.expenses.categories)
    return configured


def _patch(connection: Connection, source: Source, problems: list[str]) -> Source:
    if connection.patch is None:
        return source
    try:
        return patch_source(source, connection.patch)
    except MappingFileErrors as errors:
        problems += [problem for problem in errors.problems if problem not in problems]
        return source


def _place_of_option(connection: Connection, option: str) -> str:
    if connection.place:
        return f"{connection.place}.settings.{option}:"
    return f"the connection {connection.name} needs an entry in BOOKHOOK_CONNECTIONS, where settings.{option}"


def _find_taken(secret_settings: Mapping[str, str]) -> Iterator[str]:
    """A problem for each source whose secret would be a setting that says something else."""
    for name, setting in secret_settings.items():
        if setting in OUR_SETTINGS:
            yield f"{name}: verify.secret: {setting} is a setting of Bookhook itself, name another"


def _find_bad_secrets(
    environ: Mapping[str, str], sources: Mapping[str, Source], settings: Mapping[str, str]
) -> list[str]:
    found = []
    for name, setting in settings.items():
        with suppress(ConfigError):  # which read_settings raises, too
            if secrets := read_secrets(environ, setting):
                found += _faults(sources[name], setting, secrets)
    return found


def _find_problems_of_connections(
    settings: Settings, sources: Mapping[str, Source], configured: Mapping[str, Source]
) -> list[str]:
    """What is wrong with secrets that only the connections' file names, and with what their schemes need besides."""
    found = []
    for connection in settings.connections.values():
        source = configured[connection.name]
        if connection.secret_setting != source.setting or source.verify != sources[source.name].verify:
            found += _faults(source, connection.secret_setting, connection.secrets)
        if _needs_public_url(source) and not (connection.public_url or settings.public_url):
            found.append(f"BOOKHOOK_PUBLIC_URL is not set, but {connection.name} signs or asks for its address")
    return found


def _find_unheard(connections: Iterable[Connection], configured: Mapping[str, Source]) -> Iterator[str]:
    """A problem for each channel in which approvers cannot be asked, or in which nobody could answer."""
    for connection in connections:
        expenses, source, place = connection.options.expenses, configured[connection.name], connection.place
        if expenses.channel and not source.asks:
            lacks = ", ".join(sorted(source.credentials())) if source.uncalled else ""
            reason = f"{lacks} is not set" if lacks else f"{source.name} does not say how"
            yield f"{place}.expenses.channel: approvers cannot be asked there: {reason}"
        elif expenses.channel and not expenses.approvers:
            yield f"{place}.expenses.channel: nobody could answer there: list them in approvers"


def _needs_public_url(source: Source) -> bool:
    return source.tells_its_address or any(make_scheme(proof).needs_public_url for proof in source.proofs)


def _faults(source: Source, setting: str, secrets: Iterable[str]) -> list[str]:
    schemes = [make_scheme(proof) for proof in source.proofs]
    faults = {scheme.fault(secret) for scheme in schemes for secret in secrets}
    return [f"{setting}: each secret {fault}" for fault in sorted(filter(None, faults))]
