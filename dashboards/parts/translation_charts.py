"""The charts of translation: a heat map of attention, and scores by length of the sentence."""

import json
from collections.abc import Sequence
from typing import Any

import altair as alt

from dashboards.parts.palette import PALETTE

__all__ = ["heat_map", "score_bars"]

_Rows = Sequence[dict[str, Any]]

_CELL = 26
_LABEL_WIDTH = 180
_HEIGHT = 260


def heat_map(rows: _Rows, *, source: Sequence[str], target: Sequence[str]) -> alt.Chart:
    """Squares at each `source_place` and `target_place`, the darker the more `attention`.

    Args:
        rows: See `attention_rows`.
        source: Labels of the columns.
        target: Labels of the rows.
    """
    return (
        alt.Chart(alt.Data(values=list(rows)))
        .mark_rect(color=PALETTE[0])
        .encode(
            x=alt.X("source_place:O", title=None, axis=_labels(source, angle=-60, orient="top")),
            y=alt.Y("target_place:O", title=None, axis=_labels(target, angle=0, orient="left")),
            opacity=alt.Opacity("attention:Q", scale=alt.Scale(domain=[0, 1], range=[0.03, 1]), legend=None),
            tooltip=[
                alt.Tooltip("target:N", title="written"),
                alt.Tooltip("source:N", title="looked at"),
                alt.Tooltip("attention:Q", format=".1%"),
                alt.Tooltip("probability:Q", format=".1%", title="probability of the piece"),
            ],
        )
        .properties(width=alt.Step(_CELL), height=alt.Step(_CELL))
    )


def score_bars(rows: _Rows, *, title: str, field: str, systems: Sequence[str]) -> alt.Chart:
    """Bars of a `field` by `words`, those of the systems side by side; see `length_rows`."""
    groups = list(dict.fromkeys(row["words"] for row in rows))
    colours = alt.Scale(domain=list(systems), range=[PALETTE[place % len(PALETTE)] for place in range(len(systems))])
    return (
        alt.Chart(alt.Data(values=list(rows)))
        .mark_bar(cornerRadiusEnd=2)
        .encode(
            x=alt.X("words:N", sort=groups, title="words of the source", axis=alt.Axis(labelAngle=0)),
            xOffset=alt.XOffset("system:N", sort=list(systems)),
            y=alt.Y(f"{field}:Q", title=title, axis=alt.Axis(tickCount=5)),
            color=alt.Color("system:N", scale=colours, legend=None),
            tooltip=["system:N", "words:N", "sentences:Q", alt.Tooltip(f"{field}:Q", format=".1f", title=title)],
        )
        .properties(title=title, height=_HEIGHT)
    )


def _labels(texts: Sequence[str], *, angle: int, orient: str) -> alt.Axis:
    """An axis that writes a text at each place; the same text may stand at several."""
    words = json.dumps(list(texts))
    return alt.Axis(
        labelExpr=f"{words}[datum.value]",
        labelAngle=angle,
        orient=orient,
        labelLimit=_LABEL_WIDTH,
        labelOverlap=False,
        ticks=False,
        domain=False,
    )
