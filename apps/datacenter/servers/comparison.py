"""Plans a demand and compares the plan with its peers: all by the same rules, over days that none was tuned on."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import Field

from apps.datacenter.plant import LoadSeries
from apps.datacenter.servers.fleet import Fleet
from apps.datacenter.servers.forecast import ForecastOptions, rolling_forecast
from apps.datacenter.servers.foresight import oracle
from apps.datacenter.servers.peers import Static
from apps.datacenter.servers.playing import Replay, replay
from apps.datacenter.servers.tuning import Maker, tuned_planner, tuned_recent_peak, tuned_static, tuned_threshold
from gristmill.config import CheckedRecord
from gristmill.errors import InputError

__all__ = ["Comparison", "LIMIT", "PLAN", "TrialOptions", "compare", "plan_table"]

LIMIT = 0.001
"""Share of steps in which demand may be not met."""
PLAN = "planned"
"""Name of our own plan among the systems."""


class TrialOptions(CheckedRecord):
    """Which days are for what, in order of time."""

    learnt_days: int = Field(5, ge=2)
    """The forecaster is first fitted on so many days."""
    tuned_days: int = Field(13, ge=1)
    """The days after these: forecast day by day from what was before, and settings are chosen on them. The peers' settings
    are chosen on all days so far."""
    judged_days: int = Field(10, ge=1)
    """The days after these."""
    aim: float = Field(0.0005, ge=0, lt=1)
    """Share of steps that settings may miss on the days that they are chosen on: half of `LIMIT`, as the share
    scatters from one span of days to the next."""
    forecast: ForecastOptions = ForecastOptions()


@dataclass(frozen=True)
class Comparison:
    """What each system did on the judged days."""

    load: LoadSeries
    first: int
    """Step of the load with which the judged days begin."""
    forecast: npt.NDArray[np.float64]
    """Quantile of the peak of each step's window; see `rolling_forecast` [step of the judged days]."""
    replays: Mapping[str, Replay]


def compare(load: LoadSeries, fleet: Fleet | None = None, options: TrialOptions | None = None) -> Comparison:
    """Forecasts, tunes, plans and plays all systems.

    Args:
        load: The demand.
        fleet: The servers and their rules.
        options: Which days are for what.

    Returns:
        `all on`, `best static count`, the same `in hindsight` (chosen on the judged days themselves), `thresholds of use`,
        `recent peak and margin`, `planned` and `oracle`.

    Raises:
        InputError: The load is too short, or its interval and the fleet's step do not fit.
    """
    fleet, options = fleet or Fleet(), options or TrialOptions()
    a_day = 24 * 60 // fleet.step_minutes
    known = options.learnt_days + options.tuned_days
    steps, first = (known + options.judged_days) * a_day, known * a_day
    there = len(load.values) * load.minutes // fleet.step_minutes
    if there < steps:
        raise InputError(f"{load.name}: a load to compare on must have {steps} steps or more. Received: {there}")
    demand = load.steps(fleet.step_minutes, steps)
    forecast = rolling_forecast(demand, fleet, options.learnt_days, options.forecast)
    before, begin = demand[:first], options.learnt_days * a_day
    makers: dict[str, Maker] = {
        "all on": partial(Static, fleet.servers),
        "best static count": tuned_static(fleet, before, options.aim),
        "best static count, in hindsight": tuned_static(fleet, demand[first:], LIMIT),
        "thresholds of use": tuned_threshold(fleet, before, options.aim),
        "recent peak and margin": tuned_recent_peak(fleet, before, options.aim),
        PLAN: tuned_planner(fleet, before, forecast, options.aim, begin),
        "oracle": partial(oracle, fleet, demand[first:]),
    }
    replays = {name: replay(fleet, demand, make(), first) for name, make in makers.items()}
    return Comparison(load, first, forecast[first:], replays)


def plan_table(comparison: Comparison, system: str = PLAN) -> pa.Table:
    """The series of a plan, for a chart.

    Args:
        comparison: What `compare` gave.
        system: Whose plan.

    Returns:
        A row a step: `hours` since the judged days began, `demand` and `forecast` (fractions of what the whole fleet can
        do; the forecast is the quantile of the coming peak), `servers_on`, `servers_booting`, `unmet`.
    """
    played = comparison.replays[system]
    hours = np.arange(len(played.demand)) * played.fleet.step_hours
    return pa.table(
        {
            "hours": hours,
            "demand": played.demand,
            "forecast": comparison.forecast,
            "servers_on": played.on,
            "servers_booting": played.booting,
            "unmet": played.unmet,
        }
    )
