"""A data centre's runs as rows: systems side by side, energy over time, one day, and what the guard did."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from apps.datacenter.plant import ACTIONS
from apps.datacenter.telemetry.units import unit_in_name
from dashboards.parts.quality import Row, system_title
from gristmill.runs import Metrics, Run

__all__ = [
    "DAY",
    "PUE_TITLE",
    "SPLIT",
    "against",
    "column_title",
    "days_of",
    "energy_rows",
    "log_file",
    "log_rows",
    "measured_systems",
    "power_rows",
    "rule_of",
    "rule_rows",
    "source_rows",
    "step_hours",
    "system_rows",
    "telemetry_files",
    "temperature_rows",
    "unit_of",
]

SPLIT = "test"
DAY = np.timedelta64(1, "D")
PUE_TITLE = "PUE (total over IT)"
_FOLDER = f"evaluation/{SPLIT}"
_ORDER = ("model", "default", "best_constant", "reactive")
_COLUMNS = {
    "total_mwh": "Total (MWh)",
    "cooling_mwh": "Cooling (MWh)",
    "pue": PUE_TITLE,
    "inlet_steps_out": "Inlet outside 18–27 °C (steps)",
    "humidity_percent_out": "Humidity out (% of time)",
}
_FORESIGHT = {"inlet_mae_c": "Error of inlets (K)", "cooling_mae_kw": "Error of cooling (kW)"}
_MONTHS_FROM_DAYS, _MONTHS = 62, 12
_SAME_C = 0.01
_UNITS = {"degC": "°C", "1": "", "fraction": "fraction"}
_ASKED = {"zone_cooling_c": "rooms", "supply_air_c": "supply air", "chilled_water_c": "chilled water"}
_NUMBER = re.compile(r"(?<!\w)[-+]?\d+(\.\d+)?%?")


def measured_systems(metrics: Metrics) -> list[str]:
    """The systems whose closed loop was measured, ours first."""
    names = [name for name, values in metrics.get(SPLIT, {}).items() if "total_mwh" in values]
    return _in_order(names)


def system_rows(metrics: Metrics) -> list[Row]:
    """A row a system with its energy, PUE and violations, units in the names, and how well it foresees."""
    systems = metrics.get(SPLIT, {})
    known = {name: title for name, title in _FORESIGHT.items() if any(name in values for values in systems.values())}
    wanted = _in_order(name for name, values in systems.items() if {"total_mwh", *known} & set(values))
    return [
        {"System": system_title(name)}
        | {title: systems[name].get(key) for key, title in (_COLUMNS | known).items()}
        for name in wanted
    ]  # fmt: skip


def against(metrics: Metrics, other: str, name: str) -> float | None:
    """By how many per cent our model's metric is above that of another system; None where one was not measured."""
    systems = metrics.get(SPLIT, {})
    ours, theirs = systems.get("model", {}).get(name), systems.get(other, {}).get(name)
    return 100 * (ours / theirs - 1) if ours is not None and theirs else None


def telemetry_files(run: Run) -> dict[str, Path]:
    """Telemetry of each system's closed loop, ours first."""
    names = [Path(name).stem for name in run.files if name.startswith(f"{_FOLDER}/") and name.endswith(".parquet")]
    return {name: run.file(f"{_FOLDER}/{name}.parquet") for name in _in_order(names)}


def log_file(run: Run) -> Path | None:
    """The guard's action log; None where the run has none."""
    name = f"{_FOLDER}/actions.jsonl"
    return run.file(name) if name in run.files else None


def step_hours(table: pa.Table) -> float:
    """Length of a step."""
    times = _times(table)
    return float((times[1] - times[0]) / np.timedelta64(1, "h")) if len(times) > 1 else 0.0


def days_of(table: pa.Table) -> tuple[date, date]:
    """The first and the last day."""
    times = _times(table).astype("datetime64[D]")
    return times[0].item(), times[-1].item()


