"""All message formats, and the one door through which raw records are read."""

from dataclasses import dataclass
from enum import Enum

import msgspec

from operators.decode import (
    bsm,
    bsm_carma,
    bsm_csae,
    bsm_dris,
    cam,
    cap,
    carma_objects,
    cpm,
    cpm_tr103562,
    denm,
    gtfs_realtime,
    map_csae,
    map_j2735,
    mapem,
    metar,
    openv2x_points,
    psm,
    recording,
    road_network,
    rsap,
    rsi,
    rsi_dris,
    rsm,
    rsm_dawnline,
    rsm_dris,
    sdsm,
    sensor_things,
    spat,
    spat_csae,
    spat_dris,
    spatem,
    ssm,
    tim,
    wzdx,
)
from operators.decode.decoded import Adapter, Decoded
from operators.decode.guard import LIMITS, Limits, admit_bytes, admit_json, admit_text
from operators.decode.json_text import read_json
from operators.errors import DecodeError
from operators.frame import SourceKind
from operators.reasons import Reason

RAW_ROADSIDE = "raw.roadside"
RAW_PROBE = "raw.probe"
RAW_SIGNAL = "raw.signal"
RAW_CONTEXT = "raw.context"


class Syntax(Enum):
    """What a payload is written in; decides which guard applies."""

    JSON = "json"
    TEXT = "text"
    XML = "xml"
    BINARY = "binary"


@dataclass(frozen=True, slots=True)
class FormatInfo:
    """One message format.

    Parameters
    ----------
    name
        As in the `format` header of a record.
    adapter
        Reads payloads that the guard has admitted; call `decode`, not this.
    kind
        `operators.frame.SourceKind` of the sources that send it.
    topic
        Raw topic that it goes to by default.
    syntax
        Decides the guard.
    evidence
        What the adapter was checked against: ``recorded`` messages of real senders, samples that
        others ``authored``, a ``schema`` that others wrote, or the ``standard`` text only. What a
        station's own mapping ``declared`` nobody else can check.
    """

    name: str
    adapter: Adapter
    kind: SourceKind
    topic: str
    syntax: Syntax
    evidence: str


