"""Estimators over sequences: a recurrent network under a head."""

import logging
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from gristmill.estimator.canned.optimizers import Optimizer, fresh_optimizer, name_slots
from gristmill.estimator.canned.rnn_model import USE_DEFAULT, RNNModel, checked_layer_fn
from gristmill.estimator.canned.wide_deep import class_head
from gristmill.estimator.errors import ArgumentError
from gristmill.estimator.estimator import Estimator
from gristmill.estimator.heads import Head, SequentialHeadWrapper, train_op
from gristmill.estimator.mode import ModeKeys
from gristmill.estimator.naming import give_name
from gristmill.estimator.provenance import all_weights_are_made
from gristmill.estimator.run_config import RunConfig
from gristmill.estimator.spec import EstimatorSpec

__all__ = ["RNNClassifier", "RNNEstimator"]

_log = logging.getLogger("gristmill")
_LEARNING_RATE, _CLIP_NORM = 0.05, 5.0
"""Of a named optimizer; the norm is that of each variable's gradient."""


class RNNEstimator(Estimator):
    """A recurrent network under any head.

    Args:
        head: What the logits mean; a `SequentialHeadWrapper` where `return_sequences`.
        sequence_feature_columns: What it reads of each step: `sequence_numeric_column`, and embeddings or indicators of
            `sequence_categorical_column_*`.
        context_feature_columns: Dense columns that are read once an example and repeated at each step.
        units: Widths of the recurrent layers, one above the other.
        cell_type: `simple_rnn` (where it is left out), `lstm`, `gru`, or a class that makes a cell from `units`.
        rnn_cell_fn: Makes a Keras cell, or a list of cells to stack; then `units` and `cell_type` are not given.
        return_sequences: Whether each step has its own logits, `[batch, time, logits_dimension]`, not the last only.
        model_dir: Folder of checkpoints; None makes a temporary one.
        optimizer: A name (with learning rate 0.05 and each gradient clipped to the norm 5), a Keras optimizer, or a
            function that gives one.
        config: How to run.

    Raises:
        ArgumentError: An argument breaks its rule.
    """

    def __init__(
        self,
        head: Head,
        sequence_feature_columns: Iterable[Any],
        context_feature_columns: Iterable[Any] | None = None,
        units: int | Iterable[int] | None = None,
        cell_type: Any = USE_DEFAULT,
        rnn_cell_fn: Callable[[], Any] | None = None,
        return_sequences: bool = False,
        model_dir: str | Path | None = None,
        optimizer: Optimizer = "Adagrad",
        config: RunConfig | None = None,
    ) -> None:
        if return_sequences and not isinstance(head, SequentialHeadWrapper):
            raise ArgumentError(
                f"head must be a SequentialHeadWrapper where return_sequences. Received: {type(head).__name__}"
            )
        layer_fn = checked_layer_fn(units, cell_type, rnn_cell_fn, return_sequences)
        sequence, context = list(sequence_feature_columns), list(context_feature_columns or ())

        def model_fn(features: Any, labels: Any, mode: str) -> EstimatorSpec:
            all_weights_are_made()
            model = RNNModel(layer_fn, head.logits_dimension, sequence, context)
            logits, mask = model(features, mode == ModeKeys.TRAIN)
            for name, variable in model.trained.items():
                give_name(variable, name)
            if isinstance(head, SequentialHeadWrapper) and return_sequences:
                features = {head.input_sequence_mask_key: mask, **features}

            def step(loss: Any) -> Any:
                made, trained = _optimizer(optimizer), model.trained
                name_slots(made, list(trained.values()), list(trained))
                return train_op(loss, [(made, list(trained.values()))])

            return head.create_estimator_spec(features, mode, logits, labels, train_op_fn=step)

        super().__init__(model_fn, model_dir, config)


class RNNClassifier(RNNEstimator):
    """A recurrent network that classifies sequences, or each step of them.

    Args:
        sequence_feature_columns: What it reads of each step: `sequence_numeric_column`, and embeddings or indicators of
            `sequence_categorical_column_*`.
        context_feature_columns: Dense columns that are read once an example and repeated at each step.
        units: Widths of the recurrent layers, one above the other.
        cell_type: `simple_rnn` (where it is left out), `lstm`, `gru`, or a class that makes a cell from `units`.
        rnn_cell_fn: Makes a Keras cell, or a list of cells to stack; then `units` and `cell_type` are not given.
        return_sequences: Whether each step is classified, its labels `[batch, time]`, not the whole sequence.
        model_dir: Folder of checkpoints; None makes a temporary one.
        n_classes: Number of classes.
        weight_column: Name of the feature, or numeric column, by which each example's loss is multiplied; a name where
            `return_sequences`.
        label_vocabulary: The classes, where labels are text.
        optimizer: A name (with learning rate 0.05 and each gradient clipped to the norm 5), a Keras optimizer, or a
            function that gives one.
        loss_reduction: `sum_over_batch_size` (the mean) or `sum`.
        sequence_mask: Name of the feature that tells which steps are no padding, where `return_sequences`; where it is
            missing, it is made from the lengths of the sequences. It is among the predictions.
        config: How to run.

    Raises:
        ArgumentError: An argument breaks its rule.
    """

    def __init__(
        self,
        sequence_feature_columns: Iterable[Any],
        context_feature_columns: Iterable[Any] | None = None,
        units: int | Iterable[int] | None = None,
        cell_type: Any = USE_DEFAULT,
        rnn_cell_fn: Callable[[], Any] | None = None,
        return_sequences: bool = False,
        model_dir: str | Path | None = None,
        n_classes: int = 2,
        weight_column: Any = None,
        label_vocabulary: Sequence[str] | None = None,
        optimizer: Optimizer = "Adagrad",
        loss_reduction: str = "sum_over_batch_size",
        sequence_mask: str = "sequence_mask",
        config: RunConfig | None = None,
    ) -> None:
        head = class_head(n_classes, weight_column, label_vocabulary, loss_reduction)
        if return_sequences:
            _log.info("each step is classified: the head is wrapped in a SequentialHeadWrapper")
            head = SequentialHeadWrapper(head, sequence_mask, weight_column)
        super().__init__(
            head,
            sequence_feature_columns,
            context_feature_columns,
            units,
            cell_type,
            rnn_cell_fn,
            return_sequences,
            model_dir,
            optimizer,
            config,
        )


def _optimizer(given: Optimizer) -> Any:
    made = fresh_optimizer(given, _LEARNING_RATE)
    if isinstance(given, str):
        made.clipnorm = _CLIP_NORM
    return made
