"""What was broadcast to a stage, by key, with a journal of the last changes.

A step that needs more than single keys (which features are near?) keeps an index of what is
shared. The journal tells it what changed since it looked last, so that one change does not cost
a look at everything.
"""

from collections import deque
from collections.abc import Iterator, Mapping

JOURNAL = 1024  # changes that an index may be behind before it is built anew

Changes = Mapping[str, bytes | None]


class Shared(Mapping[str, bytes]):
    """Read-only for steps; the runtime alone changes it.

    Parameters
    ----------
    kept
        Values by key, as they were restored.
    """

    __slots__ = ("_journal", "_values", "changes")

    def __init__(self, kept: Mapping[str, bytes] | None = None) -> None:
        self._values = dict(kept or {})
        self._journal: deque[str] = deque(maxlen=JOURNAL)
        self.changes = 0  # made so far, each of one key

    def __getitem__(self, key: str) -> bytes:
        return self._values[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def change(self, changes: Changes) -> None:
        """Set values by key; None forgets a key."""
        for key, value in changes.items():
            if value is None:
                self._values.pop(key, None)
            else:
                self._values[key] = value
            self._journal.append(key)
            self.changes += 1

    def changed_since(self, changes: int) -> list[str] | None:
        """Keys changed after the first `changes` changes; None if that is too long ago."""
        count = self.changes - changes
        if not 0 <= count <= len(self._journal):
            return None
        return [self._journal[-k] for k in range(count, 0, -1)]
