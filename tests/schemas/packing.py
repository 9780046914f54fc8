"""Turns an example into the record that it stands for."""

import math

import numpy as np

import schemas


def packed_example(record, case):
    """Lists become packed columns, and text becomes bytes where the schema says so."""
    made = dict(schemas.examples(record)[case])
    for field in schemas.load(record)["fields"]:
        value = made[field["name"]]
        if "element" in field:
            numbers = [math.nan if v is None else v for v in value]
            made[field["name"]] = np.array(numbers, field["element"]).tobytes()
        elif field["type"] == "bytes":
            made[field["name"]] = value.encode("latin-1")
    return made


def all_examples():
    """Record and case of every example."""
    return [
        (record, case)
        for record, version in schemas.records()
        for case in schemas.examples(record, version)
    ]
