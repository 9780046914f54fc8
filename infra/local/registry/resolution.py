"""Whether data written with one Avro schema can be read with another.

Follows the section Schema Resolution of the Avro 1.12 specification. Record, enum and fixed names
match by their unqualified part or a reader's alias, as there.
"""

from collections.abc import Iterator
from typing import Any, Final

_PROMOTIONS: Final = frozenset(
    (
        ("int", "long"),
        ("int", "float"),
        ("int", "double"),
        ("long", "float"),
        ("long", "double"),
        ("float", "double"),
        ("string", "bytes"),
        ("bytes", "string"),
    )
)
_NAMED: Final = frozenset(("record", "error", "enum", "fixed"))


def conflicts(reader: Any, writer: Any) -> list[str]:
    """Reasons why `reader` cannot read what `writer` wrote; none if it can.

    Parameters
    ----------
    reader, writer
        Schemas as decoded JSON with full names, as `fastavro.schema.parse_schema` returns them.

    Returns
    -------
    list of str
        One line for each obstacle, with its path in the reader's schema.
    """
    return list(_Resolution(reader, writer).match(reader, writer, ""))


def _kind(schema: Any) -> str:
    if isinstance(schema, list):
        return "union"
    return str(schema["type"])


def _short(name: str) -> str:
    return name.rpartition(".")[2]


class _Resolution:
    """One comparison, with both sides' named types at hand."""

    def __init__(self, reader: Any, writer: Any) -> None:
        self._reader_names: dict[str, Any] = {}
        self._writer_names: dict[str, Any] = {}
        _collect(reader, self._reader_names)
        _collect(writer, self._writer_names)
        self._assumed: set[tuple[str, str]] = set()

    def match(self, reader: Any, writer: Any, path: str) -> Iterator[str]:
        """Obstacles between two schemas met at `path`."""
        reader = _resolved(reader, self._reader_names)
        writer = _resolved(writer, self._writer_names)
        if isinstance(writer, list):
            for branch in writer:
                yield from self.match(reader, branch, path)
        elif isinstance(reader, list):
            if not any(self._agrees(branch, writer) for branch in reader):
                yield f"{path or '/'}: no branch of the reader's union takes {_label(writer)}"
        else:
            yield from self._match_single(reader, writer, path)

    def _agrees(self, reader: Any, writer: Any) -> bool:
        assumed = set(self._assumed)
        if next(self.match(reader, writer, ""), None) is None:
            return True
        # What was taken for granted on the way to a failure must not count elsewhere.
        self._assumed = assumed
        return False

    def _match_single(self, reader: Any, writer: Any, path: str) -> Iterator[str]:
        kind, written = _kind(reader), _kind(writer)
        if kind != written:
            if (written, kind) not in _PROMOTIONS:
                yield f"{path or '/'}: reader has {_label(reader)}, writer {_label(writer)}"
        elif kind in _NAMED:
            yield from self._match_named(reader, writer, path)
        elif kind == "array":
            yield from self.match(reader["items"], writer["items"], f"{path}/items")
        elif kind == "map":
            yield from self.match(reader["values"], writer["values"], f"{path}/values")
        yield from _decimal_conflicts(reader, writer, path)

    def _match_named(self, reader: Any, writer: Any, path: str) -> Iterator[str]:
        if not _names_match(reader, writer):
            yield f"{path or '/'}: reader has {_label(reader)}, writer {_label(writer)}"
            return
        pair = (reader["name"], writer["name"])
        if pair in self._assumed:
            return  # recursive type: already being compared
        self._assumed.add(pair)
        match _kind(reader):
            case "enum":
                yield from _enum_conflicts(reader, writer, path)
            case "fixed":
                if reader["size"] != writer["size"]:
                    yield f"{path or '/'}: fixed of {reader['size']} bytes, not {writer['size']}"
            case _:
                yield from self._match_fields(reader, writer, path)

    def _match_fields(self, reader: Any, writer: Any, path: str) -> Iterator[str]:
        written = {field["name"]: field for field in writer["fields"]}
        for field in reader["fields"]:
            where = f"{path}/{field['name']}"
            names = (field["name"], *field.get("aliases", ()))
            source = next((written[name] for name in names if name in written), None)
            if source is not None:
                yield from self.match(field["type"], source["type"], where)
            elif "default" not in field:
                yield f"{where}: the writer has no such field and the reader no default"


def _collect(schema: Any, names: dict[str, Any]) -> None:
    """Put all named types within `schema` into `names`."""
    if isinstance(schema, list):
        for branch in schema:
            _collect(branch, names)
    elif isinstance(schema, dict):
        if schema["type"] in _NAMED:
            names[schema["name"]] = schema
        nested = [schema["type"], schema.get("items"), schema.get("values")]
        for part in (*nested, *(field["type"] for field in schema.get("fields", ()))):
            if isinstance(part, dict | list):
                _collect(part, names)


def _resolved(schema: Any, names: dict[str, Any]) -> Any:
    """`schema` as a union or an object whose type is a word."""
    if isinstance(schema, str):
        return names.get(schema, {"type": schema})
    if isinstance(schema, dict) and not isinstance(schema["type"], str):
        return _resolved(schema["type"], names)
    if isinstance(schema, dict) and schema["type"] in names:
        return names[schema["type"]]
    return schema


def _label(schema: Any) -> str:
    return str(schema.get("name", schema["type"]))


def _names_match(reader: Any, writer: Any) -> bool:
    accepted = {_short(reader["name"])}
    accepted.update(_short(alias) for alias in reader.get("aliases", ()))
    return _short(writer["name"]) in accepted


def _enum_conflicts(reader: Any, writer: Any, path: str) -> Iterator[str]:
    unknown = set(writer["symbols"]) - set(reader["symbols"])
    if unknown and "default" not in reader:
        yield f"{path or '/'}: the reader's enum lacks {', '.join(sorted(unknown))}"


def _decimal_conflicts(reader: Any, writer: Any, path: str) -> Iterator[str]:
    if reader.get("logicalType") != "decimal" or writer.get("logicalType") != "decimal":
        return
    if [reader.get(key, 0) for key in ("precision", "scale")] != [
        writer.get(key, 0) for key in ("precision", "scale")
    ]:
        yield f"{path or '/'}: decimals differ in precision or scale"