FORMATS: dict[str, FormatInfo] = {
    info.name: info
    for info in (
        FormatInfo("bsm.json", bsm.adapt, SourceKind.PROBE, RAW_PROBE, Syntax.JSON, "recorded"),
        *(
            FormatInfo(name, adapt, SourceKind.PROBE, RAW_PROBE, Syntax.JSON, "standard")
            for name, adapt in (
                ("bsm.csae.json", bsm_csae.adapt),
                ("bsm.dris.json", bsm_dris.adapt),
            )
        ),
        *(
            FormatInfo(name, adapt, SourceKind.PROBE, RAW_PROBE, Syntax.JSON, "authored")
            for name, adapt in (
                ("bsm.carma.json", bsm_carma.adapt),
                ("psm.json", psm.adapt),
            )
        ),
        *(
            FormatInfo(name, adapt, SourceKind.ROADSIDE, RAW_ROADSIDE, Syntax.JSON, "standard")
            for name, adapt in (
                ("rsm.json", rsm.adapt),
                ("rsm.dris.json", rsm_dris.adapt),
                ("ssm.json", ssm.adapt),
                ("rsap.json", rsap.adapt),
            )
        ),
        FormatInfo(
            "rsm.dawnline.json",
            rsm_dawnline.adapt,
            SourceKind.ROADSIDE,
            RAW_ROADSIDE,
            Syntax.JSON,
            "authored",
        ),
        FormatInfo(
            "openv2x.points.json",
            openv2x_points.adapt,
            SourceKind.ROADSIDE,
            RAW_ROADSIDE,
            Syntax.JSON,
            "recorded",
        ),
        FormatInfo(
            "carma.objects.json",
            carma_objects.adapt,
            SourceKind.ROADSIDE,
            RAW_ROADSIDE,
            Syntax.JSON,
            "authored",
        ),
        FormatInfo("cpm.json", cpm.adapt, SourceKind.ROADSIDE, RAW_ROADSIDE, Syntax.JSON, "schema"),
        *(
            FormatInfo(
                name,
                cpm_tr103562.reader(newer_is_positive=newer_is_positive),
                SourceKind.ROADSIDE,
                RAW_ROADSIDE,
                Syntax.JSON,
                "schema",
            )
            for name, newer_is_positive in (
                ("cpm.tr103562.json", True),
                ("cpm.tr103562.older.json", False),
            )
        ),
        FormatInfo(
            "recording.json",
            recording.adapt,
            SourceKind.ROADSIDE,
            RAW_ROADSIDE,
            Syntax.JSON,
            "standard",
        ),
        *(
            FormatInfo(
                name,
                sdsm.reader(north_first=north_first, newer_is_positive=newer_is_positive),
                SourceKind.ROADSIDE,
                RAW_ROADSIDE,
                Syntax.JSON,
                "authored",
            )
            for name, north_first, newer_is_positive in (
                ("sdsm.json", True, True),
                ("sdsm.enu.json", False, True),
                ("sdsm.carma.json", True, False),
            )
        ),
        *(
            FormatInfo(
                name,
                cam.reader(leap_seconds=leap_seconds),
                SourceKind.PROBE,
                RAW_PROBE,
                Syntax.JSON,
                "authored",
            )
            for name, leap_seconds in (("cam.json", True), ("cam.utc.json", False))
        ),
        *(
            FormatInfo(name, adapter, SourceKind.ROADSIDE, RAW_SIGNAL, Syntax.JSON, evidence)
            for name, adapter, evidence in (
                ("spat.json", spat.adapt, "recorded"),
                ("spat.csae.json", spat_csae.adapt, "standard"),
                ("spat.dris.json", spat_dris.adapt, "standard"),
                ("spatem.json", spatem.adapt, "standard"),
                ("map.json", map_j2735.adapt, "recorded"),
                ("map.csae.json", map_csae.adapt, "authored"),
                ("mapem.json", mapem.adapt, "standard"),
            )
        ),
        FormatInfo(
            "network.json",
            road_network.adapt,
            SourceKind.FEED,
            RAW_SIGNAL,
            Syntax.JSON,
            "standard",
        ),
        *(
            FormatInfo(name, adapter, SourceKind.FEED, RAW_CONTEXT, syntax, evidence)
            for name, adapter, syntax, evidence in (
                ("metar", metar.adapt, Syntax.TEXT, "standard"),
                ("cap", cap.adapt, Syntax.XML, "standard"),
                ("wzdx.json", wzdx.adapt, Syntax.JSON, "authored"),
                ("rsi.json", rsi.adapt, Syntax.JSON, "standard"),
                ("rsi.dawnline.json", rsi.adapt_dawnline, Syntax.JSON, "authored"),
                ("rsi.dris.json", rsi_dris.adapt, Syntax.JSON, "standard"),
                ("tim.json", tim.adapt, Syntax.JSON, "authored"),
                ("denm.json", denm.reader(leap_seconds=True), Syntax.JSON, "standard"),
                ("denm.utc.json", denm.reader(leap_seconds=False), Syntax.JSON, "authored"),
                ("sensorthings.json", sensor_things.adapt, Syntax.JSON, "standard"),
                ("gtfs-rt", gtfs_realtime.adapt, Syntax.BINARY, "standard"),
            )
        ),
    )
}


def decode(name: str, payload: bytes, anchor_us: int, limits: Limits = LIMITS) -> Decoded:
    """Read one raw record.

    Parameters
    ----------
    name
        Key of `FORMATS`.
    payload
        The sender's bytes.
    anchor_us
        Instant to anchor partial times at: the receive time, UTC microseconds.

    Raises
    ------
    DecodeError
        And no other exception, whatever the payload.
    """
    return read(FORMATS.get(name), name, payload, anchor_us, limits)


_ADMIT = {Syntax.JSON: admit_json, Syntax.BINARY: admit_bytes}


def read(
    info: FormatInfo | None, name: str, payload: bytes, anchor_us: int, limits: Limits = LIMITS
) -> Decoded:
    """As `decode`, with what is known about the format; None if nothing is."""
    if info is None:
        raise DecodeError(Reason.UNKNOWN_FORMAT, name[:60])
    admit = _ADMIT.get(info.syntax, admit_text)
    return info.adapter(admit(payload, limits), anchor_us)


