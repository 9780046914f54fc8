"""Formats `mapping.NAME`: a feed that is read as the TOML of its name declares.

The keys of the TOML are in `declared`; examples stand in `docs/examples/mappings`. What no path
names is dropped. Numbers are checked for range and finiteness in canonical units; a sentinel, a
null, an empty text or a missing key is unknown. Objects without a position are refused and
counted, and each distinct time of the objects is a frame of its own.
"""

from operators.decode.decoded import Adapter, Decoded
from operators.decode.mapping.declared import Declared
from operators.decode.mapping.features import features_of
from operators.decode.mapping.objects import frames_of, source_of
from operators.decode.mapping.paths import Table, read_lines, read_objects
from operators.decode.rows import decoded

PREFIX = "mapping."


def reader(name: str, mapping: Declared) -> Adapter:
    """The adapter of one mapping."""

    def adapt(payload: bytes, anchor_us: int) -> Decoded:
        table = _table(payload, mapping)
        if mapping.feature is not None:
            features = tuple(features_of(table, mapping, name, anchor_us))
            return Decoded(features=features, source_id=source_of(table, mapping))
        return decoded(frames_of(table, mapping, anchor_us))

    return adapt


def _table(payload: bytes, mapping: Declared) -> Table:
    if mapping.syntax == "csv":
        return read_lines(payload, mapping.csv)
    return read_objects(payload, mapping.objects)
