"""Forecasts an upper quantile of the demand's peak over the time that a decision binds.

A boot that is ordered when step t begins computes from step t + `boot_steps` on and stays for `least_on_steps`: the peak of
that window is what the order is for. Two forecasters are averaged, as their errors differ: a linear quantile regression
(Koenker and Bassett 1978, https://doi.org/10.2307/1913643) and trees grown on the pinball loss (LightGBM).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view
from pydantic import Field

from apps.datacenter.servers.fleet import Fleet
from gristmill.config import CheckedRecord
from gristmill.errors import InputError

__all__ = ["ForecastOptions", "PeakForecaster", "features", "rolling_forecast", "window_peaks"]

Floats = npt.NDArray[np.float64]

_LAGS = (*range(1, 13), 18, 24, 36)  # steps
_LINEAR_LAGS = (1, 2, 3, 6, 12)
_WINDOW_HOURS = (0.5, 1.0, 3.0, 12.0, 24.0)
_DAYS_BACK = (1, 2, 7)
_WAVES_A_DAY = (1, 2, 24)


class ForecastOptions(CheckedRecord):
    """How the peak is forecast."""

    quantile: float = Field(0.95, gt=0, lt=1)
    """Of the peak; a headroom that learns from misses is added by the planner, as days of data hold too few misses to
    learn a quantile of .999 from."""
    trees: int = Field(150, ge=1)
    leaves: int = Field(7, ge=2)
    learning_rate: float = Field(0.05, gt=0)
    least_rows_in_leaf: int = Field(60, ge=1)
    forests: int = Field(2, ge=1)
    """Trees of so many seeds are averaged."""
    seed: int = 0


def features(demand: Floats, fleet: Fleet) -> tuple[Floats, int]:
    """What is known when each step begins: recent demand, its mean, deviation, highest and lowest, days before, the time.

    Args:
        demand: Fractions [step].
        fleet: Gives the length of a step.

    Returns:
        Features [step + 1, feature], row t from `demand[:t]` alone, NaN where that is too short; and how many of the first
        columns the linear half takes.
    """
    a_day = 24 * 60 // fleet.step_minutes
    columns = {f"lag {lag}": _lagged(demand, lag) for lag in _LAGS}
    linear = [f"lag {lag}" for lag in _LINEAR_LAGS]
    for hours in _WINDOW_HOURS:
        width = max(2, round(hours * 60 / fleet.step_minutes))
        for name, of in (("mean", np.mean), ("deviation", np.std), ("highest", np.max), ("lowest", np.min)):
            columns[f"{name} {hours}"] = _rolled(demand, width, of)
            linear.append(f"{name} {hours}")
    for days in _DAYS_BACK:
        for near in range(-2, 3):
            lag = days * a_day - fleet.boot_steps + near
            columns[f"day {days} {near}"] = _lagged(demand, max(1, lag))
    ahead = np.arange(len(demand) + 1) + fleet.boot_steps
    for waves in _WAVES_A_DAY:
        angle = 2 * np.pi * waves * ahead / a_day
        columns[f"sine {waves}"], columns[f"cosine {waves}"] = np.sin(angle), np.cos(angle)
    columns["time of day"] = (ahead % a_day).astype(np.float64)
    columns["day of week"] = (ahead // a_day % 7).astype(np.float64)
    order = [*linear, *(name for name in columns if name not in linear)]
    return np.stack([columns[name] for name in order], axis=1), len(linear)


def window_peaks(demand: Floats, fleet: Fleet) -> Floats:
    """Highest demand of the window that an order of each step is for.

    Args:
        demand: Fractions [step].
        fleet: Gives boot and least time on.

    Returns:
        Value t is the highest of steps t + boot to t + boot + least on - 1 [step - boot - least on + 1].
    """
    return sliding_window_view(demand[fleet.boot_steps :], fleet.least_on_steps).max(axis=1)


@dataclass(frozen=True)
class PeakForecaster:
    """A fitted forecaster."""

    linear: Any
    trees: list[Any]
    linear_columns: int

    @classmethod
    def fit(cls, rows: Floats, peaks: Floats, linear_columns: int, options: ForecastOptions) -> "PeakForecaster":
        """Fits both halves.

        Args:
            rows: Features [example, feature]; those of the linear half, the first ones, without NaN.
            peaks: What came [example].
            linear_columns: How many features the linear half takes.
            options: How to fit.
        """
        import lightgbm
        from sklearn.linear_model import QuantileRegressor
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        linear = make_pipeline(
            StandardScaler(), QuantileRegressor(quantile=options.quantile, alpha=0, solver="highs-ipm")
        )
        linear.fit(rows[:, :linear_columns], peaks)
        parameters = {
            "objective": "quantile",
            "alpha": options.quantile,
            "learning_rate": options.learning_rate,
            "num_leaves": options.leaves,
            "min_data_in_leaf": options.least_rows_in_leaf,
            "feature_fraction": 0.4,
            "bagging_fraction": 0.6,
            "bagging_freq": 1,
            "deterministic": True,
            "force_row_wise": True,
            "num_threads": 1,  # more cost more than they give, at some thousand rows
            "verbosity": -1,
        }
        trees = [
            lightgbm.train(parameters | {"seed": options.seed + k}, lightgbm.Dataset(rows, peaks), options.trees)
            for k in range(options.forests)
        ]
        return cls(linear, trees, linear_columns)

    def predict(self, rows: Floats) -> Floats:
        """The quantile of the peak for each row of features [example]."""
        forests = np.mean([trees.predict(rows) for trees in self.trees], axis=0)
        return np.asarray((self.linear.predict(rows[:, : self.linear_columns]) + forests) / 2)


def rolling_forecast(demand: Floats, fleet: Fleet, first_day: int, options: ForecastOptions | None = None) -> Floats:
    """Forecasts each step from what came before it; fitted anew at the beginning of each day.

    Args:
        demand: Fractions [step].
        fleet: Gives the step, boot and least time on.
        first_day: The first day to forecast; the days before it are the first to be learnt from.
        options: How to forecast.

    Returns:
        The quantile of the peak of each step's window, from `demand[:step]` alone; NaN before `first_day` [step].

    Raises:
        InputError: There are fewer than two days before the first, or none from it on.
    """
    a_day = 24 * 60 // fleet.step_minutes
    if first_day < 2 or first_day * a_day >= len(demand):
        rule = f"from 2 to the demand's last day, {(len(demand) - 1) // a_day}"
        raise InputError(f"`first_day` must be {rule}. Received: {first_day}")
    rows, linear_columns = features(demand, fleet)
    peaks = window_peaks(demand, fleet)
    found = np.full(len(demand), np.nan)
    for begin in range(first_day * a_day, len(demand), a_day):
        known = slice(a_day, begin - fleet.boot_steps - fleet.least_on_steps + 1)  # peaks that are over by then
        model = PeakForecaster.fit(rows[known], peaks[known], linear_columns, options or ForecastOptions())
        end = min(begin + a_day, len(demand))
        found[begin:end] = model.predict(rows[begin:end])
    return found


def _lagged(demand: Floats, lag: int) -> Floats:
    """The demand of `lag` steps before each step; the last row is of the step after the demand."""
    return np.concatenate([np.full(lag, np.nan), demand])[: len(demand) + 1]


def _rolled(demand: Floats, width: int, of: Any) -> Floats:
    """A statistic of the `width` steps before each step."""
    found = np.full(len(demand) + 1, np.nan)
    if len(demand) >= width:
        found[width:] = of(sliding_window_view(demand, width), axis=1)
    return found
