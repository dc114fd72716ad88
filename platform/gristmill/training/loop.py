"""The training loop: epochs of compiled steps, judged on validation, with early stopping, history and progress."""

import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import tensorflow as tf

from gristmill.errors import InputError, WorkError
from gristmill.progress import Progress, Silent
from gristmill.training.step import Step

__all__ = ["Judge", "Trained", "train"]


@dataclass(frozen=True)
class Judge:
    """How the loop tells good weights from better ones.

    `evaluate` gives metrics on the validation split with the weights that are in the model; `metric` names the one that
    decides. Without a judge the last weights are kept.
    """

    evaluate: Callable[[], dict[str, float]]
    metric: str
    greater_is_better: bool = True
    patience: int | None = None
    """Evaluations without a better one before training stops; None never stops early."""
    first: int = 1
    """First epoch to evaluate."""
    every: int = 1
    """Epochs between evaluations; the last epoch is always evaluated."""

    def score(self, metrics: dict[str, float]) -> float:
        """The deciding metric, greater always better."""
        return metrics[self.metric] if self.greater_is_better else -metrics[self.metric]


@dataclass
class Trained:
    """What the loop did."""

    epochs: int = 0
    steps: int = 0
    seconds: float = 0.0
    best_epoch: int = 0
    best: dict[str, float] = field(default_factory=dict)
    """Validation metrics of the kept weights; empty without a judge."""


def train(
    step: Step,
    batches: Callable[[int], Iterable[Any]],
    *,
    epochs: int,
    steps_per_epoch: int | None,
    judge: Judge | None = None,
    title: str = "train",
    progress: Progress | None = None,
    log: Callable[..., None] = lambda **values: None,
) -> Trained:
    """Trains; at the end the model holds the best weights that the judge saw, or the last.

    Args:
        step: The compiled step.
        batches: Gives the batches of an epoch (from 0), so that an epoch's order follows from the seed and its number.
        epochs: Epochs at most.
        steps_per_epoch: Batches an epoch gives, for the time left; None where that is not known.
        judge: Validation.
        title: Name in progress and history.
        progress: Where to show how far it is.
        log: Called once an epoch with the figures for the run's history.

    Raises:
        InputError: An epoch has no batch.
        WorkError: The loss is not finite; the message names the epoch and the step.
    """
    done, start = Trained(), time.monotonic()
    best_weights: list[Any] | None = None
    best_score, waited = -math.inf, 0
    total = epochs * steps_per_epoch if steps_per_epoch else None
    with (progress or Silent()).task(title, total) as shown:
        for epoch in range(epochs):
            loss = _run_epoch(step, batches(epoch), title, epoch, done, shown.advance)
            done.epochs = epoch + 1
            figures = {"loss": loss}
            if judge is not None and _is_due(judge, epoch + 1, epochs):
                metrics = _judge(step, judge)
                figures |= metrics
                if judge.score(metrics) > best_score:
                    best_score, waited = judge.score(metrics), 0
                    best_weights, done.best, done.best_epoch = step.weights(), metrics, epoch + 1
                else:
                    waited += 1
            done.seconds = time.monotonic() - start
            log(task=title, epoch=epoch + 1, step=done.steps, seconds=round(done.seconds, 2), **figures)
            shown.advance(0, " ".join(f"{name} {value:.4f}" for name, value in figures.items()))
            if judge is not None and judge.patience is not None and waited >= judge.patience:
                break
    step.assign(best_weights if best_weights is not None else step.weights())
    return done


def _is_due(judge: Judge, epoch: int, epochs: int) -> bool:
    return epoch == epochs or (epoch >= judge.first and (epoch - judge.first) % judge.every == 0)


def _judge(step: Step, judge: Judge) -> dict[str, float]:
    live = step.live_weights()
    step.assign(step.weights())
    try:
        return judge.evaluate()
    finally:
        step.assign(live)


def _run_epoch(
    step: Step, batches: Iterable[Any], title: str, epoch: int, done: Trained, advance: Callable[[float], None]
) -> float:
    """Mean loss of an epoch; losses are looked at after the last step, so that no step waits for the one before."""
    losses = []
    for batch in batches:
        losses.append(step(batch))
        done.steps += 1
        advance(1)
    if not losses:
        raise InputError(f"{title}: an epoch must have at least one batch. Received: none")
    values = tf.stack(losses).numpy()
    for i, value in enumerate(values):
        if not math.isfinite(value):
            raise WorkError(
                f"{title}: the loss must be finite. Received: {value} at step {done.steps - len(values) + i + 1} "
                f"(epoch {epoch + 1}); a smaller learning rate or gradient clipping may help"
            )
    return float(values.mean())
