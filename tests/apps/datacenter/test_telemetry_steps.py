"""Steps: means over time, gaps that are told and cut the series, and short ones that are filled."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.datacenter.telemetry.resample import Grid, fill_gaps, means, reading_ends, touched

HEADER = "time,zone_setpoint_c,inlet_c,it_power_kw,total_power_kw"


def rows(steps: range | list[int], seconds: int = 900) -> list[tuple[object, ...]]:
    return [(seconds * step, 20 if step < 4 else 24, 20 + step, 100, 120 + step) for step in steps]


def test_readings_on_the_grid_stay_as_they_are(steps: Callable[..., Any]) -> None:
    made = steps((HEADER, rows(range(12))))
    assert made.report["step_seconds"] == 900
    assert made.column("time") == [900 * step for step in range(12)]
    assert made.column("inlet_c") == [20.0 + step for step in range(12)]
    assert (made.report["steps"], made.report["segments"], made.report["gaps"]) == (12, 1, [])


def test_coarser_steps_are_means(steps: Callable[..., Any]) -> None:
    made = steps((HEADER, rows(range(12))), step_minutes=60)
    assert made.column("time") == [0, 3600, 7200]
    assert made.column("inlet_c") == [21.5, 25.5, 29.5]
    assert made.column("total_power_kw") == [121.5, 125.5, 129.5]
    assert made.column("pue") == [1.215, 1.255, 1.295]


def test_finer_steps_hold_the_value(steps: Callable[..., Any]) -> None:
    made = steps((HEADER, rows(range(3))), step_minutes=5)
    assert made.column("time") == [300 * step for step in range(9)]
    assert made.column("inlet_c") == [20.0] * 3 + [21.0] * 3 + [22.0] * 3


def test_a_reading_counts_by_its_time(steps: Callable[..., Any]) -> None:
    made = steps(("time,pue", [(0, 1.0), (600, 4.0), (900, 2.0), (1800, 2.0), (2700, 2.0)]), step_minutes=15)
    assert made.column("pue") == [2.0] * 4  # (600 * 1 + 300 * 4) / 900


def test_steps_begin_where_readings_do(steps: Callable[..., Any]) -> None:
    made = steps(("time,pue", [(420 + 900 * step, 1.1 + step) for step in range(4)]))
    assert made.column("time") == [420, 1320, 2220, 3120]
    assert made.column("pue") == [1.1, 2.1, 3.1, 4.1]


def test_a_gap_cuts_the_series_and_is_told(steps: Callable[..., Any]) -> None:
    made = steps((HEADER, rows([0, 1, 2, 6, 7, 8])))
    assert made.column("time") == [900 * step for step in (0, 1, 2, 6, 7, 8)]
    assert made.column("segment") == [0, 0, 0, 1, 1, 1]
    assert made.report["gaps"] == [{"site": "site", "begins": "1970-01-01T00:45:00Z", "steps": 3, "minutes": 45.0}]


def test_a_gap_of_one_step_is_filled_and_counted(steps: Callable[..., Any]) -> None:
    made = steps((HEADER, rows([0, 1, 2, 3, 5, 6])))
    assert made.column("inlet_c") == [20.0 + step for step in range(7)]
    assert made.column("zone_setpoint_c") == [20.0] * 5 + [24.0] * 2  # what was asked for is held
    assert made.told("inlet_c")["steps_filled"] == 1
    assert (made.report["segments"], made.report["gaps"]) == (1, [])
    assert steps((HEADER, rows([0, 1, 2, 3, 5, 6])), max_gap=0).report["segments"] == 2
    assert steps((HEADER, rows([0, 1, 2, 6, 7])), max_gap=45).report["segments"] == 1


def test_missing_cells_are_filled_as_gaps_are(steps: Callable[..., Any]) -> None:
    cells = [20, None, 22, None, None, 25, 26, None]
    made = steps(("time,inlet_c,pue", [(900 * step, cell, 1.2) for step, cell in enumerate(cells)]))
    assert made.column("inlet_c") == [20.0, 21.0, 22.0, None, None, 25.0, 26.0, None]
    told = made.told("inlet_c")
    assert (told["missing"], told["steps_filled"], told["steps_missing"]) == (4, 1, 3)


def test_a_step_needs_half_of_its_time(steps: Callable[..., Any]) -> None:
    half = [(300 * step, 1.2) for step in range(12) if step not in (3, 4, 5, 6, 7, 8)]
    made = steps(("time,pue", half), step_minutes=30, max_gap=0)
    assert made.column("time") == [0, 1800]
    fewer = [row for row in half if row[0] != 600]
    assert steps(("time,pue", fewer), step_minutes=30, max_gap=0).column("time") == [1800]


def test_a_clock_that_went_wrong_makes_a_gap_and_no_million_steps(steps: Callable[..., Any]) -> None:
    made = steps(("time,pue", [*((900 * step, 1.2) for step in range(8)), ("2099-01-01T00:00:00Z", 1.2)]))
    assert made.report["steps"] == 9
    assert [gap["begins"] for gap in made.report["gaps"]] == ["1970-01-01T02:00:00Z"]


def test_fill_gaps_leaves_ends_and_long_runs() -> None:
    nan = np.nan
    values = np.array([nan, 1.0, nan, 3.0, nan, nan, 6.0, nan])
    filled, count = fill_gaps(np.arange(8), values, 1, hold=False)
    np.testing.assert_array_equal(filled, [nan, 1, 2, 3, nan, nan, 6, nan])
    assert count == 1
    assert fill_gaps(np.arange(8), values, 2, hold=True)[0].tolist()[4:7] == [3, 3, 6]
    assert fill_gaps(np.array([0, 1, 5]), np.array([1.0, nan, 2.0]), 1, hold=False)[1] == 0


@given(
    st.lists(st.tuples(st.integers(1, 4000), st.floats(-1e6, 1e6)), min_size=1, max_size=30),
    st.sampled_from([60, 300, 900, 3600]),
)
def test_means_are_those_of_every_second(readings: list[tuple[int, float]], seconds: int) -> None:
    times = np.cumsum([gap for gap, _ in readings]).astype(float)
    values = np.array([value for _, value in readings])
    ends = reading_ends(times, 600.0)
    grid = Grid(seconds, 0)
    numbers = touched(grid, times, ends)
    found = means(grid, numbers, times, ends, values)
    whole = np.full((int(numbers[-1]) + 1) * seconds, np.nan)
    for start, end, value in zip(times, ends, values, strict=True):
        whole[int(start) : int(end)] = value
    for number, mean in zip(numbers.tolist(), found.tolist(), strict=True):
        second = whole[number * seconds : (number + 1) * seconds]
        covered = np.isfinite(second)
        if 2 * covered.sum() < seconds:
            assert np.isnan(mean)
        else:
            assert mean == pytest.approx(second[covered].mean(), rel=1e-9, abs=1e-5)