_KEYS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ITEMS = msgspec.json.Decoder(list[msgspec.Raw])
# Keys at the top of a JSON message that together tell its format.
_SIGNS: tuple[tuple[frozenset[str], str], ...] = (
    (frozenset({"metadata", "payload"}), "bsm.json"),
    (frozenset({"source_uuid", "message"}), "cam.json"),
    (frozenset({"topic", "payload"}), "rsm.dawnline.json"),
    (frozenset({"dev_id", "event_content"}), "rsi.dawnline.json"),
    (frozenset({"dev_pos", "content"}), "rsm.dawnline.json"),
    (frozenset({"msgFrameExt"}), "ssm.json"),
    (frozenset({"equipmentType", "secMark"}), "ssm.json"),
    (frozenset({"content"}), "rsm.json"),
    (frozenset({"rsms"}), "rsm.json"),
    (frozenset({"participants"}), "rsm.json"),
    (frozenset({"rcuId", "targets"}), "rsap.json"),
    (frozenset({"header", "body"}), "rsm.dris.json"),
    (frozenset({"vehicle_id", "time_stamp"}), "bsm.dris.json"),
    (frozenset({"id", "secMark", "pos"}), "bsm.csae.json"),
    (frozenset({"sensorId", "objectId"}), "carma.objects.json"),
    (frozenset({"core_data"}), "bsm.carma.json"),
    (frozenset({"source", "objects", "frame"}), "recording.json"),
    (frozenset({"secMark", "ptcType"}), "openv2x.points.json"),
    (frozenset({"part"}), "network.json"),
    (frozenset({"spatFrame"}), "spat.csae.json"),
    (frozenset({"intersections"}), "spat.csae.json"),
    (frozenset({"mapFrame"}), "map.csae.json"),
    (frozenset({"nodes"}), "map.csae.json"),
    (frozenset({"features", "type"}), "wzdx.json"),
    (frozenset({"rsiDatas"}), "rsi.dris.json"),
    (frozenset({"rtes"}), "rsi.json"),
    (frozenset({"rtss"}), "rsi.json"),
    (frozenset({"phenomenonTime"}), "sensorthings.json"),
)

# What tells other messages of the JPO-ODE from a BSM: a log names the kind inside its payload only.
_OF_THE_ODE = (
    (b'"SensorDataSharingMessage"', "sdsm.json"),
    (b'"intersectionStateList"', "spat.json"),
    (b'"intersectionGeometry"', "map.json"),
    (b'"PersonalSafetyMessage"', "psm.json"),
    (b'J2735PSM"', "psm.json"),
    (b'"dataFrames"', "tim.json"),
)
# What tells other messages that a DRIS forwards from a BSM.
_OF_A_DRIS = (
    (b'"rsm_source"', "rsm.dris.json"),
    (b'"intersections"', "spat.dris.json"),
    (b'"rtes"', "rsi.dris.json"),
    (b'"rtss"', "rsi.dris.json"),
)
# What tells other messages of its-client from a CAM, in the JSON of either version.
_OF_ITS_CLIENT = {
    ("message_type", b'"cpm"'): "cpm.json",
    ("message_type", b'"denm"'): "denm.json",
    ("type", b'"denm"'): "denm.json",
    ("type", b'"cpm"'): "cpm.tr103562.json",
    ("message_type", b'"spatem"'): "spatem.json",
    ("message_type", b'"mapem"'): "mapem.json",
}


def guess_format(payload: bytes) -> str:
    """Name of the format that `payload`, the start of a file or a message, is written in.

    For files on a laptop; a record of a topic says its format in a header or its source's entry.

    Raises
    ------
    DecodeError
        UNKNOWN_FORMAT, or the guard's reasons.
    """
    text = admit_text(payload).lstrip()
    if text.startswith(b"<"):
        return "cap"
    if not text.startswith((b"{", b"[")):
        if metar.looks_like(text):
            return "metar"
        raise DecodeError(Reason.UNKNOWN_FORMAT, "neither JSON, XML nor a weather report")
    return _guess_json(admit_json(text))


def _guess_json(text: bytes) -> str:
    for _ in range(3):  # the message, the first of a list or map, the first point of a track
        if text.startswith(b"["):
            items = read_json(_ITEMS, text)
        else:
            keys = read_json(_KEYS, text)
            for signs, name in _SIGNS:
                if signs <= keys.keys():
                    return _finer(name, keys)
            items = list(keys.values())
        if not items:
            break
        text = bytes(items[0]).lstrip()
        if not text.startswith((b"{", b"[")):
            break
    raise DecodeError(Reason.UNKNOWN_FORMAT, "no known set of keys")


def _finer(name: str, keys: dict[str, msgspec.Raw]) -> str:
    """Format of a message whose outermost keys several formats share."""
    if name == "bsm.json":
        content = bytes(keys["payload"])
        return next((found for mark, found in _OF_THE_ODE if mark in content), name)
    if name == "rsm.dawnline.json" and b'"event_content"' in bytes(keys.get("payload", b"")):
        return "rsi.dawnline.json"
    if name == "spat.csae.json" and b'"phaseId"' in bytes(keys.get("intersections", b"")):
        return "spat.dris.json"
    if name == "rsm.dris.json":
        body = bytes(keys["body"])
        return next((found for mark, found in _OF_A_DRIS if mark in body), "bsm.dris.json")
    if name == "cam.json":
        member = "message_type" if "message_type" in keys else "type"
        kind = bytes(keys.get(member, msgspec.Raw(b"")))
        return _OF_ITS_CLIENT.get((member, kind), name)
    return name
