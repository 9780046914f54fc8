"""From what a message says, by what its source's entry declares, to WGS-84.

| message | what the entry declares | |
|---|---|---|
| degrees | `datum` | `operators.transform.datum` |
| metres | `lat_deg`, `lon_deg`, `heading_rad` | turned, then off a plane about the sensor |
| metres | `frame` = ``EPSG:`` a grid | `operators.transform.grid`; x east, y north of the grid |
| metres | `frame` = ``EPSG:`` geocentric | the same; z as well |

A format may say its datum or pose itself (a mapping of one unit): that goes before the entry's.

The plane about a sensor is azimuthal equidistant (`operators.transform.cells`). From the tangent
plane (east, north, up) it differs on the ground by 0.1 mm at 3 km and 33 mm at 20 km, and for an
object above it by height times distance over the Earth's radius: 1.6 mm for 10 m at 1 km.

Velocity, heading and covariance of geocentric positions would need their third component, which
observations do not have: they are unknown.
"""

import numpy as np

from operators._typing import FloatArray, RecordArray
from operators.decode.decoded import DecodedFrame, Pose, Space
from operators.errors import DecodeError
from operators.reasons import Reason
from operators.sources import SourceEntry
from operators.transform.carry import carry, rotation
from operators.transform.cells import local_frame
from operators.transform.datum import to_wgs84
from operators.transform.grid import Grid, grid

# Roads lie between; beyond, x, y, z are in other units or of another planet.
_LOWEST_M, _HIGHEST_M = -1_000.0, 20_000.0
_PLANE_FIELDS = ("vx_mps", "vy_mps", "heading_rad", "cov_xx_m2", "cov_xy_m2", "cov_yy_m2")

Placed = tuple[FloatArray, FloatArray, RecordArray]


def declared_to_wgs84(decoded: DecodedFrame, entry: SourceEntry | None) -> Placed:
    """Where the objects of a frame are, with everything else about them in east and north.

    Parameters
    ----------
    decoded
        Stays as it is.
    entry
        Of its source; None for a source that nobody declared, whose degrees are WGS-84.

    Returns
    -------
    lon_deg, lat_deg : ndarrays of shape (n,)
        WGS-84; they may be out of range if the message's are.
    observations : structured array of shape (n,), dtype `operators.frame.OBSERVATION`

    Raises
    ------
    DecodeError
        ``UNKNOWN_FRAME`` if the positions are not in what the entry declares, or it declares too
        little; ``OUT_OF_RANGE`` for a place that the declared frame does not reach.
    """
    if entry is not None and entry.is_metric:
        return _from_grid(decoded, grid(entry.frame))
    if decoded.space is Space.LOCAL:
        return _from_pose(decoded, entry)
    lon, lat = decoded.position.T.copy()
    datum = decoded.datum or (entry.datum if entry is not None else "WGS-84")
    lon, lat, jacobian = to_wgs84(datum, lon, lat)
    if jacobian is None:
        return lon, lat, decoded.observations
    return lon, lat, carry(decoded.observations, jacobian)


def _from_pose(decoded: DecodedFrame, entry: SourceEntry | None) -> Placed:
    pose = decoded.pose or _entry_pose(entry)
    turn, (x, y) = rotation(pose.heading_rad), decoded.position.T
    x, y = turn[0, 0] * x + turn[0, 1] * y, turn[1, 0] * x + turn[1, 1] * y
    lon, lat = local_frame(pose.lon_deg, pose.lat_deg).to_geographic(x, y)
    return lon, lat, carry(decoded.observations, turn)


def _entry_pose(entry: SourceEntry | None) -> Pose:
    if entry is None or entry.lat_deg is None or entry.lon_deg is None:
        raise DecodeError(Reason.UNKNOWN_FRAME, "the source's entry gives no place")
    return Pose(entry.lat_deg, entry.lon_deg, entry.heading_rad)


def _from_grid(decoded: DecodedFrame, frame: Grid) -> Placed:
    if decoded.pose is not None or (decoded.space is not Space.LOCAL and len(decoded.position)):
        what = "degrees" if decoded.pose is None else "metres about a pose"
        detail = f"{what} from a source whose entry declares {frame.code}"
        raise DecodeError(Reason.UNKNOWN_FRAME, detail)
    if frame.geocentric:
        lon, lat, observations = _from_geocentric(decoded, frame)
    else:
        lon, lat, jacobian = frame.to_wgs84(*decoded.position.T)
        observations = carry(decoded.observations, jacobian)
    if not np.all(frame.is_in_area(lon, lat)):
        detail = f"position beyond the area of use of {frame.code}; are x and y exchanged?"
        raise DecodeError(Reason.OUT_OF_RANGE, detail)
    return lon, lat, observations


def _from_geocentric(decoded: DecodedFrame, frame: Grid) -> Placed:
    if decoded.z_m is None:
        raise DecodeError(Reason.UNKNOWN_FRAME, f"{frame.code} needs a z")
    xyz = np.column_stack([decoded.position, decoded.z_m])
    lon, lat, height = frame.geocentric_to_wgs84(xyz)
    if not np.all((height >= _LOWEST_M) & (height <= _HIGHEST_M)):
        raise DecodeError(Reason.OUT_OF_RANGE, f"position off the ground in {frame.code}")
    observations = decoded.observations.copy()
    for name in _PLANE_FIELDS:
        observations[name] = np.nan
    observations["z_m"] = height
    return lon, lat, observations
