"""The identity step: one id for an object that two cells track.

Shared observations prove that two local tracks are one object; a union-find over local tracks
keeps who is the same as whom, so that chains over three cells hold too.
"""

from collections.abc import Mapping, Sequence

import msgspec

from operators.envelope import Kind, due_us, seal, unseal
from operators.report import Name, Sighting, encoder, sighting_decoder
from operators.routes import PUBLISH
from operators.step import Output, Result, State, check_version

VERSION = 1
OBSERVATION_US = 10_000_000  # how long an observation proves anything
TRACK_US = 60_000_000  # a local track that is not sighted for longer is forgotten

Local = tuple[str, int]  # cell and local track id


class Member(msgspec.Struct, array_like=True):
    """One local track: its group's name and birth, and when it was last sighted."""

    name: int
    born_us: int
    last_us: int


class IdentityState(msgspec.Struct, array_like=True):
    """Value: layout version, members by (cell, local id), observations with owner and instant."""

    version: int = VERSION
    members: dict[tuple[str, int], Member] = {}
    observations: dict[int, tuple[str, int, int]] = {}


_DECODER = msgspec.msgpack.Decoder(IdentityState)


class Identity:
    """The identity as a `KeyedStep`; it has one key."""

    def wake_for(self, event: bytes) -> int:
        """The instant of the tick that told it."""
        return due_us(event)

    def on_wake(
        self, key: str, state: State, due: Sequence[bytes], shared: Mapping[str, bytes], at_us: int
    ) -> Result:
        """Take the sightings of one tick; tell each cell the names that changed."""
        kept = _DECODER.decode(state.value) if state.value else IdentityState()
        check_version(kept.version, VERSION, "state of the identity step")
        sightings = sorted(
            (sighting_decoder.decode(unseal(event)[2]) for event in due),
            key=lambda s: (s.born_us, s.cell, s.track_id),
        )
        _forget(kept, at_us)
        before = {local: member.name for local, member in kept.members.items()}
        for sighting in sightings:
            _take(kept, sighting, at_us)
        outputs = [
            Output(
                PUBLISH, cell, seal(at_us, Kind.NAME, encoder.encode(Name(track_id, member.name)))
            )
            for (cell, track_id), member in sorted(kept.members.items())
            if member.name != before.get((cell, track_id), track_id)
        ]
        empty = not kept.members and not kept.observations
        wake_at = None if empty else at_us + TRACK_US + 1_000_000
        return Result(None if empty else encoder.encode(kept), {}, outputs, wake_at)


def _take(kept: IdentityState, sighting: Sighting, at_us: int) -> None:
    local = (sighting.cell, sighting.track_id)
    member = kept.members.setdefault(local, Member(sighting.track_id, sighting.born_us, at_us))
    member.last_us = at_us
    for observation in sighting.observations:
        cell, track_id, _ = kept.observations.get(observation, (*local, at_us))
        if cell != sighting.cell and (cell, track_id) in kept.members:
            _unite(kept, local, (cell, track_id))
        kept.observations[observation] = (*local, at_us)


def _unite(kept: IdentityState, one: Local, other: Local) -> None:
    """Give both groups the name of the one that was born first."""
    a, b = kept.members[one], kept.members[other]
    if a.name == b.name:
        return
    elder, younger = sorted((a, b), key=lambda m: (m.born_us, m.name))
    name, old, born = elder.name, younger.name, elder.born_us
    for member in kept.members.values():
        if member.name == old:
            member.name, member.born_us = name, born


def _forget(kept: IdentityState, at_us: int) -> None:
    kept.observations = {
        name: seen for name, seen in kept.observations.items() if at_us - seen[2] <= OBSERVATION_US
    }
    kept.members = {
        local: member
        for local, member in kept.members.items()
        if at_us - member.last_us <= TRACK_US
    }
