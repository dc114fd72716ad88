"""What the predictor reads: which sensors and set-points, and the ways in which they vary while it learns."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.datacenter.config import PredictConfig
from apps.datacenter.predict.series import IT_POWER, PUE, TOTAL_POWER, Series
from gristmill.errors import InputError, unknown_name

__all__ = ["HOUR", "Layout", "layout_of"]

HOUR = 3600
_ACTION = "action_"
_FIRST = (TOTAL_POWER, IT_POWER, PUE)
_LEAST_KNOWN = 0.5
"""Share of the training steps in which a sensor must have a value."""


@dataclass(frozen=True)
class Layout:
    """Sensors and set-points in the order in which the model reads them; goes to JSON and back."""

    sensors: tuple[str, ...]
    """Measured columns, total power, IT power and PUE first."""
    set_points: tuple[str, ...]
    """Columns that are known for the coming hour as well; none is allowed."""
    left_out: dict[str, str]
    """Why each other column is not read."""
    mean: tuple[float, ...]
    """Of sensors and then set-points, over the training steps."""
    deviation: tuple[float, ...]
    gaps: tuple[int, ...]
    """Places of the sensors that are missing in some training step."""
    window: int
    step_seconds: int

    @property
    def columns(self) -> tuple[str, ...]:
        """Sensors, then set-points."""
        return (*self.sensors, *self.set_points)

    @property
    def ahead(self) -> int:
        """Steps of the coming hour."""
        return max(1, round(HOUR / self.step_seconds))

    @property
    def leads(self) -> tuple[int, ...]:
        """How many steps after the last measured one are predicted: the next, and the one an hour later.

        Where a step lasts an hour or longer both are the next.
        """
        return (1,) if self.ahead == 1 else (1, self.ahead)

    def to_json(self) -> dict[str, Any]:
        """As plain values; `Layout.of` reads them."""
        return asdict(self)

    @classmethod
    def of(cls, saved: dict[str, Any]) -> "Layout":
        """What `to_json` gave."""
        lists = ("sensors", "set_points", "mean", "deviation", "gaps")
        return cls(**saved | {name: tuple(saved[name]) for name in lists})


def layout_of(series: Series, config: PredictConfig) -> Layout:
    """Chooses the columns by the training steps: those that vary, are mostly there, and do not repeat another.

    Raises:
        InputError: There are no training steps, or a set-point of the config is no column.
    """
    train = series.values[series.split == 0]
    if not len(train):
        raise InputError("the train split must hold steps. Received: none")
    left_out: dict[str, str] = {}
    wanted = _set_points(series, config)
    usable = [name for name in series.names if not _useless(train[:, series.names.index(name)], name, left_out)]
    set_points = [name for name in wanted if name in usable]
    sensors = [name for name in _FIRST if name in series.names]
    weather = [name for name in usable if name.startswith("outdoor")]
    others = [name for name in usable if not name.startswith(_ACTION) and name not in wanted]
    for name in (*weather, *others):
        if name not in sensors:
            twin = _twin(series, train, name, [*sensors, *set_points], config.duplicate)
            if twin:
                left_out[name] = f"repeats {twin}"
            else:
                sensors.append(name)
    columns = [*sensors, *set_points]
    used = train[:, [series.names.index(name) for name in columns]]
    deviation = np.nanstd(used, axis=0)
    return Layout(
        tuple(sensors),
        tuple(set_points),
        left_out,
        tuple(np.nanmean(used, axis=0).tolist()),
        tuple(np.where(deviation > 0, deviation, 1.0).tolist()),
        tuple(np.flatnonzero(np.isnan(used[:, : len(sensors)]).any(axis=0)).tolist()),
        config.window,
        series.step_seconds,
    )


def _set_points(series: Series, config: PredictConfig) -> list[str]:
    if config.set_points is None:
        return [name for name in series.names if name.startswith(_ACTION)]
    for name in config.set_points:
        if name not in series.names:
            raise unknown_name("set-point", name, series.names)
    return list(config.set_points)


def _useless(values: NDArray[np.float64], name: str, left_out: dict[str, str]) -> bool:
    known = values[np.isfinite(values)]
    if len(known) < _LEAST_KNOWN * len(values):
        left_out[name] = f"missing in {1 - len(known) / len(values):.0%} of the training steps"
    elif np.ptp(known) == 0:
        left_out[name] = "never changes"
    return name in left_out


def _twin(series: Series, train: NDArray[np.float64], name: str, kept: list[str], duplicate: float) -> str | None:
    """A kept column that this one repeats."""
    values = train[:, series.names.index(name)]
    for other in kept:
        there = train[:, series.names.index(other)]
        both = np.isfinite(values) & np.isfinite(there)
        varies = both.sum() > 2 and np.ptp(values[both]) > 0 and np.ptp(there[both]) > 0
        if varies and abs(np.corrcoef(values[both], there[both])[0, 1]) >= duplicate:
            return other
    return None
