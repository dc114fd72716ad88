"""Which of a plant's telemetry its dynamics are learned from: the state, what comes from outside, actions, and results."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gristmill.errors import InputError

__all__ = ["OUTSIDE", "Signals", "find_signals", "hour_angle", "transitions"]

OUTSIDE = ("outdoor_c", "outdoor_dew_point_c", "it_power_kw")
"""What the plant does not decide, and a forecast gives: weather, and the power of computing."""
_ACTIONS = ("supply_air_c", "fan_flow_kg_s", "outdoor_air_kg_s", "chilled_water_c")
_NEEDED = ("supply_air_c", "fan_flow_kg_s")
_POWERS = ("cooling_power_kw", "fan_power_kw")


@dataclass(frozen=True)
class Signals:
    """Columns of the telemetry, in the order in which the dynamics take them."""

    zones: tuple[str, ...]
    """Air temperature of each zone."""
    inlets: tuple[str, ...]
    """Inlet temperature of each group of servers."""
    dew_points: tuple[str, ...]
    """Inlet dew point of each group of servers."""
    actions: tuple[str, ...]
    """Fields of `Action` that are planned; of the outdoor air only whether it is forced, 0 or 1."""

    @property
    def state(self) -> tuple[str, ...]:
        """What a step hands on to the next."""
        return (*self.zones, *self.dew_points)

    @property
    def inputs(self) -> tuple[str, ...]:
        """State and actions before the step; what comes from outside, the hour as sine and cosine, and actions, in it."""
        before = (f"before_{name}" for name in self.actions)
        return (*self.state, *OUTSIDE, "hour_sin", "hour_cos", *before, *self.actions)

    @property
    def targets(self) -> tuple[str, ...]:
        """Zones in the step; inlets, which lag the supply air by a step, after it; powers in it, of fans and the rest."""
        return (*self.zones, *self.inlets, *self.dew_points, "other_kw", "fan_kw")

    def of(self, measured: Mapping[str, float]) -> npt.NDArray[np.float32]:
        """The state in what was measured [state]."""
        return np.array([measured[name] for name in self.state], np.float32)


def find_signals(series: Mapping[str, npt.NDArray[Any]]) -> Signals:
    """Finds the signals in telemetry.

    Args:
        series: Columns by name, each [step], NaN where nothing was measured or set.

    Raises:
        InputError: A column is lacking, or a set-point that must be steered was never set.
    """
    lacking = sorted({*OUTSIDE, *_POWERS} - set(series))
    zones, inlets, dew_points = (
        tuple(name for name in series if name.endswith(ending))
        for ending in ("zone_temperature_c", "_inlet_c", "_inlet_dew_point_c")
    )
    lacking += [f"..._{kind}" for kind, found in (("zone_temperature_c", zones), ("inlet_c", inlets)) if not found]
    if lacking or len(inlets) != len(dew_points):
        what = ", ".join(lacking) or "a dew point of each inlet"
        raise InputError(f"telemetry must have what the dynamics are learned from. It lacks: {what}")
    actions = tuple(
        name for name in _ACTIONS if f"action_{name}" in series and np.isfinite(series[f"action_{name}"]).any()
    )
    if not set(_NEEDED) <= set(actions):
        raise InputError(
            f"telemetry must come from a time in which {' and '.join(_NEEDED)} were varied. "
            f"Received: {', '.join(actions) or 'no set-point that was set'}"
        )
    return Signals(zones, inlets, dew_points, actions)


def hour_angle(hours: npt.ArrayLike) -> npt.NDArray[np.float32]:
    """Sine and cosine of the hour of the day, local standard time, [..., 2]."""
    angle = np.asarray(hours, np.float64) * (2 * np.pi / 24)
    return np.stack([np.sin(angle), np.cos(angle)], axis=-1).astype(np.float32)


def transitions(
    series: Mapping[str, npt.NDArray[Any]], signals: Signals
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Cuts telemetry into steps to learn from.

    Args:
        series: Columns by name, each [step], with `segment`, the number of the unbroken run of steps, and `hour_sin`,
            `hour_cos`.
        signals: Which columns.

    Returns:
        Inputs [row, input] and targets [row, target], a row for each step of which the steps before and after are in the
        same segment and all is known.
    """
    values = dict(series)
    for name in signals.actions:
        values[name] = series[f"action_{name}"]
    if "outdoor_air_kg_s" in values:
        values["outdoor_air_kg_s"] = np.isfinite(values["outdoor_air_kg_s"]).astype(np.float64)
    values["fan_kw"] = series["fan_power_kw"]
    values["other_kw"] = series["cooling_power_kw"] - series["fan_power_kw"]
    values |= {f"before_{name}": values[name] for name in signals.actions}
    before = {*signals.state, *(f"before_{name}" for name in signals.actions)}
    after = {*signals.inlets, *signals.dew_points}
    inputs = np.stack([values[name][:-2] if name in before else values[name][1:-1] for name in signals.inputs], axis=1)
    targets = np.stack([values[name][2:] if name in after else values[name][1:-1] for name in signals.targets], axis=1)
    together = series["segment"][:-2] == series["segment"][2:]
    known = together & np.isfinite(inputs).all(axis=1) & np.isfinite(targets).all(axis=1)
    return inputs[known].astype(np.float32), targets[known].astype(np.float32)
