"""Chooses the settings of each policy by one rule: the least energy and wear among those that miss no more than is aimed at.

Of every shape that is tried, the least margin that keeps the aim is found first; so no policy is left with a margin that it
does not need. Each function gives a maker: a policy may keep state, and each replay takes a new one.
"""

import itertools
from collections.abc import Callable, Iterable
from functools import partial

import numpy as np
import numpy.typing as npt

from apps.datacenter.servers.fleet import Fleet
from apps.datacenter.servers.peers import RecentPeak, Static, Threshold
from apps.datacenter.servers.planner import Planner
from apps.datacenter.servers.playing import Policy, replay

__all__ = ["Maker", "tuned_planner", "tuned_recent_peak", "tuned_static", "tuned_threshold"]

Floats = npt.NDArray[np.float64]
Maker = Callable[[], Policy]

_FINEST = 0.001  # of a margin
_MOST = 0.4
_HOURS = (0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 6.0, 12.0)
_RATES = (0.005, 0.01, 0.02)


def tuned_static(fleet: Fleet, demand: Floats, aim: float) -> Maker:
    """The smallest count that misses no more than a share `aim` of the steps of a demand [step]."""
    needed = np.sort(fleet.needed(demand))
    return partial(Static, int(needed[len(needed) - 1 - int(aim * len(demand))]))


def tuned_threshold(fleet: Fleet, demand: Floats, aim: float) -> Maker:
    """The cheapest band of use and patience for a demand [step]."""
    shapes = itertools.product((0.0, 0.02, 0.05), (0.03, 0.06, 0.12), (1, *_holds(fleet)))
    return _cheapest(fleet, demand, aim, [partial(_threshold, fleet, *shape) for shape in shapes])


def _threshold(fleet: Fleet, rise: float, fall: float, patience: int, margin: float) -> Threshold:
    high = max(fleet.most_use - margin, 0.05)
    aim = max(high - rise, 0.05)
    return Threshold(fleet, aim, high, aim - fall, patience)


def tuned_recent_peak(fleet: Fleet, demand: Floats, aim: float) -> Maker:
    """The cheapest window and margin for a demand [step]."""
    shapes = (1, *_holds(fleet))
    return _cheapest(fleet, demand, aim, [partial(RecentPeak, fleet, window) for window in shapes])


def tuned_planner(fleet: Fleet, demand: Floats, forecast: Floats, aim: float, first: int) -> Maker:
    """The cheapest hold, rate and headroom for a demand from a step on.

    Args:
        fleet: The servers and their rules.
        demand: Fractions of what the whole fleet can do [step].
        forecast: See `rolling_forecast`; it may be longer than the demand [step or more].
        aim: Share of steps that may be missed.
        first: The first step with a forecast.

    Returns:
        Makes planners that go on after the demand, with the headroom that was learnt by then; all servers
        stay on where no planner keeps the aim.
    """
    shapes = itertools.product((1, *_holds(fleet)), _RATES)
    makers = [partial(_planner, fleet, forecast, aim, *shape) for shape in shapes]
    cheapest = _cheapest(fleet, demand, aim, makers, first)
    planner = cheapest()
    if not isinstance(planner, Planner):
        return cheapest
    replay(fleet, demand, planner, first)
    return planner.again


def _planner(fleet: Fleet, forecast: Floats, aim: float, hold: int, rate: float, headroom: float) -> Planner:
    return Planner(fleet, forecast, headroom - 0.1, hold, rate, aim)  # a high quantile of the peak may be too much


def _holds(fleet: Fleet) -> tuple[int, ...]:
    return tuple(max(1, round(hours * 60 / fleet.step_minutes)) for hours in _HOURS)


def _cheapest(
    fleet: Fleet, demand: Floats, aim: float, shapes: Iterable[Callable[[float], Policy]], first: int = 0
) -> Maker:
    """The cheapest shape, each with the least margin that keeps the aim; all on, where none does."""
    found: list[tuple[float, Maker]] = []
    for shape in shapes:
        low, high = 0, round(_MOST / _FINEST)
        while low < high:
            middle = (low + high) // 2
            kept = replay(fleet, demand, shape(middle * _FINEST), first).unmet.mean() <= aim
            low, high = (low, middle) if kept else (middle + 1, high)
        outcome = replay(fleet, demand, shape(low * _FINEST), first).outcome
        if outcome.unmet_share <= aim:
            found.append((outcome.cost_kwh, partial(shape, low * _FINEST)))
    if not found:
        return partial(Static, fleet.servers)
    return min(found, key=lambda pair: pair[0])[1]
