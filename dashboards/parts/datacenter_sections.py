"""The sections of a closed loop: the year at a glance, a day's replay, and what the guard did."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import streamlit as st

from apps.datacenter.plant import read_telemetry
from apps.datacenter.plant.summary import Limits
from apps.datacenter.safety import read_log
from dashboards.parts.charts import show_legend
from dashboards.parts.datacenter_charts import counts, day_lines, day_power, energy_bars
from dashboards.parts.datacenter_rows import (
    PUE_TITLE,
    SPLIT,
    against,
    days_of,
    energy_rows,
    log_file,
    log_rows,
    measured_systems,
    power_rows,
    rule_rows,
    source_rows,
    step_hours,
    system_rows,
    telemetry_files,
    temperature_rows,
)
from dashboards.parts.folders import Stamp, stamp
from dashboards.parts.messages import plain, show_empty
from dashboards.parts.quality import Row, system_title
from gristmill.runs import Run

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

__all__ = ["MAKE", "load_log", "load_telemetry", "show_day", "show_glance", "show_log"]

MAKE = "gristmill run datacenter"
_YEAR = "gristmill run datacenter --preset year"
_DAYS_OF_A_YEAR = 365
_POLICY = "policy.keras"
_PEERS = ("default", "best_constant")
_TRAP = (
    "**Total energy for the same computing work** is what counts. PUE is total over IT energy: it also falls where warm "
    "servers draw more, while the bill rises. So read it beside the total, and both beside the limits of the air."
)
_FORMS = {
    "Total (MWh)": st.column_config.NumberColumn(format="%.1f"),
    "Cooling (MWh)": st.column_config.NumberColumn(format="%.1f"),
    PUE_TITLE: st.column_config.NumberColumn(format="%.4f"),
    "Inlet outside 18–27 °C (steps)": st.column_config.NumberColumn(format="%d"),
    "Humidity out (% of time)": st.column_config.NumberColumn(format="%.1f"),
    "Error of inlets (K)": st.column_config.NumberColumn(format="%.3f"),
    "Error of cooling (kW)": st.column_config.NumberColumn(format="%.3f"),
}
_A_ROW = 2
_RULES = 12
_ENTRIES = 1000


@st.cache_resource(show_spinner="Reading the telemetry …", max_entries=8)
def load_telemetry(path: Path, mark: Stamp) -> pa.Table:
    """Telemetry of one system; `mark` is the run's state."""
    return read_telemetry(path)


@st.cache_resource(show_spinner="Reading the action log …", max_entries=2)
def load_log(path: Path, mark: Stamp) -> pa.Table:
    """The guard's action log; `mark` is the run's state."""
    return read_log(path)


def show_glance(run: Run) -> None:
    """Energy, PUE and violations of each system, and the energy over time."""
    systems = measured_systems(run.metrics)
    if not systems:
        _show_lacking("No closed loop was measured in this run", run)
        return
    _show_cards(run)
    st.markdown(_TRAP)
    st.dataframe(system_rows(run.metrics), hide_index=True, column_config=_FORMS, placeholder="–")
    st.caption(
        "Inlet outside 18–27 °C: steps in which some server's inlet was. Humidity out: dew point not from -9 to 15 °C or "
        "relative humidity above 70%, at some inlet. Errors: of what the controller's model foresees, mean and absolute."
    )
    tables = _tables(run)
    if not tables:
        _show_lacking("This run has no telemetry of its closed loop", run)
        return
    first, last = days_of(next(iter(tables.values())))
    days = (last - first).days + 1
    more = f"; `{_YEAR}` simulates a year" if days < _DAYS_OF_A_YEAR else ""
    st.markdown(f"**Energy from {first:%d %B} to {last:%d %B}**, {days} simulated days{more}")
    titles = [system_title(name) for name in tables]
    show_legend(titles)
    for column, part in zip(st.columns(2), ("total", "cooling"), strict=True):
        chart = energy_bars(energy_rows(tables, part), title=f"{part.capitalize()} energy", systems=titles)
        column.altair_chart(chart, width="stretch")


