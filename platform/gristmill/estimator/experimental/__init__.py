"""What tf.estimator called experimental: recurrent networks, early stopping, parts of models."""

from gristmill.estimator.canned.logit_fns import call_logit_fn, dnn_logit_fn_builder, linear_logit_fn_builder
from gristmill.estimator.canned.rnn import RNNClassifier, RNNEstimator
from gristmill.estimator.canned.sdca import LinearSDCA
from gristmill.estimator.export.receiver_fns import build_raw_supervised_input_receiver_fn
from gristmill.estimator.hooks import (
    InMemoryEvaluatorHook,
    make_early_stopping_hook,
    make_stop_at_checkpoint_step_hook,
    stop_if_higher_hook,
    stop_if_lower_hook,
    stop_if_no_decrease_hook,
    stop_if_no_increase_hook,
)

__all__ = [
    "InMemoryEvaluatorHook",
    "LinearSDCA",
    "RNNClassifier",
    "RNNEstimator",
    "build_raw_supervised_input_receiver_fn",
    "call_logit_fn",
    "dnn_logit_fn_builder",
    "linear_logit_fn_builder",
    "make_early_stopping_hook",
    "make_stop_at_checkpoint_step_hook",
    "stop_if_higher_hook",
    "stop_if_lower_hook",
    "stop_if_no_decrease_hook",
    "stop_if_no_increase_hook",
]
