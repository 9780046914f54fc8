"""Records of `context.features` with every field open to be overridden, and what shares them."""

import msgspec

from operators.enrich.index import FeatureIndex
from operators.enrich.versions import share_feature
from operators.shared import Shared
from tests.builders import START_US

SQUARE = [[0.0, 0.0], [10.0, 0.0], [10.0, 10.0], [0.0, 10.0], [0.0, 0.0]]


def area(kind, coordinates):
    return msgspec.json.encode({"type": kind, "coordinates": coordinates}).decode()


def a_feature(**fields):
    known = {
        "feature_id": "f",
        "kind": "work_zone",
        "receive_time_us": START_US,
        "issued_us": None,
        "valid_from_us": None,
        "valid_to_us": None,
        "area": area("Polygon", [SQUARE]),
        "radius_m": None,
        "cancelled": False,
        "properties": {},
        "topic": "raw.context",
        "partition": 0,
        "offset": 0,
    }
    return known | fields


def share(shared, *features):
    for feature in features:
        shared.change(share_feature(shared, msgspec.msgpack.encode(feature)))
    return shared


def an_index(features):
    index = FeatureIndex()
    index.follow(share(Shared(), *features))
    return index
