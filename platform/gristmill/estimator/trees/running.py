"""Boosted trees of a checkpoint as an estimator: evaluated, asked, exported and explained, without LightGBM but for the last."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import tensorflow as tf

from gristmill.estimator.columns.kinds import as_list
from gristmill.estimator.errors import ArgumentError
from gristmill.estimator.estimator import Estimator
from gristmill.estimator.heads import Head
from gristmill.estimator.hooks import SessionRunHook
from gristmill.estimator.inputs import InputFn
from gristmill.estimator.mode import ModeKeys
from gristmill.estimator.run_config import RunConfig
from gristmill.estimator.spec import EstimatorSpec
from gristmill.estimator.trees.ensemble import Ensemble
from gristmill.estimator.trees.explaining import contributions, importances
from gristmill.estimator.trees.inputs import TreeInput
from gristmill.estimator.trees.saved import SavedTrees, ensemble_of, named_nodes
from gristmill.estimator.trees.scores import scores
from gristmill.estimator.trees.settings import Objective

__all__ = ["SavedTreesEstimator"]

_INPUTS = "boosted_trees/inputs"
"""The prediction that explanations are made of."""


class SavedTreesEstimator(Estimator):
    """Boosted trees under a head, as checkpoints hold them.

    Checkpoints hold different numbers of nodes, so that each call makes the model function of one checkpoint.

    Args:
        columns: Feature columns; see `TreeInput`.
        head: What the logits mean.
        objective: What LightGBM lessens, the loss of the head.
        model_dir: Folder of checkpoints; None makes a temporary one.
        config: How to run.
    """

    def __init__(
        self, columns: Any, head: Head, objective: Objective, model_dir: str | Path | None, config: RunConfig | None
    ) -> None:
        def model_fn(features: Any, labels: Any, mode: str) -> EstimatorSpec:
            return self._spec(self._saved.ensemble(self.latest_checkpoint()), features, labels, mode)

        super().__init__(model_fn, model_dir, config)
        self._columns, self._head = as_list(columns), head
        self._inputs = TreeInput(self._columns)
        self._saved = SavedTrees(self._inputs.names, objective, self._inputs.words)

    def with_function(self, model_fn: Callable[..., EstimatorSpec]) -> Estimator:
        """See `Estimator.with_function`; what it gives runs the newest checkpoint, and grows no trees."""
        return Estimator(model_fn, self.model_dir, self.config)

    def evaluate(
        self,
        input_fn: InputFn,
        steps: int | None = None,
        hooks: Sequence[SessionRunHook] | None = None,
        checkpoint_path: str | None = None,
        name: str | None = None,
    ) -> dict[str, Any]:
        """See `Estimator.evaluate`."""
        prefix = checkpoint_path or self.latest_checkpoint()
        return self._with(self._saved.ensemble(prefix)).evaluate(input_fn, steps, hooks, prefix, name)

    def evaluate_values(
        self,
        values: Mapping[str, Any],
        input_fn: InputFn,
        steps: int | None = None,
        hooks: Sequence[SessionRunHook] | None = None,
        name: str | None = None,
    ) -> dict[str, Any]:
        """See `Estimator.evaluate_values`."""
        return self._with(ensemble_of(values)).evaluate_values(values, input_fn, steps, hooks, name)

    def predict(
        self,
        input_fn: InputFn,
        predict_keys: Sequence[str] | str | None = None,
        hooks: Sequence[SessionRunHook] | None = None,
        checkpoint_path: str | None = None,
        yield_single_examples: bool = True,
    ) -> Iterator[Any]:
        """See `Estimator.predict`."""
        prefix = checkpoint_path or self.latest_checkpoint()
        made = self._with(self._saved.ensemble(prefix))
        yield from made.predict(input_fn, predict_keys, hooks, prefix, yield_single_examples)

    def experimental_export_all_saved_models(
        self,
        export_dir_base: str | Path,
        input_receiver_fn_map: Mapping[str, Callable[[], Any]],
        assets_extra: Mapping[str, str] | None = None,
        as_text: bool = False,
        checkpoint_path: str | None = None,
    ) -> bytes:
        """See `Estimator.experimental_export_all_saved_models`; what is written needs no LightGBM."""
        prefix = checkpoint_path or self._newest()
        return self._with(self._saved.ensemble(prefix)).experimental_export_all_saved_models(
            export_dir_base, input_receiver_fn_map, assets_extra, as_text, prefix
        )

    def experimental_feature_importances(self, normalize: bool = False) -> dict[str, float]:
        """The gain of all splits on each feature column, the greatest first.

        Args:
            normalize: Whether they add up to 1.

        Raises:
            ArgumentError: There are no trees, or they are to add up to 1 and no tree has a split.
        """
        return importances(self._grown(self._newest()), self._inputs.names, normalize)

    def experimental_predict_with_explanations(
        self,
        input_fn: InputFn,
        predict_keys: Sequence[str] | str | None = None,
        hooks: Sequence[SessionRunHook] | None = None,
        checkpoint_path: str | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Yields the predictions with `bias`, and with `dfc`: what each feature column adds to it, the greatest first.

        Bias and contributions are SHAP values that add up to the logit; those of tf.estimator added up to the probability,
        and were there with `center_bias` alone. Where there are several logits, each is an array `[units]`.

        Args:
            input_fn: Gives batches of features; labels are passed over.
            predict_keys: Which of the predictions to give beside `bias` and `dfc`; None for all.
            hooks: Called around the batches.
            checkpoint_path: Whose trees to take; None for the newest.

        Raises:
            ArgumentError: There are no trees.
        """
        prefix = checkpoint_path or self._newest()
        text = self._grown(prefix)
        wanted = [predict_keys] if isinstance(predict_keys, str) else predict_keys
        keys = None if wanted is None else [*wanted, _INPUTS]
        made = self._with(self._saved.ensemble(prefix), with_inputs=True)
        for batch in made.predict(input_fn, keys, hooks, prefix, yield_single_examples=False):
            explained = contributions(text, self._inputs.names, batch.pop(_INPUTS))
            for row, (bias, parts) in enumerate(explained):
                yield {**{name: value[row] for name, value in batch.items()}, "bias": bias, "dfc": parts}

    def _with(self, ensemble: Ensemble, with_inputs: bool = False) -> Estimator:
        """The estimator of trees of the same shapes."""

        def model_fn(features: Any, labels: Any, mode: str) -> EstimatorSpec:
            return self._spec(ensemble, features, labels, mode, with_inputs)

        return Estimator(model_fn, self.model_dir, self._config)

    def _spec(
        self, ensemble: Ensemble, features: Any, labels: Any, mode: str, with_inputs: bool = False
    ) -> EstimatorSpec:
        """What a model function gives; the variables begin as the nodes of an ensemble."""
        if mode == ModeKeys.TRAIN:
            raise ArgumentError(f"trees are grown by {type(self).__name__}.train, not in a graph. Received: {mode!r}")
        nodes = {
            field: tf.Variable(array, trainable=False, name=name)
            for field, (name, array) in named_nodes(ensemble).items()
        }
        inputs = TreeInput(self._columns)(features)
        logits = scores(nodes, inputs, ensemble.depth, self._head.logits_dimension)
        spec = self._head.create_estimator_spec(features, mode, logits, labels)
        if not with_inputs:
            return spec
        return EstimatorSpec(mode, {**spec.predictions, _INPUTS: inputs}, export_outputs=spec.export_outputs)

    def _grown(self, prefix: str) -> str:
        """LightGBM's model in a checkpoint."""
        text = self._saved.text(prefix)
        if not text:
            raise ArgumentError(f"the checkpoint must hold trees: train first. Received: {prefix}, without")
        return text
