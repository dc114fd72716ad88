"""Faults injected into the data centre's plant, under a guarded advisor, the rules alone, and the plant's own control.

`python -m bench faults [--faults 50] [--run RUN | --advisor MODULE:NAME]`: RUN has a lite policy (`gristmill run datacenter`)
which plans under the guard that it always has; NAME makes an `Advisor` from a run's options and the plant's layout. A
violation is a step with a server inlet outside 18 to 27 degrees; the controller caused it where the plant's own control with
the same fault has none within an hour. 50 faults take some eight minutes on two cores.
"""

import importlib
from collections.abc import Callable
from pathlib import Path

from apps.datacenter.control.advice import Advisor
from apps.datacenter.control.layout import Layout, read_layout
from apps.datacenter.control.mpc import PredictiveControl
from apps.datacenter.control.runs import read_policy
from apps.datacenter.control.study import guard_settings
from apps.datacenter.plant import PlantOptions
from apps.datacenter.plant.summary import Limits, inlet_out
from apps.datacenter.safety.faults import KINDS, draw_faults
from apps.datacenter.safety.inject import Outcome, inject
from apps.datacenter.safety.settings import GuardSettings
from bench.inputs import Inputs
from bench.tables import note, show
from gristmill.errors import InputError

__all__ = ["run"]

_SECONDS = 2.0
"""Wall time after which an advice is too late."""


def run(inputs: Inputs) -> None:
    """Prints a line a fault, then the table by kind."""
    options = PlantOptions(model="2zone-dx", servers="flat", days=2)
    layout = read_layout(options)
    make, settings, name = _advisor(inputs)
    outcomes: dict[str, list[Outcome]] = {kind: [] for kind in KINDS}
    for number, fault in enumerate(draw_faults(inputs.faults, inputs.seeds[0])):
        outcome = inject(
            fault, make(options, layout), layout, options, Path(inputs.folder) / f"fault{number}", settings
        )
        outcomes[fault.kind].append(outcome)
        out = ", ".join(f"{name} {steps}" for name, steps in _violations(outcome).items())
        note(
            f"{number + 1}: {fault}: steps out: {out}; caused {outcome.caused_steps}; {outcome.main_reason(fault.first)}"
        )
    rows = [_row(kind, each) for kind, each in outcomes.items() if each]
    total = [sum(int(row[place]) for row in rows) for place in range(1, 6)]
    columns = ["kind", "faults", "guarded", "caused by it", "rules", "local", "reason most logged"]
    show(
        f"steps with an inlet outside 18 to 27 degrees, {name}",
        columns,
        [*rows, ["all", *map(str, total), ""]],
    )


def _advisor(inputs: Inputs) -> tuple[Callable[[PlantOptions, Layout], Advisor], GuardSettings, str]:
    """What makes the advisor, the guard's settings beside it, and what to call it."""
    if inputs.given_run is None:
        return _factory(inputs.advisor), GuardSettings(seconds=_SECONDS), inputs.advisor
    policy = read_policy(inputs.given_run, "f32")
    settings = guard_settings(policy.config).model_copy(update={"seconds": _SECONDS})
    return (
        lambda options, _: PredictiveControl(policy, options.step_minutes),
        settings,
        f"the policy of {inputs.given_run}",
    )


def _factory(name: str) -> Callable[[PlantOptions, Layout], Advisor]:
    module, _, attribute = name.partition(":")
    try:
        made: Callable[[PlantOptions, Layout], Advisor] = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise InputError(f"`--advisor` must be MODULE:NAME of a function. Received: {name!r} ({error})") from error
    return made


def _violations(outcome: Outcome) -> dict[str, int]:
    limits = Limits()
    return {name: int(inlet_out(getattr(outcome, name), limits).sum()) for name in ("guarded", "rules", "local")}


def _row(kind: str, outcomes: list[Outcome]) -> list[str]:
    sums = [_violations(outcome) for outcome in outcomes]
    guarded, rules, local = (str(sum(each[name] for each in sums)) for name in ("guarded", "rules", "local"))
    reasons = [outcome.main_reason(96) for outcome in outcomes]
    caused = str(sum(outcome.caused_steps for outcome in outcomes))
    return [kind, str(len(outcomes)), guarded, caused, rules, local, max(reasons, key=reasons.count)]
