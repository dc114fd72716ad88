"""The estimator that grows boosted trees, from an input read into memory once."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import tensorflow as tf

from gristmill.estimator.errors import ArgumentError
from gristmill.estimator.heads import Head
from gristmill.estimator.hooks import SessionRunHook
from gristmill.estimator.hooks.base import check_hooks
from gristmill.estimator.hooks.runner import HookRunner
from gristmill.estimator.inputs import InputFn, batches_of
from gristmill.estimator.mode import ModeKeys
from gristmill.estimator.provenance import fingerprint
from gristmill.estimator.run_config import RunConfig
from gristmill.estimator.standard_hooks import standard_hooks
from gristmill.estimator.trees.budget import steps_wanted
from gristmill.estimator.trees.examples import Reader
from gristmill.estimator.trees.growing import grown
from gristmill.estimator.trees.running import SavedTreesEstimator
from gristmill.estimator.trees.settings import Objective, TreeSettings
from gristmill.estimator.trees.watching import HookWatcher, TreeSession

__all__ = ["TreesEstimator"]

_log = logging.getLogger("gristmill")


class TreesEstimator(SavedTreesEstimator):
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

    Raises:
        ArgumentError: Trees do not read a column, or there is none, or there are several machines.
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
        super().__init__(columns, head, objective, model_dir, config)
        if label_vocabulary is not None:
            labels = {"the labels": fingerprint(label_vocabulary)}
            self._saved = replace(self._saved, words={**self._saved.words, **labels})
        if self._config.num_worker_replicas > 1:
            raise ArgumentError(f"trees are grown on one machine. Received: {self._config.num_worker_replicas} workers")
        self._objective, self._settings = objective, settings
        self._read = Reader(self._inputs, head, weight_column, label_vocabulary)

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
        if self._distribution.replicas > 1:
            raise ArgumentError(
                f"trees grow in one process: train_distribute must be None. Received: {self._config.train_distribute!r}"
            )
        listed, newest = check_hooks(hooks), self.latest_checkpoint()
        text = self._saved.text(newest) if newest else ""
        start = self._step_so_far()
        wanted = steps_wanted(steps, max_steps, start)
        rounds = self._settings.rounds(text.count("\nTree=") // self._objective.units, wanted)
        if rounds < 1:
            _log.info("nothing to train: all trees are there, or max_steps is reached, at step %d", start)
            return self
        examples = self._read(self._batches(input_fn, wanted))
        session: Any = TreeSession(start, text, self._saved, self._checkpoints)
        runner = HookRunner(standard_hooks(listed, self._config, saving_listeners or ()), session)
        seed = self._config.tf_random_seed
        parameters = self._settings.parameters(self._objective, len(examples.labels), examples.mean_weight, seed)
        runner.begin()
        runner.created()
        if not runner.stop_requested:
            grown(examples, parameters, rounds, text, HookWatcher(runner, session, self._settings.steps))
        runner.end()
        _log.info("Loss for final step: %s.", session.loss)
        return self

    def _batches(self, input_fn: InputFn, steps: int | None) -> Any:
        """The batches that every layer is grown from."""
        batches = batches_of(input_fn, self._known(ModeKeys.TRAIN))
        if hasattr(input_fn, "__len__"):
            batches = batches.take(len(input_fn))
        elif batches.cardinality() == tf.data.INFINITE_CARDINALITY:
            batches = batches.take(self._settings.batches)
        return batches if steps is None else batches.take(steps)
