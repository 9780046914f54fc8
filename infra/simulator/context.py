"""Third-party context: one weather report and one emergency alert, as their issuers write them."""

from datetime import UTC, datetime, timedelta

import numpy as np

from infra.simulator.placement import Placement

WEATHER_SOURCE = "met-zzdp"
EMERGENCY_SOURCE = "emergency-office"


def _instant(time_us: int) -> datetime:
    return datetime.fromtimestamp(time_us // 1_000_000, UTC)


def fog_report(time_us: int) -> str:
    """METAR of a fictional station (ICAO Annex 3): fog, 400 m, vertical visibility 200 ft."""
    return f"METAR ZZDP {_instant(time_us):%d%H%M}Z 02002MPS 0400 FG VV002 08/08 Q1021 NOSIG="


def emergency_alert(
    time_us: int, placement: Placement, area_m: tuple[tuple[float, float], ...]
) -> str:
    """CAP 1.2 alert about a tanker fire, for the polygon with the given local corners (m)."""
    x, y = np.array(area_m, dtype=np.float64).T
    lat, lon, _ = placement.local_to_wgs84(x, y, np.zeros(len(x)))
    corners = [f"{a:.6f},{b:.6f}" for a, b in zip(lat, lon, strict=True)]
    sent = _instant(time_us)
    # CAP writes UTC as -00:00 and forbids Z.
    stamp = f"{sent:%Y-%m-%dT%H:%M:%S}-00:00"
    expires = f"{sent + timedelta(minutes=30):%Y-%m-%dT%H:%M:%S}-00:00"
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">
  <identifier>district-{sent:%Y%m%d%H%M%S}-1</identifier>
  <sender>duty@emergency.district.example</sender>
  <sent>{stamp}</sent>
  <status>Actual</status>
  <msgType>Alert</msgType>
  <scope>Public</scope>
  <info>
    <language>en-US</language>
    <category>Fire</category>
    <event>Vehicle fire</event>
    <responseType>Avoid</responseType>
    <urgency>Immediate</urgency>
    <severity>Severe</severity>
    <certainty>Observed</certainty>
    <effective>{stamp}</effective>
    <onset>{stamp}</onset>
    <expires>{expires}</expires>
    <headline>Tanker on fire, streets closed</headline>
    <description>A tanker burns. Keep clear of the marked streets.</description>
    <area>
      <areaDesc>North-eastern quarter of the district</areaDesc>
      <polygon>{" ".join([*corners, corners[0]])}</polygon>
    </area>
  </info>
</alert>
"""
