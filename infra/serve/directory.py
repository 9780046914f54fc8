"""The sources as they are declared now, and whether they are heard."""

from collections.abc import Iterable
from typing import Any

import msgspec

from operators.current import Held
from operators.errors import DecodeError
from operators.sources import add_version, entry_at, parse_entry


class Directory:
    """Entries of `station.sources` in all their versions."""

    def __init__(self) -> None:
        self._versions: dict[str, bytes] = {}

    def take(self, value: bytes, received_us: int, offset: int) -> None:
        """Take one record; one that cannot be read is named by the fusion job, not here."""
        try:
            entry = parse_entry(value)
        except DecodeError:
            return
        known = self._versions.get(entry.source_id)
        self._versions[entry.source_id] = add_version(known, entry, received_us, offset)

    def listed(self, cells: Iterable[Held], at_us: int) -> list[dict[str, Any]]:
        """Every source that is declared or heard, sorted by name.

        Parameters
        ----------
        cells
            Newest picture of each cell.
        at_us
            Now.
        """
        live = {name for held in cells for name in held.live}
        missing = {name for held in cells for name in held.missing} - live
        found = []
        for name in sorted(self._versions.keys() | live | missing):
            entry = entry_at(self._versions, name, at_us)
            state = "live" if name in live else "missing" if name in missing else "silent"
            declared = None if entry is None else msgspec.to_builtins(entry)
            found.append({"source_id": name, "state": state, "declared": declared})
        return found
