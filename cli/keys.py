"""What each connection needs to ask its sender's API: hosts, and credentials of which all are set and can be sent."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress

from config.connection import Connection
from config.environment import FILE_SUFFIX, read_text
from config.keys import Key
from config.problems import ConfigError
from config.strict_yaml import did_you_mean
from mappings import Source
from mappings.fetch_grammar import Api
from mappings.healing import Healing


class Keys(Mapping[str, str]):
    """Credentials by the settings that a mapping names; one in a file is what stands there now, else what stood there.

    So a token that expires may be replaced while workers run.
    """

    def __init__(self, texts: Mapping[str, str], environ: Mapping[str, str], files: Mapping[str, str]) -> None:
        self._texts = dict(texts)
        self._environ = environ
        self._files = files

    def __getitem__(self, name: str) -> str:
        if name in self._files:
            with suppress(ConfigError):
                self._texts[name] = read_text(self._environ, self._files[name]) or self._texts[name]
        return self._texts[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def __len__(self) -> int:
        return len(self._texts)


def read_keys(
    environ: Mapping[str, str],
    connections: Iterable[Connection],
    configured: Mapping[str, Source],
    problems: list[str],
) -> dict[str, Keys]:
    """By connection the credentials its source asks with, by the settings that its mapping names; reports problems."""
    keys = {}
    for connection in connections:
        source = configured[connection.name]
        problems += [*_host_faults(connection, source), *_unknown_credentials(connection, source)]
        may_lack = _may_lack(source)
        found = {
            name: _read(environ, connection, name, whom, problems, may_lack=name in may_lack)
            for name, whom in _name_hosts(source.credentials(), source.plan.apis, source.hosts()).items()
        }
        problems += _key_faults(connection, source, found)
        settings = {name: connection.setting_of(name) for name in found}
        files = {name: setting for name, setting in settings.items() if environ.get(setting + FILE_SUFFIX, "").strip()}
        keys[connection.name] = Keys(found, environ, files)
    return keys


def describe_apis(connection: Connection, source: Source) -> str:
    """Whom the connection asks for what its events lack, in one line; "" where it asks nobody."""
    hosts = [host for written, host in source.hosts().items() if host and written not in source.uncalled]
    stand_ins = {host: f" ({url} stands for it)" for host, url in connection.apis.items()}
    return f"asks {', '.join(host + stand_ins.get(host, '') for host in hosts)}" if hosts else ""


def find_heal_keys(
    environ: Mapping[str, str], connections: Iterable[Connection], configured: Mapping[str, Source]
) -> tuple[dict[str, dict[str, str]], dict[str, str]]:
    """Whose sender can be asked for what never came, with the credentials that takes; and of the others, why not."""
    keys, lacks = {}, {}
    for connection in connections:
        source = configured[connection.name]
        healing, problems = source.healing, list[str]()
        if healing.is_possible:
            asked = _name_hosts(healing.credentials(), healing.plan.apis, healing.hosts())
            found = {name: _read(environ, connection, name, whom, problems) for name, whom in asked.items()}
            problems += _option_lacks(connection, source, healing)
            if problems:
                lacks[connection.name] = "; ".join(problems)
            else:
                keys[connection.name] = found
        else:
            lacks[connection.name] = f"the source {source.name} does not say how"
    return keys, lacks


def hosts_without_keys(source: Source, keys: Mapping[str, str]) -> list[str]:
    """The hosts, as the mapping writes them, of which a credential that may be missing is."""
    apis = source.plan.apis.items()
    return [host for host, api in apis if api.may_lack and not all(keys[each.setting] for each in api.credentials)]


def _may_lack(source: Source) -> set[str]:
    """The settings of credentials that no host needs."""
    apis = source.plan.apis.values()
    needed = {each.setting for api in apis if not api.may_lack for each in api.credentials}
    return {each.setting for api in apis for each in api.credentials} - needed


def _name_hosts(
    credentials: Mapping[str, str], apis: Mapping[str, Api], hosts: Mapping[str, str | None]
) -> dict[str, str]:
    """Whom each credential is for, in words: the host, or the options that are to say which one it is."""
    return {
        name: hosts[written] or f"the host of its option {', '.join(apis[written].options)}"
        for name, written in credentials.items()
    }


def _option_lacks(connection: Connection, source: Source, healing: Healing) -> list[str]:
    """What to set in the connection's `settings` before its sender can be asked for what never came."""
    hosts = healing.hosts()
    hostless = [name for written in hosts if hosts[written] is None for name in healing.plan.apis[written].options]
    meanings = {name: source.plan.options[name].explanation for name in [*hostless, *healing.gaps()]}
    return [
        f"its option {name} makes no host name in lower case: {meaning}"
        if healing.options.get(name)
        else f"set the option {name} in the `settings` of the connection {connection.name}: {meaning}"
        for name, meaning in meanings.items()
    ]


def _read(
    environ: Mapping[str, str],
    connection: Connection,
    name: str,
    whom: str,
    problems: list[str],
    *,
    may_lack: bool = False,
) -> str:
    setting = connection.setting_of(name)
    try:
        text = read_text(environ, setting)
    except ConfigError as error:
        problems += error.problems
        return ""
    if text is None and not may_lack:
        problems.append(f"{setting} is not set, but the connection {connection.name} asks {whom} with it")
    return text or ""


def _key_faults(connection: Connection, source: Source, found: Mapping[str, str]) -> Iterator[str]:
    for api in source.plan.apis.values():
        for each in api.credentials:
            key = Key(setting=connection.setting_of(each.setting), value=found[each.setting], way=each.way)
            if key.value and key.fault:
                yield f"{key.setting}: {key.fault}"


def _unknown_credentials(connection: Connection, source: Source) -> Iterator[str]:
    known = {**source.credentials(), **source.healing.credentials()}
    for name in connection.credentials:
        if name not in known:
            hint = did_you_mean(name, known) if known else ""
            yield f"{connection.place}.credentials.{name}: {source.name} names no such credential{hint}"


def _host_faults(connection: Connection, source: Source) -> Iterator[str]:
    hosts = source.hosts()
    where = f"{connection.place}.settings" if connection.place else f"the connection {connection.name}: settings"
    for written, host in hosts.items():
        if host is None and not source.option_faults(connection.settings):
            for name in source.plan.apis[written].options:
                yield f"{where}.{name} makes no host name in lower case: {source.plan.options[name].explanation}"
    known = [host for host in (*hosts.values(), *source.healing.hosts().values()) if host]
    for host in connection.apis:
        if host not in known:
            hint = did_you_mean(host, known) if known else ""
            yield f"{connection.place}.apis.{host}: {source.name} asks no such host{hint}"
