"""The charts of the pages: bars a metric, curves an epoch, quantiles and terms a split."""

from collections.abc import Sequence
from typing import Any

import altair as alt

from dashboards.parts.palette import PALETTE

__all__ = ["bars", "curves", "quantiles", "terms"]

Rows = Sequence[dict[str, Any]]
Layers = alt.LayerChart | alt.FacetChart

_BAR_HEIGHT = 22
_LABEL_WIDTH = 260
_ROOM_FOR_TEXT = 1.25
_GREY = "#808080"


def bars(rows: Rows, *, title: str, by: str, names: Sequence[str]) -> Layers:
    """Bars of `value` by `system`, with the figure at each bar's end.

    Args:
        rows: Rows with `system`, `run` and `value`.
        title: What is measured.
        by: `system` or `run`: what the colours tell apart; runs stand side by side.
        names: All systems or runs, so that each has one colour in all charts of a page.
    """
    end = max([row["value"] for row in rows if row["value"] > 0], default=1) * _ROOM_FOR_TEXT
    hidden = alt.Axis(labels=False, ticks=False, domain=False, grid=False)
    base = alt.Chart(alt.Data(values=list(rows))).encode(
        x=alt.X("value:Q", title=None, axis=hidden, scale=alt.Scale(domainMax=end)),
        y=alt.Y("system:N", title=None, sort=_in_order(rows, "system"), axis=_names_axis()),
        tooltip=["run:N", "system:N", alt.Tooltip("value:Q", format=".4f")],
    )
    if by == "run":
        base = base.encode(yOffset=alt.YOffset("run:N", sort=list(names)))
    bar = base.mark_bar(cornerRadiusEnd=2).encode(color=_colour(by, names, legend=by == "run"))
    text = base.mark_text(align="left", dx=4, color=_GREY).encode(text=alt.Text("value:Q", format=".3f"))
    return alt.layer(bar, text).properties(title=title, height=_BAR_HEIGHT * max(len(rows), 2) + 40)


def curves(rows: Rows, *, title: str, runs: Sequence[str]) -> alt.Chart:
    """Lines of `value` by `epoch`, one a `run`; dashes tell runs apart as well as colours."""
    return (
        alt.Chart(alt.Data(values=list(rows)))
        .mark_line(point=alt.OverlayMarkDef(filled=True, size=36))
        .encode(
            x=alt.X("epoch:Q", title="epoch", axis=alt.Axis(tickMinStep=1, format="d", grid=False)),
            y=alt.Y("value:Q", title=None, scale=alt.Scale(zero=False), axis=alt.Axis(tickCount=5)),
            color=_colour("run", runs, legend=len(runs) > 1),
            strokeDash=alt.StrokeDash("run:N", sort=list(runs), legend=None),
            tooltip=["run:N", "epoch:Q", alt.Tooltip("value:Q", format=".4f")],
        )
        .properties(title=title, height=220)
    )


def quantiles(rows: Rows, *, time: bool) -> Layers:
    """For each `split` a line from `low` to `high`, a box from `first` to `third`, and a tick at `median`."""
    kind, axis = ("T", alt.Axis(format="%Y-%m-%d", tickCount=6)) if time else ("Q", alt.Axis(tickCount=8))
    splits = _in_order(rows, "split")
    base = alt.Chart(alt.Data(values=list(rows))).encode(
        y=alt.Y("split:N", sort=splits, title=None, axis=_names_axis()),
        color=_colour("split", splits, legend=False),
    )
    start = alt.X(f"low:{kind}", title=None, axis=axis, scale=alt.Scale(zero=False))
    line = base.mark_rule(strokeWidth=2).encode(x=start, x2="high")
    box = base.mark_bar(height=18, opacity=0.55).encode(x=alt.X(f"first:{kind}"), x2="third")
    tick = base.mark_tick(thickness=4, height=26).encode(x=alt.X(f"median:{kind}"))
    return alt.layer(line, box, tick).properties(height=48 * max(len(rows), 1) + 40)


def terms(rows: Rows, splits: Sequence[str]) -> alt.Chart:
    """Bars of the `share` of each `term`, side by side by `split`."""
    return (
        alt.Chart(alt.Data(values=list(rows)))
        .mark_bar(cornerRadiusEnd=2)
        .encode(
            x=alt.X("share:Q", title="share of all values", axis=alt.Axis(format="%", tickCount=5)),
            y=alt.Y("term:N", title=None, sort=_in_order(rows, "term"), axis=_names_axis()),
            yOffset=alt.YOffset("split:N", sort=list(splits)),
            color=_colour("split", splits, legend=len(splits) > 1),
            tooltip=["term:N", "split:N", "count:Q", alt.Tooltip("share:Q", format=".2%")],
        )
        .properties(height=12 * max(len(rows), 4) + 60)
    )


def _in_order(rows: Rows, field: str) -> list[str]:
    return list(dict.fromkeys(row[field] for row in rows))


def _names_axis() -> alt.Axis:
    return alt.Axis(labelLimit=_LABEL_WIDTH, labelOverlap=False, ticks=False, domain=False)


def _colour(field: str, names: Sequence[str], legend: bool) -> alt.Color:
    scale = alt.Scale(domain=list(names), range=[PALETTE[i % len(PALETTE)] for i in range(len(names))])
    shown = alt.Legend(title=None, orient="bottom", direction="vertical", labelLimit=400) if legend else None
    return alt.Color(f"{field}:N", scale=scale, legend=shown)
