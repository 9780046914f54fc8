import random

from hypothesis import given, settings
from hypothesis import strategies as st

from operators.enrich.tiles import NONE, Tiles, code_of, slot_of


def rows_at(tiles, lon, lat):
    """Rows in the tiles of a place, level by level."""
    table, found = tiles.table(), []
    for level in table.levels.tolist():
        node = table.heads[slot_of(table.codes, code_of(level, lon, lat))]
        while node != NONE:
            found.append(int(table.nodes[node, 0]))
            node = table.nodes[node, 1]
    return found


def a_box(rng):
    west, south, size = rng.uniform(-180, 180), rng.uniform(-90, 89), 10 ** rng.uniform(-6, 2.5)
    return west, south, west + size * rng.random(), south + min(size, 90 - south)


def test_a_row_is_once_in_the_tiles_of_each_place_in_its_box_and_nowhere_once_it_is_gone():
    rng, tiles, boxes = random.Random(1), Tiles(), {}
    for row in range(3000):
        boxes[row] = a_box(rng)
        tiles.add(row, boxes[row])
        if row % 3 == 0:
            gone = rng.choice(list(boxes))
            tiles.remove(gone, boxes.pop(gone))
    for row, (west, south, east, north) in list(boxes.items())[::7]:
        lon, lat = rng.uniform(west, east), rng.uniform(south, north)
        found = rows_at(tiles, (lon + 180) % 360 - 180, lat)
        assert found.count(row) == 1
        assert set(found) <= boxes.keys()
    for row, box in boxes.items():
        tiles.remove(row, box)
    assert len(tiles) == 0
    assert len(tiles.table().levels) == 0


def test_tiles_that_are_left_behind_do_not_make_the_table_grow():
    tiles = Tiles()
    for k in range(5000):
        tiles.add(0, (0.01 * k - 90, 10.0, 0.01 * k - 90, 10.0))
        tiles.remove(0, (0.01 * k - 90, 10.0, 0.01 * k - 90, 10.0))
    assert len(tiles.table().codes) == 256


@settings(deadline=None)
@given(st.integers(0, 19), st.integers(-180, 180), st.floats(-90, 90))
def test_a_place_is_in_the_same_tile_after_a_way_round_the_earth(level, lon, lat):
    assert code_of(level, lon, lat) == code_of(level, lon + 360.0, lat)
