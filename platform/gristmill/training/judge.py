"""How the loop tells good weights from better ones, and keeps them."""

import math
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

__all__ = ["Best", "Judge", "Looks"]

_TENSORS = "best/"
_LOOKS = "looks/"


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
    average_last: int = 1
    """The mean of the weights at the last so many evaluations is evaluated and kept; 1 takes the weights as they are."""

    def score(self, metrics: dict[str, float]) -> float:
        """The deciding metric, greater always better."""
        return metrics[self.metric] if self.greater_is_better else -metrics[self.metric]

    def is_due(self, epoch: int, epochs: int) -> bool:
        """Whether an epoch (from 1) of so many is evaluated."""
        return epoch == epochs or (epoch >= self.first and (epoch - self.first) % self.every == 0)


class Looks:
    """The weights at the last evaluations, of which the mean is judged and kept.

    Args:
        average_last: Evaluations of which the mean is taken, this one among them; the first ones have fewer.
    """

    def __init__(self, average_last: int) -> None:
        self._earlier: deque[Sequence[Any]] = deque(maxlen=average_last - 1)

    def mean(self, weights: Sequence[Any]) -> Sequence[Any]:
        """The mean of these weights and those before."""
        looks = [*self._earlier, weights]
        self._earlier.append(weights)
        return weights if len(looks) == 1 else [np.mean(values, axis=0) for values in zip(*looks, strict=True)]

    def tensors(self, names: Sequence[str]) -> dict[str, Any]:
        """The weights that the next mean needs, by the names of a checkpoint."""
        return {
            f"{_LOOKS}{place}/{name}": value
            for place, weights in enumerate(self._earlier)
            for name, value in zip(names, weights, strict=True)
        }

    def restore(self, tensors: Mapping[str, Any], names: Sequence[str]) -> None:
        """Takes what `tensors` gave."""
        for place in range(self._earlier.maxlen or 0):
            if all(f"{_LOOKS}{place}/{name}" in tensors for name in names):
                self._earlier.append([tensors[f"{_LOOKS}{place}/{name}"] for name in names])


@dataclass
class Best:
    """The best weights that a judge saw."""

    epoch: int = 0
    metrics: dict[str, float] = field(default_factory=dict)
    weights: Sequence[Any] | None = None
    waited: int = 0
    """Evaluations since then."""

    def consider(self, judge: Judge, metrics: dict[str, float], epoch: int, weights: Sequence[Any]) -> None:
        """Takes the weights where they are better; of equal ones the first stay."""
        if judge.score(metrics) > (judge.score(self.metrics) if self.metrics else -math.inf):
            self.epoch, self.metrics, self.weights, self.waited = epoch, metrics, weights, 0
        else:
            self.waited += 1

    def notes(self) -> dict[str, Any]:
        """What a checkpoint holds of it beside the weights."""
        return {"epoch": self.epoch, "metrics": self.metrics, "waited": self.waited}

    def tensors(self, names: Sequence[str]) -> dict[str, Any]:
        """The weights by the names of a checkpoint."""
        return {} if self.weights is None else dict(zip((_TENSORS + name for name in names), self.weights, strict=True))

    @classmethod
    def restored(cls, notes: Mapping[str, Any], tensors: Mapping[str, Any], names: Sequence[str]) -> "Best":
        """What `notes` and `tensors` hold."""
        weights = [tensors[_TENSORS + name] for name in names] if notes["epoch"] else None
        return cls(notes["epoch"], dict(notes["metrics"]), weights, notes["waited"])
