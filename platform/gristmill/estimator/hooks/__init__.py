"""Hooks around the steps of an estimator's training, evaluation and prediction."""

from gristmill.estimator.hooks.base import (
    SessionRunArgs,
    SessionRunContext,
    SessionRunHook,
    SessionRunValues,
    check_hooks,
)
from gristmill.estimator.hooks.checkpoints import CheckpointSaverHook, CheckpointSaverListener
from gristmill.estimator.hooks.early_stopping import (
    make_early_stopping_hook,
    stop_if_higher_hook,
    stop_if_lower_hook,
    stop_if_no_decrease_hook,
    stop_if_no_increase_hook,
)
from gristmill.estimator.hooks.eval_metrics import read_eval_metrics
from gristmill.estimator.hooks.evaluation import InMemoryEvaluatorHook
from gristmill.estimator.hooks.events import EventWriter, event_writer, scalars
from gristmill.estimator.hooks.final import FeedFnHook, FinalOpsHook
from gristmill.estimator.hooks.logs import LoggingTensorHook
from gristmill.estimator.hooks.nan import NanLossDuringTrainingError, NanTensorHook
from gristmill.estimator.hooks.profiler import ProfilerHook
from gristmill.estimator.hooks.runner import HookRunner
from gristmill.estimator.hooks.session import Coordinator, HookSession
from gristmill.estimator.hooks.stopping import (
    GlobalStepWaiterHook,
    StopAtStepHook,
    make_stop_at_checkpoint_step_hook,
)
from gristmill.estimator.hooks.summaries import StepCounterHook, SummarySaverHook
from gristmill.estimator.hooks.timer import SecondOrStepTimer

__all__ = [
    "CheckpointSaverHook",
    "CheckpointSaverListener",
    "Coordinator",
    "EventWriter",
    "FeedFnHook",
    "FinalOpsHook",
    "GlobalStepWaiterHook",
    "HookRunner",
    "HookSession",
    "InMemoryEvaluatorHook",
    "LoggingTensorHook",
    "NanLossDuringTrainingError",
    "NanTensorHook",
    "ProfilerHook",
    "SecondOrStepTimer",
    "SessionRunArgs",
    "SessionRunContext",
    "SessionRunHook",
    "SessionRunValues",
    "StepCounterHook",
    "StopAtStepHook",
    "SummarySaverHook",
    "check_hooks",
    "event_writer",
    "make_early_stopping_hook",
    "make_stop_at_checkpoint_step_hook",
    "read_eval_metrics",
    "scalars",
    "stop_if_higher_hook",
    "stop_if_lower_hook",
    "stop_if_no_decrease_hook",
    "stop_if_no_increase_hook",
]
