"""What was told beside what is true."""

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np

from benchmarks.segments.feed import SECOND_US, START_US
from benchmarks.segments.truth import Truth
from operators.road.network import Segment, length_m

NAME = "district"  # of the piece of the network; its names begin with it


def score_segments(
    records: Sequence[dict[str, np.ndarray]],
    truth: Truth,
    segments: Sequence[Segment],
    minutes: int,
) -> dict[str, float]:
    """Flow and speed by segment and minute, queue by segment and second."""
    names = {one.segment_id: one.name.removeprefix(f"{NAME}/") for one in segments}
    lengths = {names[s.segment_id]: np.mean([length_m(k) for k in s.lanes]) for s in segments}
    flow, speed, queue, standing = [], [], [], []
    by_edge: Counter[tuple[str, int]] = Counter()
    for (lane, second), count in truth.queued.items():
        by_edge[lane.rpartition("_")[0], second] += count
    for record in records:
        at_s = (record["start_us"] - START_US) // SECOND_US
        for k, segment_id in enumerate(record["segment_id"].tolist()):
            edge = names[segment_id]
            if edge.startswith(":") or at_s < 0:
                continue
            if record["period_us"] == SECOND_US:
                true = by_edge[edge, at_s]
                queue.append(abs(int(record["queued"][k]) - true))
                standing += queue[-1:] if true else []
                continue
            place = (edge, at_s // 60)
            if at_s // 60 >= minutes or len(truth.vehicles[place]) < 5:
                continue
            true_flow = truth.way_m[place] / lengths[edge] * 60.0
            flow.append(float(record["flow_vph"][k]) / true_flow - 1.0)
            speed.append(float(record["speed_mps"][k]) - truth.way_m[place] / truth.time_s[place])
    if not flow or not standing:
        return {"segment_minutes": len(flow)}
    return {
        "segment_minutes": len(flow),
        "flow_error_median": float(np.median(np.abs(flow))),
        "flow_error_p90": float(np.quantile(np.abs(flow), 0.9)),
        "flow_bias": float(np.mean(flow)),
        "flow_within_5_percent": float(np.mean(np.abs(flow) <= 0.05)),
        "speed_error_p90_mps": float(np.quantile(np.abs(speed), 0.9)),
        "queue_error_p90": float(np.quantile(queue, 0.9)),
        "queue_error_p90_where_some_stand": float(np.quantile(standing, 0.9)),
        "queue_error_p99_where_some_stand": float(np.quantile(standing, 0.99)),
    }


def score_approaches(
    records: Sequence[dict[str, np.ndarray]], truth: Truth, segments: Sequence[Segment]
) -> dict[str, float]:
    """Queue by signal group and second, delay by group over the whole time."""
    lanes: dict[tuple[str, int], set[str]] = defaultdict(set)
    for segment in segments:
        for lane in segment.lanes:
            for turn in lane.turns:
                if turn.group and lane.kind == "vehicle":
                    lanes[turn.intersection, turn.group].add(lane.name.removeprefix(f"{NAME}/"))
    delay: Counter[tuple[str, int]] = Counter()
    queue, standing = [], []
    seconds = [(record["start_us"] - START_US) // SECOND_US for record in records]
    minutes = range((max(seconds) + 1) // 60)
    for record, at_s in zip(records, seconds, strict=True):
        for k, group in enumerate(record["signal_group"].tolist()):
            place = (str(record["key"]), group)
            true = sum(truth.queued[lane, at_s] for lane in lanes[place])
            queue.append(abs(int(record["queued"][k]) - true))
            standing += queue[-1:] if true else []
            delay[place] += float(record["delay_s"][k]) if at_s // 60 in minutes else 0.0
    true_delay = {
        place: sum(truth.delay_s[lane, minute] for lane in held for minute in minutes)
        for place, held in lanes.items()
    }
    busy = [place for place, true in true_delay.items() if true > 60.0]
    errors = [abs(delay[place] / true_delay[place] - 1.0) for place in busy]
    return {
        "groups_with_delay": len(busy),
        "group_queue_error_p90": float(np.quantile(queue, 0.9)),
        "group_queue_error_p90_where_some_stand": float(np.quantile(standing, 0.9)),
        "delay_error_all": sum(delay[p] for p in busy) / sum(true_delay[p] for p in busy) - 1.0,
        "delay_error_median": float(np.median(errors)),
        "delay_error_p90": float(np.quantile(errors, 0.9)),
    }
