"""An estimator from a compiled Keras model: its layers, loss, optimizer and metrics as a model function."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from gristmill.estimator.calls import call_with
from gristmill.estimator.canned.optimizers import name_slots
from gristmill.estimator.errors import ArgumentError
from gristmill.estimator.estimator import Estimator
from gristmill.estimator.heads import train_op
from gristmill.estimator.keras_batches import inputs_of, labels_of, output_names, weighted
from gristmill.estimator.keras_copies import Copies, weight_names
from gristmill.estimator.mode import ModeKeys
from gristmill.estimator.naming import give_name
from gristmill.estimator.provenance import all_weights_are_made
from gristmill.estimator.run_config import RunConfig
from gristmill.estimator.spec import EstimatorSpec
from gristmill.estimator.variables import GLOBAL_STEP, fresh_names
from gristmill.training import Checkpoints

__all__ = ["from_keras"]

_ALIVE = "gristmill/keras"


def from_keras(
    keras_model: keras.Model,
    model_dir: str | Path | None = None,
    config: RunConfig | None = None,
    custom_objects: Mapping[str, Any] | None = None,
    checkpoint_format: str | None = "checkpoint",
    metric_names_map: Mapping[str, str] | None = None,
) -> Estimator:
    """An estimator that trains copies of a compiled Keras model, with its loss, optimizer and metrics.

    Features are a tensor, a list, or a dict by the names of the model's inputs, which may hold more; labels of several
    outputs are a list, or a dict by the names of the layers that give them. A dict of exactly `features` and
    `sample_weights` weighs the examples. Predictions have the names of the layers that give the outputs; evaluation gives
    the compiled metrics, and `loss`, the mean over batches.

    The model itself is not changed. Where it has weights, they are the first ones: a checkpoint of step 0 is written where
    the folder has none. Its `train_step` and `test_step` are not called, its `compute_loss` and `compute_metrics` are.

    Args:
        keras_model: A model compiled with an optimizer: sequential, functional, or of a class with `get_config` and
            `from_config`.
        model_dir: Folder of checkpoints; None makes a temporary one.
        config: How to run.
        custom_objects: Classes and functions by the names that configs of layers, metrics and the optimizer have for them.
        checkpoint_format: `checkpoint` or `saver`; both write variables by name, since Keras 3 has but these.
        metric_names_map: Other names of the metrics, by the names that they have; of all, or None.

    Raises:
        ArgumentError: The model is not compiled or cannot be copied, or an argument breaks its rule.
    """
    if not keras_model.compiled or keras_model.optimizer is None:
        raise ArgumentError(
            "keras_model must be compiled with an optimizer before. Received: one that has not been compiled"
        )
    if checkpoint_format not in (None, "checkpoint", "saver"):
        raise ArgumentError(f"checkpoint_format must be `checkpoint` or `saver`. Received: {checkpoint_format!r}")
    copies = Copies(keras_model, custom_objects)
    with fresh_names():
        first = copies.make()
    model_fn = _ModelFn(keras_model, copies, dict(custom_objects or {}), metric_names_map)
    estimator = Estimator(model_fn, model_dir, config)
    if keras_model.built and estimator.config.is_chief and estimator.latest_checkpoint() is None:
        values = {name: weight.value for name, weight in weight_names(first).items()}
        Checkpoints(Path(estimator.model_dir)).save(0, {**values, GLOBAL_STEP: tf.constant(0, tf.int64)})
    return estimator


class _ModelFn:
    """The model function of a Keras model."""

    def __init__(
        self, model: keras.Model, copies: Copies, objects: Mapping[str, Any], new_names: Mapping[str, str] | None
    ) -> None:
        self._copies, self._objects, self._new_names = copies, dict(objects), new_names
        self._compiled: dict[str, Any] = dict(model._compile_config.config)
        self._optimizer = type(model.optimizer), model.optimizer.get_config()

    def __call__(self, features: Any, labels: Any, mode: str) -> EstimatorSpec:
        all_weights_are_made()
        x, weights = weighted(features)
        with tf.init_scope():
            model = self._copies.make()
        tf.compat.v1.get_default_graph().add_to_collection(_ALIVE, model)  # its look-up tables end with it
        _read_statistics(model)
        x = inputs_of(model, x)
        outputs = model(x, training=mode == ModeKeys.TRAIN)
        names = weight_names(model)
        for name, weight in names.items():
            give_name(weight.value, name)
        called = output_names(model, outputs)
        predictions = dict(zip(called, keras.tree.flatten(outputs), strict=True))
        if mode == ModeKeys.PREDICT:
            return EstimatorSpec(mode, predictions)
        batch = {"x": x, "y": labels_of(labels, outputs, called), "y_pred": outputs, "sample_weight": weights}
        with _uncounted():
            self._compile(model, mode)
            metrics = self._metrics(model, batch) if mode == ModeKeys.EVAL else {}
            loss = call_with(model.compute_loss, {**batch, "training": mode == ModeKeys.TRAIN})
        step = self._step(loss, names) if mode == ModeKeys.TRAIN else None
        return EstimatorSpec(mode, predictions, loss, step, metrics)

    def _compile(self, model: keras.Model, mode: str) -> None:
        """Compiles a copy; metrics are of evaluation only."""
        options = {name: self._compiled[name] for name in ("loss", "loss_weights")}
        if mode == ModeKeys.EVAL:
            with keras.saving.custom_object_scope(self._objects):
                options |= {name: _new(self._compiled[name]) for name in ("metrics", "weighted_metrics")}
        model.compile(optimizer=None, jit_compile=False, **options)

    def _metrics(self, model: keras.Model, batch: Mapping[str, Any]) -> dict[str, Any]:
        """The metrics by name, with a batch added to them; asked before the loss, whose parts add themselves to them."""
        names = [name for name in model.compute_metrics(**batch) if name != "loss"]
        given = self._new_names or dict(zip(names, names, strict=True))
        if set(given) != set(names):
            raise ArgumentError(
                f"metric_names_map must name all metrics, {', '.join(names) or 'none'}. Received: {', '.join(given)}"
            )
        return {given[name]: _ModelMetric(model, name) for name in names}

    def _step(self, loss: Any, names: Mapping[str, keras.Variable]) -> Any:
        kind, config = self._optimizer
        with keras.saving.custom_object_scope(self._objects):
            optimizer = kind.from_config(config)
        trained = {name: weight for name, weight in names.items() if weight.trainable}
        name_slots(optimizer, list(trained.values()), list(trained))
        return train_op(loss, [(optimizer, list(trained.values()))])


class _ModelMetric:
    """One of the metrics that a model computes."""

    def __init__(self, model: keras.Model, name: str) -> None:
        self._model, self._name = model, name

    @property
    def variables(self) -> list[Any]:
        """The counts of all metrics of the model."""
        return [variable for metric in self._model.metrics for variable in metric.variables]

    def update_state(self, batch: Mapping[str, Any]) -> None:
        """Adds a batch, to the other metrics of the model too."""
        self._model.compute_metrics(**batch)

    def result(self) -> Any:
        """Its value."""
        return self._model.get_metrics_result()[self._name]


def _new(metrics: Any) -> Any:
    """Metrics made again, so that they count from the start."""

    def new(metric: Any) -> Any:
        return type(metric).from_config(metric.get_config()) if isinstance(metric, keras.metrics.Metric) else metric

    try:
        return keras.tree.map_structure(new, metrics)
    except Exception as error:  # a constructor of the user's may raise anything
        raise ArgumentError(
            "metrics must have `get_config` and `from_config`, and `custom_objects` must hold what these name. "
            f"Received: {metrics}; {error}"
        ) from error


def _uncounted() -> AbstractContextManager[Any]:
    """While open, new variables are those of metrics, which no checkpoint holds."""

    def create(next_creator: Any, **options: Any) -> Any:
        return next_creator(**{**options, "collections": [tf.compat.v1.GraphKeys.LOCAL_VARIABLES]})

    return tf.variable_creator_scope(create)


def _read_statistics(model: keras.Model) -> None:
    """Lets `Normalization` read its variables at each step; it had taken their values when it was built."""
    for layer in model._flatten_layers():
        if isinstance(layer, keras.layers.Normalization):
            layer.finalize_state()
