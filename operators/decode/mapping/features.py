"""Third-party features out of the objects of a feed, as its mapping declares them."""

import math
from collections.abc import Sequence

import msgspec

from operators.decode.decoded import Feature
from operators.decode.mapping.columns import canonical, chosen, words
from operators.decode.mapping.declared import Choice, Declared, FeatureRule, Time
from operators.decode.mapping.instants import instants_us
from operators.decode.mapping.objects import place
from operators.decode.mapping.paths import Table
from operators.errors import DecodeError
from operators.reasons import Reason

_RADIUS = (0.0, 2.1e7)  # half the girth of the Earth
_US_PER_MIN = 60_000_000
_MAX_TEXT = 1000


def features_of(table: Table, mapping: Declared, name: str, anchor_us: int) -> list[Feature]:
    """One feature for each object.

    Raises
    ------
    DecodeError
        MISSING_FIELD for an object without id, place or radius, and the reasons of the columns.
    """
    rule = mapping.feature
    if rule is None:
        return []
    places = place(table, mapping)[0].tolist()
    radii = canonical(table, "feature.radius", rule.radius, "length", _RADIUS).tolist()
    starts = _starts(table, mapping.time, rule, anchor_us)
    ends = _ends(table, rule, starts, anchor_us)
    texts = {key: words(table, path) for key, path in rule.properties.items()}
    kinds = _kinds(table, rule.kind)
    over = _cancelled(table, rule)
    made = []
    for k, known_as in enumerate(words(table, rule.id)):
        lon, lat = places[k]
        if not known_as or not math.isfinite(lon + lat + radii[k]):
            raise DecodeError(Reason.MISSING_FIELD, f"object {k} has no id, place or radius")
        area = msgspec.json.encode({"type": "Point", "coordinates": [lon, lat]}).decode()
        said = {key: column[k][:_MAX_TEXT] for key, column in texts.items() if column[k]}
        made.append(
            Feature(
                feature_id=f"{name}/{known_as}",
                kind=kinds[k],
                valid_from_us=starts[k],
                valid_to_us=ends[k],
                area=area,
                radius_m=radii[k],
                cancelled=over[k],
                properties=said,
                datum=mapping.position.datum,
            )
        )
    return made


def _kinds(table: Table, kind: str | Choice) -> list[str]:
    return chosen(table, kind) if isinstance(kind, Choice) else [kind] * table.size


def _cancelled(table: Table, rule: FeatureRule) -> list[bool]:
    if rule.cancelled is None:
        return [False] * table.size
    return [word in rule.cancelled.values for word in words(table, rule.cancelled.path)]


def _starts(table: Table, told: Time, rule: FeatureRule, anchor_us: int) -> Sequence[int | None]:
    """When each begins: its own start, else when it was told."""
    at = instants_us(table, "time", told, anchor_us)
    if rule.starts is None:
        return at
    begun = instants_us(table, "feature.starts", rule.starts, anchor_us)
    return [b if b is not None else t for b, t in zip(begun, at, strict=True)]


def _ends(
    table: Table, rule: FeatureRule, starts: Sequence[int | None], anchor_us: int
) -> Sequence[int | None]:
    ends: Sequence[int | None] = [None] * table.size
    if rule.ends is not None:
        ends = instants_us(table, "feature.ends", rule.ends, anchor_us)
    if rule.lasts_min is None:
        return ends
    lasts_us = round(rule.lasts_min * _US_PER_MIN)
    begun = [anchor_us if s is None else s for s in starts]
    return [b + lasts_us if e is None else e for b, e in zip(begun, ends, strict=True)]
