"""The page of the data centre: a year at a glance, a day's replay, what if, the safety log, and servers on and off."""

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from dashboards.parts.datacenter_day import show_day
from dashboards.parts.datacenter_glance import show_glance
from dashboards.parts.datacenter_log import show_log
from dashboards.parts.datacenter_runs import MAKE, telemetry_files
from dashboards.parts.datacenter_servers import show_servers
from dashboards.parts.datacenter_what_if import show_what_if
from dashboards.parts.folders import runs_root, stamp
from dashboards.parts.messages import errors_shown, show_empty
from dashboards.runs import load_run, load_runs

__all__ = ["page"]

_APP = "datacenter"
_OF_RUN = {
    "Year at a glance": show_glance,
    "A day's replay": show_day,
    "What if": show_what_if,
    "Safety log": show_log,
}
_SERVERS = "Servers on and off"


def page() -> None:
    """Shows the page; only the open tab is computed."""
    st.title("Data centre", anchor=False)
    st.markdown(
        "What cooling by the model costs beside the plant's own control and the best constant, and why it acts so."
    )
    root = runs_root()
    with errors_shown():
        usable = {run.name: run.path for run in load_runs(root, stamp(root)) if not run.problem and run.app == _APP}
        path = (
            usable[st.selectbox("Run", list(usable), index=_first_in_loop(list(usable.values())))] if usable else None
        )
        titles = [*_OF_RUN, _SERVERS]
        for title, tab in zip(titles, st.tabs(titles, key="part", on_change="rerun"), strict=True):
            if tab.open:
                with tab, errors_shown():
                    if title == _SERVERS:
                        show_servers()
                    elif path is None:
                        show_empty(f"There are no runs of the data centre in `{root}` yet. This makes one:", MAKE)
                    else:
                        _OF_RUN[title](load_run(path, stamp(path)))


def _first_in_loop(paths: Sequence[Path]) -> int:
    """Place of the first run with telemetry of a closed loop; the first of all where none has it."""
    return next((place for place, path in enumerate(paths) if telemetry_files(load_run(path, stamp(path)))), 0)
