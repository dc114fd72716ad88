"""Runs a plant with a fault: under a guarded advisor, under the rules alone, and under the plant's own control."""

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from apps.datacenter.control.advice import Advisor
from apps.datacenter.control.layout import Layout
from apps.datacenter.control.rules import Reactive
from apps.datacenter.plant import Controller, Default, PlantOptions, run_plant
from apps.datacenter.plant.summary import Limits, inlet_out
from apps.datacenter.safety.advisor_faults import FaultyAdvisor
from apps.datacenter.safety.faults import ADVISOR_KINDS, SENSOR_KINDS, Fault
from apps.datacenter.safety.guard import Guarded
from apps.datacenter.safety.log import read_log
from apps.datacenter.safety.plant_faults import faulty_plant
from apps.datacenter.safety.remote import RemoteAdvisor
from apps.datacenter.safety.sensor_faults import Corrupted
from apps.datacenter.safety.settings import GuardSettings

__all__ = ["Outcome", "caused", "inject"]


@dataclass(frozen=True)
class Outcome:
    """What a fault came to."""

    guarded: pa.Table
    """Telemetry of the run under the guarded advisor."""
    rules: pa.Table
    """The same under the rules alone, which see the same sensors."""
    local: pa.Table
    """The same under the plant's own control."""
    log: pa.Table
    """The guard's action log."""

    @property
    def caused_steps(self) -> int:
        """Steps with a violation that the guarded controller caused; see `caused`."""
        limits = Limits()
        return int(caused(inlet_out(self.guarded, limits), inlet_out(self.local, limits)).sum())

    def main_reason(self, first: int = 0) -> str:
        """What the log says in most steps from `first` on, without its numbers: doubts before cuts of set-points."""
        said = [_NUMBERS.sub("#", text) for row in self.log.slice(first)["reasons"].to_pylist() for text in row]
        reasons = Counter([text for text in said if not text.startswith("`")] or said)
        return reasons.most_common(1)[0][0] if reasons else ""


_NUMBERS = re.compile(r"(?<![a-z_])-?\d+(\.\d+)?")


def caused(
    guarded: npt.NDArray[np.bool_], local: npt.NDArray[np.bool_], within_steps: int = 4
) -> npt.NDArray[np.bool_]:
    """Violations that a controller caused: those that do not happen under the plant's own control with the same fault.

    They may happen there up to `within_steps` (an hour) earlier or later and still be the fault's: a room that starts
    warmer is too warm sooner.

    Args:
        guarded: Whether an inlet was outside its limits under the controller [step].
        local: The same under the plant's own control [step].
        within_steps: How far apart the same violation may be.

    Returns:
        Whether the controller caused one [step].
    """
    near = np.convolve(local, np.ones(2 * within_steps + 1), "same") > 0
    return guarded & ~near


def inject(
    fault: Fault,
    advisor: Advisor,
    layout: Layout,
    options: PlantOptions,
    folder: Path,
    settings: GuardSettings | None = None,
) -> Outcome:
    """Runs a plant with a fault three times, two days each.

    Args:
        fault: What breaks.
        advisor: Whose advice is guarded; it runs in a process of its own.
        layout: Of the plant.
        options: The plant without the fault; its start and days become the fault's.
        folder: For the files of the faulty plant, and `log.jsonl`.
        settings: The guard's.

    Raises:
        InputError: The plant is not what it must be.
        WorkError: The simulator stopped.
    """
    settings = settings or GuardSettings()
    folder.mkdir(parents=True, exist_ok=True)
    plant = faulty_plant(options.model_copy(update={"start": fault.start, "days": 2}), fault, folder)
    if fault.kind in ADVISOR_KINDS:
        advisor = FaultyAdvisor(advisor, fault, 1.5 * settings.seconds)
    remote = RemoteAdvisor(advisor, settings.seconds)
    log = folder / "log.jsonl"
    log.unlink(missing_ok=True)
    rules = Reactive(layout)

    def run(controller: Controller) -> pa.Table:
        sees = Corrupted(controller, fault, layout) if fault.kind in SENSOR_KINDS else controller
        return run_plant(plant, sees)

    guarded = run(Guarded(remote, rules, layout, settings, log_file=log))
    return Outcome(guarded, run(rules), run(Default()), read_log(log))
