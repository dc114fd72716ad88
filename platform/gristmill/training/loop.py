"""The training loop: epochs of compiled steps, judged on validation, with early stopping, checkpoints and progress."""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice
from typing import Any, Protocol, runtime_checkable

import tensorflow as tf

from gristmill.errors import InputError, WorkError
from gristmill.progress import Progress, Silent, Task
from gristmill.training.allocator import keep_memory
from gristmill.training.checkpoints import Checkpoint, Checkpoints
from gristmill.training.diagnose import first_not_finite
from gristmill.training.exact import check_exact
from gristmill.training.judge import Best, Judge, Looks
from gristmill.training.names import stable_names
from gristmill.training.observer import Observer
from gristmill.training.spread import Distribution
from gristmill.training.step import Step

__all__ = ["Blocks", "Trained", "train"]

_LOOK_STEPS = 32
_LOOK_SECONDS = 1.0
"""Losses are looked at after so many steps or seconds, so that no step waits for the one before."""
_SHOWN_FIGURES = 3
"""In the line of progress; all of an epoch's stand in the history."""


@dataclass
class Trained:
    """What the loop did."""

    epochs: int = 0
    steps: int = 0
    seconds: float = 0.0
    best_epoch: int = 0
    best: dict[str, float] = field(default_factory=dict)
    """Validation metrics of the kept weights; empty without a judge."""


@dataclass
class _Place:
    """Where in an epoch the loop stands."""

    batch: int = 0
    """Batches that are done."""
    steps: int = 0
    total: float = 0.0
    """Sum of the losses of these steps."""


@runtime_checkable
class Blocks(Protocol):
    """A step that can be several in one call."""

    def several(self, batches: Iterator[Any], most: int) -> list[Any]:
        """Runs up to so many steps by the next batches; their losses."""
        ...


def train(
    step: Step,
    batches: Callable[[int, int], Iterable[Any]],
    *,
    epochs: int,
    steps_per_epoch: int | None,
    accumulate: int = 1,
    judge: Judge | None = None,
    checkpoints: Checkpoints | None = None,
    save_seconds: float = 60.0,
    observers: Sequence[Observer] = (),
    title: str = "train",
    progress: Progress | None = None,
    log: Callable[..., None] = lambda **values: None,
    instead: Callable[[Step, Iterable[Any]], None] | None = None,
) -> Trained:
    """Trains; at the end the model holds the best weights that the judge saw, or the last.

    With `checkpoints`, training that was stopped anywhere goes on with the next batch, to the same weights to the last bit;
    what was finished is read and not trained again.

    Args:
        step: The compiled step.
        batches: Gives the batches of an epoch (from 0) from one (from 0) on, so that what comes follows from these two.
        epochs: Epochs at most.
        steps_per_epoch: Steps an epoch has, for the time left; None where that is not known.
        accumulate: Batches a step; its update is by their mean gradient. The last of an epoch may have fewer.
        judge: Validation.
        checkpoints: Where to save after each epoch, and in it.
        save_seconds: Time between two checkpoints in an epoch.
        observers: Hear of losses and epochs.
        title: Name in progress and history.
        progress: Where to show how far it is.
        log: Called once an epoch with the figures for the run's history; where training goes on, first with the earlier ones.
        instead: Gets the step and the batches of all epochs in place of training, to look at single steps.

    Raises:
        InputError: An epoch has no batch, the checkpoints are another model's, or the step draws random numbers or uses
            variables that no checkpoint would hold.
        IntegrityError: No checkpoint can be read.
        WorkError: The loss is not finite; the message names the epoch, the step, the first tensor that is not, and what
            the model's weights then are.
    """
    if instead is not None:
        instead(step, (batch for epoch in range(epochs) for batch in batches(epoch, 0)))
        return Trained()
    keep_memory()
    shown, distribution = progress or Silent(), step.distribution
    called = distribution.stepping(step, accumulate)
    kept = checkpoints if distribution.is_chief else None
    loop = _Loop(called, batches, epochs, accumulate, judge, kept, save_seconds, observers, title, log, distribution)
    loop.restore(shown.line)
    with shown.task(title, epochs * steps_per_epoch if steps_per_epoch else None) as task:
        task.advance(loop.done.steps)
        loop.run(task)
    return loop.done


