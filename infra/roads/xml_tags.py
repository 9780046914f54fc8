"""Large XML files as a stream of elements whose content is in their attributes.

expat with the doors shut: a document type declaration, and so any entity, ends the reading before
anything could expand.
"""

from collections.abc import Iterator, Mapping
from typing import BinaryIO, NamedTuple
from xml.parsers import expat

from infra.roads.imported import ImportFileError

_CHUNK = 1 << 20
_DEEPEST = 64


class Tag(NamedTuple):
    """An element below the root with what is in it, texts left out."""

    name: str
    attributes: Mapping[str, str]
    children: list["Tag"]

    def get(self, name: str, default: str = "") -> str:
        """An attribute."""
        return self.attributes.get(name, default)


def read_tags(file: BinaryIO) -> Iterator[Tag]:
    """Yield the elements right below the root, in their order.

    Raises
    ------
    ImportFileError
        If it is no XML, has a DOCTYPE or is too deep.
    """
    reader = _Reader()
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = reader.doctype
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    try:
        while chunk := file.read(_CHUNK):
            parser.Parse(chunk, False)
            yield from reader.taken()
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        msg = f"broken XML: {error}"
        raise ImportFileError(msg) from error


class _Reader:
    def __init__(self) -> None:
        self._open: list[Tag] = []
        self._done: list[Tag] = []

    def taken(self) -> list[Tag]:
        """Hand out what is whole."""
        done, self._done = self._done, []
        return done

    def doctype(self, *_: object) -> None:
        """Refuse."""
        msg = "XML with a DOCTYPE is not read: take it out"
        raise ImportFileError(msg)

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Go down."""
        if len(self._open) == _DEEPEST:
            msg = f"XML deeper than {_DEEPEST} levels"
            raise ImportFileError(msg)
        tag = Tag(name, attributes, [])
        if len(self._open) > 1:
            self._open[-1].children.append(tag)
        self._open.append(tag)

    def end(self, name: str) -> None:
        """Go up; an element right below the root is whole."""
        tag = self._open.pop()
        if len(self._open) == 1:
            self._done.append(tag)
