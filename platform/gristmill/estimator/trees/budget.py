"""How many steps a call of `train` may do, as trees are grown."""

from gristmill.estimator.errors import ArgumentError

__all__ = ["steps_wanted"]


def steps_wanted(steps: int | None, max_steps: int | None, start: int) -> int | None:
    """The steps to do; 0 where `max_steps` is reached, None for as many as there are.

    Args:
        steps: Steps of this call.
        max_steps: The global step to end at.
        start: The global step.

    Raises:
        ArgumentError: Both are given, or one is not more than 0.
    """
    if steps is not None and max_steps is not None:
        raise ArgumentError(f"one of steps and max_steps may be given. Received: steps={steps}, max_steps={max_steps}")
    for name, value in (("steps", steps), ("max_steps", max_steps)):
        if value is not None and value <= 0:
            raise ArgumentError(f"{name} must be more than 0. Received: {value}")
    return max(0, max_steps - start) if max_steps is not None else steps
