"""The formats that one station reads: those of the registry, and the mappings that it declares."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from operators.decode.decoded import Decoded
from operators.decode.guard import LIMITS, Limits
from operators.decode.mapping.adapter import PREFIX, reader
from operators.decode.mapping.checks import parse_mapping
from operators.decode.registry import (
    FORMATS,
    RAW_CONTEXT,
    RAW_PROBE,
    RAW_ROADSIDE,
    FormatInfo,
    Syntax,
    read,
)
from operators.frame import SourceKind

_KINDS = {
    "roadside": (SourceKind.ROADSIDE, RAW_ROADSIDE),
    "probe": (SourceKind.PROBE, RAW_PROBE),
    "feed": (SourceKind.FEED, RAW_CONTEXT),
}


@dataclass(frozen=True, slots=True)
class Formats(Mapping[str, FormatInfo]):
    """All formats of a station by name; plain data, so that it travels with a job.

    Parameters
    ----------
    mappings
        TOML of each mapping by the name of its feed; the format is ``mapping.<name>``.

    Raises
    ------
    ParameterError
        When a mapping that cannot be read is asked for.
    """

    mappings: Mapping[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> FormatInfo:
        feed = name.removeprefix(PREFIX)
        if feed != name and feed in self.mappings:
            return mapping_info(feed, self.mappings[feed])
        return FORMATS[name]

    def __iter__(self) -> Iterator[str]:
        yield from FORMATS
        yield from (PREFIX + feed for feed in sorted(self.mappings))

    def __len__(self) -> int:
        return len(FORMATS) + len(self.mappings)

    def title(self, name: str) -> str:
        """What a mapping calls its feed; empty for the formats of the release."""
        feed = name.removeprefix(PREFIX)
        text = self.mappings.get(feed) if feed != name else None
        return parse_mapping(feed, text).title if text else ""

    def decode(self, name: str, payload: bytes, anchor_us: int, limits: Limits = LIMITS) -> Decoded:
        """Read one raw record; as `operators.decode.registry.decode`."""
        return read(self.get(name), name, payload, anchor_us, limits)


@lru_cache(maxsize=256)
def mapping_info(feed: str, text: str) -> FormatInfo:
    """What is known about the format of a mapping.

    Raises
    ------
    ParameterError
        The text names the file, the key, what is wrong and what may stand there.
    """
    mapping = parse_mapping(feed, text)
    kind, topic = _KINDS[mapping.kind]
    syntax = Syntax.JSON if mapping.syntax == "json" else Syntax.TEXT
    return FormatInfo(PREFIX + feed, reader(feed, mapping), kind, topic, syntax, "declared")
