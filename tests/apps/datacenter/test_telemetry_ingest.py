"""`gristmill ingest datacenter`, from files to a dataset that is read back as a series."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from apps.datacenter import app
from apps.datacenter.options import IngestOptions
from apps.datacenter.plan import make_plan
from apps.datacenter.plant import PlantOptions, run_plant, write_telemetry
from apps.datacenter.telemetry import ColumnReport, Report, read_report, read_series
from apps.datacenter.telemetry.show import show_report
from gristmill.cli.main import build
from gristmill.data.dataset import Dataset
from gristmill.data.manifest import Manifest
from gristmill.errors import InputError
from gristmill.progress import Silent
from pipelines.ingest import ingest


@pytest.fixture(scope="module")
def telemetry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("plant") / "plant.parquet"
    write_telemetry(run_plant(PlantOptions(model="2zone-dx", servers="flat", days=3)), path)
    return path


def run(path: Path | str, out: Path, **options: Any) -> Manifest:
    return ingest(make_plan({"telemetry": [str(path)]}, IngestOptions(**options)), out)


class Note(Silent):
    """Keeps the lines that are told."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def line(self, text: str) -> None:
        self.lines.append(text)


def test_the_plants_own_telemetry_comes_back_whole(telemetry: Path, tmp_path: Path) -> None:
    manifest = run(telemetry, tmp_path / "data")
    assert (manifest.read, manifest.written, manifest.quarantined, manifest.derived) == (288, 288, 0, 288)
    assert [source.path for source in manifest.sources] == [str(telemetry)]
    assert manifest.split_records == {"train": 202, "validation": 43, "test": 43}
    dataset = Dataset.open(tmp_path / "data")
    series, plant = read_series(dataset, "train", "validation", "test"), pq.read_table(telemetry)
    assert series.column("time").to_pylist() == [ms // 1000 for ms in plant.column("time").cast(pa.int64()).to_pylist()]
    assert set(series.column("segment").to_pylist()) == {0}
    for name in plant.column_names:
        if plant.column(name).null_count < plant.num_rows and name != "time":
            np.testing.assert_array_equal(series.column(name), plant.column(name).to_numpy().astype(np.float32))
    told = {column["name"]: column for column in read_report(dataset)["columns"]}
    assert told["outdoor_c"]["unit"] == "degC"
    assert all(
        not told[name][count] for name in told for count in ("missing", "out_of_range", "stuck", "steps_missing")
    )


def test_the_same_again_does_nothing(telemetry: Path, tmp_path: Path) -> None:
    first, note = run(telemetry, tmp_path / "data"), Note()
    plan = make_plan({"telemetry": [str(telemetry)]}, IngestOptions())
    assert ingest(plan, tmp_path / "data", note) == first
    assert note.lines == [f"{tmp_path / 'data'} is up to date: same sources, same options"]
    coarser = run(telemetry, tmp_path / "data", step_minutes=60)
    assert (coarser.read, coarser.written, coarser.derived) == (288, 288, 72)


def test_a_series_is_split_by_time_and_its_segments_go_on(steps: Callable[..., Any], tmp_path: Path) -> None:
    rows = [(900 * step, 100, 120 + step) for step in range(40) if step not in (10, 11, 12)]
    path = tmp_path / "plant.csv"
    path.write_text("time,it_power_kw,total_power_kw\n" + "".join(f"{t},{i},{p}\n" for t, i, p in rows))
    run(path, tmp_path / "data")
    dataset = Dataset.open(tmp_path / "data")
    train, validation, test = (read_series(dataset, split) for split in ("train", "validation", "test"))
    assert train.column("time")[-1].as_py() < validation.column("time")[0].as_py() < test.column("time")[0].as_py()
    assert train.column("segment").to_pylist() == [0] * 10 + [1] * (train.num_rows - 10)
    assert set(test.column("segment").to_pylist()) == {1}
    whole = read_series(dataset, "test", "train", "validation")
    assert whole.column("position").to_pylist() == list(range(37))
    with pytest.raises(InputError, match="at least one split"):
        read_series(dataset)
    assert dataset.manifest.record_schema["total_power_kw"].missing == "keep"


def test_what_is_set_aside_stands_in_quarantine_as_it_came(telemetry: Path, tmp_path: Path) -> None:
    path = tmp_path / "plant.csv"
    lines = [
        "time,note,it_power_kw,total_power_kw",
        *(f"{900 * i},ok,100,12{i}" for i in range(6)),
        'never,"a, b",100,125',
    ]
    path.write_text("\n".join(lines))
    manifest = run(path, tmp_path / "data")
    assert (manifest.read, manifest.written, manifest.quarantined) == (7, 6, 1)
    entry = json.loads((tmp_path / "data" / manifest.quarantine[0].name).read_text())
    assert (entry["source"], entry["position"], entry["record"]) == (str(path), 8, lines[-1])
    table = pq.read_table(telemetry)
    doubled = tmp_path / "doubled.parquet"
    pq.write_table(pa.concat_tables([table, table.slice(3, 1)]), doubled)
    manifest = run(doubled, tmp_path / "more")
    entry = json.loads((tmp_path / "more" / manifest.quarantine[0].name).read_text())
    assert entry["position"] == 289
    assert json.loads(entry["record"])["it_power_kw"] == table.column("it_power_kw")[3].as_py()


def test_the_command_prints_the_report(telemetry: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["ingest", "datacenter", "--telemetry", str(telemetry), "--out", str(tmp_path / "data"), "--quiet"]
    done = CliRunner().invoke(build(called="ingest"), [*words, "--json"])
    assert done.exit_code == 0
    told = json.loads(done.stdout)
    assert (told["read"], told["written"], told["quarantined"]) == (288, 288, 0)
    assert told["telemetry"]["steps"] == 288
    assert set(told["telemetry"]) == set(asdict(Report(0, 0, {}, 0, "", [], 0, 0, 0)))
    assert set(told["telemetry"]["columns"][0]) == set(asdict(ColumnReport("", "", "", "")))
    show_report(tmp_path / "data", Manifest.load(tmp_path / "data"))
    shown = capsys.readouterr().out
    assert "steps: 288 of 15 minutes in 1 unbroken runs, from 1991-01-01T00:00:00Z to 1991-01-03T23:45:00Z" in shown
    assert "left out: pue is computed anew from the powers" in shown


def test_the_record_of_the_app_loads_nothing_heavy() -> None:
    heavy = ("tensorflow", "keras", "apache_beam", "pandas", "sklearn", "streamlit", "pyarrow", "pyenergyplus")
    code = f"import sys, apps.datacenter; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert list(app.sources) == ["telemetry"]
