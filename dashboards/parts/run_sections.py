"""The sections of the page of runs: quality, history, lite files, settings and model card."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from dashboards.parts.charts import bars, curves, show_legend
from dashboards.parts.messages import card_text, plain
from dashboards.parts.quality import Row, history_rows, measured, metric_rows, system_title
from dashboards.parts.tables import show_table, turned
from gristmill.runs import Run, Table, lite_table, metric_table, metric_title
from gristmill.runs.comparison import flatten

__all__ = ["show_card", "show_history", "show_lite", "show_origin", "show_quality"]

_CHARTS_A_ROW = 3
_HEXADECIMAL = frozenset("0123456789abcdef")


def show_quality(runs: Mapping[str, Run], split: str, metrics: Sequence[str]) -> None:
    """Charts of the chosen metrics, ours against the baselines, and the table of all metrics of each run."""
    rows = metric_rows({name: run.metrics for name, run in runs.items()}, split)
    show_legend(list(runs))
    for start in range(0, len(metrics), _CHARTS_A_ROW):
        for column, metric in zip(st.columns(_CHARTS_A_ROW), metrics[start : start + _CHARTS_A_ROW], strict=False):
            chosen = [row for row in rows if row["metric"] == metric]
            if chosen:
                by, names = ("run", list(runs)) if len(runs) > 1 else ("system", _systems(chosen))
                chart = bars(chosen, title=metric_title(metric), by=by, names=names)
                column.altair_chart(chart, width="stretch")
    for name, run in runs.items():
        if split in run.metrics:
            with st.expander(f"All metrics of {plain(name)} on {split}", expanded=len(runs) == 1):
                show_table(turned(metric_table(_whole_counts(run.metrics[split]))))
                st.caption("Bold: the best of its row. Baselines stand here also where they win.")


def show_history(runs: Mapping[str, Run]) -> None:
    """A chart a task and figure: how it went from epoch to epoch."""
    rows = history_rows({name: run.history for name, run in runs.items()})
    if not rows:
        st.info("No history: no figures by epoch were logged.")
    show_legend(list(runs))
    for task in dict.fromkeys(row["task"] for row in rows):
        st.markdown(f"**{plain(task)}**")
        _show_curves([row for row in rows if row["task"] == task], list(runs))


def show_lite(run: Run) -> None:
    """The table of lite files."""
    if run.lite:
        show_table(lite_table(run.lite))
    else:
        st.info("No lite files yet. This makes them:")
        st.code(f"gristmill export {run.path}", language="shell")


def show_origin(run: Run) -> None:
    """The settings of a run and where it comes from."""
    left, right = st.columns(2)
    lineage = {key: value for key, value in run.lineage.items() if key != "packages"}
    for column, title, values in ((left, "Settings", run.config), (right, "Origin", lineage)):
        rows = tuple((plain(key), _shown(value)) for key, value in flatten(values).items())
        with column:
            st.markdown(f"**{title}**")
            show_table(Table(("Key", "Value"), rows))


def show_card(run: Run) -> None:
    """The model card."""
    if "card.md" in run.files:
        with st.container(border=True):
            st.markdown(card_text(run.file("card.md").read_text("utf-8")))
    else:
        st.info("This run has no model card.")


def _show_curves(rows: Sequence[Row], runs: Sequence[str]) -> None:
    columns = st.columns(2)
    for place, figure in enumerate(dict.fromkeys(row["figure"] for row in rows)):
        chosen = [row for row in rows if row["figure"] == figure]
        chart = curves(chosen, title=metric_title(figure), runs=runs)
        columns[place % 2].altair_chart(chart, width="stretch")


def _systems(rows: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(row["system"] for row in rows))


def _whole_counts(systems: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """The metrics of one split by the systems' titles, ours first; counts as whole numbers."""
    return {
        system_title(system): {
            name: value if value is None or measured([{name: value}]) else round(value)
            for name, value in systems[system].items()
        }
        for system in sorted(systems, key=lambda name: name != "model")
    }


def _shown(value: object) -> str:
    """A setting in a line; long hashes are cut."""
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return f"`{text[:12]}…`" if len(text) >= 40 and _HEXADECIMAL.issuperset(text) else plain(text)
