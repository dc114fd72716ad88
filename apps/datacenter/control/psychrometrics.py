"""Moist air at sea level: humidity ratio and relative humidity from dew points (Magnus' formula, Alduchov and Eskridge 1996)."""

from typing import Any

import numpy as np

__all__ = ["humidity_ratio", "relative_humidity", "wet_bulb"]

_PRESSURE = 1013.25  # hPa, standard atmosphere
_PSYCHROMETER = 6.62e-4 * _PRESSURE  # hPa/K, of a ventilated psychrometer
_NEWTON = 3


def humidity_ratio(dew_point_c: Any, xp: Any = np) -> Any:
    """Grams of water a kilogram of dry air, from the dew point in degrees Celsius; any shape.

    Args:
        dew_point_c: Dew points.
        xp: Module that has `exp`: NumPy, or `keras.ops` inside a model.
    """
    vapour = _vapour_pressure(dew_point_c, xp)
    return 621.98 * vapour / (_PRESSURE - vapour)


def relative_humidity(temperature_c: Any, dew_point_c: Any, xp: Any = np) -> Any:
    """Per cent, from temperature and dew point in degrees Celsius; any shape."""
    return 100.0 * _vapour_pressure(dew_point_c, xp) / _vapour_pressure(temperature_c, xp)


def wet_bulb(temperature_c: Any, dew_point_c: Any, xp: Any = np) -> Any:
    """Wet bulb in degrees Celsius, from temperature and dew point; any shape.

    Newton's method on the psychrometer's equation; within .001 degrees of its solution from -25 to 45 degrees.
    """
    vapour = _vapour_pressure(dew_point_c, xp)
    found = temperature_c - 0.6 * (temperature_c - dew_point_c)
    for _ in range(_NEWTON):
        saturated = _vapour_pressure(found, xp)
        left = saturated - _PSYCHROMETER * (temperature_c - found) - vapour
        slope = saturated * (17.625 * 243.04) / (243.04 + found) ** 2 + _PSYCHROMETER
        found = found - left / slope
    return found


def _vapour_pressure(dew_point_c: Any, xp: Any) -> Any:
    """Pressure of saturated vapour, hPa."""
    return 6.1094 * xp.exp(17.625 * dew_point_c / (243.04 + dew_point_c))