def energy_rows(tables: Mapping[str, pa.Table], part: str) -> list[Row]:
    """Energy of `total`, `cooling` or `it` by system and month, MWh; of runs of up to two months by day."""
    rows: list[Row] = []
    for name, table in tables.items():
        times = _times(table)
        by = "M" if times[-1] - times[0] > _MONTHS_FROM_DAYS * DAY else "D"
        spans, place = np.unique(times.astype(f"datetime64[{by}]"), return_inverse=True)
        mwh = np.bincount(place, table[f"{part}_power_kw"].to_numpy()) * step_hours(table) / 1000
        form = "%d %b" if by == "D" else "%b" if len(spans) <= _MONTHS else "%b %Y"
        rows += [
            {"system": system_title(name), "span": span.item().strftime(form), "mwh": value}
            for span, value in zip(spans, mwh.tolist(), strict=True)
        ]
    return rows


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


def rule_of(reason: str) -> str:
    """What a reason says, without its numbers."""
    return _NUMBER.sub("…", reason)


def source_rows(log: pa.Table) -> list[Row]:
    """In how many steps the set-points came from each source, most often first."""
    return _counts(Counter(log["source"].to_pylist()), len(log))


def rule_rows(log: pa.Table) -> list[Row]:
    """In how many steps each reason was given, numbers left out, most often first."""
    told = Counter(rule for reasons in log["reasons"].to_pylist() for rule in {rule_of(each) for each in reasons})
    return _counts(told, len(log))


def log_rows(
    log: pa.Table, sources: Sequence[str], rules: Sequence[str], day: date | None, most: int
) -> tuple[list[Row], int]:
    """The first entries that fit, units in the names, and how many fit in all.

    Args:
        log: See `read_log`.
        sources: Any of these.
        rules: Any of these among its reasons; all where it is empty.
        day: Only of this day; None for all.
        most: How many rows.
    """
    fits = pc.is_in(log["source"], pa.array(sources, pa.string())).to_numpy(zero_copy_only=False)
    if day is not None:
        fits = fits & (_times(log).astype("datetime64[D]") == np.datetime64(day))
    if rules:
        given = [any(rule_of(reason) in rules for reason in reasons) for reasons in log["reasons"].to_pylist()]
        fits = fits & np.array(given, bool)
    places = np.flatnonzero(fits)
    part = log.take(places[:most])
    first = ("time", "source", "mode", "reasons")
    others = [name for name in log.column_names if name not in first and name != "step"]
    names = [*first, *(name for name in others if part[name].null_count < len(part))]
    rows = part.select(names).to_pylist()
    titles = {name: column_title(name) for name in names}
    return [
        {titles[name]: "; ".join(value) if name == "reasons" else value for name, value in row.items()} for row in rows
    ], len(places)


def unit_of(column: str) -> str:
    """The unit that a column's name says, as it is written; empty where it says none."""
    if column == "pue":
        return "total over IT"
    unit = unit_in_name(column)[1]
    return _UNITS.get(unit.name, unit.name) if unit else ""


def column_title(column: str) -> str:
    """What a column is called on a page, with its unit: `action_zone_cooling_c` as `zone cooling (°C)`."""
    unit = unit_of(column)
    words = "PUE" if column == "pue" else unit_in_name(column.removeprefix("action_"))[0].replace("_", " ")
    return f"{words} ({unit})" if unit else words


def _in_order(names: Iterable[str]) -> list[str]:
    return sorted(names, key=lambda name: _ORDER.index(name) if name in _ORDER else len(_ORDER))


def _times(table: pa.Table) -> NDArray[np.datetime64]:
    return np.asarray(table["time"].to_numpy())


def _day(table: pa.Table, day: date) -> pa.Table:
    return table.filter(pa.array(_times(table).astype("datetime64[D]") == np.datetime64(day)))


def _hourly(table: pa.Table, name: str, also: Row) -> list[Row]:
    times = _times(table)
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


def _counts(counted: Counter[str], steps: int) -> list[Row]:
    return [
        {"name": name, "steps": count, "share": count / max(steps, 1)} for name, count in counted.most_common()
    ]  # fmt: skip
