"""What if: sliders over the set-points of one hour, what the predictor then expects, and what that rests on."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from dashboards.parts.datacenter_charts import contributions, if_curve
from dashboards.parts.datacenter_runs import PUE_TITLE, column_title
from dashboards.parts.folders import Stamp, datasets_root, find_dataset, stamp
from dashboards.parts.messages import show_empty
from dashboards.parts.quality import Row
from gristmill.data.dataset import Dataset
from gristmill.runs import Run

if TYPE_CHECKING:
    from apps.datacenter.predict import Predictor, Windows

__all__ = ["Moments", "curve_rows", "load_moments", "show_what_if"]

PREDICTOR = "predict.keras"
_TRAIN, _TEST = 0, 2
_USUAL = 256
_POINTS = 41
_BARS = 12
_OUTPUTS = {"pue": PUE_TITLE, "power_kw": "total power (kW)"}
_FORMS = {"pue": "{:.4f}", "power_kw": "{:,.1f} kW"}


@dataclass(frozen=True, eq=False)
class Moments:
    """The predictor of a run, and the moments of its test split that can be asked about."""

    model: "Predictor"
    windows: "Windows"
    seconds: NDArray[np.int64]
    """Beginning of each window's coming hour, seconds since 1970 [window]."""
    usual: Mapping[str, NDArray[np.float32]]
    """Some windows of the training split."""
    ranges: Mapping[str, tuple[float, float]]
    """Lowest and highest value of each set-point in the training split."""

    @classmethod
    def of(cls, predictor: Path, dataset: Path) -> Self:
        """Loads both.

        Raises:
            InputError: The dataset has no windows.
        """
        from apps.datacenter.predict import load_predictor, series_of_dataset, windows_of

        model, series = load_predictor(predictor), series_of_dataset(Dataset.open(dataset))
        windows, train = (windows_of(series, model.layout, split) for split in (_TEST, _TRAIN))
        chosen = np.random.default_rng(0).permutation(len(train))[:_USUAL]
        known = {name: series.column(name)[series.split == _TRAIN] for name in model.layout.set_points}
        ranges = {name: (float(np.nanmin(values)), float(np.nanmax(values))) for name, values in known.items()}
        return cls(model, windows, series.seconds[windows.first], train.inputs(chosen), ranges)

    def on(self, day: date) -> NDArray[np.int64]:
        """The windows whose coming hour begins on a day, UTC."""
        days = self.seconds.astype("datetime64[s]").astype("datetime64[D]")
        return np.flatnonzero(days == np.datetime64(day))

    def window(self, place: int) -> dict[str, NDArray[np.float32]]:
        """One window, to be changed at will."""
        return {name: array.copy() for name, array in self.windows.inputs(slice(place, place + 1)).items()}


@st.cache_resource(show_spinner="Loading the predictor and its dataset …", max_entries=2)
def load_moments(predictor: Path, dataset: Path, mark: Stamp) -> Moments:
    """The predictor and its moments; `mark` is the state of both."""
    return Moments.of(predictor, dataset)


def curve_rows(table: Any, output: str) -> list[Row]:
    """A row a value and lead of what `what_if` gave: `low`, `middle`, `high` of an output."""
    return [
        {
            "value": row["value"],
            "lead": f"{row['minutes']:g} minutes ahead",
            "low": row[f"{output}_low"],
            "middle": row[output],
            "high": row[f"{output}_high"],
        }
        for row in table.to_pylist()
    ]


def show_what_if(run: Run) -> None:
    """Sliders, curves and contributions for a moment of the test split."""
    if PREDICTOR not in run.files:
        command = "gristmill train datacenter --dataset DATASET --out RUN"
        show_empty("This run has no predictor. This trains one on a dataset of telemetry:", command)
        return
    dataset = find_dataset(run, datasets_root())
    moments = load_moments(run.file(PREDICTOR), dataset, stamp(run.path) + stamp(dataset))
    place = _choose_moment(moments, run)
    if place is None:
        return
    window, layout = moments.window(place), moments.model.layout
    if not layout.set_points:
        st.info("The predictor knows no set-points: telemetry had no column `action_...` that varies.")
    else:
        chosen = _set(window, moments, f"{run.path} {place}")
        _show_curves(window, moments, run, chosen)
    _show_contributions(window, moments)


