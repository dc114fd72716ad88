"""Machines on and off: demand is forecast, and it is decided how many servers run, with headroom, boot time and wear."""

from apps.datacenter.servers.comparison import LIMIT, PLAN, Comparison, TrialOptions, compare, plan_table
from apps.datacenter.servers.fleet import Fleet
from apps.datacenter.servers.forecast import ForecastOptions, PeakForecaster, rolling_forecast
from apps.datacenter.servers.foresight import Follow, oracle
from apps.datacenter.servers.joint import planned_options
from apps.datacenter.servers.peers import RecentPeak, Static, Threshold
from apps.datacenter.servers.planner import Planner
from apps.datacenter.servers.playing import Outcome, Policy, Replay, replay

__all__ = [
    "Comparison",
    "Fleet",
    "Follow",
    "ForecastOptions",
    "LIMIT",
    "Outcome",
    "PLAN",
    "PeakForecaster",
    "Planner",
    "Policy",
    "RecentPeak",
    "Replay",
    "Static",
    "Threshold",
    "TrialOptions",
    "compare",
    "oracle",
    "plan_table",
    "planned_options",
    "replay",
    "rolling_forecast",
]
