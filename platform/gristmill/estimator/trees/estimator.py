"""The estimator of boosted trees: grows them from arrays, and evaluates, predicts and exports them as plain tensors."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import tensorflow as tf

from gristmill.estimator.columns.kinds import as_list
from gristmill.estimator.errors import ArgumentError
from gristmill.estimator.estimator import Estimator
from gristmill.estimator.heads import Head
from gristmill.estimator.hooks import SessionRunHook
from gristmill.estimator.hooks.base import check_hooks
from gristmill.estimator.hooks.runner import HookRunner
from gristmill.estimator.inputs import InputFn, batches_of
from gristmill.estimator.mode import ModeKeys
from gristmill.estimator.run_config import RunConfig
from gristmill.estimator.spec import EstimatorSpec
from gristmill.estimator.standard_hooks import standard_hooks
from gristmill.estimator.tracing import GLOBAL_STEP
from gristmill.estimator.trees.budget import steps_wanted
from gristmill.estimator.trees.ensemble import empty
from gristmill.estimator.trees.examples import Reader
from gristmill.estimator.trees.explaining import contributions, importances
from gristmill.estimator.trees.growing import grown
from gristmill.estimator.trees.inputs import TreeInput
from gristmill.estimator.trees.saved import named_nodes, read_ensemble, read_text, to_save
from gristmill.estimator.trees.scores import scores
from gristmill.estimator.trees.settings import Objective, TreeSettings
from gristmill.estimator.trees.watching import HookWatcher, TreeSession

__all__ = ["TreesEstimator"]

_log = logging.getLogger("gristmill")
_INPUTS = "boosted_trees/inputs"
"""The prediction that explanations are made of."""


class TreesEstimator(Estimator):
    """Boosted trees under a head.

    Args:
        columns: Feature columns; see `TreeInput`.
        head: What the logits mean.
        objective: What LightGBM lessens, the loss of the head.
        settings: How trees are grown.
        weight_column: The head's.
        label_vocabulary: The head's.
        model_dir: Folder of checkpoints; None makes a temporary one.
        config: How to run.
    """

    def __init__(
        self,
        columns: Any,
        head: Head,
        objective: Objective,
        settings: TreeSettings,
        weight_column: Any,
        label_vocabulary: Sequence[str] | None,
        model_dir: str | Path | None,
        config: RunConfig | None,
    ) -> None:
        listed = as_list(columns)
        inputs = TreeInput(listed)

        def model_fn(features: Any, labels: Any, mode: str) -> EstimatorSpec:
            return self._spec(self.latest_checkpoint(), features, labels, mode)

        super().__init__(model_fn, model_dir, config)
        if self._config.num_worker_replicas > 1:
            raise ArgumentError(f"trees are grown on one machine. Received: {self._config.num_worker_replicas} workers")
        self._columns, self._names = listed, inputs.names
        self._head, self._objective, self._settings = head, objective, settings
        self._reader = Reader(inputs, head, weight_column, label_vocabulary)

    def train(
        self,
        input_fn: InputFn,
        hooks: Sequence[SessionRunHook] | None = None,
        steps: int | None = None,
        max_steps: int | None = None,
        saving_listeners: Sequence[Any] | None = None,
    ) -> "TreesEstimator":
        """Grows trees until there are `n_trees`, from the newest checkpoint on, and saves them.

        The input is read once, into memory, and every layer of every tree is grown from all of it: from all batches that
        `input_fn` gives, or the first `n_batches_per_layer` of an input that repeats for ever, and never from more than
        the steps to do. An endless input that tf.data does not know to be one needs a number of steps.

        As in tf.estimator, `n_batches_per_layer` steps grow a layer and `max_depth` layers a tree. A tree that is begun is
        finished, though the steps end within it. Hooks are called around each tree, and may fetch `loss` (the mean one
        after it) and `global_step`.

        Args:
            input_fn: Gives the batches; see `gristmill.estimator.inputs.InputFn`.
            hooks: Called around the trees.
            steps: Steps to do; None for all trees.
            max_steps: The global step to end at; where it is reached already, nothing is done.
            saving_listeners: Hear of checkpoints.

        Raises:
            ArgumentError: Both or a bad number of steps are given, there is no example, features, labels or weights break
                a rule, or the folder holds another model.
            NanLossDuringTrainingError: The loss is not finite.
        """
        listed, newest = check_hooks(hooks), self.latest_checkpoint()
        text = read_text(newest, self._names, self._objective.text) if newest else ""
        start = self._step_so_far()
        wanted = steps_wanted(steps, max_steps, start)
        rounds = self._settings.rounds(text.count("\nTree=") // self._objective.units, wanted)
        if rounds < 1:
            _log.info("nothing to train: all trees are there, or max_steps is reached, at step %d", start)
            return self
        examples = self._reader(self._batches(input_fn, wanted))
        session = TreeSession(start, text, self._write)
        runner = HookRunner(standard_hooks(listed, None, self._config, saving_listeners or ()), session)
        runner.begin()
        runner.created()
        parameters = self._settings.parameters(
            self._objective, len(examples.labels), examples.mean_weight, self._config.tf_random_seed
        )
        if not runner.stop_requested:
            grown(examples, parameters, rounds, text, HookWatcher(runner, session, self._settings.steps))
        runner.end()
        _log.info("Loss for final step: %s.", session.loss)
        return self

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
        return self._at(prefix).evaluate(input_fn, steps, hooks, prefix, name)

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
        yield from self._at(prefix).predict(input_fn, predict_keys, hooks, prefix, yield_single_examples)

    def export_saved_model(
        self,
        export_dir_base: Any,
        serving_input_receiver_fn: Callable[[], Any],
        assets_extra: Mapping[str, Any] | None = None,
        as_text: bool = False,
        checkpoint_path: str | None = None,
        experimental_mode: str = ModeKeys.PREDICT,
    ) -> bytes:
        """See `Estimator.export_saved_model`; the export needs no LightGBM."""
        prefix = checkpoint_path or self.latest_checkpoint()
        made = self._at(prefix)
        exported: bytes = made.export_saved_model(
            export_dir_base, serving_input_receiver_fn, assets_extra, as_text, prefix, experimental_mode
        )
        return exported

    def experimental_feature_importances(self, normalize: bool = False) -> dict[str, float]:
        """The gain of all splits on each feature column, the greatest first.

        Args:
            normalize: Whether they add up to 1.

        Raises:
            ArgumentError: There are no trees, or they are to add up to 1 and no tree has a split.
        """
        return importances(self._text(self._newest()), self._names, normalize)

    def experimental_predict_with_explanations(
        self,
        input_fn: InputFn,
        predict_keys: Sequence[str] | str | None = None,
        hooks: Sequence[SessionRunHook] | None = None,
        checkpoint_path: str | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Yields the predictions with `bias`, and with `dfc`: what each feature column adds to it, the greatest first.

        Bias and contributions add up to the logit (tf.estimator's added up to the probability), by the method of SHAP
        values. Where there are several logits, each is an array `[units]`.

        Args:
            input_fn: Gives batches of features; labels are passed over.
            predict_keys: Which of the predictions to give beside `bias` and `dfc`; None for all.
            hooks: Called around the batches.
            checkpoint_path: Whose trees to take; None for the newest.

        Raises:
            ArgumentError: There are no trees.
        """
        prefix = checkpoint_path or self._newest()
        text = self._text(prefix)
        wanted = [predict_keys] if isinstance(predict_keys, str) else predict_keys
        keys = None if wanted is None else [*wanted, _INPUTS]
        for batch in self._at(prefix, with_inputs=True).predict(input_fn, keys, hooks, prefix, False):
            explained = contributions(text, self._names, batch.pop(_INPUTS))
            for row, (bias, parts) in enumerate(explained):
                yield {**{name: value[row] for name, value in batch.items()}, "bias": bias, "dfc": parts}

    def _at(self, prefix: str | None, with_inputs: bool = False) -> Estimator:
        """The estimator of the trees of one checkpoint, whose shapes are others than those of another."""

        def model_fn(features: Any, labels: Any, mode: str) -> EstimatorSpec:
            return self._spec(prefix, features, labels, mode, with_inputs)

        return Estimator(model_fn, self.model_dir, self._config)

    def _spec(
        self, prefix: str | None, features: Any, labels: Any, mode: str, with_inputs: bool = False
    ) -> EstimatorSpec:
        """What a model function gives, with the shapes of the trees of a checkpoint."""
        if mode == ModeKeys.TRAIN:
            raise ArgumentError(f"trees are grown by {type(self).__name__}.train, not in a graph. Received: {mode!r}")
        ensemble = read_ensemble(prefix, self._names) if prefix else empty(self._objective.units)
        inputs = TreeInput(self._columns)(features)
        nodes = {
            field: tf.Variable(array, trainable=False, name=name)
            for field, (name, array) in named_nodes(ensemble).items()
        }
        logits = scores(nodes, inputs, ensemble.depth, self._objective.units)
        spec = self._head.create_estimator_spec(features, mode, logits, labels)
        if not with_inputs:
            return spec
        return EstimatorSpec(mode, {**spec.predictions, _INPUTS: inputs}, export_outputs=spec.export_outputs)

    def _batches(self, input_fn: InputFn, steps: int | None) -> Any:
        """The batches that every layer is grown from."""
        batches = batches_of(input_fn, self._known(ModeKeys.TRAIN))
        if hasattr(input_fn, "__len__"):
            batches = batches.take(len(input_fn))
        elif batches.cardinality() == tf.data.INFINITE_CARDINALITY:
            batches = batches.take(self._settings.batches)
        return batches if steps is None else batches.take(steps)

    def _write(self, step: int, text: str) -> str:
        tensors = to_save(text, self._names, self._objective.units)
        return self._checkpoints.save(step, {**tensors, GLOBAL_STEP: tf.constant(step, tf.int64)})

    def _text(self, prefix: str) -> str:
        """LightGBM's model in a checkpoint."""
        text = read_text(prefix, self._names, self._objective.text)
        if not text:
            raise ArgumentError(f"the checkpoint must hold trees: train first. Received: {prefix}, without")
        return text
