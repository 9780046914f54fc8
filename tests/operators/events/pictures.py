"""Pictures of scripted road users, and what the event step makes of them."""

import msgspec
import numpy as np

from benchmarks.events.feed import Events
from operators.enrich.context import no_context
from operators.envelope import Kind, seal
from operators.parameters import Parameters
from operators.picture import columns, positions
from operators.pipeline import FOREVER_US
from operators.road.intake import CellRoad, Origin
from operators.road.known import UNKNOWN, no_roads
from operators.track import TRACK_ROW
from tests.builders import HOME, START_US

TICK_US = 100_000
PARAMETERS = Parameters()
ENCODER = msgspec.msgpack.Encoder()


def tracks(*users):
    """Rows of tracks; each user is a dict of fields of `TRACK_ROW`."""
    rows = np.zeros(len(users), TRACK_ROW)
    for k, user in enumerate(users):
        known = {"object_class": 1, "length_m": 4.6, "width_m": 1.8, "track_id": k + 1}
        sure = {"cov_xx_m2": 0.04, "cov_yy_m2": 0.04, "velocity_variance_m2ps2": 0.01}
        for name, value in (known | sure | user).items():
            rows[k][name] = value
    return rows


def a_picture(rows, tick_us, key=HOME.key, **fields):
    """A record of `fused.objects` of tracks in the frame of its cell."""
    rows = rows.copy()
    rows["last_us"] = tick_us
    roads = {n: v.astype(UNKNOWN[n][0]).tobytes() for n, v in no_roads(len(rows)).items()}
    return {
        "cell_key": key,
        "tick_us": tick_us,
        "count": len(rows),
        **columns(key, rows, positions(key, rows), tick_us),
        **no_context(len(rows)),
        **roads,
        **fields,
    }


def sealed(picture):
    return seal(picture["tick_us"] + PARAMETERS.cut_us, Kind.PICTURE, ENCODER.encode(picture))


def sealed_road(part, at_us=START_US):
    origin = Origin(at_us, "raw.signal", 0, 0, "city")
    return seal(at_us, Kind.ROAD, ENCODER.encode(CellRoad(origin, part)))


def told(pictures, parts=(), features=()):
    """Records of `road.events` that come of pictures."""
    events = Events()
    for feature in features:
        events.watch.broadcast(ENCODER.encode(feature))
    for event in [*map(sealed_road, parts), *map(sealed, pictures)]:
        events.watch.take(HOME.key, event)
    return list(events.advance(FOREVER_US))


def drive(seconds, place, step_us=2 * TICK_US, **fields):
    """Pictures of users whose fields are a function of the time in seconds."""
    ticks = range(START_US + step_us, START_US + round(seconds * 1e6) + 1, step_us)
    return [a_picture(tracks(*place((t - START_US) / 1e6)), t, **fields) for t in ticks]
