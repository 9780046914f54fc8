"""What SUMO's connections say: which lanes follow which, and which signal group lets them go.

A link is a turn from a lane to a lane at a traffic light, with a letter in the state of each phase.
Links of one approach that every phase treats alike, whether they have to give way (`g`) or not
(`G`), are one signal group; groups of a light are numbered from 1 in the order of their links.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from infra.roads.imported import ImportFileError
from infra.roads.xml_tags import Tag
from operators.road.network import Turn

WALKING_AREA = "_w"  # in ids such as :B1_w3


class Connection(NamedTuple):
    """What counts of a ``connection``; a large network has a hundred thousand.

    Parameters
    ----------
    edge
        That it leaves.
    end, via
        The lane that it leads to, and the one over the junction.
    light, link
        The traffic light and its ``linkIndex``, as written; empty if there is none.
    """

    edge: str
    end: str
    via: str
    light: str
    link: str


@dataclass(slots=True)
class Links:
    """Connections and programmes of traffic lights of a network.

    Parameters
    ----------
    programmes
        States of the phases of each light.
    by_start
        Connections by the lane that they leave; those to a crossing by the crossing.
    """

    programmes: dict[str, list[str]] = field(default_factory=dict)
    by_start: dict[str, list[Connection]] = field(default_factory=lambda: defaultdict(list))

    def take(self, tag: Tag) -> None:
        """Take a ``tlLogic`` or a ``connection``; the first programme of a light counts."""
        if tag.name == "tlLogic":
            states = [phase.get("state") for phase in tag.children if phase.name == "phase"]
            self.programmes.setdefault(tag.get("id"), states)
        elif tag.name == "connection":
            of_crossing = WALKING_AREA in tag.get("from") and tag.get("tl")
            side = ("to", "toLane") if of_crossing else ("from", "fromLane")
            end = _lane(tag, "to", "toLane")
            told = Connection(tag.get("from"), end, *map(tag.get, ("via", "tl", "linkIndex")))
            self.by_start[_lane(tag, *side)].append(told)

    def groups(self) -> dict[tuple[str, int], int]:
        """Number of the signal group of each link, by light and number of the link."""
        alike: dict[str, dict[tuple[str, str], list[int]]] = defaultdict(lambda: defaultdict(list))
        for one in (one for found in self.by_start.values() for one in found):
            if one.light:
                number, states = _link(one), self.programmes.get(one.light, [])
                pattern = "".join(state[number : number + 1] for state in states)
                alike[one.light][one.edge, pattern.lower()].append(number)
        return {
            (light, link): group
            for light, found in alike.items()
            for group, links in enumerate(sorted(found.values(), key=min), 1)
            for link in links
        }


def turns_of(
    links: Links, names: Mapping[str, str], lights: Mapping[str, str]
) -> dict[str, tuple[Turn, ...]]:
    """Ways on of each lane, by SUMO's id.

    Parameters
    ----------
    links
        Of the network.
    names
        Our name of each lane that is imported.
    lights
        Our name of each traffic light; one that is not here keeps its own.
    """
    groups = links.groups()

    def turn(one: Connection) -> Turn:
        following = _following(one, links, names)
        if not one.light:
            return Turn(following)
        light = lights.get(one.light, one.light)
        return Turn(following, light, groups[one.light, _link(one)])

    found = {}
    for start in names:
        turns = [turn(one) for one in links.by_start.get(start, ())]
        found[start] = tuple(dict.fromkeys(one for one in turns if one.lane or one.group))
    return found


def _following(one: Connection, links: Links, names: Mapping[str, str]) -> str:
    """Name of the lane that follows: the first imported one on the way over the junction."""
    for _ in range(8):  # a way over a junction has three parts at most
        for lane in (one.via, one.end):
            if lane in names:
                return names[lane]
        onward: Sequence[Connection] = links.by_start.get(one.via, ())
        if not onward:
            break
        one = onward[0]
    return ""


def _link(one: Connection) -> int:
    if not one.link.isdecimal():
        msg = f"connection from {one.edge}: linkIndex {one.link!r} is no number"
        raise ImportFileError(msg)
    return int(one.link)


def _lane(tag: Tag, edge: str, number: str) -> str:
    return f"{tag.get(edge)}_{tag.get(number)}"
