"""Groups of local tracks that are one object: how they unite, part, and which of them is shown.

A group has one name and, at any tick at which one of its tracks lives near a border, one holder:
the track whose cell shows the object. Nothing here remembers who lives; that is told anew at each
tick, so a track that dies or hides, or a cell that falls asleep, hands over at once.
"""

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import NamedTuple

import msgspec

from operators.proof import Local, Pair, Proof

RELEASE_M = 10.0  # a holder keeps its object until that far beyond its border
GAIN_M = 5.0  # and hands it to who has it this much deeper at least
STALE_US = 300_000  # a holder that far behind another, who saw the object
GIVE_WAY = 2  # at so many ticks meanwhile, gives way
ENOUGH = 1  # score that makes a new track one with another
PLENTY = 3  # and two that were both published


class Seen(NamedTuple):
    """One live local track, as `operators.report.SEEN`."""

    born_us: int
    last_us: int
    depth_m: float


class Told(msgspec.Struct, array_like=True):
    """What a cell was last told of its track; until it is, it shows it by its own id."""

    name: int
    shown: bool


class Group(msgspec.Struct, array_like=True):
    """One object.

    Parameters
    ----------
    born_us
        Event time of its first observation.
    members
        Its local tracks, with what their cells were told; None for nothing yet.
    holder
        The track that is shown, or was when the last one lived; None before the first.
    published
        Whether it was ever shown.
    newest_us
        Event time of the last observation of any member.
    behind
        Ticks at which others saw the object, since the holder did.
    """

    born_us: int
    members: dict[tuple[str, int], Told | None] = {}
    holder: tuple[str, int] | None = None
    published: bool = False
    newest_us: int = 0
    behind: int = 0


class Alias(NamedTuple):
    """A published name that goes on as that of `member`'s group; shared observations say so."""

    name: int
    member: Local
    shared: int


Groups = dict[int, Group]  # by name


def split_apart(
    groups: Groups,
    of: dict[Local, int],
    proofs: Mapping[Pair, Proof],
    live: Mapping[Local, Seen],
    at_us: int,
) -> dict[int, int]:
    """Part tracks that were united wrongly; `groups` and `of` are changed in place.

    Two live tracks of a group that are told apart fall into two parts, of what no proof speaks
    against. The holder's part keeps the name, the other leaves if proof speaks for it elsewhere: if
    it is more than one track, or shares observations with one that is not of the group. If not, it
    may be a remnant that took false observations, and nobody misses that.

    Parameters
    ----------
    groups, of
        Groups by name; the name of each local track's group.
    proofs, live
        What is known of pairs; who lives.
    at_us
        Instant of the tick.

    Returns
    -------
    dict
        Old name by new name of the parts that left.
    """
    parted: dict[int, int] = {}
    for a, i, b, j in sorted(pair for pair, proof in proofs.items() if proof.score < 0):
        one, other = (a, i), (b, j)
        if not (one in live and other in live and of[one] == of[other]):
            continue
        group = groups[of[one]]
        part, rest = (_connected(x, group, proofs, live) for x in (one, other))
        stays = _elder(group, part, rest, live)
        leaves = rest if stays is part else part
        if other in part or not _has_proof(leaves, stays, proofs, live):
            continue
        name = new_name(of[one], min(leaves), at_us)
        born_us = min(live[local].born_us for local in leaves)
        groups[name] = Group(born_us, {local: group.members.pop(local) for local in sorted(leaves)})
        parted[name] = of[one]
        of.update(dict.fromkeys(leaves, name))
    return parted


def _connected(
    start: Local, group: Group, proofs: Mapping[Pair, Proof], live: Mapping[Local, Seen]
) -> set[Local]:
    """Live members of a group that pairs not told apart connect to `start`."""
    within = {local for local in group.members if local in live}
    edges = [
        {pair[:2], pair[2:]}
        for pair, proof in proofs.items()
        if proof.score >= 0 and pair[:2] in within and pair[2:] in within
    ]
    found: set[Local] = set()
    grown = {start}
    while grown != found:
        found = grown
        grown = found.union(*(edge for edge in edges if edge & found))
    return found


def _has_proof(
    part: set[Local], rest: set[Local], proofs: Mapping[Pair, Proof], live: Mapping[Local, Seen]
) -> bool:
    """Whether a pair that would be united ties a part to itself or to anybody but the rest."""
    tied = ({pair[:2], pair[2:]} for _, pair in _proved(proofs, live))
    return any(pair & part and not pair & rest for pair in tied)


def _elder(
    group: Group, part: set[Local], rest: set[Local], live: Mapping[Local, Seen]
) -> set[Local]:
    """The part that the holder is in, or that was born first."""
    if group.holder in rest:
        return rest
    if group.holder in part:
        return part
    return min(part, rest, key=lambda locals_: min((live[x].born_us, x) for x in locals_))


