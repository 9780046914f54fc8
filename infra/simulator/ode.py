"""What a JPO-ODE writes around every message it reports, schema version 9."""

from datetime import UTC, datetime
from typing import Any

GATEWAY_US = 5_000  # from the gateway's own stamp (odeReceivedAt) to the broker
UNKNOWN = "unavailable"


def ode_metadata(stream: str, serial: int, receive_time_us: int, **own: Any) -> dict[str, Any]:
    """The `metadata` of a message.

    Parameters
    ----------
    stream
        Name of the sender.
    serial
        Number of the message.
    receive_time_us
        When the broker gets it.
    **own
        What this kind of message has besides.
    """
    received = datetime.fromtimestamp((receive_time_us - GATEWAY_US) // 1000 / 1000, UTC)
    return {
        "logFileName": "",
        "securityResultCode": "success",
        "serialId": {
            "streamId": stream,
            "bundleSize": 1,
            "bundleId": 0,
            "recordId": 0,
            "serialNumber": serial,
        },
        "odeReceivedAt": received.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "schemaVersion": 9,
        "maxDurationTime": 0,
        "recordGeneratedAt": "",
        "sanitized": False,
        "odePacketID": "",
        "odeTimStartDateTime": "",
        "asn1": "",
        "originIp": "127.0.0.1",
        "isCertPresent": False,
        **own,
    }
