"""The charts of the data centre: energy, a day, what-if curves, contributions, counts and a plan; units at all axes."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import altair as alt

from dashboards.parts.palette import PALETTE

__all__ = ["contributions", "counts", "day_lines", "day_power", "energy_bars", "if_curve", "plan_lines"]

_Rows = Sequence[dict[str, Any]]
_Layers: TypeAlias = alt.Chart | alt.LayerChart

_HEIGHT = 320
_STEP = 24
_LABEL_WIDTH = 420
_BAND = 0.14
_KINDS = {
    "server inlets": 0,
    "rooms": 1,
    "supply air": 3,
    "outdoors": 4,
    "chilled water": 2,
    "fans": 0,
    "outdoor air": 4,
}
"""Places of their colours, the same in all charts."""


def energy_bars(rows: _Rows, *, title: str, systems: Sequence[str]) -> alt.Chart:
    """Bars of `mwh` by `span`, those of the systems side by side."""
    spans = list(dict.fromkeys(row["span"] for row in rows))
    return (
        alt.Chart(alt.Data(values=list(rows)))
        .mark_bar()
        .encode(
            x=alt.X("span:N", sort=spans, title=None, axis=alt.Axis(labelAngle=-45)),
            xOffset=alt.XOffset("system:N", sort=list(systems)),
            y=alt.Y("mwh:Q", title=f"{title} (MWh)"),
            color=_colour("system", systems, legend=False),
            tooltip=["system:N", "span:N", alt.Tooltip("mwh:Q", format=".2f", title="MWh")],
        )
        .properties(title=title, height=_HEIGHT)
    )


def day_lines(
    rows: _Rows, *, axis: str, ends: tuple[float, float] | None, band: tuple[float, float] | None = None
) -> _Layers:
    """Lines of `value` by hour, coloured by `kind`, dashed where a set-point was asked for; and a band that is allowed.

    Args:
        rows: See `temperature_rows`.
        axis: Title of the value's axis, with its unit.
        ends: Of the value's axis; None leaves them to the chart.
        band: Lowest and highest value that is allowed.
    """
    kinds = [kind for kind in _KINDS if any(row["kind"] == kind for row in rows)]
    scale = alt.Scale(domain=list(ends), nice=True) if ends else alt.Scale(zero=False)
    dash = alt.StrokeDash(
        "how:N", scale=alt.Scale(domain=["in force", "asked for"], range=[[1, 0], [5, 4]]), legend=None
    )
    lines = (
        alt.Chart(alt.Data(values=list(rows)))
        .mark_line(strokeWidth=1.6, interpolate="step-after")
        .encode(
            x=_hours(),
            y=alt.Y("value:Q", title=axis, scale=scale),
            color=_colour("kind", kinds, places=[_KINDS[kind] for kind in kinds]),
            strokeDash=dash,
            detail="column:N",
            tooltip=["column:N", "how:N", "time:N", alt.Tooltip("value:Q", format=".2f", title=axis)],
        )
    )
    if band is None:
        return lines.properties(height=_HEIGHT)
    allowed = (
        alt.Chart(alt.Data(values=[{"low": band[0], "high": band[1]}]))
        .mark_rect(color=PALETTE[2], opacity=_BAND)
        .encode(y=alt.Y("low:Q", title=axis, scale=scale), y2="high:Q")
    )
    return alt.layer(allowed, lines).properties(height=_HEIGHT)


def day_power(rows: _Rows, *, highest: float) -> alt.Chart:
    """Power by part over a day, on top of each other."""
    kinds = list(dict.fromkeys(row["kind"] for row in rows))
    return (
        alt.Chart(alt.Data(values=list(rows)))
        .mark_area(interpolate="step-after")
        .encode(
            x=_hours(),
            y=alt.Y("value:Q", title="power (kW)", stack="zero", scale=alt.Scale(domain=[0, highest], nice=True)),
            color=_colour("kind", kinds),
            order="order:Q",
            tooltip=["kind:N", "time:N", alt.Tooltip("value:Q", format=".2f", title="kW")],
        )
        .properties(height=_HEIGHT)
    )


def if_curve(rows: _Rows, *, x: str, y: str, chosen: float) -> alt.LayerChart:
    """Curves of `middle` over `value`, one a `lead`, in their intervals from `low` to `high`, and what is chosen."""
    base = alt.Chart(alt.Data(values=list(rows))).encode(
        x=alt.X("value:Q", title=x, scale=alt.Scale(zero=False, nice=False)),
        color=_colour("lead", list(dict.fromkeys(row["lead"] for row in rows))),
    )
    form = ".4f" if "PUE" in y else ".1f"
    scale = alt.Scale(zero=False)
    band = base.mark_area(opacity=_BAND).encode(y=alt.Y("low:Q", title=y, scale=scale), y2="high:Q")
    line = base.mark_line(strokeWidth=2).encode(
        y=alt.Y("middle:Q", title=y, scale=scale),
        tooltip=[
            "lead:N",
            alt.Tooltip("value:Q", format=".2f", title=x),
            *(alt.Tooltip(f"{name}:Q", format=form) for name in ("low", "middle", "high")),
        ],
    )
    mark = alt.Chart(alt.Data(values=[{"value": chosen}])).mark_rule(strokeDash=[4, 4], color="#808080")
    return alt.layer(band, line, mark.encode(x="value:Q")).properties(height=_HEIGHT)


def contributions(rows: _Rows, *, axis: str) -> alt.Chart:
    """Bars of `contribution` by `column`, those that raise in another colour than those that lower."""
    ways = ["raises", "lowers"]
    return (
        alt.Chart(alt.Data(values=list(rows)))
        .mark_bar(cornerRadiusEnd=2)
        .encode(
            x=alt.X("contribution:Q", title=axis, axis=alt.Axis(tickCount=8)),
            y=alt.Y("column:N", title=None, sort=[row["column"] for row in rows], axis=_names()),
            color=_colour("way", ways, places=(1, 0)),
            tooltip=["column:N", alt.Tooltip("contribution:Q", format="+.4f", title=axis)],
        )
        .properties(height=alt.Step(_STEP))
    )


def counts(rows: _Rows, *, place: int) -> alt.LayerChart:
    """Bars of `steps` by `name`, with count and share at each bar's end, in the colour at `place`."""
    end = max((row["steps"] for row in rows), default=1) * 1.35
    labelled = [row | {"text": f"{row['steps']:,} ({row['share']:.1%})"} for row in rows]
    base = alt.Chart(alt.Data(values=labelled)).encode(
        x=alt.X("steps:Q", title="steps", scale=alt.Scale(domainMax=end), axis=alt.Axis(tickCount=5)),
        y=alt.Y("name:N", title=None, sort=[row["name"] for row in rows], axis=_names()),
        tooltip=["name:N", "steps:Q", alt.Tooltip("share:Q", format=".2%")],
    )
    bar = base.mark_bar(cornerRadiusEnd=2, color=PALETTE[place % len(PALETTE)])
    text = base.mark_text(align="left", dx=4, fontSize=10, color="#808080").encode(text="text:N")
    return alt.layer(bar, text).properties(height=alt.Step(_STEP))


