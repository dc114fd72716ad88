"""Ends a training whose loss is not a number."""

import logging
from typing import Any

import numpy as np

from gristmill.errors import WorkError
from gristmill.estimator.hooks.base import SessionRunArgs, SessionRunContext, SessionRunHook, SessionRunValues

__all__ = ["NanLossDuringTrainingError", "NanTensorHook"]

logger = logging.getLogger("gristmill")


class NanLossDuringTrainingError(WorkError, RuntimeError):
    """The loss of a training step is NaN; a `RuntimeError` too."""

    def __str__(self) -> str:
        return super().__str__() or "NaN loss during training."


class NanTensorHook(SessionRunHook):
    """Looks at the loss of every step, and stops where it is NaN.

    Args:
        loss_tensor: The fetch to look at.
        fail_on_nan_loss: Whether to raise `NanLossDuringTrainingError`, or only to end the training.
    """

    def __init__(self, loss_tensor: Any, fail_on_nan_loss: bool = True) -> None:
        self._loss = loss_tensor
        self._fail = fail_on_nan_loss

    def before_run(self, run_context: SessionRunContext) -> SessionRunArgs:
        """Asks for the loss."""
        return SessionRunArgs(self._loss)

    def after_run(self, run_context: SessionRunContext, run_values: SessionRunValues) -> None:
        """Stops where it is NaN."""
        if not np.any(np.isnan(run_values.results)):
            return
        if self._fail:
            logger.error("Model diverged with loss = NaN.")
            raise NanLossDuringTrainingError
        logger.warning("Model diverged with loss = NaN.")
        run_context.request_stop()
