"""XML as a flat list of leaf texts, read without entities.

The standard library's expat with every door shut: a document type declaration, and so any entity,
is refused at its first character, before anything could expand. The parser is slower than those
of the other syntaxes, so it gets less: size, tags and elements have bounds of their own, each some
hundred times what an alert needs and a fraction of a tenth of a second.
"""

import re
from xml.parsers import expat

from operators.decode.guard import LIMITS
from operators.errors import DecodeError
from operators.reasons import Reason

MOST_BYTES = 2_000_000
MOST_ELEMENTS = 3 * LIMITS.max_objects
LONGEST_TAG = 16_384  # a tag with a million attributes takes seconds
_LONG_TAG = re.compile(rb"<[^<>]{%d}" % LONGEST_TAG)
Leaf = tuple[tuple[str, ...], str]  # path of local names, text


def read_leaves(payload: bytes) -> list[Leaf]:
    """Elements of `payload` in document order of their ends, each with its own text.

    Raises
    ------
    DecodeError
        MALFORMED (also for any DOCTYPE), TOO_DEEP, TOO_LARGE or TOO_MANY_OBJECTS.
    """
    _admit(payload)
    reader = _Reader()
    parser = expat.ParserCreate("utf-8", namespace_separator=" ")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = reader.doctype
    parser.EntityDeclHandler = reader.doctype
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    try:
        parser.Parse(payload, True)
    except expat.ExpatError as error:
        raise DecodeError(Reason.MALFORMED, str(error)) from error
    return reader.leaves


def _admit(payload: bytes) -> None:
    if len(payload) > MOST_BYTES:
        msg = f"{len(payload)} bytes of XML, limit {MOST_BYTES}"
        raise DecodeError(Reason.TOO_LARGE, msg)
    if (found := _LONG_TAG.search(payload)) is not None:
        msg = f"a tag of more than {LONGEST_TAG} bytes at byte {found.start()}"
        raise DecodeError(Reason.TOO_LARGE, msg)


class _Reader:
    def __init__(self) -> None:
        self.leaves: list[Leaf] = []
        self._path: list[str] = []
        self._texts: list[list[str]] = []

    def doctype(self, *_: object) -> None:
        raise DecodeError(Reason.MALFORMED, "document type declarations are refused")

    def start(self, name: str, _: dict[str, str]) -> None:
        if len(self._path) >= LIMITS.max_depth:
            msg = f"more than {LIMITS.max_depth} levels"
            raise DecodeError(Reason.TOO_DEEP, msg)
        self._path.append(name.rpartition(" ")[2])
        self._texts.append([])

    def end(self, _: str) -> None:
        self.leaves.append((tuple(self._path), "".join(self._texts.pop()).strip()))
        self._path.pop()
        if len(self.leaves) > MOST_ELEMENTS:
            raise DecodeError(Reason.TOO_MANY_OBJECTS, "too many elements")

    def text(self, data: str) -> None:
        if self._texts:
            self._texts[-1].append(data)
