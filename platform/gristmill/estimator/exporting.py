"""A model function in a SavedModel: called on a receiver's features, its variables filled from a checkpoint."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import tensorflow as tf

from gristmill.estimator.errors import ArgumentError
from gristmill.estimator.export.outputs import EvalOutput, ExportOutput, TrainOutput
from gristmill.estimator.export.saved import Part, export_modes
from gristmill.estimator.function import ModelFunction
from gristmill.estimator.mode import ModeKeys
from gristmill.estimator.run_config import RunConfig
from gristmill.estimator.spec import EstimatorSpec
from gristmill.estimator.tables import filled_tables
from gristmill.estimator.variables import VariableCatcher, model_scope, named_variables, new_global_step

__all__ = ["exported"]


def exported(
    function: ModelFunction,
    config: RunConfig,
    receiver_fns: Mapping[str, Callable[[], Any]],
    base: str | Path,
    fill: Callable[[Mapping[str, Any], Any], None],
    options: Mapping[str, Any],
) -> bytes:
    """Writes a SavedModel; gives its folder.

    Args:
        function: The model function.
        config: Handed to it.
        receiver_fns: By mode, what gives a receiver.
        base: The folder of all exports.
        fill: Puts a checkpoint's values into variables, given by name and with the graph that they are read in.
        options: See `gristmill.estimator.export.saved.export_modes`.

    Raises:
        ArgumentError: A mode is none, or a receiver is none.
    """
    variables: dict[str, Any] = {}
    catcher, step = VariableCatcher(), new_global_step()

    def call(mode: str, features: Any, labels: Any = None) -> Mapping[str, ExportOutput]:
        graph, own, before = tf.compat.v1.get_default_graph(), VariableCatcher(), len(catcher.made)
        graph.add_to_collection(tf.compat.v1.GraphKeys.GLOBAL_STEP, step)
        with model_scope(own, config.tf_random_seed), filled_tables():
            spec = function(features, labels, mode, config)
        own.made += [one for one in catcher.made[before:] if not any(one is known for known in own.made)]
        named, _ = named_variables(graph, own, spec.eval_metric_ops.values(), step)
        with tf.init_scope():
            fill(named, graph)
        variables.update(named)
        return _outputs(spec)

    unknown = set(receiver_fns) - {ModeKeys.TRAIN, ModeKeys.EVAL, ModeKeys.PREDICT}
    if unknown:
        raise ArgumentError(f"modes must be of ModeKeys. Received: {', '.join(map(str, unknown))}")
    parts = {mode: Part(partial(call, mode), receiver_fn) for mode, receiver_fn in receiver_fns.items()}
    with catcher.catching():
        return export_modes(parts, base, variables, **options)


def _outputs(spec: EstimatorSpec) -> Mapping[str, ExportOutput]:
    if spec.mode == ModeKeys.PREDICT:
        return spec.export_outputs or {}
    kind = EvalOutput if spec.mode == ModeKeys.EVAL else TrainOutput
    predictions = spec.predictions or None
    return {spec.mode: kind(spec.loss, predictions, dict(spec.eval_metric_ops) or None)}
