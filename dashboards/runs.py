"""The page of runs: what was trained, how good it is against the baselines, and how two runs differ."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import streamlit as st

from dashboards.parts.folders import Stamp, runs_root, stamp
from dashboards.parts.messages import errors_shown, plain, show_empty
from dashboards.parts.quality import differences, main_metrics, measured, run_rows, settings_rows
from dashboards.parts.run_sections import show_card, show_history, show_lite, show_origin, show_quality
from dashboards.parts.tables import show_table
from gristmill.runs import Run, RunSummary, compare, list_runs, metric_title

__all__ = ["load_run", "load_runs", "page"]

_IN_LIST = 2
_IN_CHARTS = 6


@st.cache_data(show_spinner="Checking the files of all runs …", max_entries=4)
def load_runs(root: Path, mark: Stamp) -> list[RunSummary]:
    """All runs, newest first, each checked against its hashes; `mark` is the folder's state."""
    runs = list_runs(root)
    return [run for run in reversed(runs) if not run.problem] + [run for run in runs if run.problem]


@st.cache_data(show_spinner=False, max_entries=64)
def load_run(path: Path, mark: Stamp) -> Run:
    """One run, checked against its hashes; `mark` is the folder's state."""
    return Run.open(path)


def page() -> None:
    """Shows the page."""
    st.title("Runs", anchor=False)
    st.markdown("What was trained, how good it is against the baselines, and what it became.")
    root = runs_root()
    with errors_shown():
        runs = load_runs(root, stamp(root))
        if not runs:
            show_empty(f"There are no runs in `{root}` yet. This makes one:", "gristmill run recommend")
        usable = [run for run in runs if not run.problem]
        if usable:
            _show_list(usable)
        for run in runs[len(usable) :]:
            st.error(f"The run **{plain(run.name)}** cannot be used. {plain(run.problem)}")
        if usable:
            _show_chosen(usable)


def _show_list(runs: Sequence[RunSummary]) -> None:
    apps = dict.fromkeys(run.app for run in runs)
    of_app = {app: measured(run.metrics for run in runs if run.app == app) for app in apps}
    metrics = list(dict.fromkeys(name for app, names in of_app.items() for name in main_metrics(app, names, _IN_LIST)))
    four_decimals = {metric_title(name): st.column_config.NumberColumn(format="%.4f") for name in metrics}
    st.dataframe(run_rows(runs, metrics), hide_index=True, column_config=four_decimals)


def _show_chosen(runs: Sequence[RunSummary]) -> None:
    paths = {run.name: run.path for run in runs}
    names = st.multiselect("Runs to show", list(paths), default=list(paths)[:1], help="Choose two to compare them.")
    if not names:
        st.info("Choose one run or several.")
        return
    opened = {name: load_run(paths[name], stamp(paths[name])) for name in names}
    titles = ["Quality", "History", "Lite files", "Settings and origin", "Model card"]
    quality, history, *single = st.tabs(titles)
    with quality:
        _show_metrics(opened)
    with history:
        show_history(opened)
    for tab, show in zip(single, (show_lite, show_origin, show_card), strict=True):
        with tab:
            for name, run in opened.items():
                if len(opened) > 1:
                    st.subheader(plain(name), anchor=False)
                show(run)


def _show_metrics(runs: Mapping[str, Run]) -> None:
    splits = list(dict.fromkeys(split for run in runs.values() for split in run.metrics))
    if not splits:
        st.info("Not measured yet. This does it:")
        st.code(f"gristmill evaluate {next(iter(runs.values())).path}", language="shell")
        return
    left, right = st.columns([1, 3])
    split = left.selectbox("Split", splits, index=splits.index("test") if "test" in splits else 0)
    names = measured(values for run in runs.values() for values in run.metrics.get(split, {}).values())
    app = str(next(iter(runs.values())).config.get("app"))
    first = main_metrics(app, names, _IN_CHARTS) or names[:_IN_CHARTS]
    metrics = right.multiselect("Metrics", names, default=first, format_func=metric_title, key=f"metrics {split} {app}")
    show_quality(runs, split, metrics)
    if len(runs) > 1:
        _show_comparison(runs, split)


def _show_comparison(runs: Mapping[str, Run], split: str) -> None:
    st.subheader("Two runs side by side", anchor=False)
    names = list(runs)
    left, right = st.columns(2)
    a = left.selectbox("Compare", names)
    b = right.selectbox("with", [name for name in names if name != a])
    if compare(runs[a], runs[b]).same_data is False:
        st.warning("These runs saw different datasets: their metrics do not compare.")
    st.markdown(f"**Our model on {split}: {plain(b)} minus {plain(a)}**")
    show_table(differences(runs[a], runs[b], split))
    settings = settings_rows(runs[a], runs[b])
    st.markdown(f"**{len(settings.rows)} settings differ**" if settings.rows else "**No setting differs**")
    if settings.rows:
        show_table(settings)
