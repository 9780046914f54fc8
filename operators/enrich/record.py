"""A third-party feature as the record that the station passes on."""

from operators.decode.decoded import Feature
from operators.raw import RawRecord
from operators.sources import SourceEntry
from operators.transform.areas import declared_area


def feature_record(
    feature: Feature,
    record: RawRecord,
    source_id: str,
    entry: SourceEntry | None,
    place: tuple[str, int],
) -> dict[str, object]:
    """A feature as a record of ``context.features``; `place` is topic and partition."""
    topic, partition = place
    area, radius = declared_area(feature, entry)
    return {
        "feature_id": feature.feature_id,
        "kind": feature.kind,
        "source_id": source_id,
        "receive_time_us": record.receive_time_us,
        "issued_us": _shifted(feature.issued_us, record.shift_us),
        "valid_from_us": _shifted(feature.valid_from_us, record.shift_us),
        "valid_to_us": _shifted(feature.valid_to_us, record.shift_us),
        "area": area,
        "radius_m": radius,
        "cancelled": feature.cancelled,
        "properties": feature.properties,
        "topic": topic,
        "partition": partition,
        "offset": record.offset,
    }


def _shifted(instant_us: int | None, shift_us: int) -> int | None:
    return None if instant_us is None else instant_us + shift_us
