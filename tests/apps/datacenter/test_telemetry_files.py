"""Files of telemetry that cannot be used are refused, and the error names file, fault and what came."""

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from apps.datacenter.options import IngestOptions
from apps.datacenter.plan import make_plan
from apps.datacenter.telemetry.derive import derive_steps
from gristmill.errors import InputError
from pipelines.derive import Derived
from pipelines.sources import source_file

HEADER = "time,inlet_c,it_power_kw,total_power_kw\n"
GOOD = "".join(f"2024-06-01T00:{minute:02d}:00Z,{20 + minute / 100},100,{120 + minute}\n" for minute in range(0, 60, 5))


@pytest.fixture
def derive(tmp_path: Path) -> Callable[..., Derived]:
    """Derives steps from files, given as name and content."""

    def made(files: dict[str, str | bytes], **options: Any) -> Derived:
        for name, content in files.items():
            (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        return derive_steps(tuple(source_file(str(tmp_path / name), i) for i, name in enumerate(files)), options)

    return made


def test_telemetry_without_a_time_names_the_file_the_fault_and_the_columns(derive: Callable[..., Derived]) -> None:
    with pytest.raises(InputError) as refused:
        derive({"plant.csv": "inlet_c,it_power_kw\n20,100\n"})
    assert "plant.csv: no column for the time (looked for time, timestamp," in str(refused.value)
    assert str(refused.value).endswith("name it with --time. The file has: inlet_c, it_power_kw")
    with pytest.raises(InputError, match=r"unknown column 'tiem'; did you mean 'time'\?. The file has: time, inlet_c"):
        derive({"plant.csv": HEADER + GOOD}, time="tiem")


def test_only_times_that_nobody_can_read_are_refused(derive: Callable[..., Derived]) -> None:
    with pytest.raises(
        InputError, match=r"plant\.csv:2: `time` must be a time: ISO 8601.*Received: '06/01/2024 00:05'"
    ):
        derive({"plant.csv": HEADER + "06/01/2024 00:05,20,100,120\n06/01/2024 00:10,20,100,120\n"})
    with pytest.raises(InputError, match="Received: '1717200000000'"):
        derive({"plant.csv": HEADER + "1717200000000,20,100,120\n"})


@pytest.mark.parametrize("content", ["", "\n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_refused(derive: Callable[..., Derived], content: str | bytes) -> None:
    with pytest.raises(InputError, match=r"plant\.csv: the file is empty"):
        derive({"plant.csv": content})


def test_cut_files_are_refused(derive: Callable[..., Derived], tmp_path: Path) -> None:
    packed = gzip.compress((HEADER + GOOD).encode())
    assert derive({"plant.csv.gz": packed}).records.num_rows == 12
    with pytest.raises(InputError, match=r"plant\.csv\.gz: the gzip stream is cut or damaged"):
        derive({"plant.csv.gz": packed[:-20]})
    pq.write_table(pa.table({"time": [0, 900], "pue": [1.1, 1.2]}), tmp_path / "whole.parquet")
    whole = (tmp_path / "whole.parquet").read_bytes()
    assert derive({"plant.parquet": whole}).records.num_rows == 2
    with pytest.raises(InputError, match=r"plant\.parquet: cut, damaged or no Parquet file"):
        derive({"plant.parquet": whole[: len(whole) // 2]})


def test_a_csv_cut_in_its_last_line_loses_that_row_alone(derive: Callable[..., Derived]) -> None:
    made = derive({"plant.csv": (HEADER + GOOD)[:-9]})
    assert made.files[0].read == 12
    ((position, reason, text),) = made.files[0].rejected
    assert (position, reason, text) == (13, "2 cells where the header has 4", b"2024-06-01T00:55:00Z,20.55")
    assert made.reports["telemetry"]["set_aside"] == {"no row": 1}
    assert made.records.num_rows == 11


def test_powers_are_needed_and_must_hold_numbers(derive: Callable[..., Derived]) -> None:
    with pytest.raises(
        InputError, match=r"no column for total_power_kw.*--total-power.*The file has: time, it_power_kw"
    ):
        derive({"plant.csv": "time,it_power_kw\n0,1\n900,2\n"})
    with pytest.raises(InputError, match=r"column 'IT' must hold numbers, but it holds no numbers, such as 'on'"):
        derive({"plant.csv": "time,IT,total_power_kw\n0,on,1\n900,on,2\n"}, it_power="IT", units="IT=kW")
    with pytest.raises(InputError, match=r"the unit of the power 'IT' must be known; .* --units 'IT=kW'"):
        derive({"plant.csv": "time,IT,total_power_kw\n0,1,1\n900,1,2\n"}, it_power="IT")
    with pytest.raises(InputError, match=r"no column for it_power_kw \(the one of that name holds no value\)"):
        derive({"plant.csv": "time,it_power_kw,total_power_kw\n0,,1\n900,,2\n"})
    with pytest.raises(InputError, match=r"unknown column 'IT2'; did you mean 'IT'"):
        derive({"plant.csv": "time,IT,total_power_kw\n0,1,1\n900,1,2\n"}, it_power="IT2")


def test_names_that_collide_are_refused(derive: Callable[..., Derived]) -> None:
    with pytest.raises(
        InputError, match=r"columns 'inlet_temp_f' and 'inlet_temp_c' would both be called 'inlet_temp_c'"
    ):
        derive({"plant.csv": "time,inlet_temp_f,inlet_temp_c,pue\n0,1,1,1.1\n"})
    with pytest.raises(InputError, match="column 'segment' must have another name"):
        derive({"plant.csv": "time,segment,pue\n0,1,1.1\n"})
    with pytest.raises(InputError, match="columns 'pue' and 'pue' would both be called"):
        derive({"plant.csv": "time,pue,pue\n0,1,1.1\n"})


def test_one_reading_tells_no_step(derive: Callable[..., Derived]) -> None:
    with pytest.raises(InputError, match=r"`pue` must have two times or more.*--step-minutes\. Received: 1 rows"):
        derive({"plant.csv": "time,pue\n0,1.1\n"})
    assert derive({"plant.csv": "time,pue\n0,1.1\n"}, step_minutes=15).records.num_rows == 1


def test_no_rows_at_all_give_no_records(derive: Callable[..., Derived]) -> None:
    with pytest.raises(InputError, match=r"plant\.csv: at least one row of telemetry is needed\. Received: none"):
        derive({"plant.csv": HEADER})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"timezone": "Europe/Berlni"}, "unknown time zone 'Europe/Berlni'; did you mean 'Europe/Berlin'"),
        ({"units": "inlet"}, "--units must be COLUMN=UNIT parts .* Received: 'inlet'"),
        ({"units": "inlet=degQ"}, "unknown unit 'degQ'; did you mean"),
        ({"step_minutes": 0.0}, "--step-minutes must be a positive number of whole seconds. Received: 0.0"),
        ({"step_minutes": 0.001}, "--step-minutes must be"),
        ({"stuck_after": 0.0}, "--stuck-after must be a positive number of minutes. Received: 0.0"),
        ({"max_gap": -1.0}, "--max-gap must be a number of minutes, 0 or more. Received: -1.0"),
    ],
)
def test_options_are_checked(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        IngestOptions(**options)


def test_a_plan_needs_files(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--telemetry must name at least one file"):
        make_plan({"telemetry": []}, IngestOptions())
    with pytest.raises(InputError, match=r"none\.csv: no such file"):
        make_plan({"telemetry": [str(tmp_path / "none.csv")]}, IngestOptions())
