"""The objects of one wake of the identity step, and those that wait aside.

The value of the step holds the groups of which a track lives near a border. The others, of objects
deep in a cell or hidden for a while, are parts of their own, found by any of their tracks: ``g/``
and a name holds the group, ``m/``, a cell and a local id the name.
"""

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from operators.groups import Alias, Group, Groups, Seen, Told, choose_holder, new_name
from operators.proof import Local
from operators.report import Happening, Name, Verdict, encoder

_GROUP = msgspec.msgpack.Decoder(Group)


class Objects:
    """Groups of one tick.

    Parameters
    ----------
    groups
        Those of the value; changed in place.
    stored, entries
        Parts as they were, and changes to them; `entries` is added to.
    live
        Tracks that may be shown at this tick.
    """

    def __init__(
        self,
        groups: Groups,
        stored: Mapping[str, bytes],
        entries: dict[str, bytes | None],
        live: Mapping[Local, Seen],
    ) -> None:
        self.groups = groups
        self.of = {local: name for name, group in groups.items() for local in group.members}
        self._stored, self._entries, self._live = stored, entries, live
        self._verdicts: dict[str, Verdict] = {}

    def bury(self, gone: Iterable[Local]) -> None:
        """Take tracks out of their groups; an object ends with its last."""
        for local in sorted(gone):
            if local not in self.of and not self._fetch(local):
                continue
            name = self.of.pop(local)
            group = self.groups[name]
            del group.members[local]
            if not group.members:
                del self.groups[name]
                shown_by = (group.holder or local)[0]
                self._happen(shown_by, Happening("end", name, None, "unseen"))

    def gather(self, at_us: int) -> None:
        """Find or make the group of every live track.

        A new one has the name of its track. Ids of two cells can meet, for one source may send
        several observations of one instant; proof alone makes two tracks one object.
        """
        for local, seen in self._live.items():
            if local in self.of or self._fetch(local):
                continue
            name = local[1]
            if name in self.groups or self._is_aside(name):
                name = new_name(name, local, at_us)
            self.groups[name] = Group(seen.born_us, {local: None})
            self.of[local] = name

    def judge(
        self,
        parted: Mapping[int, int],
        aliases: Iterable[Alias],
        standing: Mapping[Local, int],
    ) -> Iterator[tuple[str, Verdict]]:
        """Choose the holders; what each cell has to be told, by cell.

        Parameters
        ----------
        parted, aliases, standing
            As `operators.groups.split_apart`, `unite` and `standings` gave them.
        """
        for name, group in self.groups.items():
            holder = choose_holder(group, self._live, standing)
            self._tell(name, group, holder, name in parted)
        for alias in aliases:
            name = self.of[alias.member]
            evidence = f"{alias.shared} shared observations"
            self._happen(self._shown_by(name), Happening("alias", alias.name, name, evidence))
        for name, old in parted.items():
            if name in self.groups:
                evidence = "observations told apart"
                self._happen(self._shown_by(name), Happening("split", name, old, evidence))
        for cell, verdict in sorted(self._verdicts.items()):
            verdict.names.sort(key=lambda name: name.track_id)
            verdict.happenings.sort(key=lambda h: (h.kind, h.track_id))
            yield cell, verdict

    def put_aside(self) -> None:
        """Make parts of the groups of which no track lives."""
        for name in [n for n, g in self.groups.items() if not g.members.keys() & self._live.keys()]:
            group = self.groups.pop(name)
            self._entries[f"g/{name}"] = encoder.encode(group)
            for cell, track_id in group.members:
                self._entries[f"m/{cell}/{track_id}"] = b"%d" % name

    def _fetch(self, local: Local) -> bool:
        """Load the group that a track waits in; False if there is none."""
        name = self._stored.get(f"m/{local[0]}/{local[1]}")
        return name is not None and self._load(int(name))

    def _is_aside(self, name: int) -> bool:
        part = f"g/{name}"
        return part not in self._entries and part in self._stored

    def _load(self, name: int) -> bool:
        if not self._is_aside(name):
            return False
        part = f"g/{name}"
        group = self.groups[name] = _GROUP.decode(self._stored[part])
        self._entries[part] = None
        for cell, track_id in group.members:
            self._entries[f"m/{cell}/{track_id}"] = None
            self.of[cell, track_id] = name
        return True

    def _tell(self, name: int, group: Group, holder: Local | None, known: bool) -> None:
        """Tell the cells of a group for which something changed."""
        for local, told in group.members.items():
            before = told or Told(local[1], shown=True)
            shown = local == holder if local in self._live else before.shown
            heard_of = known or group.published or local != holder
            if (name, shown) != (before.name, before.shown) or (told is None and heard_of):
                self._verdict(local[0]).names.append(Name(local[1], name, shown, heard_of))
            if told is None or (name, shown) != (told.name, told.shown):
                group.members[local] = Told(name, shown)
        group.published |= holder is not None

    def _shown_by(self, name: int) -> str:
        group = self.groups[name]
        return (group.holder or min(group.members))[0]

    def _happen(self, cell: str, happening: Happening) -> None:
        self._verdict(cell).happenings.append(happening)

    def _verdict(self, cell: str) -> Verdict:
        return self._verdicts.setdefault(cell, Verdict([], []))
