"""Reads what a mapping file says of calls to the sender's API."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from mappings.expressions import BadExpression, Expression, suggest
from mappings.fetch_grammar import (
    CREDENTIALS,
    FETCH_KEYS,
    MOST_PAGES,
    PAGINGS,
    Api,
    Credential,
    Keys,
    Limit,
    Pages,
    Step,
)
from mappings.reading import Reader
from mappings.scopes import NOTHING_KNOWN, Known
from mappings.templates import Template, compile_template

HOST = re.compile(r"(?=.{4,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")
"""A host name; an address of digits is none."""

_SETTING = re.compile(r"[A-Z][A-Z0-9_]*")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_OPTION = re.compile(r"option\('[a-z][a-z0-9_]*'\)")
_HEADER = re.compile(r"[A-Za-z0-9-]+")
_HEADER_VALUE = re.compile(r"[ -~]+")
_PARAMETER = re.compile(r"[A-Za-z0-9_.\[\]-]+")
_PATH = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@%/-]*")
_QUERY = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@%/?\[\]-]*")
_OURS = frozenset(
    {"accept", "accept-encoding", "authorization", "connection", "content-length", "cookie", "host", "range"}
    | {"proxy-authorization", "te", "trailer", "transfer-encoding", "upgrade"}
)
_EMPTY = Template(())


@dataclass(frozen=True)
class _Address:
    """A URL taken apart: its host as it is written, and path and query as texts with expressions."""

    host: str
    path: Template
    query: Template


def read_apis(reader: Reader, value: object, path: str) -> dict[str, Api]:
    """The hosts that may be called, by how they are written."""
    return {host: _api(reader, host, each, path) for host, each in reader.mapping(value, path).items()}


def _api(reader: Reader, host: str, value: object, above: str) -> Api:
    path = f"{above}.{host}"
    found = reader.keys({} if value is None else value, path, *FETCH_KEYS["api"])
    key, may_lack = _either(reader, found, path, "credential")
    return Api(
        host=_host(reader, host, above),
        credentials=_credentials(reader, found.get(key, []), f"{path}.{key}"),
        headers=_headers(reader, found.get("headers", {}), f"{path}.headers"),
        limit=_limit(reader, found["limit"], f"{path}.limit") if "limit" in found else Limit(),
        may_lack=may_lack,
    )


def _host(reader: Reader, written: str, path: str) -> Template:
    """The host, made of nothing but fixed text and the connection's options."""
    try:
        host = compile_template(written, lambda text: _option(reader, text))
    except BadExpression as error:
        reader.report(path, f"{written}: {error}")
        return Template(())
    sample = "".join(part if isinstance(part, str) else "a.b" for part in host.parts)
    if not HOST.fullmatch(f"{sample}.example" if host.parts and not isinstance(host.parts[-1], str) else sample):
        reader.report(path, f"{written} is not a host name in lower case")
    return host


def _option(reader: Reader, text: str) -> Expression:
    if not _OPTION.fullmatch(text):
        raise BadExpression(f"a host is fixed, or {{option('name')}} of the connection, not {{{text}}}")
    return reader.compile(text, NOTHING_KNOWN)


def _credentials(reader: Reader, value: object, path: str) -> tuple[Credential, ...]:
    if isinstance(value, dict):
        return (_credential(reader, value, path),)
    return tuple(_credential(reader, each, f"{path}[{index}]") for index, each in enumerate(reader.list(value, path)))


def _credential(reader: Reader, value: object, path: str) -> Credential:
    way, (needed, further) = _one_of(reader, value, path, "as", CREDENTIALS)
    required, also = FETCH_KEYS["credential"]
    found = reader.keys(value, path, required | needed, also | further)
    texts = {key: reader.text(each, f"{path}.{key}") for key, each in found.items()}
    if not _SETTING.fullmatch(texts.get("setting", "A")):
        reader.report(f"{path}.setting", "must be the name of a setting like SHOP_API_KEY, never a value")
    may_be_name = _PARAMETER.fullmatch if way == "query" else _may_hold_key
    if "name" in texts and not may_be_name(texts["name"]):
        reader.report(f"{path}.name", "is not the name of a header, or parameter, that may be set")
    if texts.get("prefix") and not _HEADER_VALUE.fullmatch(texts["prefix"]):
        reader.report(f"{path}.prefix", "must be of plain characters")
    return Credential(texts.get("setting", ""), way, texts.get("name", ""), texts.get("prefix", ""))


def _one_of(reader: Reader, value: object, path: str, key: str, ways: Mapping[str, Keys]) -> tuple[str, Keys]:
    """Which of the ways a mapping chooses under the key, and what else that takes."""
    way = value.get(key) if isinstance(value, dict) else None
    if isinstance(way, str) and way in ways:
        return way, ways[way]
    hint = suggest(way, ways) if isinstance(way, str) else ""
    reader.report(f"{path}.{key}", f"must be one of {', '.join(ways)}{hint}")
    return "", (frozenset(), frozenset().union(*(needed | further for needed, further in ways.values())))


def _may_be_header(name: str) -> bool:
    return bool(_HEADER.fullmatch(name)) and name.lower() not in _OURS


