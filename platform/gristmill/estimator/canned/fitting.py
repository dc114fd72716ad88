"""Training of canned estimators epoch by epoch, with the epoch chosen by validation and checkpoints that are exact."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import tensorflow as tf

from gristmill.estimator.canned.network import Network
from gristmill.estimator.canned.parts import DeepPart, LinearPart
from gristmill.estimator.demands import told
from gristmill.estimator.errors import ArgumentError
from gristmill.estimator.heads import Head
from gristmill.estimator.mode import ModeKeys
from gristmill.estimator.provenance import check_words, notes_of
from gristmill.estimator.restore import read_value, restore
from gristmill.estimator.variables import GLOBAL_STEP
from gristmill.training import Checkpoints, Group, Judge, Step, Trained, train

__all__ = ["Fitting"]


class Fitting:
    """Gives an estimator `fit`, and the step that eager mode looks at.

    Args:
        head: What the logits mean.
        linear: The linear part.
        deep: The network.
    """

    _checkpoints: Checkpoints
    latest_checkpoint: Callable[[], str | None]

    def __init__(self, head: Head, linear: LinearPart | None, deep: DeepPart | None) -> None:
        self._head, self._linear, self._deep = head, linear, deep
        self._network: Network | None = None
        self._step: Step | None = None
        self._filled: str | None = None
        self._evaluation: _Evaluation | None = None

    @property
    def network(self) -> Network:
        """The network in memory, with the weights of the newest checkpoint."""
        if self._network is None:
            self._network = Network(self._linear, self._deep, self._head.logits_dimension)
        newest = self.latest_checkpoint()
        if newest is not None and newest != self._filled and self._network.named:
            restore(newest, self._network.named)
            check_words(newest, self._network.words)
            self._filled = newest
        return self._network

    def fit(
        self,
        batches: Any,
        *,
        epochs: int,
        validation: Any = None,
        patience: int | None = None,
        **options: Any,
    ) -> Trained:
        """Trains, with the epoch chosen by validation; saves the weights in `model_dir`.

        Args:
            batches: Gives (features by name, labels), epoch by epoch, such as `gristmill.data.batches.Batches`.
            epochs: Passes at most.
            validation: The validation records; the weights with the smallest `average_loss` on them are kept.
            patience: Epochs without a smaller one before training stops.
            **options: See `gristmill.training.train`: checkpoints, title, progress, log and others.

        Raises:
            ArgumentError: There is no batch, or one lacks a feature of the model.
            WorkError: The loss is not finite.
        """
        step = self._training_step(next(iter(batches(0, 0)), None))
        judge = None
        if validation is not None:
            judge = Judge(lambda: self._judged(validation()), "average_loss", False, patience)
        with told():
            done = train(step, batches, epochs=epochs, steps_per_epoch=len(batches), judge=judge, **options)
        before = self.latest_checkpoint()
        steps = done.steps + (int(read_value(before, GLOBAL_STEP)) if before else 0)
        named = self.network.named
        values = {**named, GLOBAL_STEP: tf.constant(steps, tf.int64)}
        self._filled = self._checkpoints.save(steps, values, notes_of(named, self.network.words))
        return done

    def _training_step(self, batch: Any = None) -> Step:
        """The step of the network in memory; a batch makes the variables where they are not made yet."""
        if self._step is None:
            network = self.network
            if batch is not None:
                network(batch[0], training=False)
                network = self.network
            if network.model is None and batch is None:
                raise ArgumentError("a batch must be given to make the variables. Received: none")
            groups = [
                Group(part.fresh_optimizer(), variables)
                for part, variables in ((self._linear, network.linear), (self._deep, network.deep))
                if part is not None
            ]
            self._step = Step(self._loss, groups, state=network.state)
        return self._step

    def _loss(self, batch: tuple[Mapping[str, Any], Any]) -> Any:
        features, labels = batch
        assert self._network is not None
        logits = self._network(features, training=True)
        return self._head.loss(labels, logits, features=features, mode=ModeKeys.TRAIN)

    def _judged(self, batches: Iterable[Any]) -> dict[str, float]:
        network = self.network
        if self._evaluation is None or self._evaluation.network is not network:
            self._evaluation = _Evaluation(network, self._head)
        return self._evaluation.metrics_of(batches)


class _Evaluation:
    """The metrics of a network, whose variables and compiled function are made once."""

    def __init__(self, network: Network, head: Any) -> None:
        self.network, self._metrics = network, head.metrics()

        @tf.function(reduce_retracing=True)
        def update(features: Any, labels: Any) -> None:
            logits = network(features, training=False)
            head.update_metrics(self._metrics, features, logits, labels, mode=ModeKeys.EVAL)

        self._update = update

    def metrics_of(self, batches: Iterable[Any]) -> dict[str, float]:
        for metric in self._metrics.values():
            metric.reset_state()
        for features, labels in batches:
            self._update(features, labels)
        return {name: float(metric.result()) for name, metric in self._metrics.items()}
