"""Scenes of which third parties say something: emergency vehicles and work zones."""

from benchmarks.events.feed import START_US, Actor, an_actor
from benchmarks.events.script import (
    BESIDES,
    CONFLICT,
    STOPPED,
    Expected,
    Rng,
    Script,
    a_point,
    along,
    an_area,
)
from benchmarks.events.town import EAST_M, HALF_M, RURAL_EAST_M, RURAL_WEST_M, geographic
from operators.events.kinds import EventKind
from operators.frame import ObjectClass

# -- third parties

EMERGENCY = EventKind.EMERGENCY_VEHICLE


def _ambulance(
    v: float, seconds: int, told: bool
) -> tuple[Actor, dict[float, list[dict[str, object]]]]:
    car = an_actor(1, along(RURAL_EAST_M), v, [(seconds, 0)], kind=ObjectClass.EMERGENCY)
    says: dict[float, list[dict[str, object]]] = {}
    for second in range(seconds if told else 0):
        at_us = START_US + second * 1_000_000
        x = -HALF_M + v * second
        says[second] = [
            {
                "feature_id": "vehicle/unit/1", "kind": "emergency_vehicle",
                "area": a_point(x, RURAL_EAST_M), "radius_m": 300.0, "issued_us": at_us,
                "valid_from_us": at_us, "valid_to_us": at_us + 3_000_000,
            }
        ]  # fmt: skip
    return car, says


def ambulance_comes(rng: Rng) -> Script:
    v = rng.uniform(16, 22)
    car, says = _ambulance(v, 40, told=True)
    near = an_actor(2, [(-100, RURAL_EAST_M), (HALF_M, RURAL_EAST_M)], 10.0, [(40, 0)])
    begins = max((HALF_M - 100 - 300) / (v - 10.0), 0.0)
    return Script(
        [car, near], [Expected(EMERGENCY, (1,), begins)], (*BESIDES, CONFLICT), features=says
    )


def ambulance_off_duty(rng: Rng) -> Script:
    car, _ = _ambulance(rng.uniform(10, 14), 40, told=False)
    return Script([car, an_actor(2, along(RURAL_WEST_M, back=True), 12.0, [(40, 0)])])


def ambulance_alone(rng: Rng) -> Script:
    car, says = _ambulance(rng.uniform(16, 22), 40, told=True)
    far = an_actor(2, along(EAST_M[0] + 20.0), 20.0, [(40, 0)])
    return Script([car, far], features=says)


INTRUDES = EventKind.WORK_ZONE_INTRUSION
_CORNERS = ((0, -1.75), (120, -1.75), (120, 1.75), (0, 1.75))
_ZONE = {
    "feature_id": "works-1", "kind": "work_zone",
    "area": an_area(*((x, EAST_M[1] + y) for x, y in _CORNERS)),
}  # fmt: skip


def drives_into_the_works(rng: Rng) -> Script:
    v = rng.uniform(8, 22)
    car = an_actor(1, along(EAST_M[1]), v, [(80, 0)])
    begins = HALF_M / v
    return Script([car], [Expected(INTRUDES, (1,), begins)], features={0: [_ZONE]})


def passes_the_works(rng: Rng) -> Script:
    car = an_actor(1, along(EAST_M[0]), rng.uniform(10, 22), [(80, 0)])
    worker = an_actor(
        2,
        [(40, EAST_M[1]), (60, EAST_M[1])],
        0.0,
        [(10, 0), (8, 0.2), (5, 0), (30, 0)],
        kind=ObjectClass.TRUCK,
    )
    return Script([car, worker], also=(STOPPED,), features={0: [_ZONE]})


def road_with_works(rng: Rng) -> Script:
    ends = geographic([(0, EAST_M[1]), (120, EAST_M[1])])
    line = ",".join(f"[{lon:.7f},{lat:.7f}]" for lon, lat in ends)
    zone = _ZONE | {
        "area": f'{{"type":"LineString","coordinates":[{line}]}}', "radius_m": 10.0,
        "properties": {"vehicle_impact": "some-lanes-closed"},
    }  # fmt: skip
    return Script(
        [an_actor(1, along(EAST_M[0]), rng.uniform(10, 22), [(80, 0)])], features={0: [zone]}
    )
