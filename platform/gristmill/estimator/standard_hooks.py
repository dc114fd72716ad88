"""The hooks that training always has: the log, the events, the checkpoints."""

from collections.abc import Sequence
from typing import Any

from gristmill.estimator.errors import ArgumentError
from gristmill.estimator.hooks import (
    CheckpointSaverHook,
    LoggingTensorHook,
    SessionRunHook,
    StepCounterHook,
    SummarySaverHook,
)
from gristmill.estimator.run_config import RunConfig

__all__ = ["standard_hooks"]


def standard_hooks(
    hooks: Sequence[SessionRunHook], config: RunConfig, listeners: Sequence[Any], *, writes: bool = True
) -> list[SessionRunHook]:
    """The hooks of a training with those added that `config` asks for.

    Where one of `hooks` saves checkpoints, none is added that does, and the listeners are added to the first of them.

    Args:
        hooks: The user's and the model function's.
        config: How often to log, to write events and to save.
        listeners: Hear of checkpoints.
        writes: Whether this process writes checkpoints and events; of several that share each step, one does.

    Raises:
        ArgumentError: There are listeners, and nothing saves checkpoints.
    """
    made = list(hooks)
    if config.log_step_count_steps:
        made.append(
            LoggingTensorHook({"loss": "loss", "step": "global_step"}, every_n_iter=config.log_step_count_steps)
        )
    if not writes:
        return made
    if config.log_step_count_steps:
        made.append(StepCounterHook(config.log_step_count_steps, output_dir=config.model_dir))
    if config.save_summary_steps:
        made.append(SummarySaverHook(config.save_summary_steps, output_dir=config.model_dir))
    savers = [hook for hook in made if isinstance(hook, CheckpointSaverHook)]
    if savers:
        savers[0].add_listeners(listeners)
    elif config.save_checkpoints_steps or config.save_checkpoints_secs:
        made.append(
            CheckpointSaverHook(
                config.model_dir,
                save_secs=config.save_checkpoints_secs,
                save_steps=config.save_checkpoints_steps,
                listeners=list(listeners),
                save_graph_def=config.checkpoint_save_graph_def,
            )
        )
    elif listeners:
        raise ArgumentError("saving_listeners need checkpoints, which RunConfig turns off. Received: listeners")
    return made
