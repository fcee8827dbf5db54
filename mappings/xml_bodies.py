"""XML as bodies: an object of texts, always of the same shape, whatever an element holds this time.

An element with elements in it is an object of them by their names, without namespaces, with its attributes as `@name`.
Any other element is its text, or null where it is empty or says so (`xsi:nil`). An element may stand once in another,
and is its value, unless the mapping declares that its name is a list's: then it is a list, however many there are.

Of a SOAP message (w3.org/TR/2000/NOTE-SOAP-20000508, w3.org/TR/soap12) the body is what counts; of anything else the
root element is the only name at the top. A document type, and with it every entity of its own, is refused.
"""

import re
from collections.abc import Collection
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from mappings.multipart import Malformed

_SOAP = frozenset({"http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope"})
_PLAIN_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,39}")
_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"


def read_xml(body: bytes, lists: Collection[str] = ()) -> object:
    """The object that the document is; `lists` are the names of elements that may stand several times.

    Raises Malformed.
    """
    try:
        root = ElementTree.fromstring(body, forbid_dtd=True)
        return _read_root(root, lists)
    except DefusedXmlException:
        raise Malformed("it declares a document type, which is not allowed") from None
    except ParseError as error:
        line, column = error.position
        raise Malformed(f"it is not XML at line {line}, character {column + 1}") from None
    except (ValueError, LookupError):
        raise Malformed("it is not XML in an encoding that is known") from None
    except RecursionError:
        raise Malformed("it is nested too deeply") from None


def is_xml(document: bytes) -> bool:
    """Whether it is a well-formed document without a type."""
    try:
        ElementTree.fromstring(document, forbid_dtd=True)
    except (ParseError, DefusedXmlException):
        return False
    return True


def _read_root(root: Element, lists: Collection[str]) -> object:
    namespace, name = _split(root.tag)
    if namespace not in _SOAP or name != "Envelope":
        return {name: _read(root, lists)}
    body = root.find(f"{{{namespace}}}Body")
    if body is None:
        raise Malformed("it is a SOAP message without a body")
    return _read_children(body, lists)


def _read(element: Element, lists: Collection[str]) -> object:
    if element.get(_NIL) in ("true", "1"):
        return None
    if len(element) == 0:
        return element.text or None
    attributes: dict[str, object] = {f"@{_split(name)[1]}": value for name, value in element.attrib.items()}
    return attributes | _read_children(element, lists)


def _read_children(element: Element, lists: Collection[str]) -> dict[str, object]:
    found: dict[str, Any] = {}
    for child in element:
        name, value = _split(child.tag)[1], _read(child, lists)
        if name in lists:
            found[name] = [*found.get(name, ()), value]
        elif name in found:
            raise Malformed(f"{_shown(name)} stands twice in another; the mapping declares in xml_lists what may")
        else:
            found[name] = value
    return found


def _shown(name: str) -> str:
    return f"the element {name}" if _PLAIN_NAME.fullmatch(name) else "an element"


def _split(tag: str) -> tuple[str, str]:
    """Namespace and name."""
    namespace, _, name = tag.rpartition("}")
    return namespace.removeprefix("{"), name
