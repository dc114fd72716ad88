"""Times: offsets and zones become UTC; the hours at which clocks are turned are told, and no row is put into a wrong one."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from apps.datacenter.telemetry.derive import derive_steps
from apps.datacenter.telemetry.times import find_zone, read_times
from gristmill.errors import InputError
from pipelines.sources import source_file

BERLIN = {"timezone": "Europe/Berlin"}


def utc(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def read(texts: list[str], zone: str = "UTC", standard: bool = False) -> list[float]:
    clock = read_times([pa.array(texts)], np.zeros(len(texts), np.int32), find_zone(zone), standard)
    return clock.seconds.tolist()


def test_all_ways_to_write_one_time_are_one_time() -> None:
    texts = [
        "2024-06-01T12:00:00Z",
        "2024-06-01 14:00:00+02:00",
        "2024-06-01T14:00+0200",
        "2024-06-01T07:00:00.000-05",
        " 2024-06-01 12:00 ",
        "1717243200",
        "1717243200.0",
    ]
    assert read(texts) == [utc("2024-06-01 12:00")] * len(texts)


@pytest.mark.parametrize(
    "cells",
    [
        pa.array([datetime(2024, 6, 1, 12)]),
        pa.array([datetime(2024, 6, 1, 12, tzinfo=UTC)]),
        pa.array([1717243200]),
        pa.array([1717243200.0]),
        pa.array([datetime(2024, 6, 1, 12)], pa.timestamp("ns")),
        pa.array([datetime(2024, 6, 1, 12)], pa.timestamp("s", "America/Chicago")),
    ],
    ids=lambda cells: str(cells.type),
)
def test_typed_times_of_parquet(cells: pa.Array) -> None:
    clock = read_times([cells], np.zeros(1, np.int32), None, False)
    assert clock.seconds.tolist() == [utc("2024-06-01 12:00")]


@pytest.mark.parametrize(
    "text", ["", "soon", "01/06/2024 12:00", "2024-02-30", "2024-06-01 25:00", "1717243200000", None]
)
def test_what_is_no_time_is_not_guessed(text: str | None) -> None:
    assert np.isnan(read([text])).all()  # type: ignore[list-item]


def test_a_zone_has_its_summer_and_its_winter() -> None:
    assert read(["2024-01-15 12:00", "2024-07-15 12:00"], "Europe/Berlin") == [
        utc("2024-01-15 11:00"),
        utc("2024-07-15 10:00"),
    ]
    assert read(["2024-07-15T12:00Z"], "Europe/Berlin") == [utc("2024-07-15 12:00")]
    assert read(["2024-01-15 12:00", "2024-07-15 12:00"], "Europe/Berlin", standard=True) == [
        utc("2024-01-15 11:00"),
        utc("2024-07-15 11:00"),
    ]


def rows_of(times: list[str]) -> tuple[str, list[tuple[object, ...]]]:
    return "time,pue", [(time, 1.1 + place / 100) for place, time in enumerate(times)]


def test_rows_in_the_hour_that_clocks_leave_out_are_set_aside(steps: Callable[..., Any]) -> None:
    made = steps(
        rows_of([f"2024-03-31 {time}" for time in ("01:00", "01:30", "02:00", "02:30", "03:00", "03:30")]), **BERLIN
    )
    assert made.column("time") == [utc(f"2024-03-31 0{time}") for time in ("0:00", "0:30", "1:00", "1:30")]
    assert made.column("pue") == [pytest.approx(1.1 + place / 100) for place in (0, 1, 4, 5)]
    assert [place for place, _ in made.rejected] == [4, 5]
    assert made.rejected[0][1] == (
        "`time` must be a time that clocks in Europe/Berlin showed; they were put forward over it. "
        "Received: '2024-03-31 02:00'"
    )
    assert made.report["clock_turns"] == [{"day": "2024-03-31", "what": "no such hour", "rows": 2, "set_aside": 2}]
    assert made.report["segments"] == 1


def test_the_order_of_rows_tells_the_hour_that_comes_twice(steps: Callable[..., Any]) -> None:
    times = [f"2024-10-27 {time}" for time in ("01:30", "02:00", "02:30", "02:00", "02:30", "03:00")]
    made = steps(rows_of(times), **BERLIN)
    first = utc("2024-10-26 23:30")
    assert made.column("time") == [first + 1800 * step for step in range(6)]
    assert made.column("pue") == [pytest.approx(1.1 + place / 100) for place in range(6)]
    assert made.report["clock_turns"] == [{"day": "2024-10-27", "what": "hour twice", "rows": 4, "set_aside": 0}]
    newest_first = steps(rows_of(times[::-1]), **BERLIN)
    assert newest_first.column("time") == made.column("time")
    assert newest_first.column("pue") == made.column("pue")[::-1]


def test_an_hour_that_comes_twice_and_is_not_shown_is_set_aside(steps: Callable[..., Any]) -> None:
    made = steps(
        rows_of([f"2024-10-27 {time}" for time in ("01:00", "01:30", "02:00", "02:30", "03:00", "03:30")]), **BERLIN
    )
    assert [place for place, _ in made.rejected] == [4, 5]
    assert "must say which of two hours is meant" in made.rejected[0][1]
    assert made.report["clock_turns"] == [{"day": "2024-10-27", "what": "hour twice", "rows": 2, "set_aside": 2}]
    assert [(gap["begins"], gap["steps"]) for gap in made.report["gaps"]] == [("2024-10-27T00:00:00Z", 4)]


def test_each_site_has_an_order_of_its_own(steps: Callable[..., Any]) -> None:
    times = [f"2024-10-27 {time}" for time in ("01:00", "02:00", "02:00", "03:00")]
    rows = [(time, site, 1.2) for time in times for site in ("north", "south")]
    made = steps(("time,site,pue", rows), **BERLIN)
    assert made.rejected == []
    assert made.column("time") == [utc("2024-10-26 23:00") + 3600 * step for step in range(4)] * 2
    assert made.column("site") == ["north"] * 4 + ["south"] * 4
    assert made.column("segment") == [0] * 4 + [1] * 4


def test_local_standard_time_of_a_plant_never_follows_summer(tmp_path: Path) -> None:
    times = pa.array([datetime(1991, 7, 1, hour) for hour in range(3)])
    fields = [pa.field("time", times.type, metadata={"unit": "local standard time"}), pa.field("pue", pa.float64())]
    path = tmp_path / "plant.parquet"
    pq.write_table(pa.table([times, pa.array([1.1, 1.2, 1.3])], schema=pa.schema(fields)), path)
    made = derive_steps((source_file(str(path)),), {"timezone": "America/Chicago"})
    assert made.records.column("time")[0].as_py() == utc("1991-07-01 06:00")
    assert derive_steps((source_file(str(path)),), {}).records.column("time")[0].as_py() == utc("1991-07-01 00:00")


def test_an_unknown_zone_gets_the_nearest() -> None:
    with pytest.raises(InputError, match="did you mean 'America/Chicago'"):
        find_zone("America/Chicagoo")
    assert find_zone("utc") is None
