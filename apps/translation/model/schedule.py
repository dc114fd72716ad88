"""The learning rate: up in a warm-up, down with the inverse square root of the steps, to almost nothing at the end."""

from typing import Any

import keras
from keras import ops

__all__ = ["InverseSquareRoot"]

_LAST = 0.02


@keras.saving.register_keras_serializable(package="gristmill.translation")
class InverseSquareRoot(keras.optimizers.schedules.LearningRateSchedule):
    """Linear warm-up, inverse square root, and a linear cool-down over the last steps.

    Source: Vaswani et al. 2017, https://arxiv.org/abs/1706.03762; the cool-down is that of Zhai et al. 2022,
    https://arxiv.org/abs/2106.04560.

    Args:
        peak: The learning rate at the end of the warm-up.
        warm_up: Steps of the warm-up.
        steps: All steps.
        cool_down: Steps of the cool-down, which ends at a fiftieth.
    """

    def __init__(self, peak: float, warm_up: int, steps: int, cool_down: int) -> None:
        self.peak, self.warm_up, self.steps, self.cool_down = peak, warm_up, steps, cool_down

    def __call__(self, step: Any) -> Any:
        """The learning rate of a step (from 0)."""
        done = ops.cast(step, "float32") + 1.0
        rate = self.peak * ops.minimum(done / self.warm_up, ops.sqrt(self.warm_up / done))
        left = ops.maximum(self.steps + 1 - done, 0.0) / max(1, self.cool_down)
        return rate * ops.clip(left, _LAST, 1.0)

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return {"peak": self.peak, "warm_up": self.warm_up, "steps": self.steps, "cool_down": self.cool_down}
