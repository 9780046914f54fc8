"""What an importer gives: segments, and an account of what the file held."""

from collections import Counter
from dataclasses import dataclass, field

from operators.road.network import Segment


class ImportFileError(RuntimeError):
    """A file that cannot be imported; the text says why and what to do."""


@dataclass(slots=True)
class Account:
    """What became of what a file holds.

    Parameters
    ----------
    read
        Things found, by kind: ``lanes`` and others.
    skipped
        Those of them that are not imported, by kind and reason.
    """

    read: Counter[str] = field(default_factory=Counter)
    skipped: Counter[tuple[str, str]] = field(default_factory=Counter)

    def skip(self, kind: str, reason: str, count: int = 1) -> None:
        """Account for things that were read and are left out."""
        if count:
            self.skipped[kind, reason] += count

    def kept(self, kind: str) -> int:
        """How many of a kind are imported."""
        return self.read[kind] - sum(n for (of, _), n in self.skipped.items() if of == kind)


@dataclass(frozen=True, slots=True)
class Imported:
    """Segments of a file, in its order, with the account."""

    segments: tuple[Segment, ...]
    account: Account
