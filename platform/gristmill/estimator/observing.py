"""Hooks on the training loop."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from gristmill.estimator.hooks import NanLossDuringTrainingError
from gristmill.estimator.hooks.runner import HookRunner
from gristmill.estimator.session import ModelSession
from gristmill.estimator.stepping import GraphStep
from gristmill.training import Observer

__all__ = ["HookObserver"]


class HookObserver(Observer):
    """Calls hooks around each step, or around as many steps as none of them must hear of.

    Args:
        runner: The hooks.
        step: The step that they fetch values of.
        session: What they are given as a session.
        checkpoint: Gives the name of the newest checkpoint, for the text of an error.
        steps: Steps to do; None for as many as there are batches.
    """

    every_step = True

    def __init__(
        self, runner: HookRunner, step: GraphStep, session: ModelSession, checkpoint: Any, steps: int | None
    ) -> None:
        self._runner, self._step, self._session, self._checkpoint = runner, step, session, checkpoint
        self._left = steps

    @property
    def stopped(self) -> bool:
        """Whether a hook asked for the end."""
        return self._runner.stop_requested

    def begin(self) -> None:
        """Begins the hooks."""
        self._runner.begin()
        self._runner.created()

    def end(self) -> None:
        """Ends the hooks."""
        self._runner.end()

    def begin_step(self, step: int) -> None:
        """Asks the hooks what the next step is to give."""
        self._step.fetches = [self._session.resolve(fetch) for fetch in self._runner.before()]

    def most(self, step: int) -> int:
        """Steps until a hook must be called."""
        most = max(1, self._runner.most(int(self._step.trace.global_step.numpy())))
        return most if self._left is None else min(most, self._left)

    def looked(self, step: int, losses: Sequence[float]) -> bool | None:
        """Hands the hooks what they asked for.

        Raises:
            ArgumentError: There was no batch at all.
            NanLossDuringTrainingError: The loss is not finite.
        """
        if losses and not np.isfinite(losses[-1]):
            number = int(self._step.trace.global_step.numpy())
            raise NanLossDuringTrainingError(
                f"NaN loss during training: the loss must be finite. Received: {losses[-1]} at step {number}; the last good "
                f"checkpoint is {self._checkpoint()}. A smaller learning rate or gradient clipping may help"
            )
        self._runner.after(self._step.fetched, len(losses))
        if self._left is not None:
            self._left -= len(losses)
        return self.stopped or self._left == 0
