"""Controllers side by side in the plant: default, best constant, rules, planning, and planning that knows what comes."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pyarrow as pa

from apps.datacenter.control.constant import best_constant
from apps.datacenter.control.forecast import Forecast, Perfect, Trend
from apps.datacenter.control.layout import read_layout
from apps.datacenter.control.mpc import PredictiveControl
from apps.datacenter.control.policy import Policy
from apps.datacenter.control.rules import Reactive
from apps.datacenter.control.settings import ControlConfig
from apps.datacenter.control.signals import OUTSIDE
from apps.datacenter.plant import ACTIONS, Constant, Controller, Default, PlantOptions, run_plant
from apps.datacenter.plant.summary import summarise
from apps.datacenter.safety import Guarded, GuardSettings

__all__ = ["guard_settings", "peers", "perfect_forecast", "planning"]

_ANY_DEW_POINT_C = 40.0


def peers(options: PlantOptions, *, workers: int = 2) -> dict[str, pa.Table]:
    """Telemetry of what planning is measured against, by name: `default`, `best_constant` and `reactive`.

    The best constant is searched for in the very run that it is judged on, so it has hindsight that no operator has.
    """
    with ThreadPoolExecutor(workers) as pool:
        rules = pool.submit(run_plant, options, Reactive(read_layout(options)))
        default = run_plant(options, Default())
        constant = best_constant(options, summarise(default).humidity_share_out, workers=workers)
        best = run_plant(options, Constant(constant.action))
        return {"default": default, "best_constant": best, "reactive": rules.result()}


def planning(
    policy: Policy, options: PlantOptions, forecast: Forecast | None = None, log_file: Path | None = None
) -> Controller:
    """A controller that plans by a policy, guarded, with rules to fall back on.

    Args:
        policy: Plans.
        options: The run that it will steer.
        forecast: What comes from outside; the trend of the last steps by default.
        log_file: Where the guard's log of actions goes.
    """
    layout = read_layout(options)
    advisor = PredictiveControl(policy, options.step_minutes, forecast or Trend())
    return Guarded(advisor, Reactive(layout), layout, guard_settings(policy.config), log_file=log_file)


def guard_settings(config: ControlConfig) -> GuardSettings:
    """The guard's settings beside a planner's: the same ranges, rates and growth; how often humidity may be out, and what an
    uncertain power costs, is the planner's to weigh.
    """
    planned = {name: getattr(config, name) for name in ("supply_air_c", "fan_flow_kg_s", "chilled_water_c")}
    ranges = {name: (each.low, each.high) for name, each in planned.items()}
    most = ACTIONS["fan_flow_kg_s"][2]  # local control may leave more air than is planned, and the rules keep it
    return GuardSettings(
        limits=ranges | {"fan_flow_kg_s": (config.fan_flow_kg_s.low, most)},
        rates={name: (each.rate, each.rate) for name, each in planned.items()},
        growth=config.growth,
        outdoor_fall_c=config.outdoor_fall_c,
        outdoor_dew_point_c=_ANY_DEW_POINT_C,
        power_spread=1.0,
    )


def perfect_forecast(options: PlantOptions) -> Perfect:
    """All that comes from outside in a run, read off a run under default control: set-points do not change it."""
    table = run_plant(options, Default())
    return Perfect(np.stack([table[name].to_numpy() for name in OUTSIDE], axis=1).astype(np.float32))
