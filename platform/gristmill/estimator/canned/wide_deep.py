"""What the linear, deep and combined estimators share: a head over a linear part and a network."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras

from gristmill.estimator.canned.fitting import Fitting
from gristmill.estimator.canned.network import Network
from gristmill.estimator.canned.optimizers import name_slots
from gristmill.estimator.canned.parts import DeepPart, LinearPart
from gristmill.estimator.canned.sdca import LinearSDCA
from gristmill.estimator.errors import ArgumentError
from gristmill.estimator.estimator import Estimator
from gristmill.estimator.heads import BinaryClassHead, Head, MultiClassHead, train_op
from gristmill.estimator.mode import ModeKeys
from gristmill.estimator.naming import give_name
from gristmill.estimator.provenance import all_weights_are_made
from gristmill.estimator.run_config import RunConfig
from gristmill.estimator.spec import EstimatorSpec
from gristmill.estimator.warm_start import WarmStartSettings
from gristmill.training.values import raw

__all__ = ["WideDeepEstimator", "class_head", "columns_of"]


class WideDeepEstimator(Fitting, Estimator):
    """An estimator over columns.

    Args:
        head: What the logits mean.
        linear: The linear part.
        deep: The network.
        model_dir: Folder of checkpoints.
        config: How to run.
        warm_start_from: First values.
    """

    def __init__(
        self,
        head: Head,
        linear: LinearPart | None,
        deep: DeepPart | None,
        model_dir: str | Path | None,
        config: RunConfig | None,
        warm_start_from: str | WarmStartSettings | None,
    ) -> None:
        parts = [part for part in (linear, deep) if part is not None]
        if not parts:
            raise ArgumentError("feature columns must be given, of a linear part or of a network. Received: none")
        sdca = linear.optimizer if linear is not None and isinstance(linear.optimizer, LinearSDCA) else None
        if sdca is not None and linear is not None:
            if deep is not None:
                raise ArgumentError("LinearSDCA trains linear estimators only. Received: a network beside it")
            sdca.check(head, linear.columns, linear.sparse_combiner)

        def model_fn(features: Any, labels: Any, mode: str) -> EstimatorSpec:
            all_weights_are_made()
            network = Network(linear, deep, head.logits_dimension)
            logits = network(features, mode == ModeKeys.TRAIN)
            names = {}
            for name, variable in network.named.items():
                give_name(variable, name)
                names[id(variable)] = name

            def step(loss: Any) -> Any:
                if sdca is not None and network.wide is not None:
                    return sdca.train_op(network.wide, head, features, labels, logits)
                found = [network.linear if part is linear else network.deep for part in parts]
                groups = [(part.fresh_optimizer(), own) for part, own in zip(parts, found, strict=True)]
                for optimizer, own in groups:
                    name_slots(optimizer, own, [names[id(raw(variable))] for variable in own])
                return train_op(loss, groups)

            return head.create_estimator_spec(features, mode, logits, labels, train_op_fn=step)

        Estimator.__init__(self, model_fn, model_dir, config, warm_start_from=warm_start_from)
        Fitting.__init__(self, head, linear, deep)

    @property
    def model(self) -> keras.Model:
        """The Keras model, features by name in, logits out, with the newest weights; needs gristmill's own columns.

        Raises:
            ArgumentError: A column is one of TensorFlow's.
        """
        model = self.network.model
        if model is None:
            raise ArgumentError("the model is a Keras model only where all columns are of gristmill.features")
        return model


def columns_of(name: str, columns: Any) -> list[Any]:
    """Columns as a list.

    Raises:
        ArgumentError: There is none.
    """
    found = list(columns) if isinstance(columns, Sequence | set | frozenset | tuple) else list(columns or ())
    if not found:
        raise ArgumentError(f"{name} must hold at least one column. Received: {columns!r}")
    return found


def class_head(n_classes: int, weight_column: Any, label_vocabulary: Any, loss_reduction: Any) -> Head:
    """The head of a classifier.

    Raises:
        ArgumentError: There are fewer than two classes.
    """
    options = {
        "weight_column": weight_column,
        "label_vocabulary": label_vocabulary,
        "loss_reduction": loss_reduction,
    }
    if not isinstance(n_classes, int) or n_classes < 2:
        raise ArgumentError(f"`n_classes` must be an integer, 2 or more. Received: n_classes={n_classes!r}")
    if n_classes == 2:
        return BinaryClassHead(**options)
    return MultiClassHead(n_classes, **options)
