"""The safety log: whose set-points were set and why, counted, and the entries that fit a filter."""

import re
from collections import Counter
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import streamlit as st

from apps.datacenter.safety import read_log
from dashboards.parts.datacenter_charts import counts
from dashboards.parts.datacenter_runs import column_title, days_of, log_file, show_lacking, times_of
from dashboards.parts.folders import Stamp, stamp
from dashboards.parts.quality import Row
from gristmill.runs import Run

__all__ = ["load_log", "log_rows", "rule_of", "rule_rows", "show_log", "source_rows"]

_RULES = 12
_ENTRIES = 1000
_NUMBER = re.compile(r"(?<!\w)[-+]?\d+(\.\d+)?%?")


@st.cache_resource(show_spinner="Reading the action log …", max_entries=2)
def load_log(path: Path, mark: Stamp) -> pa.Table:
    """The guard's action log; `mark` is the run's state."""
    return read_log(path)


def show_log(run: Run) -> None:
    """Whose set-points were set and why: counts, and the entries that fit a filter."""
    path = log_file(run)
    if path is None:
        show_lacking("This run has no action log of a guard", run)
        return
    log = load_log(path, stamp(run.path))
    sources, rules = source_rows(log), rule_rows(log)
    st.markdown(f"**{len(log):,} steps**: whose set-points were set, and the reasons that the guard gave")
    st.altair_chart(counts(sources, place=0), width="stretch")
    if rules:
        st.altair_chart(counts(rules[:_RULES], place=1), width="stretch")
    else:
        st.success("No reason was given: every advice was acted on as it was.")
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
        fits = fits & (times_of(log).astype("datetime64[D]") == np.datetime64(day))
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


def _counts(counted: Counter[str], steps: int) -> list[Row]:
    return [
        {"name": name, "steps": count, "share": count / max(steps, 1)} for name, count in counted.most_common()
    ]  # fmt: skip
