"""A day"s replay: temperatures, set-points, air flows and powers of the chosen systems, on the same axes."""

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import streamlit as st

from apps.datacenter.plant import ACTIONS
from apps.datacenter.plant.summary import Limits
from dashboards.parts.datacenter_charts import day_lines, day_power
from dashboards.parts.datacenter_runs import (
    column_title,
    days_of,
    load_telemetry,
    show_lacking,
    step_hours,
    telemetry_files,
    times_of,
)
from dashboards.parts.folders import stamp
from dashboards.parts.messages import plain
from dashboards.parts.quality import Row, system_title
from gristmill.runs import Run

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

__all__ = ["power_rows", "show_day", "temperature_rows"]

_A_ROW = 2
_SAME_C = 0.01
_C = "temperature (°C)"
_ASKED = {"zone_cooling_c": "rooms", "supply_air_c": "supply air", "chilled_water_c": "chilled water"}


def show_day(run: Run) -> None:
    """One day: temperatures, set-points, air flows and powers of the chosen systems, on the same axes."""
    files = telemetry_files(run)
    if not files:
        show_lacking("This run has no telemetry of a closed loop", run)
        return
    left, right = st.columns([1, 3])
    first, last = days_of(load_telemetry(next(iter(files.values())), stamp(run.path)))
    start = min(first + timedelta(days=(last - first).days // 2), last)
    day = left.date_input("Day of the run", start, min_value=first, max_value=last, key=f"day of {run.path}")
    chosen = right.multiselect("Systems", list(files), default=list(files)[:_A_ROW], format_func=system_title)
    if not chosen:
        st.info("Choose one system or several.")
        return
    tables = {name: load_telemetry(files[name], stamp(run.path)) for name in chosen}
    made = {name: temperature_rows(table, day) for name, table in tables.items()}
    powers = {name: power_rows(table, day) for name, table in tables.items()}
    if not all(powers.values()):
        st.info("A chosen system has no steps on that day.")
        return
    _show_lines(made)
    st.markdown("**Power by part**")
    highest = max(_highest(rows) for rows in powers.values())
    for column, name in _side_by_side(chosen):
        energy = sum(row["value"] for row in powers[name]) * step_hours(tables[name]) / 1000
        column.caption(f"{plain(system_title(name))}: {energy:.3f} MWh on this day")
        column.altair_chart(day_power(powers[name], highest=highest), width="stretch")


def temperature_rows(table: pa.Table, day: date) -> dict[str, list[Row]]:
    """A day's temperatures, °C, and set-points: `measured`, `set_points` and `flows`, a row a column and step.

    A row has `kind`, what it is; `column`, which one of them; `how`, in force or asked for; `hour` of the day; `value`. Asking
    for the highest flow there is means all that the fan moves, and is left out.
    """
    chart: dict[str, list[Row]] = {"measured": [], "set_points": [], "flows": []}
    part = _day(table, day)
    for name in table.column_names:
        found = _kind_of(name, table)
        if found:
            where, kind = found
            how = "asked for" if name.startswith("action_") else "in force"
            rows = _hourly(part, name, {"kind": kind, "column": column_title(name), "how": how})
            most = ACTIONS[name.removeprefix("action_")][2] if how == "asked for" else math.inf
            chart[where] += [row for row in rows if row["value"] < most]
    return chart


def power_rows(table: pa.Table, day: date) -> list[Row]:
    """A day's power by part, kW: IT, fans, other cooling, lights and what is left."""
    part = _day(table, day)
    it, fans, cooling, total = (part[f"{name}_power_kw"] for name in ("it", "fan", "cooling", "total"))
    parts = {
        "IT": it,
        "fans": fans,
        "other cooling": pc.subtract(cooling, fans),
        "lights and other": pc.subtract(pc.subtract(total, it), cooling),
    }
    made = part.select(["time"])
    for name, values in parts.items():
        made = made.append_column(name, values)
    return [row for place, name in enumerate(parts) for row in _hourly(made, name, {"kind": name, "order": place})]


def _show_lines(made: Mapping[str, Mapping[str, list[Row]]]) -> None:
    """Temperatures, set-points and flows of each system."""
    band = Limits().inlet_c
    asked = "in force, and dashed where it was asked for"
    for key, title, axis, allowed in (
        ("measured", f"**Temperatures**: server inlets must stay in the band, {band[0]:g} to {band[1]:g} °C", _C, band),
        ("set_points", f"**Set-points**: {asked}", "set-point (°C)", None),
        ("flows", f"**Air flow of each unit**: {asked}", "air flow (kg/s)", None),
    ):
        st.markdown(title)
        ends = _ends((charts[key] for charts in made.values()), allowed)
        for column, name in _side_by_side(list(made)):
            column.caption(plain(system_title(name)))
            if rows := made[name][key]:
                column.altair_chart(day_lines(rows, axis=axis, ends=ends, band=allowed), width="stretch")


def _side_by_side(names: Sequence[str]) -> list[tuple["DeltaGenerator", str]]:
    """A column for each name, two a row."""
    pairs = []
    for start in range(0, len(names), _A_ROW):
        pairs += list(zip(st.columns(_A_ROW), names[start : start + _A_ROW], strict=False))
    return pairs


def _ends(several: Iterable[Sequence[Row]], band: tuple[float, float] | None) -> tuple[float, float] | None:
    """Lowest and highest value of several charts and the band, so that all have the same axis."""
    values = [*(row["value"] for rows in several for row in rows), *(band or ())]
    return (min(values), max(values)) if values else None


def _highest(rows: Sequence[Row]) -> float:
    """Highest sum of the parts in a step."""
    sums: dict[float, float] = {}
    for row in rows:
        sums[row["hour"]] = sums.get(row["hour"], 0.0) + row["value"]
    return max(sums.values())


def _day(table: pa.Table, day: date) -> pa.Table:
    return table.filter(pa.array(times_of(table).astype("datetime64[D]") == np.datetime64(day)))


def _hourly(table: pa.Table, name: str, also: Row) -> list[Row]:
    times = times_of(table)
    hours = (times - times.astype("datetime64[D]")) / np.timedelta64(1, "h")
    return [
        also | {"hour": hour, "time": f"{int(hour):02}:{round(hour % 1 * 60):02}", "value": value}
        for hour, value in zip(hours.tolist(), table[name].to_pylist(), strict=True)
        if value is not None
    ]


def _kind_of(name: str, table: pa.Table) -> tuple[str, str] | None:
    """In which chart a column stands, and as what; None for those that are not shown."""
    if name.removeprefix("action_") in _ASKED:
        return "set_points", _ASKED[name.removeprefix("action_")]
    if name.endswith("flow_kg_s") or name == "action_outdoor_air_kg_s":
        return "flows", "outdoor air" if "outdoor" in name or "outside" in name else "fans"
    if name.endswith("_setpoint_c"):
        kind = "rooms" if "cooling_setpoint" in name else "chilled water" if "water" in name else "supply air"
        return ("set_points", kind) if kind != "chilled water" or _varies(table[name]) else None
    kinds = {"_inlet_c": "server inlets", "_temperature_c": "rooms", "outdoor_c": "outdoors"}
    for ending, kind in kinds.items():
        if name.endswith(ending):
            return "measured", kind
    is_supply = f"{name.removesuffix('_c')}_setpoint_c" in table.column_names and "water" not in name
    return ("measured", "supply air") if is_supply else None


def _varies(values: pa.ChunkedArray) -> bool:
    ends = pc.min_max(values).as_py()
    return bool(ends["max"] - ends["min"] > _SAME_C)
