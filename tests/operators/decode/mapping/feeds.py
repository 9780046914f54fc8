"""The shipped examples, and mappings that tests make of a few lines."""

import json
from pathlib import Path

from operators.decode.formats import Formats

FOLDER = Path(__file__).parents[4] / "docs/examples/mappings"
EXAMPLES = {file.stem: file.read_text("utf-8") for file in sorted(FOLDER.glob("*.toml"))}
ANCHOR_US = 1_790_000_000_200_000

SCAN = {
    "dev": "RV-17", "ts": 1_790_000_000_123,
    "targets": [
        {"tid": 5, "pos": [-12.3, 45.0], "vx": -0.2, "vy": -8.1, "kind": 2, "len": 46, "conf": 87},
        {"tid": 6, "pos": [3.5, 20.0], "vx": 0.0, "vy": 0.0, "kind": 1, "len": 255, "conf": 40},
    ],
}  # fmt: skip
LOOPS = (
    b"detector;passed;speed_kmh;length_cm;class\n"
    b"A7-L1;14:03:07.25;90;432;PKW\nA7-L2;14:03:07.25;-1;1650;LKW\nA7-L1;14:03:09;72;;?\n"
)
CALLS = {
    "desk": "ZLS 3", "sent": "2026-03-05T12:00:00",
    "calls": [
        {"no": "2026-4711", "code": "TH2", "state": "open", "at": "2026-03-05T11:52:10",
         "where": {"lon": 1164000123, "lat": 399000456}, "note": "lorry on its side"},
        {"no": "2026-4712", "code": "RD1", "state": "closed", "at": "2026-03-05T11:58:00",
         "where": {"lon": 1164000123, "lat": 399000456}, "note": ""},
    ],
}  # fmt: skip
MESSAGES = {
    "crossing-radar": json.dumps(SCAN).encode(),
    "dispatch": json.dumps(CALLS).encode(),
    "loops": LOOPS,
}


def read(text, payload, anchor_us=ANCHOR_US):
    """What a mapping makes of a record; maps and lists are written as JSON."""
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return Formats({"feed": text}).decode("mapping.feed", body, anchor_us)


def a_mapping(*sections, position='x = "x"\ny = "y"', time='form = "receipt"', **top):
    """TOML of a roadside feed of one object a record, with more keys and sections."""
    keys = {"title": "a feed", "kind": "roadside", "syntax": "json"} | top
    lines = [f"{key} = {json.dumps(value)}" for key, value in keys.items()]
    return "\n".join([*lines, "[position]", position, "[time]", time, *sections])


def one(text, payload, anchor_us=ANCHOR_US):
    """The one frame of a record and its first observation."""
    (frame,) = read(text, payload, anchor_us).frames
    return frame, frame.observations[0]
