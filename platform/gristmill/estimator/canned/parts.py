"""The two parts of a canned model, each with the optimizer that trains it: a linear one and a network."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from gristmill.estimator.canned.optimizers import Optimizer, fresh_optimizer
from gristmill.estimator.errors import ArgumentError

__all__ = ["DeepPart", "LinearPart"]


@dataclass(frozen=True)
class LinearPart:
    """One weight a value."""

    columns: Sequence[Any]
    optimizer: Optimizer
    learning_rate: float
    """Of a named optimizer."""
    sparse_combiner: str = "sum"

    def __post_init__(self) -> None:
        if self.sparse_combiner not in ("sum", "mean", "sqrtn"):
            raise ArgumentError(f"sparse_combiner must be sum, mean or sqrtn. Received: {self.sparse_combiner!r}")

    def fresh_optimizer(self) -> Any:
        """An optimizer that has trained nothing yet."""
        return fresh_optimizer(self.optimizer, self.learning_rate)


@dataclass(frozen=True)
class DeepPart:
    """A network over dense columns."""

    columns: Sequence[Any]
    hidden_units: Sequence[int]
    optimizer: Optimizer
    learning_rate: float | None
    """Of a named optimizer; None for its own."""
    activation_fn: Callable[[Any], Any] | None = None
    dropout: float | None = None
    batch_norm: bool = False
    embedding_dropout: float = field(default=0.0)
    """Share of the network's inputs that training drops; with gristmill's own columns."""

    def __post_init__(self) -> None:
        if not self.hidden_units:
            raise ArgumentError(
                f"hidden_units must be given where a network has columns. Received: {self.hidden_units}"
            )

    def fresh_optimizer(self) -> Any:
        """An optimizer that has trained nothing yet."""
        return fresh_optimizer(self.optimizer, self.learning_rate)