def _choose_moment(moments: Moments, run: Run) -> int | None:
    days = [datetime.fromtimestamp(int(end), UTC).date() for end in (moments.seconds.min(), moments.seconds.max())]
    left, right = st.columns([1, 3])
    day = left.date_input("Day (UTC)", days[0], min_value=days[0], max_value=days[1], key=f"if day of {run.path}")
    places = moments.on(day).tolist()
    if not places:
        st.info("The test split has no hour on that day that could be predicted.")
        return None
    times = {place: datetime.fromtimestamp(int(moments.seconds[place]), UTC).strftime("%H:%M") for place in places}
    start = places[len(places) // 2]
    return int(right.select_slider("The hour that begins at (UTC)", places, start, format_func=times.__getitem__))


def _set(window: dict[str, NDArray[np.float32]], moments: Moments, key: str) -> dict[str, float]:
    """A slider a set-point, from the mean of what was set: once it is moved, the whole hour gets its value."""
    st.markdown(
        "**Set-points of the hour**, as they were until a slider is moved; the range is that of the training data"
    )
    names, chosen = moments.model.layout.set_points, {}
    columns = st.columns(min(len(names), 3))
    for place, name in enumerate(names):
        low, high = moments.ranges[name]
        planned = window["planned"][0, :, place]
        was = float(np.nanmean(planned)) if np.isfinite(planned).any() else (low + high) / 2
        was = round(min(max(was, low), high), 2)
        chosen[name] = columns[place % len(columns)].slider(
            column_title(name), round(low, 2), round(high, 2), was, 0.05, key=f"{name} {key}"
        )
        if chosen[name] != was:
            window["planned"][0, :, place] = chosen[name]
    return chosen


def _show_curves(window: dict[str, NDArray[np.float32]], moments: Moments, run: Run, chosen: dict[str, float]) -> None:
    from apps.datacenter.config import PredictConfig
    from apps.datacenter.predict import what_if

    names = moments.model.layout.set_points
    name = st.selectbox("Curve over", names, format_func=column_title)
    low, high = moments.ranges[name]
    table = what_if(moments.model, window, name, np.linspace(low, high, _POINTS).tolist())
    now = what_if(moments.model, window, name, [chosen[name]])
    saved = run.config.get("settings", {}).get("predict", {})
    coverage = saved.get("coverage", PredictConfig().coverage)
    for column, (output, title) in zip(st.columns(2), _OUTPUTS.items(), strict=True):
        for row in curve_rows(now, output):
            middle, least, most = (_FORMS[output].format(row[end]) for end in ("middle", "low", "high"))
            column.markdown(f"{row['lead']}: **{middle}** ({least} to {most})")
        chart = if_curve(curve_rows(table, output), x=column_title(name), y=title, chosen=chosen[name])
        column.altair_chart(chart, width="stretch")
    st.caption(
        f"Bands hold {coverage:.0%} of what came, as calibrated on validation; the dashed line is the slider's value. It tells "
        "what the model has learned from telemetry: values that were never set together are guesses."
    )


def _show_contributions(window: Mapping[str, NDArray[np.float32]], moments: Moments) -> None:
    from apps.datacenter.predict import attributions

    st.markdown("**What the prediction rests on**: how far each sensor and set-point moves it from what is usual")
    output = st.radio("Of", list(_OUTPUTS), format_func=_OUTPUTS.__getitem__, horizontal=True)
    found = attributions(moments.model, window, moments.usual, output)
    about = {name.decode(): float(value) for name, value in found.schema.metadata.items()}
    rows = [
        {
            "column": column_title(row["column"]),
            "contribution": row["contribution"],
            "way": "raises" if row["contribution"] > 0 else "lowers",
        }
        for row in found.slice(0, _BARS).to_pylist()
    ]
    st.altair_chart(contributions(rows, axis=f"contribution to {_OUTPUTS[output]}"), width="stretch")
    usual, made = (_FORMS[output].format(about[name]) for name in ("usual", "prediction"))
    left = max(len(found) - _BARS, 0)
    st.caption(f"Usual {usual}, predicted {made}. Shapley values; {left} smaller ones are not shown.")
