"""Canned binary classifiers with the names and arguments of tf.estimator: linear, deep, and both together."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from gristmill.data.batches import Batches
from gristmill.errors import InputError
from gristmill.estimator.metrics import binary_metrics, logistic
from gristmill.estimator.model import WideDeep, build_wide_deep, call_model
from gristmill.features import Column
from gristmill.training import Group, Judge, Step, Trained, train

__all__ = ["DNNClassifier", "DNNLinearCombinedClassifier", "LinearClassifier"]

InputFn = Callable[[], "tf.data.Dataset"]
Optimizer = str | Any
"""A Keras optimizer or its name."""


class _BinaryClassifier:
    """Trains, evaluates and predicts with a model that gives one logit a record."""

    def __init__(self, built: WideDeep, linear_optimizer: Optimizer, dnn_optimizer: Optimizer) -> None:
        self._built = built
        self._linear_optimizer = linear_optimizer
        self._dnn_optimizer = dnn_optimizer
        self._step: Step | None = None
        self._logits = tf.function(lambda features: call_model(self.model, features), reduce_retracing=True)

    @property
    def model(self) -> keras.Model:
        """The Keras model: features by name in, logits `[batch]` out."""
        return self._built.model

    def train(self, input_fn: InputFn, steps: int | None = None, *, epochs: int = 1) -> Trained:
        """Trains on what `input_fn` gives.

        Args:
            input_fn: Gives a `tf.data.Dataset` of (features by name, labels 0 or 1 `[batch]`).
            steps: Steps an epoch at most; None takes the whole dataset.
            epochs: Passes over the dataset.

        Raises:
            InputError: There is no record, there is no end of them and no `steps`, or one lacks a feature of the model.
            WorkError: The loss is not finite.
        """
        data = input_fn()
        if steps is not None:
            data = data.take(steps)
        count = int(data.cardinality().numpy())
        if count == tf.data.INFINITE_CARDINALITY:
            raise InputError("`steps` must be given where `input_fn` gives records without end. Received: None")
        return train(
            self._training_step(),
            lambda epoch, start: data.skip(start),
            epochs=epochs,
            steps_per_epoch=count if count > 0 else None,
        )

    def fit(
        self,
        batches: Batches,
        *,
        epochs: int,
        validation: Batches | None = None,
        patience: int | None = None,
        **options: Any,
    ) -> Trained:
        """Trains on arrays in memory, with the epoch chosen by validation.

        Args:
            batches: Gives (features by name, labels 0 or 1 `[batch]`), epoch by epoch.
            epochs: Passes at most.
            validation: The validation records; the weights with the smallest log loss on them are kept.
            patience: Epochs without a smaller one before training stops.
            **options: See `gristmill.training.train`: checkpoints, title, progress, log and others.

        Raises:
            InputError: There is no record, or one lacks a feature of the model.
            WorkError: The loss is not finite.
        """
        judge = None
        if validation is not None:
            judge = Judge(lambda: self.evaluate(validation), "logloss", False, patience)
        step, count = self._training_step(), len(batches)
        return train(step, batches, epochs=epochs, steps_per_epoch=count, judge=judge, **options)

    def evaluate(self, input_fn: InputFn) -> dict[str, float]:
        """The metrics of `binary_metrics` on what `input_fn` gives.

        Raises:
            InputError: There is no record.
        """
        logits, labels = [], []
        for features, label in input_fn():
            logits.append(self._logits(features).numpy())
            labels.append(np.asarray(label))
        if not logits:
            raise InputError("`input_fn` must give at least one batch. Received: none")
        return binary_metrics(np.concatenate(labels), logistic(np.concatenate(logits)))

    def predict(self, input_fn: InputFn) -> Iterator[dict[str, NDArray[Any]]]:
        """Gives `logits`, `logistic`, `probabilities` and `class_ids` for each record, one after the other."""
        for batch in input_fn():
            features = batch[0] if isinstance(batch, tuple) else batch
            for logit in self._logits(features).numpy():
                probability = float(logistic(logit))
                yield {
                    "logits": np.array([logit], np.float32),
                    "logistic": np.array([probability], np.float32),
                    "probabilities": np.array([1 - probability, probability], np.float32),
                    "class_ids": np.array([int(probability > 0.5)]),
                }

    def _training_step(self) -> Step:
        if self._step is None:
            groups = [
                Group(keras.optimizers.get(self._linear_optimizer), self._built.linear),
                Group(keras.optimizers.get(self._dnn_optimizer), self._built.deep),
            ]
            self._step = Step(self._loss, groups, state=self.model.non_trainable_variables)
        return self._step

    def _loss(self, batch: tuple[Mapping[str, Any], Any]) -> Any:
        features, labels = batch
        logits = call_model(self.model, features, training=True)
        losses = tf.nn.sigmoid_cross_entropy_with_logits(labels=tf.cast(labels, logits.dtype), logits=logits)
        return tf.reduce_mean(losses)


class LinearClassifier(_BinaryClassifier):
    """A linear classifier over columns: one weight a value.

    Args:
        feature_columns: What it reads of a record.
        optimizer: A Keras optimizer or its name.
    """

    def __init__(self, feature_columns: Sequence[Column], optimizer: Optimizer = "ftrl") -> None:
        super().__init__(build_wide_deep(feature_columns, ()), optimizer, "adagrad")


class DNNClassifier(_BinaryClassifier):
    """A network over columns.

    Args:
        hidden_units: Widths of the hidden layers.
        feature_columns: What it reads of a record.
        optimizer: A Keras optimizer or its name.
        dropout: Share of each hidden layer's outputs that training drops.
        embedding_dropout: The same for the network's input.
    """

    def __init__(
        self,
        hidden_units: Sequence[int],
        feature_columns: Sequence[Column],
        optimizer: Optimizer = "adagrad",
        dropout: float = 0.0,
        embedding_dropout: float = 0.0,
    ) -> None:
        built = build_wide_deep((), feature_columns, hidden_units, dropout, embedding_dropout)
        super().__init__(built, "ftrl", optimizer)


class DNNLinearCombinedClassifier(_BinaryClassifier):
    """A linear model and a network with their logits added, each with its own optimizer.

    Args:
        linear_feature_columns: What the linear half reads.
        linear_optimizer: Optimizer of the linear half.
        dnn_feature_columns: What the network reads.
        dnn_optimizer: Optimizer of the network.
        dnn_hidden_units: Widths of the hidden layers.
        dnn_dropout: Share of each hidden layer's outputs that training drops.
        dnn_embedding_dropout: The same for the network's input.
    """

    def __init__(
        self,
        linear_feature_columns: Sequence[Column] = (),
        linear_optimizer: Optimizer = "ftrl",
        dnn_feature_columns: Sequence[Column] = (),
        dnn_optimizer: Optimizer = "adagrad",
        dnn_hidden_units: Sequence[int] = (),
        dnn_dropout: float = 0.0,
        dnn_embedding_dropout: float = 0.0,
    ) -> None:
        built = build_wide_deep(
            linear_feature_columns, dnn_feature_columns, dnn_hidden_units, dnn_dropout, dnn_embedding_dropout
        )
        super().__init__(built, linear_optimizer, dnn_optimizer)
