"""What the benchmark sends as SDSM says what its sensors saw."""

import numpy as np

from benchmarks.mixes import sdsm
from operators.decode.registry import decode
from operators.transform.cells import local_frame


def test_mix_of_sdsm_decodes_to_its_objects() -> None:
    mix = sdsm(0.2, 2)
    assert len(mix.messages) == 2 * 96
    for message, entry in ((m, e) for m in mix.messages[:8] for e in mix.entries):
        if entry["source_id"] != message.source_id:
            continue
        (found,) = decode("sdsm.json", message.payload, message.receive_time_us).frames
        assert (len(found.observations), found.refused) == (50, 0)
        delay_us = message.receive_time_us - (found.event_time_us or 0)
        assert 40_000 <= delay_us < 61_000
        site = local_frame(round(entry["lon_deg"], 7), round(entry["lat_deg"], 7))
        x, y = site.to_local(found.position[:, 0], found.position[:, 1])
        assert np.hypot(x, y).max() < 300.0
        speed = np.hypot(found.observations["vx_mps"], found.observations["vy_mps"])
        assert np.allclose(speed, 10.0, atol=1e-4)
        assert len(np.unique(found.observations["local_id"])) == 50
