"""The page on the datasets and the examples say and do what is so."""

import importlib.util
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.clickhouse.migrate import migrate
from jobs.io.clickhouse import Warehouse
from tests.infra.clickhouse.engine import client_of, running_engine, warehouse_at

DOCS = Path(__file__).resolve().parents[2] / "docs"
PLACE = ["--lat", "31.93", "--lon", "118.81", "--radius-m", "3000"]
TIMES = ["--first", "2026-09-21 00:00:00", "--last", "2026-09-22 00:00:00"]


def loaded(path):
    """A script of the docs as a module; its folder is on the path, as when it is run."""
    sys.path.insert(0, str(path.parent))
    try:
        spec = importlib.util.spec_from_file_location(path.stem, path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module
    finally:
        sys.path.remove(str(path.parent))


@pytest.fixture(scope="module")
def maker():
    return loaded(DOCS / "make_datasets.py")


@pytest.fixture(scope="module")
def warehouse(maker, tmp_path_factory):
    """A filled warehouse: its port."""
    with (
        running_engine(tmp_path_factory.mktemp("docs")) as port,
        client_of(port) as client,
    ):
        migrate(client)
        writer = Warehouse(warehouse_at(port))
        maker.fill(writer)
        writer.close()
        yield port


@pytest.mark.engine
def test_page_is_what_the_tables_and_views_give(maker, warehouse):
    with client_of(warehouse, database="station") as client:
        text = maker.page(client)
    assert text == maker.PAGE.read_text("utf-8"), "run python docs/make_datasets.py"


@pytest.mark.engine
def test_junction_is_plotted_with_paths_and_speeds(warehouse, tmp_path):
    plot = loaded(DOCS / "examples" / "plot_junction.py")
    file = tmp_path / "junction.png"
    url = f"clickhouse://127.0.0.1:{warehouse}/station"
    plot.main(["--url", url, *PLACE[:4], "--radius-m", "200", *TIMES, "--out", str(file)])
    assert file.read_bytes().startswith(b"\x89PNG")
    with client_of(warehouse, database="station") as client:
        asked = plot.argparse.Namespace(
            lat=31.93, lon=118.81, radius_m=3000.0, first=TIMES[1], last=TIMES[3]
        )
        found = plot.paths(client, asked)
    assert len(found) > 3
    assert all(points.shape[1] == 2 for _, points in found)


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 20)), max_size=60))
def test_reader_that_wants_it_now_acts_once_on_each_tick(sent):
    """What an aborted transaction brings again, in the order of each cell, is passed over."""
    now = loaded(DOCS / "examples" / "read_now.py")
    records = [{"run_id": "r", "cell_key": cell, "tick_us": tick} for cell, tick in sent]
    kept = [(r["cell_key"], r["tick_us"]) for r in now.first_of_each_tick(records)]
    assert len(kept) == len(set(kept))
    for cell in "ab":
        ticks = [tick for name, tick in kept if name == cell]
        assert ticks == sorted(ticks)
        assert max(ticks, default=-1) == max((t for c, t in sent if c == cell), default=-1)
    again = [(r["cell_key"], r["tick_us"]) for r in now.first_of_each_tick(records + records)]
    assert again == kept