def plan_lines(rows: _Rows, *, axis: str, names: Sequence[str]) -> alt.Chart:
    """Lines of `value` by `day` since the judged days began, coloured by `name`."""
    return (
        alt.Chart(alt.Data(values=list(rows)))
        .mark_line(strokeWidth=1.3, interpolate="step-after")
        .encode(
            x=alt.X("day:Q", title="days since the judged days began", axis=alt.Axis(tickMinStep=1)),
            y=alt.Y("value:Q", title=axis),
            color=_colour("name", names),
            tooltip=["name:N", alt.Tooltip("day:Q", format=".3f"), alt.Tooltip("value:Q", format=",.1f", title=axis)],
        )
        .properties(height=_HEIGHT)
    )


def _hours() -> alt.X:
    axis = alt.Axis(values=list(range(0, 25, 3)), grid=False)
    return alt.X("hour:Q", title="hour of the day (local standard time)", scale=alt.Scale(domain=[0, 24]), axis=axis)


def _names() -> alt.Axis:
    return alt.Axis(labelLimit=_LABEL_WIDTH, labelOverlap=False, ticks=False, domain=False)


def _colour(field: str, names: Sequence[str], *, legend: bool = True, places: Sequence[int] = ()) -> alt.Color:
    colours = [PALETTE[place % len(PALETTE)] for place in (places or range(len(names)))]
    shown = alt.Legend(title=None, orient="top", columns=2, symbolOpacity=1) if legend else None
    return alt.Color(f"{field}:N", scale=alt.Scale(domain=list(names), range=colours), legend=shown)
