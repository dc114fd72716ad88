"""The charts of the pages: bars a metric, curves an epoch, quantiles and terms a split; and their legend."""

from collections.abc import Sequence
from html import escape
from typing import Any, TypeAlias

import altair as alt
import streamlit as st

from dashboards.parts.palette import PALETTE

__all__ = ["bars", "curves", "quantiles", "show_legend", "terms"]

_Rows = Sequence[dict[str, Any]]
_Layers: TypeAlias = alt.LayerChart | alt.FacetChart

_BAR_STEP = 24
_THIN_BAR_STEP = 15
_LABEL_WIDTH = 160
_ROOM_FOR_TEXT = 1.25
_GREY = "#808080"


def bars(rows: _Rows, *, title: str, by: str, names: Sequence[str]) -> _Layers:
    """Bars of `value` by `system`, with the figure at each bar's end.

    Args:
        rows: _Rows with `system`, `run` and `value`.
        title: What is measured.
        by: `system` or `run`: what the colours tell apart; runs stand side by side.
        names: All values of `by`, in the order of their colours.
    """
    step = alt.Step(_BAR_STEP)
    end = max([row["value"] for row in rows if row["value"] > 0], default=1) * _ROOM_FOR_TEXT
    hidden = alt.Axis(labels=False, ticks=False, domain=False, grid=False)
    base = alt.Chart(alt.Data(values=list(rows))).encode(
        x=alt.X("value:Q", title=None, axis=hidden, scale=alt.Scale(domainMax=end)),
        y=alt.Y("system:N", title=None, sort=_in_order(rows, "system"), axis=_names_axis()),
        tooltip=["run:N", "system:N", alt.Tooltip("value:Q", format=".4f")],
    )
    if by == "run":
        base = base.encode(yOffset=alt.YOffset("run:N", sort=list(names)))
        step = alt.Step(_THIN_BAR_STEP, **{"for": "offset"})
    bar = base.mark_bar(cornerRadiusEnd=2).encode(color=_colour(by, names))
    if by == "run":
        base = base.encode(yOffset=alt.YOffset("run:N", sort=list(names), bandPosition=0.5))
    text = base.mark_text(align="left", dx=4, fontSize=10, color=_GREY).encode(text=alt.Text("value:Q", format=".3f"))
    return alt.layer(bar, text).properties(title=title, height=step)


def curves(rows: _Rows, *, title: str, runs: Sequence[str]) -> alt.Chart:
    """Lines of `value` by `epoch`, one a `run`; dashes tell runs apart as well as colours."""
    return (
        alt.Chart(alt.Data(values=list(rows)))
        .mark_line(point=alt.OverlayMarkDef(filled=True, size=36))
        .encode(
            x=alt.X("epoch:Q", title="epoch", axis=alt.Axis(tickMinStep=1, format="d", grid=False)),
            y=alt.Y("value:Q", title=None, scale=alt.Scale(zero=False), axis=alt.Axis(tickCount=5)),
            color=_colour("run", runs),
            strokeDash=alt.StrokeDash("run:N", sort=list(runs), legend=None),
            tooltip=["run:N", "epoch:Q", alt.Tooltip("value:Q", format=".4f")],
        )
        .properties(title=title, height=220)
    )


def quantiles(rows: _Rows, *, time: bool) -> _Layers:
    """For each `split` a line from `low` to `high`, a box from `first` to `third`, and a tick at `median`."""
    kind, axis = ("T", alt.Axis(format="%Y-%m-%d", tickCount=6)) if time else ("Q", alt.Axis(tickCount=8))
    splits = _in_order(rows, "split")
    base = alt.Chart(alt.Data(values=list(rows))).encode(
        y=alt.Y("split:N", sort=splits, title=None, axis=_names_axis()),
        color=_colour("split", splits),
    )
    start = alt.X(f"low:{kind}", title=None, axis=axis, scale=alt.Scale(zero=False))
    line = base.mark_rule(strokeWidth=2).encode(x=start, x2="high")
    box = base.mark_bar(height=18, opacity=0.55).encode(x=alt.X(f"first:{kind}"), x2="third")
    tick = base.mark_tick(thickness=4, height=26).encode(x=alt.X(f"median:{kind}"))
    return alt.layer(line, box, tick).properties(height=48 * max(len(rows), 1) + 40)


def terms(rows: _Rows, *, title: str, place: int) -> alt.Chart:
    """Bars of the `share` of each `term`, in the colour at `place`."""
    return (
        alt.Chart(alt.Data(values=list(rows)))
        .mark_bar(cornerRadiusEnd=2, color=PALETTE[place % len(PALETTE)])
        .encode(
            x=alt.X("share:Q", title="share of all values", axis=alt.Axis(format="~%", tickCount=4)),
            y=alt.Y("term:N", title=None, sort=_in_order(rows, "term"), axis=_names_axis()),
            tooltip=["term:N", "count:Q", alt.Tooltip("share:Q", format=".2%")],
        )
        .properties(title=title, height=alt.Step(_BAR_STEP))
    )


def show_legend(names: Sequence[str]) -> None:
    """One legend for all charts below it, in the order of the colours; one name needs none."""
    marks = (
        f'<span style="color:{colour}">■</span> {escape(name)}'
        for name, colour in zip(names, _colours(names), strict=True)
    )
    if len(names) > 1:
        st.html("&emsp;".join(marks))


def _in_order(rows: _Rows, field: str) -> list[str]:
    return list(dict.fromkeys(row[field] for row in rows))


def _names_axis() -> alt.Axis:
    return alt.Axis(labelLimit=_LABEL_WIDTH, labelOverlap=False, ticks=False, domain=False)


def _colour(field: str, names: Sequence[str]) -> alt.Color:
    scale = alt.Scale(domain=list(names), range=_colours(names))
    return alt.Color(f"{field}:N", scale=scale, legend=None)


def _colours(names: Sequence[str]) -> list[str]:
    return [PALETTE[place % len(PALETTE)] for place in range(len(names))]
