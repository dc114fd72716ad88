"""What the networks and trees read, computed in the graph from a window in its own units."""

import math
from typing import Any

import tensorflow as tf

from apps.datacenter.predict.layout import HOUR, Layout
from apps.datacenter.predict.series import IT_POWER

__all__ = ["BACK", "demand_features", "feature_names", "plant_features", "standardised"]

BACK = 3
"""Steps back to which a set-point is compared with its earlier values."""
_DEGREES = "_c"
_TIMES = ("sine of the day", "cosine of the day", "sine of the week", "cosine of the week")


def standardised(layout: Layout, past: Any) -> tuple[Any, Any]:
    """The window with mean 0 and deviation 1; what is missing is the value before it, or the mean where there is none.

    Args:
        layout: The columns.
        past: Sensors and set-points, NaN where missing, `[batch, window, column]`.

    Returns:
        The same shape, and 1 where the last step was missing, else 0: `[batch, column]`.
    """
    values = (past - tf.constant(layout.mean, tf.float32)) / tf.constant(layout.deviation, tf.float32)
    missing = tf.math.is_nan(values)
    seen = tf.zeros_like(values[:, 0])
    filled = []
    for step in range(layout.window):
        seen = tf.where(missing[:, step], seen, values[:, step])
        filled.append(seen)
    return tf.stack(filled, axis=1), tf.cast(missing[:, -1], tf.float32)


def plant_features(layout: Layout, values: Any, missing: Any, planned: Any, calendar: Any) -> Any:
    """What the next hour follows from, for each lead; see `feature_names`.

    Args:
        layout: The columns.
        values: See `standardised`, `[batch, window, column]`.
        missing: See `standardised`, `[batch, column]`.
        planned: Set-points of the coming hour in their units, `[batch, coming step, set-point]`; None without any.
        calendar: Hour of the day and day of the week, `[batch, 2]`.

    Returns:
        `[batch, lead, feature]`.
    """
    measured = len(layout.sensors)
    last = values[:, -1, :measured]
    common = [last, last - values[:, -2, :measured]]
    if layout.gaps:
        common.append(tf.gather(missing, list(layout.gaps), axis=1))
    actions = None
    if planned is not None:
        mean, deviation = (tf.constant(each[measured:], tf.float32) for each in (layout.mean, layout.deviation))
        scaled = (planned - mean) / deviation
        coming = tf.where(tf.math.is_nan(scaled), tf.zeros_like(scaled), scaled)
        actions = tf.concat([values[:, :, measured:], coming], axis=1)  # [batch, window + coming step, set-point]
    made = []
    for lead in layout.leads:
        parts = [*common, *(_setting_features(layout, last, actions, lead) if actions is not None else [])]
        made.append(tf.concat([*parts, _time(layout, calendar, lead)], axis=1))
    return tf.stack(made, axis=1)


def _setting_features(layout: Layout, last: Any, actions: Any, lead: int) -> list[Any]:
    """Set-points of a lead, what they were before, and how far they are from temperatures and from each other."""
    at = layout.window + lead - 1
    now = actions[:, at]
    parts = [now, *(actions[:, at - back] - now for back in range(1, BACK + 1))]
    degrees = _degrees(layout)
    kelvins = {place: now[:, place] * layout.deviation[column] + layout.mean[column] for place, column in degrees[1]}
    for place, value in kelvins.items():
        for column in degrees[0]:
            measured = last[:, column] * layout.deviation[column] + layout.mean[column]
            parts.append((value - measured)[:, None])
        parts += [(value - other)[:, None] for before, other in kelvins.items() if before < place]
    return parts


def _degrees(layout: Layout) -> tuple[list[int], list[tuple[int, int]]]:
    """Columns of the sensors, and place and column of the set-points, that are temperatures."""
    sensors = [column for column, name in enumerate(layout.sensors) if name.endswith(_DEGREES)]
    offset = len(layout.sensors)
    settings = [(place, offset + place) for place, name in enumerate(layout.set_points) if name.endswith(_DEGREES)]
    return sensors, settings


def feature_names(layout: Layout) -> list[str]:
    """Names of the features of `plant_features`, the same for each lead."""
    names = [*layout.sensors, *(f"{name} less the step before" for name in layout.sensors)]
    names += [f"{layout.sensors[place]} is missing" for place in layout.gaps]
    names += layout.set_points
    names += [f"{name} {back} before, less now" for back in range(1, BACK + 1) for name in layout.set_points]
    sensors, settings = _degrees(layout)
    for number, (place, _) in enumerate(settings):
        names += [f"{layout.set_points[place]} less {layout.sensors[column]}" for column in sensors]
        names += [f"{layout.set_points[place]} less {layout.set_points[other]}" for other, _ in settings[:number]]
    return [*names, *_TIMES]


def demand_features(layout: Layout, values: Any, calendar: Any) -> Any:
    """What the computing load follows from: its own past and the calendar, `[batch, window + 5]`."""
    past = values[:, :, layout.sensors.index(IT_POWER)]
    return tf.concat([past, (past[:, -1] - past[:, -2])[:, None], _time(layout, calendar, 1)], axis=1)


def _time(layout: Layout, calendar: Any, lead: int) -> Any:
    """Where in the day and in the week a lead begins, `[batch, 4]`."""
    later = (lead - 1) * layout.step_seconds / HOUR
    day = (calendar[:, :1] + later) * (2 * math.pi / 24)
    week = (calendar[:, 1:] + later / 24) * (2 * math.pi / 7)
    return tf.concat([tf.sin(day), tf.cos(day), tf.sin(week), tf.cos(week)], axis=1)
