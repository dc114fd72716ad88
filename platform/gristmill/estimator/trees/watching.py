"""Hooks around the growth of trees: what they are given as a session, and how a tree is a run."""

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from gristmill.estimator.errors import ArgumentError
from gristmill.estimator.hooks import NanLossDuringTrainingError
from gristmill.estimator.hooks.runner import HookRunner
from gristmill.estimator.trees.saved import SavedTrees
from gristmill.estimator.variables import GLOBAL_STEP
from gristmill.training import Checkpoints

__all__ = ["HookWatcher", "TreeSession"]


class TreeSession:
    """What stands between two trees.

    Args:
        step: The global step.
        text: LightGBM's model, empty where there are no trees.
        saved: Makes tensors of it.
        checkpoints: Where it is saved.

    Attributes:
        graph: None: trees are not grown in a graph.
        step: The global step.
        loss: The mean loss after the last tree; NaN before there was one.
        model: Gives LightGBM's text.
    """

    graph = None

    def __init__(self, step: int, text: str, saved: SavedTrees, checkpoints: Checkpoints) -> None:
        self.step, self.loss = step, float("nan")
        self.model: Callable[[], str] = lambda: text
        self._saved, self._checkpoints = saved, checkpoints

    @property
    def variables(self) -> dict[str, Any]:
        """What a checkpoint holds, by name."""
        return {**self._saved.tensors(self.model()), GLOBAL_STEP: tf.constant(self.step, tf.int64)}

    def run(self, fetches: Any, feed_dict: Any = None) -> Any:
        """The values of a structure of the names `loss` and `global_step`.

        Raises:
            ArgumentError: Another value is asked for, or `feed_dict` is given.
        """
        if feed_dict:
            raise ArgumentError("feed_dict must be None: batches come from input_fn. Received: values to feed")
        return tf.nest.map_structure(self.value, fetches)

    def value(self, fetch: Any) -> Any:
        """The value of one name.

        Raises:
            ArgumentError: It is another.
        """
        known = {"loss": np.float32(self.loss), GLOBAL_STEP: np.int64(self.step)}
        name = str(getattr(fetch, "name", fetch)).removesuffix(":0")
        if name not in known:
            raise ArgumentError(f"a hook may fetch loss and global_step while trees grow. Received: {fetch!r}")
        return known[name]

    def save(self, step: int) -> str:
        """Writes the checkpoint of a step; gives its name."""
        return self._checkpoints.save(step, self.variables, {"words": dict(self._saved.words)})


class HookWatcher:
    """Calls hooks around each round of trees.

    Args:
        runner: The hooks.
        session: What they see.
        steps: What a round adds to the global step.
    """

    def __init__(self, runner: HookRunner, session: TreeSession, steps: int) -> None:
        self._runner, self._session, self._steps = runner, session, steps
        self._asked: list[Any] = []

    def begin_round(self) -> None:
        """Asks the hooks what they want to know."""
        self._asked = self._runner.before()

    def end_round(self, loss: float, model: Callable[[], str]) -> bool:
        """Tells the hooks; gives whether one of them wants to stop.

        Raises:
            NanLossDuringTrainingError: The loss is not finite.
        """
        session = self._session
        if not np.isfinite(loss):
            raise NanLossDuringTrainingError(
                f"NaN loss during training: the loss must be finite. Received: {loss} at step {session.step}"
            )
        session.loss, session.model = loss, model
        values = [session.value(fetch) for fetch in self._asked]
        session.step += self._steps
        self._runner.after(values)
        return self._runner.stop_requested
