"""The guard between an advisor and a plant: it checks sensors and advice, limits what is set, and writes down why.

```
observation -> sensors believed? -> advice in time? -> certain, known, inside? ----> limits, safe ranges, rates -> set
                      |                   |                     |                            ^
                      +-------------------+---------------------+--> rules (fall-back) ------+
operator's orders: act, shadow, local, hold ------------------------------------------------+
```
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import monotonic

from apps.datacenter.control.advice import Advice, Advisor
from apps.datacenter.control.layout import Layout
from apps.datacenter.plant import Action, Controller, Observation
from apps.datacenter.safety.log import ActionLog, Entry, Source
from apps.datacenter.safety.orders import OperatorFile, Orders
from apps.datacenter.safety.physics import safe_ranges
from apps.datacenter.safety.ramp import Ramp
from apps.datacenter.safety.sensors import Reading, SensorCheck
from apps.datacenter.safety.settings import GuardSettings, Ranges
from apps.datacenter.safety.verify import malformed, refusals

__all__ = ["Guarded"]

_LOCAL = Action()


@dataclass
class Guarded:
    """A controller that acts on an advisor's advice where that is safe, and by rules where it is not.

    It is picklable before its first step if its parts are; one guard steers one run.
    """

    advisor: Advisor
    fallback: Controller
    """Rules that act on believed sensors alone, such as `Reactive`."""
    layout: Layout
    settings: GuardSettings = field(default_factory=GuardSettings)
    orders_file: Path | None = None
    """The operator's file; see `Orders`."""
    log_file: Path | None = None
    """Where the action log goes; see `read_log`."""

    def __post_init__(self) -> None:
        self._sensors = SensorCheck(self.layout, self.settings)
        self._ramp = Ramp(self.layout, self.settings.rates)
        self._orders = OperatorFile(self.orders_file) if self.orders_file else None
        self._log = ActionLog(self.log_file)
        self._unwritten: tuple[str, ...] = ()
        self._before: Mapping[str, float] = {}  # what was believed a step ago
        self._calm = self.settings.calm_steps  # steps since the last fault
        self._seconds = self.settings.start_seconds  # that the next advice may take

    @property
    def steers(self) -> frozenset[str]:
        """All that the plant takes, for the operator may set any of it."""
        return self.layout.steers

    def act(self, observation: Observation) -> Action:
        """Decides the set-points of the step that begins; whatever fails, set-points come out."""
        reading = self._sensors.read(observation)
        self._ramp.learn(reading.last)
        orders, notes = self._orders.now(reading.time) if self._orders else (Orders(), [])
        advice, doubts = self._advice(reading, orders)
        source, wanted, reasons = self._choose(reading, orders, advice, doubts)
        limits: list[tuple[str, Ranges]] = [("the guard", self.settings.limits), ("the operator", orders.limits)]
        if source in ("advice", "fallback"):
            safe = safe_ranges(reading.last, self._before, self.layout, self.settings)
            limits.append(("what was measured", safe))
        action, cuts = self._ramp.move(wanted, limits, orders.at_once)
        if source == "advice" and cuts:
            source = "clipped advice"
        with suppress(Exception):  # an advisor that cannot be told is asked no less
            self.advisor.told(action)
        self._write(Entry(reading.step, reading.time, orders.mode, source, advice, action, (*notes, *reasons, *cuts)))
        self._before = reading.last
        return action

    def _choose(
        self, reading: Reading, orders: Orders, advice: Advice | None, doubts: list[str]
    ) -> tuple[Source, Action, list[str]]:
        """Whose set-points are wanted, which, and why not the advice."""
        if orders.mode == "hold":
            return "hold", Action(**orders.hold), ["the operator holds these set-points"]
        if orders.mode in ("local", "shadow"):
            word = "wants local control" if orders.mode == "local" else "wants advice in the shadow only"
            return "local", _LOCAL, [f"the operator {word}", *doubts]
        if advice is not None and not doubts:
            return "advice", advice.action, []
        try:
            return "fallback", self.fallback.act(reading.observation), doubts
        except Exception as error:  # rules of any kind: the plant's own control is the last that is left
            return "local", _LOCAL, [*doubts, f"the rules failed: {type(error).__name__}: {error}"]

    def _advice(self, reading: Reading, orders: Orders) -> tuple[Advice | None, list[str]]:
        """The advice, and why not to act on it."""
        if orders.mode in ("local", "hold"):
            return None, []
        if reading.faults:
            self._calm = 0
            return None, [f"sensor {name}: {reason}" for name, reason in reading.faults.items()]
        advice, fault = self._ask(reading)
        self._calm = 0 if fault else self._calm + 1
        if advice is None:
            return None, [fault]
        doubts = refusals(advice, reading.last, self.layout, self.settings)
        if self._calm < self.settings.calm_steps:
            doubts.append(f"a fault was {self._calm} steps ago, advice waits for {self.settings.calm_steps}")
        return advice, doubts

    def _ask(self, reading: Reading) -> tuple[Advice | None, str]:
        """What the advisor gives, or what went wrong."""
        began, allowed = monotonic(), self._seconds
        self._seconds = self.settings.seconds
        try:
            advice = self.advisor.advise(reading.observation)
        except Exception as error:  # an advisor may fail in any way
            return None, f"no advice: {error or type(error).__name__}"
        seconds = monotonic() - began
        if seconds > allowed:
            return None, f"no advice: it took {seconds:.1f} s, more than {allowed:g}"
        reason = malformed(advice)
        return (None, reason) if reason else (advice, "")

    def _write(self, entry: Entry) -> None:
        """Writes down a step; a log that cannot be written stops no plant, and says so once it can."""
        try:
            self._log.add(replace(entry, reasons=(*self._unwritten, *entry.reasons)))
            self._unwritten = ()
        except OSError as error:
            self._unwritten = (f"the log could not be written before: {error}",)