def _may_hold_key(name: str) -> bool:
    return name.lower() == "authorization" or _may_be_header(name)


def _headers(reader: Reader, value: object, path: str) -> dict[str, str]:
    found = {name: reader.text(each, f"{path}.{name}") for name, each in reader.mapping(value, path).items()}
    for name, text in found.items():
        if not _may_be_header(name):
            reader.report(path, f"{name} is not a header that may be set")
        if text and not _HEADER_VALUE.fullmatch(text):
            reader.report(f"{path}.{name}", "must be of plain characters")
    return found


def _limit(reader: Reader, value: object, path: str) -> Limit:
    found = reader.keys(value, path, *FETCH_KEYS["limit"])
    numbers = {key: _number(reader, each, f"{path}.{key}", 1, 86400) for key, each in found.items()}
    return Limit(numbers.get("calls", 1), numbers.get("seconds", 1))


def _number(reader: Reader, value: object, path: str, least: int, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        reader.report(path, f"must be a whole number from {least} to {most}")
        return least
    return value


def step_names(reader: Reader, value: object, path: str) -> tuple[str, ...]:
    """What the steps fetch, by name, in order."""
    names = [name.removesuffix("?") for name in reader.mapping(value, path)]
    for name in names:
        if not _NAME.fullmatch(name):
            reader.report(path, f"{name} is not a name: lower-case letters, digits and _, a letter first")
        if names.count(name) > 1:
            reader.report(path, f"{name} stands here twice, with and without a ?")
    return tuple(names)


def read_step(reader: Reader, key: str, value: object, path: str, *, apis: Mapping[str, Api], known: Known) -> Step:
    """One step; it may name what is fetched before it."""
    found = reader.keys(value, path, *FETCH_KEYS["fetch"])
    each, each_optional = _either(reader, found, path, "each")
    address = _address(reader, found.get("url", ""), f"{path}.url", known)
    if address.host and address.host not in apis:
        reader.report(f"{path}.url", f"{address.host} is not among the apis{suggest(address.host, apis)}")
    return Step(
        name=key.removesuffix("?"),
        api=apis.get(address.host, Api(Template(()))),
        path=address.path,
        query=address.query,
        optional=key.endswith("?"),
        when=_expression(reader, found, path, "when", known),
        each=_expression(reader, found, path, each, known),
        each_optional=each_optional,
        pages=_pages(reader, found["pages"], f"{path}.pages", known) if "pages" in found else None,
    )


def _either(reader: Reader, found: Mapping[str, object], path: str, key: str) -> tuple[str, bool]:
    """The key as it is given, with a ? or without, and whether it has one."""
    optional = f"{key}?" in found
    if optional and key in found:
        reader.report(path, f"{key} stands here twice, with and without a ?")
    return (f"{key}?" if optional else key), optional


def _expression(reader: Reader, found: Mapping[str, object], path: str, key: str, known: Known) -> Expression | None:
    return reader.expression(found[key], f"{path}.{key}", known) if key in found else None


def _address(reader: Reader, value: object, path: str, known: Known) -> _Address:
    scheme, _, rest = reader.text(value, path).partition("://")
    host, slash, rest = rest.partition("/")
    if scheme != "https" or not host or not slash:
        reader.report(path, "must look like https://api.example.com/orders/{id}")
        return _Address("", _EMPTY, _EMPTY)
    before, after = _split_query(reader.template(f"/{rest}", path, known))
    for part, literal in ((before, _PATH), (after, _QUERY)):
        if any(isinstance(each, str) and not literal.fullmatch(each) for each in part.parts):
            reader.report(path, "holds a character that must be percent-encoded, or a #")
    return _Address(host, before, after)


def _split_query(template: Template) -> tuple[Template, Template]:
    """Path and query; the first ? that is written out stands between them."""
    for index, part in enumerate(template.parts):
        if isinstance(part, str) and "?" in part:
            path, _, query = part.partition("?")
            return Template((*template.parts[:index], path)), Template((query, *template.parts[index + 1 :]))
    return template, _EMPTY


def _pages(reader: Reader, value: object, path: str, known: Known) -> Pages:
    by, (needed, further) = _one_of(reader, value, path, "by", PAGINGS)
    required, also = FETCH_KEYS["pages"]
    found = reader.keys(value, path, required | needed, also | further)
    items, items_optional = _either(reader, found, path, "items")
    parameter = reader.text(found["parameter"], f"{path}.parameter") if "parameter" in found else ""
    if parameter and not _PARAMETER.fullmatch(parameter):
        reader.report(f"{path}.parameter", "is not the name of a query parameter")
    return Pages(
        by=by,
        items=reader.expression(found.get(items, "@"), f"{path}.{items}", known),
        items_optional=items_optional,
        next=_expression(reader, found, path, "next", known),
        parameter=parameter,
        first=_number(reader, found.get("first", 1), f"{path}.first", 0, 1),
        condition=_expression(reader, found, path, "while", known),
        most=_number(reader, found.get("most", MOST_PAGES), f"{path}.most", 1, 1000),
    )
