"""Dead letters: what is kept of a record that was rejected."""

from operators.parameters import Parameters
from operators.raw import RawRecord
from operators.reasons import SENTENCES, Reason
from operators.sources import MAX_ID_BYTES

RAW_LIMIT = 64 * 1024  # bytes of a rejected record that its dead letter keeps


def dead_letter(
    record: RawRecord,
    place: tuple[str, int],
    source_id: str,
    why: tuple[Reason, str],
    parameters: Parameters,
) -> dict[str, object]:
    """A record of `dead.letters`.

    Parameters
    ----------
    record
        What was rejected.
    place
        Its topic and partition.
    source_id
        As far as it is known, of `MAX_ID_BYTES` at most.
    why
        Reason and detail.
    parameters
        Of the run.
    """
    (topic, partition), (reason, detail), body = place, why, record.body or b""
    return {
        "reason": reason.value,
        "sentence": SENTENCES[reason],
        "detail": detail[:500],
        "stage": "front",
        "topic": topic,
        "partition": partition,
        "offset": record.offset,
        "source_id": source_id,
        "format": record.format[:MAX_ID_BYTES],
        "receive_time_us": record.receive_time_us,
        "raw": body[:RAW_LIMIT],
        "raw_size": len(body),
        "station_id": parameters.station_id,
        "run_id": parameters.run_id,
    }
