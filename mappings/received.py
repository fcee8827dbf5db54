"""A request as it came: raw bytes and headers in, one parsed value out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import PureWindowsPath
from urllib.parse import parse_qsl

from errors import Unreadable
from mappings.conversions import text as one_line
from mappings.json_bodies import glimpse_json, read_json
from mappings.multipart import MULTIPART, File, Malformed, read_parts
from mappings.web_tokens import claims_of

XML = frozenset({"text/xml", "application/xml", "application/soap+xml"})
FORM = "application/x-www-form-urlencoded"
EVENT_PART = "event"
_LONGEST_FILE_NAME = 100
_MOST_FIELDS = 1000
Parsed = tuple[object, Mapping[str, File], str]
"""The value, the files, and what is wrong with the body, if it is."""
ReadJson = Callable[[bytes], object]


@dataclass(frozen=True, slots=True)
class Shape:
    """What a mapping says of its bodies besides their content type: whether they are web tokens, and of elements that
    are lists in XML.

    What a token claims, or a document of XML holds, may also come as JSON: in history, and in examples.
    """

    is_token: bool = False
    lists: frozenset[str] = frozenset()


PLAIN = Shape()


class Received:
    """A request whose body is parsed when first asked for, and once.

    A form becomes a mapping of its first values; of a form of several parts the part `event` is read as JSON, and those
    with a file name are files; XML becomes an object, as mappings.xml_bodies says; everything else is read as JSON,
    decimals exactly as `Decimal`. Header names are found in any case. `fetched` is what the sender's API has answered
    about it, by the names of the steps. `at` is when it came, in unix seconds, if it did.
    """

    def __init__(
        self,
        body: bytes,
        headers: Mapping[str, str],
        fetched: Mapping[str, object] | None = None,
        *,
        at: float | None = None,
    ) -> None:
        self.body = body
        self.at = at
        self.headers = {name.lower(): value for name, value in headers.items()}
        self.fetched = fetched or {}
        self._known: dict[tuple[ReadJson, Shape], Parsed] = {}

    def with_fetched(self, fetched: Mapping[str, object]) -> "Received":
        """The same request with these answers; what is parsed of it already stays parsed."""
        completed = Received(self.body, self.headers, fetched, at=self.at)
        completed._known = self._known
        return completed

    @property
    def media_type(self) -> str:
        """The content type without its parameters, in lower case; empty if there is none."""
        return self.headers.get("content-type", "").split(";")[0].strip().lower()

    @property
    def root(self) -> object:
        """The parsed body. Raises Unreadable, which says what is wrong with it and never quotes it."""
        return self.read()[0]

    @property
    def files(self) -> Mapping[str, File]:
        """The files that came with it, by the names of their parts. Raises Unreadable as `root` does."""
        return self.read()[1]

    def read(self, shape: Shape = PLAIN) -> tuple[object, Mapping[str, File]]:
        """The parsed body of that shape and the files that came with it, by the names of their parts.

        Raises Unreadable.
        """
        return _readable(self._parsed(read_json, shape))

    def glimpse(self, shape: Shape = PLAIN) -> tuple[object, Mapping[str, File]]:
        """What `read` gives, for half the time: of a key that an object names twice the last counts.

        Raises Unreadable for everything else that `read` raises it for.
        """
        return _readable(self._parsed(glimpse_json, shape))

    def _parsed(self, read_json: ReadJson, shape: Shape) -> Parsed:
        if (read_json, shape) not in self._known:
            self._known[read_json, shape] = self._try_to_parse(read_json, shape)
        return self._known[read_json, shape]

    def _try_to_parse(self, read_json: ReadJson, shape: Shape) -> Parsed:
        try:
            return (*self._parse(read_json, shape), "")
        except UnicodeDecodeError:
            return None, {}, "it is not UTF-8"
        except Malformed as error:
            return None, {}, str(error)
        except ValueError:
            return None, {}, "it holds too many fields"

    def _parse(self, read_json: ReadJson, shape: Shape) -> tuple[object, Mapping[str, File]]:
        if shape.is_token and not self.body.lstrip().startswith(b"{"):
            return read_json(claims_of(self.body)), {}
        if self.media_type in XML and not self.body.lstrip().startswith(b"{"):
            return _read_xml(self.body, shape.lists), {}
        if self.media_type == FORM:
            return _read_form(self.body.decode()), {}
        if self.media_type == MULTIPART:
            return _read_multipart(self.body, self.headers["content-type"], read_json)
        return read_json(self.body), {}


def read_answer(text: str) -> object:
    """The JSON of an answer, read as strictly as a body. Raises Malformed, which says what is wrong with it."""
    return read_json(text.encode())


def _readable(parsed: Parsed) -> tuple[object, Mapping[str, File]]:
    value, files, complaint = parsed
    if complaint:
        raise Unreadable(
            f"The body cannot be read: {complaint}.",
            remedy="Look at the raw body and at what the sender is set to send; nothing was posted.",
            field="body",
        )
    return value, files


def _read_xml(body: bytes, lists: frozenset[str]) -> object:
    # Loaded where it is needed: most deployments never see XML.
    return import_module("mappings.xml_bodies").read_xml(body, lists)


def _read_multipart(body: bytes, content_type: str, read_json: ReadJson) -> tuple[object, Mapping[str, File]]:
    parts = read_parts(body, content_type)
    event = parts.pop(EVENT_PART, None)
    if event is None:
        raise Malformed(f"none of its parts is called {EVENT_PART}")
    files = {name: File(_file_name(part.file_name), part.content) for name, part in parts.items() if part.file_name}
    return read_json(event.content), files


def _file_name(name: str) -> str:
    """The name without folders, whichever way round their slashes are, and short enough to keep its ending."""
    bare = one_line(PureWindowsPath(name).name) or "file"
    return bare[-_LONGEST_FILE_NAME:]


def _read_form(text: str) -> dict[str, str]:
    pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    return dict(reversed(pairs))
