"""The section of the page of data that compares: drift by feature, and the shares of one feature side by side."""

from collections.abc import Sequence

import altair as alt
import streamlit as st

from dashboards.parts.charts import show_legend
from dashboards.parts.drift import drift_rows, share_rows, title_of
from dashboards.parts.messages import plain
from dashboards.parts.palette import PALETTE
from dashboards.parts.quality import Row
from gristmill.data.reports import Comparison

__all__ = ["show_drift"]

_COLUMNS = {
    **{name: st.column_config.NumberColumn(format="%.3f", width="small") for name in ("PSI", "JS", "L∞")},
    **{name: st.column_config.NumberColumn(format="percent") for name in ("Missing in A", "Missing in B")},
    "What changed": st.column_config.Column(width="large"),
}
_SIDES = ("A", "B")


def show_drift(made: Comparison) -> None:
    """The verdict, a table of all features, and a chart of one."""
    limits = made.thresholds
    drifted = [title_of(feature) for feature in made.features if feature.drifted]
    drifted += [name for name, _ in made.mismatches]
    if drifted:
        st.warning(plain(f"Drifted: {', '.join(drifted)}"))
    else:
        st.success("No feature drifted.")
    st.caption(
        f"A has {made.records[0]:,} records, B has {made.records[1]:,}. Drift: PSI above {limits.psi:g}, Jensen-Shannon "
        f"above {limits.js:g} bits or a share that moved by more than {limits.linf:g}, and more than chance makes. "
        "Ids and keys are not judged."
    )
    for note in made.notes:
        st.caption(plain(note))
    st.dataframe(drift_rows(made), hide_index=True, column_config=_COLUMNS)
    charted = {title_of(feature): feature for feature in made.features if feature.shares}
    if charted:
        name = st.selectbox("Shares of", list(charted))
        show_legend(_SIDES)
        st.altair_chart(_chart(share_rows(charted[name], _SIDES)), width="stretch")


def _chart(rows: Sequence[Row]) -> alt.Chart:
    """Two bars a bin, one of each side."""
    bins = list(dict.fromkeys(row["bin"] for row in rows))
    return (
        alt.Chart(alt.Data(values=list(rows)))
        .mark_bar(cornerRadiusEnd=2)
        .encode(
            x=alt.X("share:Q", title="share of all values", axis=alt.Axis(format="~%", tickCount=4)),
            y=alt.Y("bin:N", title=None, sort=bins, axis=alt.Axis(labelLimit=200, ticks=False, domain=False)),
            yOffset=alt.YOffset("side:N", sort=list(_SIDES)),
            color=alt.Color("side:N", scale=alt.Scale(domain=list(_SIDES), range=list(PALETTE[:2])), legend=None),
            tooltip=["bin:N", "side:N", alt.Tooltip("share:Q", format=".2%")],
        )
        .properties(height=alt.Step(12))
    )