@dataclass
class _Loop:
    step: Step
    batches: Callable[[int, int], Iterable[Any]]
    epochs: int
    accumulate: int
    judge: Judge | None
    checkpoints: Checkpoints | None
    save_seconds: float
    observers: Sequence[Observer]
    title: str
    log: Callable[..., None]
    distribution: Distribution

    def __post_init__(self) -> None:
        if self.accumulate < 1:
            raise InputError(f"accumulate must be at least 1. Received: {self.accumulate}")
        self.done, self.place, self.best = Trained(), _Place(), Best()
        self.looks = Looks(self.judge.average_last if self.judge else 1)
        self.history: list[dict[str, Any]] = []
        self.finished = self.checked = self.ended = False
        self.watched = any(observer.every_step for observer in self.observers)
        self.start = self.saved = self.looked = time.monotonic()
        self.losses: list[tf.Tensor] = []
        self.recent: deque[tuple[Any, ...]] = deque(maxlen=_LOOK_STEPS)

    def run(self, task: Task) -> None:
        for observer in self.observers:
            observer.begin()
        while not self.finished:
            self._epoch(task)
        self.step.assign(self.best.weights if self.best.weights is not None else self.step.weights())
        for observer in self.observers:
            observer.end()

    def _epoch(self, task: Task) -> None:
        for observer in self.observers:
            observer.begin_epoch(self.done.epochs + 1)
        batches = iter(self.batches(self.done.epochs, self.place.batch))
        advance = self._block if isinstance(self.step, Blocks) else self._group
        while not self.ended and (steps := advance(batches)):
            self.done.steps += steps
            self.place.steps += steps
            task.advance(steps)
            if self.watched or len(self.losses) >= _LOOK_STEPS or time.monotonic() - self.looked > _LOOK_SECONDS:
                self._look()
                if self.checkpoints and time.monotonic() - self.saved > self.save_seconds:
                    self._save()
        self._look()
        self._end_epoch(task)

    def _group(self, batches: Iterator[Any]) -> int:
        """One step by the next batches; how many were done."""
        group = tuple(islice(batches, self.accumulate))
        if not group:
            return 0
        self._check_once(group[0])
        self._begin_step()
        self.losses.append(self.step(*group))
        self.recent.append(group)
        self.place.batch += len(group)
        return 1

    def _block(self, batches: Iterator[Any]) -> int:
        """As many steps in one call as nobody must hear of; how many were done."""
        assert isinstance(self.step, Blocks)
        self._begin_step()
        most = min((o.most(self.done.steps) for o in self.observers if o.every_step), default=_LOOK_STEPS)
        losses = self.step.several(batches, most)
        self.losses += losses
        self.place.batch += len(losses)
        return len(losses)

    def _begin_step(self) -> None:
        if self.watched:
            for observer in self.observers:
                observer.begin_step(self.done.steps + 1)

    def _check_once(self, batch: Any) -> None:
        if self.checkpoints and not self.checked:
            check_exact(self.step, batch)
            self.checked = True

    def _look(self) -> None:
        """Reads the losses since the last look; stops where one is not finite."""
        self.looked = time.monotonic()
        if not self.losses:
            return
        values = tf.stack(self.losses).numpy().tolist()
        self.losses.clear()
        stopped = self.step.stopped
        if stopped is not None:
            self._stop(stopped - (self.done.steps - len(values)) - 1, values)
        for value in values:
            self.place.total += value
        told = [observer.looked(self.done.steps, values) for observer in self.observers]
        self.ended = self.ended or any(told)

    def _stop(self, place: int, values: Sequence[float]) -> None:
        number = self.done.steps - len(values) + place + 1
        first = first_not_finite(self.step, list(self.recent)[len(self.recent) - len(values) + place])
        raise WorkError(
            f"{self.title}: the loss must be finite. Received: {values[place]} at step {number} (epoch "
            f"{self.done.epochs + 1}): {first}. The weights are those before that step{self._kept()}; a smaller learning "
            "rate or gradient clipping may help"
        )

    def _kept(self) -> str:
        steps = self.checkpoints.steps() if self.checkpoints else []
        return f", and the last good checkpoint is of step {steps[-1]}" if steps else ""

    def _end_epoch(self, task: Task) -> None:
        if not self.place.steps:
            raise InputError(f"{self.title}: an epoch must have at least one batch. Received: none")
        done, judge = self.done, self.judge
        figures = {"loss": self.place.total / self.place.steps}
        done.epochs += 1
        if judge is not None and judge.is_due(done.epochs, self.epochs):
            weights = self.looks.mean(self.step.weights())
            metrics = self._judged(judge, weights)
            figures |= metrics
            self.best.consider(judge, metrics, done.epochs, weights)
            done.best_epoch, done.best = self.best.epoch, self.best.metrics
        done.seconds += time.monotonic() - self.start
        self.start, self.place = time.monotonic(), _Place()
        ended = self._tell(figures, task) or self.ended
        stuck = judge is not None and judge.patience is not None and self.best.waited >= judge.patience
        self.finished = ended or stuck or done.epochs >= self.epochs
        if self.checkpoints:
            self._save()

    def _judged(self, judge: Judge, weights: Sequence[Any]) -> dict[str, float]:
        live = self.step.live_weights()
        self.step.assign(weights)
        try:
            return dict(self.distribution.share(judge.evaluate))
        finally:
            self.step.assign(live)

    def _tell(self, figures: dict[str, float], task: Task) -> bool:
        """Whether an observer ends training."""
        done = self.done
        line = {
            "task": self.title,
            "epoch": done.epochs,
            "step": done.steps,
            "seconds": round(done.seconds, 2),
            **figures,
        }
        self.history.append(line)
        self.log(**line)
        task.advance(0, " ".join(f"{name} {value:.4f}" for name, value in islice(figures.items(), _SHOWN_FIGURES)))
        told = [observer.epoch(done.epochs, done.steps, figures) for observer in self.observers]
        return any(told)

    def _save(self) -> None:
        assert self.checkpoints is not None
        seconds = self.done.seconds + time.monotonic() - self.start
        notes = {
            "epochs": self.done.epochs,
            "seconds": seconds,
            "place": asdict(self.place),
            "best": self.best.notes(),
            "history": self.history,
            "finished": self.finished,
        }
        names = stable_names(self.step.variables)
        tensors = self.step.named() | self.best.tensors(names) | self.looks.tensors(names)
        self.checkpoints.save(self.done.steps, tensors, notes)
        self.saved = time.monotonic()

    def restore(self, tell: Callable[[str], None]) -> None:
        found, wrong = self.checkpoints.latest() if self.checkpoints else (None, [])
        for line in wrong:
            tell(f"{self.title}: {line}; an earlier one is taken")
        found = self.distribution.begin(self.step, found)
        if found is not None:
            self._go_on(found)
            tell(f"{self.title}: goes on after step {found.step}" + (", its last" if self.finished else ""))

    def _go_on(self, found: Checkpoint) -> None:
        self.step.restore(found.tensors)
        notes, names = found.notes, stable_names(self.step.variables)
        self.best = Best.restored(notes["best"], found.tensors, names)
        self.looks.restore(found.tensors, names)
        self.done = Trained(notes["epochs"], found.step, notes["seconds"], self.best.epoch, self.best.metrics)
        self.place, self.history, self.finished = _Place(**notes["place"]), notes["history"], notes["finished"]
        for line in self.history:
            self.log(**line)
