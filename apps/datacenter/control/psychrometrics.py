"""Moist air at sea level: humidity ratio and relative humidity from dew points (Magnus' formula, Alduchov and Eskridge 1996)."""

from typing import Any

import numpy as np

__all__ = ["humidity_ratio", "relative_humidity"]

_PRESSURE = 1013.25  # hPa, standard atmosphere


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


def _vapour_pressure(dew_point_c: Any, xp: Any) -> Any:
    """Pressure of saturated vapour, hPa."""
    return 6.1094 * xp.exp(17.625 * dew_point_c / (243.04 + dew_point_c))
