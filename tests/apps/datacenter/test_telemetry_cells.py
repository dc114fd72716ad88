"""Cells: units are converted, impossible values and stuck sensors are taken out, and each of them is counted."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from apps.datacenter.telemetry.columns import find_columns
from apps.datacenter.telemetry.units import conversion, find_unit, unit_in_name
from gristmill.errors import InputError

STEP = 900


def with_column(name: str, values: Sequence[object]) -> tuple[str, list[tuple[object, ...]]]:
    """Rows of good powers and one column more."""
    return f"time,it_power_kw,total_power_kw,{name}", [
        (STEP * step, 100 + step % 7, 120 + step % 11, value) for step, value in enumerate(values)
    ]


def noise(count: int, middle: float = 22.0) -> list[object]:
    return np.random.default_rng(1).normal(middle, 0.5, count).round(6).tolist()


@pytest.mark.parametrize(
    ("unit", "value", "kept", "expected"),
    [
        ("degF", 68.0, "degC", 20.0),
        ("°F", 212.0, "degC", 100.0),
        ("K", 273.15, "degC", 0.0),
        ("W", 1500.0, "kW", 1.5),
        ("MW", 1.5, "kW", 1500.0),
        ("kg/h", 3600.0, "kg/s", 1.0),
        ("m3/h", 7200.0, "m3/s", 2.0),
        ("l/s", 500.0, "m3/s", 0.5),
        ("%", 40.0, "%", 40.0),
        ("fraction", 0.4, "fraction", 0.4),
    ],
)
def test_units_become_the_kept_one(unit: str, value: float, kept: str, expected: float) -> None:
    made = conversion(find_unit(unit), None)
    assert made.kept == kept
    assert made(np.array([value]))[0] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("name", "stem", "unit"),
    [
        ("inlet_c", "inlet", "degC"),
        ("Inlet Temp (°F)", "inlet_temp", "degF"),
        ("inlet_temp_f", "inlet_temp", "degF"),
        ("total power [W]", "total_power", "W"),
        ("it_power_w", "it_power", "W"),
        ("fan_flow_kg_s", "fan_flow", "kg/s"),
        ("humidity_percent", "humidity", "%"),
        ("rack_f", "rack_f", None),
        ("inlet_w", "inlet_w", None),
        ("it_load", "it_load", None),
    ],
)
def test_what_a_name_says_of_its_unit(name: str, stem: str, unit: str | None) -> None:
    found, said = unit_in_name(name)
    assert (found, said.name if said else None) == (stem, unit)


def test_a_converted_column_gets_the_name_of_its_new_unit(steps: Callable[..., Any]) -> None:
    rows = [(STEP * step, 68 + 9 * step, 100_000, 0.12) for step in range(3)]
    made = steps(("time,inlet,it_power_w,Total (MW)", rows), units="inlet=degF", total_power="Total (MW)")
    assert made.column("inlet_c") == [20.0, 25.0, 30.0]
    assert made.column("it_power_kw") == [100.0] * 3
    assert made.column("total_power_kw") == [120.0] * 3
    assert made.column("pue") == [1.2] * 3
    assert [made.told(name)["converted_from"] for name in ("inlet_c", "it_power_kw", "total_power_kw")] == [
        "degF",
        "W",
        "MW",
    ]


def test_the_user_knows_units_better_than_names() -> None:
    from apps.datacenter.options import IngestOptions

    options = IngestOptions(units="inlet_c=degF,rh_percent=fraction")
    found = find_columns("x.csv", ["time", "inlet_c", "rh_percent"], {"inlet_c": "degC"}, options)
    assert [(column.name, column.unit.given, column.unit.kept) for column in found.numbers if column.unit] == [
        ("inlet_c", "degF", "degC"),
        ("rh_percent", "fraction", "%"),
    ]


def test_a_column_in_another_unit_than_it_says_is_refused_with_the_unit_that_fits(steps: Callable[..., Any]) -> None:
    with pytest.raises(
        InputError,
        match=r"0\.csv: column 'inlet_c' must be from -60 to 60 degC\. Received: 8 of 8 values that are not, with a "
        r"median of 68; degF would fit: --units 'inlet_c=degF'",
    ):
        steps(with_column("inlet_c", [68] * 8))
    with pytest.raises(InputError, match=r"median of 295; K would fit"):
        steps(with_column("outdoor_c", [295] * 8))
    with pytest.raises(InputError, match=r"column 'humidity_percent' must be in percent.*fraction would fit"):
        steps(with_column("humidity_percent", [0.3, 0.4, 0.5]))
    with pytest.raises(InputError, match=r"column 'fan_power_kw' must be at least 0 kW"):
        steps(with_column("fan_power_kw", [-3, -4, 5]))


def test_watts_that_pass_for_kilowatts_are_refused(steps: Callable[..., Any]) -> None:
    rows = [(STEP * step, 100_000, 120) for step in range(4)]
    with pytest.raises(
        InputError, match=r"PUE.*must have a median from 1 to 10\. Received: 0\.0012; is one of them in"
    ):
        steps(("time,it_power_kw,total_power_kw", rows))
    assert steps(("time,it_power_kw,total_power_kw", rows), units="it_power_kw=W").column("pue") == [1.2] * 4
    with pytest.raises(InputError, match=r"Received: 1200;"):
        steps(("time,it_power_kw,total_power_kw", [(time, 100, 120_000) for time, *_ in rows]))


def test_cells_that_cannot_be_are_missing_and_counted(steps: Callable[..., Any]) -> None:
    cells: list[object] = [50, 50, "n/a", None, 50, "ERROR", "NaN", 130, -1, "1e400", 50, 50]
    made = steps(with_column("inlet_humidity_percent", cells))
    told = made.told("inlet_humidity_percent")
    assert (told["cells"], told["missing"], told["no_number"], told["out_of_range"]) == (12, 3, 2, 2)
    assert [value is None for value in made.column("inlet_humidity_percent")] == [
        cell != 50 for cell in cells
    ]  # fmt: skip
    assert told["steps_missing"] == 7


def test_a_total_below_the_it_power_takes_both_out(steps: Callable[..., Any]) -> None:
    rows = [(STEP * step, 100, 90 if step in (4, 5) else 130) for step in range(10)]
    made = steps(("time,it_power_kw,total_power_kw", rows))
    assert made.told("total_power_kw")["below_it_power"] == made.told("it_power_kw")["below_it_power"] == 2
    assert made.column("pue") == [1.3] * 8
    assert [gap["steps"] for gap in made.report["gaps"]] == [2]


def test_no_pue_while_the_it_equipment_is_off(steps: Callable[..., Any]) -> None:
    rows = [(STEP * step, 0 if step == 2 else 100, 120) for step in range(5)]
    made = steps(("time,it_power_kw,total_power_kw", rows))
    assert made.column("pue") == [1.2, 1.2, None, 1.2, 1.2]
    assert made.column("it_power_kw") == [100.0, 100.0, 0.0, 100.0, 100.0]


def test_a_pue_of_ones_own_is_checked(steps: Callable[..., Any]) -> None:
    made = steps(("time,pue", [(0, 1.2), (900, 0.7), (1800, None), (2700, 1.3)]))
    assert made.column("pue") == [1.2, 1.3]
    assert (made.told("pue")["missing"], made.told("pue")["out_of_range"]) == (1, 1)


def test_a_stuck_sensor_is_missing_while_it_is_stuck(steps: Callable[..., Any]) -> None:
    values = noise(96)
    values[30:60] = [values[30]] * 30
    made = steps(with_column("inlet_c", values))
    assert made.told("inlet_c")["stuck"] == 30
    assert [step for step, value in enumerate(made.column("inlet_c")) if value is None] == list(range(30, 60))
    assert steps(with_column("inlet_c", values), stuck_after=480.0).told("inlet_c")["stuck"] == 0


def test_what_may_stay_the_same_is_not_stuck(steps: Callable[..., Any]) -> None:
    values = noise(96)
    values[30:60] = [values[30]] * 30
    for name in ("zone_setpoint_c", "action_zone_cooling_c"):
        assert steps(with_column(name, values)).told(name)["stuck"] == 0
    assert steps(with_column("inlet_c", [22] * 96)).told("inlet_c") | {"stuck": 0} == steps(
        with_column("inlet_c", [22] * 96)
    ).told("inlet_c")
    assert steps(with_column("inlet_c", [22] * 96)).told("inlet_c")["note"] == "constant"


def test_a_machine_that_is_off_and_a_limit_are_not_stuck(steps: Callable[..., Any]) -> None:
    off = noise(96, 30.0)
    off[30:60] = [0] * 30
    told = steps(with_column("chiller_power_kw", off)).told("chiller_power_kw")
    assert (told["stuck"], told["note"]) == (0, "stays long at 0")
    limited = noise(120, 17.0)
    limited[10:40] = limited[70:100] = [18] * 30
    told = steps(with_column("supply_c", limited)).told("supply_c")
    assert (told["stuck"], told["note"]) == (0, "stays long at 18")


def test_a_sensor_of_few_digits_is_not_stuck_in_calm_weather(steps: Callable[..., Any]) -> None:
    calm = [step // 12 + 20 for step in range(96)]
    calm[30:60] = [calm[30]] * 30
    assert steps(with_column("outdoor_c", calm)).told("outdoor_c")["stuck"] == 0
