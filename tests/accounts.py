"""Whether both ledgers close over what a log was made into: nothing lost, nothing twice."""

from collections import Counter, defaultdict
from itertools import pairwise

import msgspec
import numpy as np

import schemas
from schemas.reader import ColumnReader

_LINKS = ColumnReader(schemas.load("links"), np.frombuffer)
USES = {1: "USED", 2: "BIRTH", 3: "CLUTTER", 4: "QUARANTINED", 5: "OVERFLOW", 6: "OUT_OF_AREA"}
_TOPICS = ("ledger.records", "ledger.observations", "fused.links")


def by_topic(outputs):
    """Records of the accounts, by topic, of what the pipeline gave."""
    records = {topic: [] for topic in _TOPICS}
    for output in outputs:
        if output.route in records:
            records[output.route].append(msgspec.msgpack.decode(output.value))
    return records


def assert_accounts_close(records, log):
    """Raw records are their dispositions, offset by offset; observations are uses and links.

    `records` by topic; `log` as the pipeline takes it, all of the topics that it read.
    """
    assert faults(records, log) == []


def faults(records, log):
    """What does not add up, in words; nothing if all does."""
    bodies = defaultdict(list)
    pulses = defaultdict(list)
    for one in log:
        held = pulses if one.record.body is None else bodies
        held[one.topic, one.partition].append(one.record.offset)
    return [
        *_of_offsets(records["ledger.records"], bodies, pulses),
        *_of_observations(records, bodies),
    ]


def _of_offsets(ledgers, bodies, pulses):
    spans = defaultdict(list)
    for ledger in ledgers:
        spans[ledger["topic"], ledger["partition"]].append(ledger)
    for place in {*spans, *bodies}:
        held = sorted(spans[place], key=lambda ledger: ledger["first_offset"])
        yield from _of_partition(place, held, np.sort(bodies[place]), np.sort(pulses[place]))


def _of_partition(place, spans, bodies, pulses):
    if not spans:
        yield f"{place}: {len(bodies)} records and no ledger"
        return
    for before, after in pairwise(spans):
        if after["first_offset"] != before["last_offset"] + 1:
            yield f"{place}: from {before['last_offset']} to {after['first_offset']}"
    for span in spans:
        ends = [span["first_offset"], span["last_offset"] + 1]
        disposed = sum(entry["records"] for entry in span["entries"])
        for words, offsets, told in (
            ("records", bodies, disposed), ("pulses", pulses, span["pulses"])
        ):  # fmt: skip
            first, last = np.searchsorted(offsets, ends)
            if last - first != told:
                yield f"{place}: {last - first} {words} in {ends}, {told} told"
    beyond = bodies[(bodies < spans[0]["first_offset"]) | (bodies > spans[-1]["last_offset"])]
    if len(beyond):
        yield f"{place}: records {beyond[:5]} are in no span"


def _of_observations(records, bodies):
    links, of_cells, of_sources = _links(records["fused.links"])
    twice = [place for place, n in links.items() if n > 1]
    if twice:
        yield f"observations with several links: {twice[:5]}"
    raw = {(*place, offset) for place, offsets in bodies.items() for offset in offsets}
    nowhere = [place for place in links if place[:3] not in raw]
    if nowhere:
        yield f"links to no record: {nowhere[:5]}"
    accepted, used = _told(records)
    for words, told, found in (
        ("observations of accepted records", accepted, of_sources),
        ("uses of observations", used, of_cells),
    ):
        if told != found:
            yield f"{words} are not their links: {dict(told - found)}, {dict(found - told)}"


def _told(records):
    """Observations by partition and source, and by cell, source and use, as the ledgers say."""
    accepted, used = Counter(), Counter()
    for ledger in records["ledger.records"]:
        for e in ledger["entries"]:
            accepted[ledger["topic"], ledger["partition"], e["source_id"]] += e["observations"]
    for ledger in records["ledger.observations"]:
        for e in ledger["entries"]:
            used[ledger["cell_key"], e["source_id"], e["use"]] += e["observations"]
    return +accepted, used


def _links(pictures):
    """Links by observation; number by cell, source and use; number by partition and source."""
    links, of_cells, of_sources = Counter(), Counter(), Counter()
    for record in pictures:
        columns = _LINKS.columns(record)
        names = ("topic_index", "partition", "offset", "index", "source_index", "use")
        for topic, partition, offset, index, source, use in zip(
            *(columns[name].tolist() for name in names), strict=True
        ):
            log, source_id = record["topics"][topic], record["sources"][source]
            links[log, partition, offset, index] += 1
            of_cells[record["cell_key"], source_id, USES[use]] += 1
            of_sources[log, partition, source_id] += 1
    return links, of_cells, of_sources