def new_name(taken: int, local: Local, at_us: int) -> int:
    """63-bit name of an object that cannot have the name `taken`; never 0."""
    text = f"{taken}\x1f{local[0]}\x1f{local[1]}\x1f{at_us}"
    digest = blake2b(text.encode(), digest_size=8).digest()
    return (int.from_bytes(digest, "little") >> 1) or 1


def unite(
    groups: Groups,
    of: dict[Local, int],
    proofs: Mapping[Pair, Proof],
    live: Mapping[Local, Seen],
) -> list[Alias]:
    """Make one group of two whose tracks are proved to be one object; changed in place.

    The name that was published goes on; of two such, that of the object born first, and the other
    becomes an alias.

    Parameters
    ----------
    groups, of, proofs, live
        As for `split_apart`.
    """
    aliases = []
    for score, (a, i, b, j) in _proved(proofs, live):
        one, other = of[a, i], of[b, j]
        both = groups[one].published and groups[other].published
        if one == other or (both and score < PLENTY):
            continue
        name, old = sorted((one, other), key=lambda n: _rank(n, groups[n]))
        if both:
            aliases.append(Alias(old, (a, i), score))
        _absorb(groups[name], groups.pop(old))
        of.update(dict.fromkeys(groups[name].members, name))
    return aliases


def _proved(proofs: Mapping[Pair, Proof], live: Mapping[Local, Seen]) -> list[tuple[int, Pair]]:
    """Pairs of live tracks to unite, the surest first: neither has a better one over there.

    A cell may have two that are as good, for instance while it starts a track anew.
    """
    known = [
        (proof.score, pair)
        for pair, proof in proofs.items()
        if proof.score >= ENOUGH and pair[:2] in live and pair[2:] in live
    ]
    best: dict[tuple[str, int, str], int] = {}
    for score, (a, i, b, j) in known:
        best[a, i, b] = max(score, best.get((a, i, b), 0))
        best[b, j, a] = max(score, best.get((b, j, a), 0))
    mutual = [(s, p) for s, p in known if s == best[p[:3]] == best[p[2], p[3], p[0]]]
    return sorted(mutual, key=lambda one: (-one[0], one[1]))


def _rank(name: int, group: Group) -> tuple[bool, int, bool, int]:
    own = any(track_id == name for _, track_id in group.members)
    return not group.published, group.born_us, not own, name


def _absorb(group: Group, other: Group) -> None:
    group.members |= other.members
    group.born_us = min(group.born_us, other.born_us)
    group.holder = group.holder or other.holder


def standings(
    of: Mapping[Local, int], proofs: Mapping[Pair, Proof], live: Mapping[Local, Seen]
) -> dict[Local, int]:
    """The best score that each live track has with another of its group, if it is positive."""
    best: dict[Local, int] = {}
    for (a, i, b, j), proof in proofs.items():
        one, other = (a, i), (b, j)
        if proof.score > 0 and one in live and other in live and of[one] == of[other]:
            best[one] = max(proof.score, best.get(one, 0))
            best[other] = max(proof.score, best.get(other, 0))
    return best


def choose_holder(
    group: Group, live: Mapping[Local, Seen], standing: Mapping[Local, int]
) -> Local | None:
    """The member whose cell shows the object at this tick; None if none lives.

    The holder stays until it dies, or others are proved to be the object and it is not; or is
    `RELEASE_M` beyond its border, and another cell has the object deeper; or does not see the
    object any more, and another does.

    Parameters
    ----------
    group
        Changed in place: `holder`, `newest_us`, `behind`.
    live, standing
        Who lives, and as `standings` gave it.
    """
    every = sorted(local for local in group.members if local in live)
    if not every:
        return None
    alive = [local for local in every if local in standing] or every
    newest_us = max(live[local].last_us for local in alive)
    fresh = [local for local in alive if live[local].last_us >= newest_us - STALE_US]
    seen, group.newest_us = newest_us > group.newest_us, newest_us
    if group.holder in fresh:
        group.behind = 0
    elif seen:
        group.behind += 1
    if group.holder not in alive or group.behind >= GIVE_WAY:
        group.holder = _deepest(fresh, live)
    else:
        others = fresh if group.holder in fresh else alive
        if _is_released(live[group.holder], [live[local] for local in others]):
            group.holder = _deepest(others, live)
    return group.holder


def _deepest(locals_: Sequence[Local], live: Mapping[Local, Seen]) -> Local:
    return max(locals_, key=lambda local: live[local].depth_m)


def _is_released(holder: Seen, alive: Sequence[Seen]) -> bool:
    deepest_m = max(seen.depth_m for seen in alive)
    return holder.depth_m < -RELEASE_M and deepest_m >= holder.depth_m + GAIN_M
