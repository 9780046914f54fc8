"""XML as a flat list of leaf texts, read without entities.

The standard library's expat with every door shut: a document type declaration, and so any entity,
is refused at its first character, before anything could expand.
"""

from xml.parsers import expat

from operators.decode.guard import LIMITS
from operators.errors import DecodeError
from operators.reasons import Reason

Leaf = tuple[tuple[str, ...], str]  # path of local names, text


def read_leaves(payload: bytes) -> list[Leaf]:
    """Elements of `payload` in document order of their ends, each with its own text.

    Raises
    ------
    DecodeError
        MALFORMED (also for any DOCTYPE), or TOO_DEEP.
    """
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
        if len(self.leaves) > 16 * LIMITS.max_objects:
            raise DecodeError(Reason.TOO_MANY_OBJECTS, "too many elements")

    def text(self, data: str) -> None:
        if self._texts:
            self._texts[-1].append(data)
