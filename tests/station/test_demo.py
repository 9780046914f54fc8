"""The demo, as a newcomer runs it."""

import json
import subprocess
import sys

import pytest

from infra.demo.run import UNACCOUNTED
from infra.local import paths

pytestmark = [pytest.mark.station, pytest.mark.timeout(1800)]

FIELDS = {
    "records_in", "dispositions", "observations_in", "uses", "fused_rows_kafka",
    "fused_rows_clickhouse", "tracks", "tracks_per_true_object", "truth_coverage",
    "false_row_share", "position_rmse_m", "best_single_source_rmse_m", "work_p50_ms",
    "work_p99_ms", "age_p50_ms", "age_p99_ms", "seconds_to_first_fused_row", "context",
}  # fmt: skip


def test_the_demo_adds_up_and_leaves_nothing_behind(tmp_path):
    config, report = tmp_path / "station.toml", tmp_path / "report.json"
    config.write_text(f'[local]\nstate_dir = "{tmp_path}/state"\n')
    command = [sys.executable, "-m", "infra.cli.main", "demo", "--once", "--seconds", "30"]
    done = subprocess.run(
        [*command, "--config", str(config), "--report", str(report)],
        cwd=paths.ROOT, capture_output=True, text=True, timeout=1500, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert UNACCOUNTED not in done.stdout, "it waited for records that nobody sent"
    figures = json.loads(report.read_text())
    assert set(figures) >= FIELDS
    assert figures["records_in"] == sum(figures["dispositions"].values())
    assert figures["observations_in"] == sum(figures["uses"].values())
    assert figures["fused_rows_kafka"] == figures["fused_rows_clickhouse"] > 0
    for kind in ("weather", "emergency"):
        found = figures["context"][kind]
        assert (found["missed"], found["wrong"]) == (0, 0)
        assert min(found["due"], found["others"]) > 100
    assert figures["position_rmse_m"] < figures["best_single_source_rmse_m"]
