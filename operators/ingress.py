"""What a topic carries if its records do not say it themselves."""

from typing import NamedTuple

from operators.frame import SourceKind
from operators.raw import RawRecord


class TopicRule(NamedTuple):
    """How the records of one topic are taken.

    Parameters
    ----------
    format
        Of a record that has no `format` header and whose source's entry names none.
    kind
        Of sources without an entry.
    closed
        Whether only declared sources may send.
    source
        Source of a record that nobody names; empty to reject it.
    keyed
        Whether a record's key names its source. Elsewhere a key may be anything.
    """

    format: str
    kind: SourceKind
    closed: bool
    source: str = ""
    keyed: bool = True

    def named(self, record: RawRecord) -> str:
        """Source that the record itself names beside its payload, empty if none."""
        return record.source or (record.key if self.keyed else "")


# The station's own topics. That of the source entries has no format: it is read by the front.
DEFAULTS = {
    "raw.roadside": TopicRule("rsm.json", SourceKind.ROADSIDE, closed=True),
    "raw.probe": TopicRule("bsm.json", SourceKind.PROBE, closed=False),
    "raw.signal": TopicRule("", SourceKind.ROADSIDE, closed=True),
    "raw.context": TopicRule("", SourceKind.FEED, closed=True),
}
