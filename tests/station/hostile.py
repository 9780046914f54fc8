"""Records that no sender should send, between those of good ones."""

from infra.replay.messages import RecordedMessage


def hostile(start_us):
    """Records of every kind that must not stop a job, 10 ms apart."""
    large = b'{"x": "' + b"a" * (10 * 1024 * 1024 - 1024) + b'"}'
    bodies = [
        b"", b"{", b"null", b"[]", b"\xff\xfe\x00", b"[" * 10_000 + b"]" * 10_000,
        b'{"metadata":{},"payload":{"data":{"coreData":{"position":{"latitude":NaN}}}}}',
        b'{"payload":{"data":{"coreData":{"id":"a","secMark":1,"position":'
        b'{"latitude":1e400,"longitude":0}}}}}',
        b'{"payload":{"data":{"coreData":{"id":5,"secMark":"x"}}}}',
        b'{"payload":{"data":{"coreData":{"id":"a","secMark":1,"position":'
        b'{"latitude":200.0,"longitude":0.0}}}}}',
    ]  # fmt: skip
    far_off = (
        b'{"source":"far","event_time_us":%d,"frame":"wgs84","objects":[{"lat_deg":1,"lon_deg":2}]}'
    )
    made = []
    for k in range(210):
        at = start_us + k * 10_000
        if k == 100:
            made.append(RecordedMessage(at, "raw.probe", "bad", "bsm.json", large))
        elif k % 12 == 10:
            made.append(RecordedMessage(at, "raw.probe", "bad", "no.such.format", b"{%d}" % k))
        elif k % 12 == 11:
            made.append(RecordedMessage(at, "raw.roadside", "nobody", "rsm.json", b"{%d}" % k))
        elif k % 12 == 9:
            body = far_off % (at - 28_800_000_000)
            made.append(RecordedMessage(at, "raw.probe", "far", "recording.json", body))
        else:
            body = bodies[k % len(bodies)] and bodies[k % len(bodies)] + b" " * k  # none repeats
            made.append(RecordedMessage(at, "raw.probe", "bad", "bsm.json", body))
    return made
