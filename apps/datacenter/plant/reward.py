"""What a step in the plant's environment is worth: less energy is better, and air outside the limits costs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from apps.datacenter.plant.summary import Limits

__all__ = ["EnergyReward", "Reward"]


class Reward(Protocol):
    """Judges a step."""

    def __call__(self, measured: Mapping[str, float], hours: float, limits: Limits) -> float:
        """Judges a step.

        Args:
            measured: Means over the step, by telemetry column.
            hours: Length of the step.
            limits: What the air at the server inlets must keep.

        Returns:
            The reward; more is better.
        """


@dataclass(frozen=True)
class EnergyReward:
    """Minus the facility's energy in kWh, minus penalties in kWh for air at server inlets that breaks the limits."""

    inlet_kwh: float = 40.0
    """Penalty for each degree Celsius by which the worst inlet is colder or warmer than the limits, and hour."""
    humidity_kwh: float = 10.0
    """Penalty for each hour in which some inlet breaks a limit of dew point or humidity."""

    def __call__(self, measured: Mapping[str, float], hours: float, limits: Limits) -> float:
        """Minus kWh."""
        low, high = limits.inlet_c
        degrees = max(max(low - inlet, inlet - high, 0.0) for inlet in _inlets(measured, "inlet_c"))
        penalty_kw = self.inlet_kwh * degrees + self.humidity_kwh * _is_humidity_out(measured, limits)
        return -hours * (measured["total_power_kw"] + penalty_kw)


def _is_humidity_out(measured: Mapping[str, float], limits: Limits) -> bool:
    low, high = limits.dew_point_c
    return any(not low <= point <= high for point in _inlets(measured, "inlet_dew_point_c")) or any(
        percent > limits.humidity_percent for percent in _inlets(measured, "inlet_humidity_percent")
    )


def _inlets(measured: Mapping[str, float], ending: str) -> list[float]:
    return [value for column, value in measured.items() if column.endswith(f"_{ending}")]