def show_day(run: Run) -> None:
    """One day: temperatures, set-points, air flows and powers of the chosen systems, on the same axes."""
    files = telemetry_files(run)
    if not files:
        _show_lacking("This run has no telemetry of a closed loop", run)
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
    low, high = Limits().inlet_c
    axes = {
        "measured": ("Temperatures", "temperature (°C)"),
        "set_points": ("Set-points", "set-point (°C)"),
        "flows": ("Air flow of each unit", "air flow (kg/s)"),
    }
    for key, (title, axis) in axes.items():
        rows = {name: charts[key] for name, charts in made.items()}
        note = f": the band is where server inlets must stay, {low:g} to {high:g} °C" if key == "measured" else ""
        st.markdown(f"**{title}**{note}")
        band = (low, high) if key == "measured" else None
        for column, name in _side_by_side(chosen):
            column.caption(plain(system_title(name)))
            if rows[name]:
                chart = day_lines(rows[name], axis=axis, ends=_ends(rows.values(), band), band=band)
                column.altair_chart(chart, width="stretch")
    st.markdown("**Power by part**")
    highest = max(_highest(rows) for rows in powers.values())
    for column, name in _side_by_side(chosen):
        energy = sum(row["value"] for row in powers[name]) * step_hours(tables[name]) / 1000
        column.caption(f"{plain(system_title(name))}: {energy:.3f} MWh on this day")
        column.altair_chart(day_power(powers[name], highest=highest), width="stretch")


def show_log(run: Run) -> None:
    """Whose set-points were set and why: counts, and the entries that fit a filter."""
    path = log_file(run)
    if path is None:
        _show_lacking("This run has no action log of a guard", run)
        return
    log = load_log(path, stamp(run.path))
    sources, rules = source_rows(log), rule_rows(log)
    st.markdown(f"**{len(log):,} steps**: whose set-points were set, and the reasons that the guard gave")
    left, right = st.columns([1, 2])
    left.altair_chart(counts(sources, place=0), width="stretch")
    if rules:
        right.altair_chart(counts(rules[:_RULES], place=1), width="stretch")
    else:
        right.success("No reason was given: every advice was acted on as it was.")
    left, middle, right = st.columns([2, 3, 1])
    names = [row["name"] for row in sources]
    of = left.multiselect("Source", names, default=names)
    why = middle.multiselect("Reason", [row["name"] for row in rules], help="None chosen: any reason, and none.")
    first, last = days_of(log)
    day = right.date_input("Day", None, min_value=first, max_value=last)
    rows, count = log_rows(log, of, why, day, _ENTRIES)
    shown = f", the first {len(rows):,} are shown" if count > len(rows) else ""
    st.caption(f"{count:,} of {len(log):,} steps fit{shown}. Set, advised and expected values have their units.")
    if rows:
        wide = {"reasons": st.column_config.TextColumn(width="large")}
        st.dataframe(rows, hide_index=True, column_config=wide, height=min(35 * len(rows) + 38, 500))


def _show_lacking(what: str, run: Run) -> None:
    """Says what a run lacks: the policy has to be judged in the plant, where there is one and its plant is known."""
    if _POLICY in run.files and SPLIT not in run.metrics:
        show_empty(f"{what}: it was not judged yet. This does it:", f"gristmill evaluate {run.path}")
    else:
        show_empty(f"{what}. This makes a run that has all, on a plant that is simulated:", MAKE)


def _show_cards(run: Run) -> None:
    ours = run.metrics[SPLIT].get("model", {})
    shown = {
        "total_mwh": ("Total energy", "{:,.1f} MWh"),
        "cooling_mwh": ("Cooling energy", "{:,.1f} MWh"),
        "pue": (PUE_TITLE, "{:.4f}"),
        "inlet_steps_out": ("Inlet outside 18–27 °C", "{:,.0f} steps"),
        "humidity_percent_out": ("Humidity out", "{:.1f}% of time"),
    }
    for column, (name, (title, form)) in zip(st.columns(len(shown)), shown.items(), strict=True):
        if name not in ours:
            continue
        column.metric(title, form.format(ours[name]))
        for peer in _PEERS if not name.endswith("_out") else ():
            if (change := against(run.metrics, peer, name)) is not None:
                column.markdown(f"**{change:+.1f}%** to {system_title(peer)}")
        for peer in _PEERS if name.endswith("_out") else ():
            if name in (theirs := run.metrics[SPLIT].get(peer, {})):
                column.markdown(f"{system_title(peer)}: {form.format(theirs[name])}")


def _tables(run: Run) -> dict[str, pa.Table]:
    return {name: load_telemetry(path, stamp(run.path)) for name, path in telemetry_files(run).items()}


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
