"""Third-party context: weather, an alert and its cancellation, as their issuers write them."""

from datetime import UTC, datetime, timedelta

import numpy as np

from infra.simulator.placement import Placement

WEATHER_SOURCE = "met-zzdp"
EMERGENCY_SOURCE = "emergency-office"
_SENDER = "duty@emergency.district.example"


def _instant(time_us: int) -> datetime:
    return datetime.fromtimestamp(time_us // 1_000_000, UTC)


def fog_report(time_us: int) -> str:
    """METAR of a fictional station (ICAO Annex 3): fog, 400 m, vertical visibility 200 ft."""
    return f"METAR ZZDP {_instant(time_us):%d%H%M}Z 02002MPS 0400 FG VV002 08/08 Q1021 NOSIG="


def emergency_alert(
    time_us: int, placement: Placement, area_m: tuple[tuple[float, float], ...]
) -> str:
    """CAP 1.2 alert of an ambulance, for the polygon with the given local corners (m)."""
    x, y = np.array(area_m, dtype=np.float64).T
    lat, lon, _ = placement.local_to_wgs84(x, y, np.zeros(len(x)))
    corners = [f"{a:.6f},{b:.6f}" for a, b in zip(lat, lon, strict=True)]
    stamp = _stamp(_instant(time_us))
    return _message(
        "Alert",
        _identifier(time_us),
        stamp,
        f"""  <info>
    <language>en-US</language>
    <category>Health</category>
    <event>Ambulance on a call</event>
    <responseType>Avoid</responseType>
    <urgency>Immediate</urgency>
    <severity>Severe</severity>
    <certainty>Observed</certainty>
    <effective>{stamp}</effective>
    <onset>{stamp}</onset>
    <expires>{_stamp(_instant(time_us) + timedelta(minutes=30))}</expires>
    <headline>An ambulance crosses, keep its way clear</headline>
    <description>An ambulance is on its way through the marked streets.</description>
    <area>
      <areaDesc>North-eastern quarter of the district</areaDesc>
      <polygon>{" ".join([*corners, corners[0]])}</polygon>
    </area>
  </info>
""",
    )


def all_clear(time_us: int, alert_us: int) -> str:
    """CAP 1.2 cancellation of the alert of an instant."""
    reference = f"{_SENDER},{_identifier(alert_us)},{_stamp(_instant(alert_us))}"
    stamp = _stamp(_instant(time_us))
    references = f"  <references>{reference}</references>\n"
    return _message("Cancel", _identifier(time_us), stamp, references)


def _identifier(time_us: int) -> str:
    return f"district-{_instant(time_us):%Y%m%d%H%M%S}"


def _stamp(moment: datetime) -> str:
    # CAP writes UTC as -00:00 and forbids Z.
    return f"{moment:%Y-%m-%dT%H:%M:%S}-00:00"


def _message(kind: str, identifier: str, stamp: str, rest: str) -> str:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">
  <identifier>{identifier}</identifier>
  <sender>{_SENDER}</sender>
  <sent>{stamp}</sent>
  <status>Actual</status>
  <msgType>{kind}</msgType>
  <scope>Public</scope>
{rest}</alert>
"""
