"""Several heads as one, whose losses are summed."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

from gristmill.estimator.errors import ArgumentError
from gristmill.estimator.export.outputs import ExportOutput, PredictOutput
from gristmill.estimator.heads.base import Head
from gristmill.estimator.heads.checks import check_logits
from gristmill.estimator.heads.single import regularized, summed
from gristmill.estimator.mode import ModeKeys

__all__ = ["MultiHead"]

_DEFAULT = tf.saved_model.DEFAULT_SERVING_SIGNATURE_DEF_KEY


class MultiHead(Head):
    """Several heads of different names. Labels are a dict by name of a head.

    Logits are such a dict too, or one tensor `[D0, ..., DN, logits_dimension]` that holds those of the heads one after
    the other. Predictions have keys `(name of the head, key)`; metrics have the heads' keys, and `loss/name` for each.

    Args:
        heads: Heads that all have a name; the first is served by default.
        head_weights: A factor for the loss of each.

    Raises:
        ArgumentError: There is no head, one has no name, two have one name, or there are not as many weights.
    """

    def __init__(self, heads: Sequence[Head], head_weights: Sequence[float] | None = None) -> None:
        if not heads:
            raise ArgumentError(f"`heads` must hold at least one head. Received: heads={heads}")
        names = [head.name for head in heads]
        if None in names or len(set(names)) < len(names):
            raise ArgumentError(f"`heads` must all have a name of their own. Received the names: {names}")
        if head_weights and len(head_weights) != len(heads):
            raise ArgumentError(
                "`head_weights` must have one weight for each of the heads. "
                f"Received: {len(head_weights)} weights, {len(heads)} heads"
            )
        self._heads: dict[str, Head] = {str(head.name): head for head in heads}
        self._weights = tuple(head_weights) if head_weights else (1.0,) * len(heads)

    @property
    def name(self) -> str:
        """The names of the heads, joined by `_`."""
        return "_".join(self._heads)

    @property
    def logits_dimension(self) -> int:
        """The sum of the heads' dimensions."""
        return sum(head.logits_dimension for head in self._heads.values())

    @property
    def loss_reduction(self) -> str:
        """The reduction of all heads.

        Raises:
            ArgumentError: They differ.
        """
        found = [head.loss_reduction for head in self._heads.values()]
        if len(set(found)) > 1:
            raise ArgumentError(f"loss_reduction must be the same for all heads. Received: {found}")
        return found[0]

    def loss(
        self, labels: Any, logits: Any, features: Any = None, mode: Any = None, regularization_losses: Any = None
    ) -> Any:
        """The weighted sum of the heads' losses.

        Args:
            labels: A dict by name of a head.
            logits: A dict by name of a head, or `[D0, ..., DN, logits_dimension]`.
            features: Name -> tensor; the weights are taken from here.
            mode: A `ModeKeys`.
            regularization_losses: Scalars to add.
        """
        parts, truths = self._parts(logits), self._checked("labels", labels)
        losses = [
            weight * head.loss(truths[name], parts[name], features=features, mode=mode)
            for weight, (name, head) in zip(self._weights, self._heads.items(), strict=True)
        ]
        return regularized(tf.add_n(losses), regularization_losses)

    def predictions(self, logits: Any, keys: Sequence[str] | None = None) -> dict[Any, Any]:
        """All predictions of the heads, by `(name, key)`.

        Args:
            logits: A dict by name of a head, or `[D0, ..., DN, logits_dimension]`.
            keys: Makes no difference.
        """
        parts = self._parts(logits)
        return {
            (name, key): value
            for name, head in self._heads.items()
            for key, value in head.predictions(parts[name]).items()
        }

    def metrics(self, regularization_losses: Any = None) -> dict[str, Any]:
        """New Keras metrics by key: those of the heads, and `loss/name` of each."""
        metrics: dict[str, Any] = {}
        for name, head in self._heads.items():
            metrics |= {f"loss/{name}": keras.metrics.Mean(name=f"loss/{name}"), **head.metrics()}
        if regularization_losses is not None:
            metrics[self._key("regularization_loss")] = keras.metrics.Mean(name="regularization_loss")
        return metrics

    def update_metrics(  # type: ignore[override]
        self,
        eval_metrics: dict[str, Any],
        features: Any,
        logits: Any,
        labels: Any,
        regularization_losses: Any = None,
        mode: Any = None,
    ) -> dict[str, Any]:
        """Adds a batch to the metrics that `metrics` made, and gives them back; `mode` makes no difference."""
        parts, truths = self._parts(logits), self._checked("labels", labels)
        for name, head in self._heads.items():
            loss = head.loss(truths[name], parts[name], features=features)
            eval_metrics[f"loss/{name}"].update_state(loss)
            head.update_metrics(eval_metrics, features, parts[name], truths[name])
        if regularization_losses is not None:
            eval_metrics[self._key("regularization_loss")].update_state(summed(regularization_losses))
        return eval_metrics

    def _export_outputs(self, features: Any, logits: Any, predictions: dict[Any, Any]) -> dict[str, ExportOutput]:
        """Each head's signatures as `name/signature` (its default as `name`), and all predictions as `predict`."""
        parts = self._parts(logits)
        outputs: dict[str, ExportOutput] = {}
        merged: dict[str, Any] = {}
        for name, head in self._heads.items():
            own = head.create_estimator_spec(features, ModeKeys.PREDICT, parts[name]).export_outputs or {}
            outputs |= {name if key == _DEFAULT else f"{name}/{key}": output for key, output in own.items()}
            predicted = own.get("predict")
            if isinstance(predicted, PredictOutput):
                merged |= {f"{name}/{key}": value for key, value in predicted.outputs.items()}
        return {_DEFAULT: outputs[next(iter(self._heads))], **outputs, "predict": PredictOutput(merged)}

    def _parts(self, logits: Any) -> Mapping[str, Any]:
        """Logits by name of a head."""
        if isinstance(logits, Mapping):
            return self._checked("logits", logits)
        sizes = [head.logits_dimension for head in self._heads.values()]
        parts = tf.split(check_logits(logits, self.logits_dimension), sizes, axis=-1)
        return dict(zip(self._heads, parts, strict=True))

    def _checked(self, what: str, values: Any) -> Mapping[str, Any]:
        if not isinstance(values, Mapping):
            raise ArgumentError(f"`{what}` must be a dict by name of a head. Received: {values!r}")
        missing = [name for name in self._heads if name not in values]
        if missing:
            told = ", ".join(map(str, values)) or "none"
            raise ArgumentError(f"`{what}` must have values for the heads {', '.join(missing)}. Received: {told}")
        return values
