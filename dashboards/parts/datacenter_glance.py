"""The year at a glance: energy, PUE and violations of each system, and the energy over time."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import streamlit as st

from dashboards.parts.charts import show_legend
from dashboards.parts.datacenter_charts import energy_bars
from dashboards.parts.datacenter_runs import (
    PUE_TITLE,
    SPLIT,
    days_of,
    in_order,
    load_telemetry,
    show_lacking,
    step_hours,
    telemetry_files,
    times_of,
)
from dashboards.parts.folders import stamp
from dashboards.parts.quality import Row, system_title
from gristmill.runs import Metrics, Run

__all__ = ["against", "energy_rows", "measured_systems", "show_glance", "system_rows"]

_YEAR = "gristmill run datacenter --full"
_DAYS_OF_A_YEAR = 365
_DAY = np.timedelta64(1, "D")
_MONTHS_FROM_DAYS, _MONTHS = 62, 12
_PEERS = ("default", "best_constant")
_TRAP = (
    "**Total energy for the same computing work** is what counts. PUE is total over IT energy: it also falls where warm "
    "servers draw more, while the bill rises. So read it beside the total, and both beside the limits of the air."
)
_COLUMNS = {
    "total_mwh": "Total (MWh)",
    "cooling_mwh": "Cooling (MWh)",
    "pue": PUE_TITLE,
    "inlet_steps_out": "Inlet outside 18–27 °C (steps)",
    "humidity_out_percent": "Humidity out (% of time)",
}
_FORESIGHT = {"inlet_mae_c": "Error of inlets (K)", "cooling_mae_kw": "Error of cooling (kW)"}
_FORMS = {
    "Total (MWh)": st.column_config.NumberColumn(format="%.2f"),
    "Cooling (MWh)": st.column_config.NumberColumn(format="%.2f"),
    PUE_TITLE: st.column_config.NumberColumn(format="%.4f"),
    "Inlet outside 18–27 °C (steps)": st.column_config.NumberColumn(format="%d"),
    "Humidity out (% of time)": st.column_config.NumberColumn(format="%.1f"),
    "Error of inlets (K)": st.column_config.NumberColumn(format="%.3f"),
    "Error of cooling (kW)": st.column_config.NumberColumn(format="%.3f"),
}


def show_glance(run: Run) -> None:
    """Energy, PUE and violations of each system, and the energy over time."""
    systems = measured_systems(run.metrics)
    if not systems:
        show_lacking("No closed loop was measured in this run", run)
        return
    _show_cards(run)
    st.markdown(_TRAP)
    st.dataframe(system_rows(run.metrics), hide_index=True, column_config=_FORMS, placeholder="–")
    st.caption(
        "Inlets out: steps in which some server's inlet was outside 18–27 °C. Humidity out: share of time with dew point not "
        "from -9 to 15 °C or relative humidity above 70%, at some inlet. Errors: of what the controller's model foresees, "
        "mean and absolute."
    )
    tables = _tables(run)
    if not tables:
        show_lacking("This run has no telemetry of its closed loop", run)
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


def measured_systems(metrics: Metrics) -> list[str]:
    """The systems whose closed loop was measured, ours first."""
    names = [name for name, values in metrics.get(SPLIT, {}).items() if "total_mwh" in values]
    return in_order(names)


def system_rows(metrics: Metrics) -> list[Row]:
    """A row a system with its energy, PUE and violations, units in the names, and how well it foresees."""
    systems = metrics.get(SPLIT, {})
    known = {name: title for name, title in _FORESIGHT.items() if any(name in values for values in systems.values())}
    wanted = in_order(name for name, values in systems.items() if {"total_mwh", *known} & set(values))
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


def energy_rows(tables: Mapping[str, pa.Table], part: str) -> list[Row]:
    """Energy of `total`, `cooling` or `it` by system and month, MWh; of runs of up to two months by day."""
    rows: list[Row] = []
    for name, table in tables.items():
        times = times_of(table)
        by = "M" if times[-1] - times[0] > _MONTHS_FROM_DAYS * _DAY else "D"
        spans, place = np.unique(times.astype(f"datetime64[{by}]"), return_inverse=True)
        mwh = np.bincount(place, table[f"{part}_power_kw"].to_numpy()) * step_hours(table) / 1000
        form = "%d %b" if by == "D" else "%b" if len(spans) <= _MONTHS else "%b %Y"
        rows += [
            {"system": system_title(name), "span": span.item().strftime(form), "mwh": value}
            for span, value in zip(spans, mwh.tolist(), strict=True)
        ]
    return rows


def _show_cards(run: Run) -> None:
    ours = run.metrics[SPLIT].get("model", {})
    shown = {
        "total_mwh": ("Total energy (MWh)", "{:,.2f}"),
        "cooling_mwh": ("Cooling energy (MWh)", "{:,.2f}"),
        "pue": (PUE_TITLE, "{:.4f}"),
        "inlet_steps_out": ("Inlets out (steps)", "{:,.0f}"),
        "humidity_out_percent": ("Humidity out (%)", "{:.1f}"),
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
