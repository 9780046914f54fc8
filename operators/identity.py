"""The identity step: one id for an object that several cells track, and one cell that shows it.

At each tick it hears from every cell which tracks it may show near its border and which
observations it linked. Shared observations prove that tracks are one object (`operators.proof`);
one cell shows it (`operators.groups`). What changes is told to the publish steps, which take it at
the same tick. So no row depends on what a cell learns later, and there is no way back to a cell.

Objects of which no track is near a border wait in parts of their own, so that a tick costs what
happens near borders, whatever the city holds.
"""

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np

from operators._typing import RecordArray
from operators.envelope import Kind, due_us, seal, unseal
from operators.groups import Group, Seen, split_apart, standings, unite
from operators.objects import Objects
from operators.parameters import Parameters
from operators.proof import (
    PROOF_US,
    Local,
    Proof,
    count_shared,
    forget_proofs,
    latest,
    once,
    weigh,
)
from operators.report import CLAIM, SEEN, Sighting, encoder, sighting_decoder
from operators.routes import PUBLISH
from operators.step import Output, Result, State, check_version

VERSION = 2


class IdentityState(msgspec.Struct, array_like=True):
    """Value.

    Parameters
    ----------
    version
        Of this layout.
    groups
        Objects near borders, by name.
    proofs
        What is known of pairs of tracks.
    ticks
        Instants of which the claims are kept, in parts.
    """

    version: int = VERSION
    groups: dict[int, Group] = {}
    proofs: dict[tuple[str, int, str, int], Proof] = {}
    ticks: list[int] = []


_DECODER = msgspec.msgpack.Decoder(IdentityState)
_CLAIMS = msgspec.msgpack.Decoder(dict[str, bytes])


class Identity:
    """The identity as a `KeyedStep`; it has one key."""

    def __init__(self, parameters: Parameters) -> None:
        self._parameters = parameters

    def wake_for(self, event: bytes) -> int:
        """The instant of the tick that told it."""
        return due_us(event)

    def on_wake(
        self, key: str, state: State, due: Sequence[bytes], shared: Mapping[str, bytes], at_us: int
    ) -> Result:
        """Take the sightings of one tick; tell each cell what changed."""
        kept = _DECODER.decode(state.value) if state.value else IdentityState()
        check_version(kept.version, VERSION, "state of the identity step")
        sightings = sorted(
            (sighting_decoder.decode(unseal(event)[2]) for event in due), key=lambda s: s.cell
        )
        entries: dict[str, bytes | None] = {}
        self._weigh(kept, state.entries, entries, sightings, at_us)
        live = _live(sightings)
        objects = Objects(kept.groups, state.entries, entries, live)
        objects.bury([(s.cell, track_id) for s in sightings for track_id in s.gone])
        objects.gather(at_us)
        parted = split_apart(objects.groups, objects.of, kept.proofs, live, at_us)
        aliases = unite(objects.groups, objects.of, kept.proofs, live)
        standing = standings(objects.of, kept.proofs, live)
        outputs = [
            Output(PUBLISH, cell, seal(at_us, Kind.NAME, encoder.encode(verdict)))
            for cell, verdict in objects.judge(parted, aliases, standing)
        ]
        objects.put_aside()
        if not (kept.groups or kept.proofs or kept.ticks):
            return Result(None, entries, outputs)
        forgotten_us = max(PROOF_US, self._parameters.acceptance_us) + self._parameters.tick_us
        wake_at = at_us + forgotten_us if kept.proofs or kept.ticks else None
        return Result(encoder.encode(kept), entries, outputs, wake_at)

    def _weigh(
        self,
        kept: IdentityState,
        stored: Mapping[str, bytes],
        entries: dict[str, bytes | None],
        sightings: Sequence[Sighting],
        at_us: int,
    ) -> None:
        """Move the scores by the claims of one tick."""
        old = [t for t in kept.ticks if at_us - t > self._parameters.acceptance_us]
        entries |= dict.fromkeys((f"c/{t}" for t in old), None)
        kept.ticks = [t for t in kept.ticks if t not in old]
        said = {s.cell: s.claims + s.corrected for s in sightings if s.claims or s.corrected}
        corrected = np.frombuffer(b"".join(s.corrected for s in sightings), CLAIM)
        claims = {s.cell: np.frombuffer(s.claims, CLAIM) for s in sightings}
        if len(corrected):
            before = [_CLAIMS.decode(stored[f"c/{t}"]) for t in kept.ticks]
            claims = _added(claims, latest([*before, said], corrected))
        if said:
            entries[f"c/{at_us}"] = encoder.encode(said)
            kept.ticks.append(at_us)
        weigh(kept.proofs, count_shared(claims), at_us)
        forget_proofs(kept.proofs, at_us)


def _added(
    claims: Mapping[str, RecordArray], more: Mapping[str, RecordArray]
) -> dict[str, RecordArray]:
    """Claims of both by cell; each observation once."""
    cells = sorted({*claims, *more})
    none = np.zeros(0, CLAIM)
    return {c: once(np.concatenate([claims.get(c, none), more.get(c, none)])) for c in cells}


def _live(sightings: Sequence[Sighting]) -> dict[Local, Seen]:
    return {
        (sighting.cell, track_id): Seen(*facts)
        for sighting in sightings
        for track_id, *facts in np.frombuffer(sighting.seen, SEEN).tolist()
    }
