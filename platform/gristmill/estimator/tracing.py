"""A model function traced once: its graph, its spec, its variables by name, and functions that run parts of it."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from typing import Any

import tensorflow as tf
from tensorflow.python.framework.auto_control_deps import AutomaticControlDependencies

from gristmill.estimator.errors import ArgumentError, KindError
from gristmill.estimator.examples import with_examples
from gristmill.estimator.mode import ModeKeys
from gristmill.estimator.replicas import replicated
from gristmill.estimator.spec import EstimatorSpec
from gristmill.estimator.tables import filled_tables
from gristmill.estimator.variables import VariableCatcher, model_scope, named_variables, new_global_step
from gristmill.training.spread import Distribution

__all__ = ["Trace"]


class Trace:
    """A model function, traced for one mode on batches of one structure.

    Everything that the function does in the mode TRAIN, such as to assign to a variable, is done once a step, in its order;
    in the mode EVAL what its loss and its metrics need, in PREDICT what its predictions need.

    Args:
        model: Takes features and labels (None where there are none) and gives an `EstimatorSpec`.
        structure: What a batch is: `(features,)` or `(features, labels)`, as TensorSpecs.
        mode: A `ModeKeys`.
        seed: Of first values and of random operations; None takes another one each time.
        distribution: Which devices and processes share a step of training; None for one.

    Attributes:
        spec: What the function gave, its tensors those of `graph`.
        graph: The graph.
        loss: The loss, which is there once all of that is done; None where there is none.
        global_step: Steps done, int64; each step adds one, whether the function does it or not.
        variables: What a checkpoint holds, by name.
        local: What it does not hold, such as the counts of metrics.
    """

    def __init__(
        self,
        model: Callable[[Any, Any], EstimatorSpec],
        structure: tuple[Any, ...],
        mode: str,
        seed: int | None = None,
        distribution: Distribution | None = None,
    ) -> None:
        self._structure, self._mode = structure, mode
        self._distribution = distribution
        self.global_step = new_global_step()
        catcher = VariableCatcher()
        flat = tf.nest.flatten(structure, expand_composites=True)
        with model_scope(catcher, seed):
            self._whole = tf.compat.v1.wrap_function(lambda *batch: self._trace(model, batch, seed, catcher), flat)
        self.graph = self._whole.graph
        self._feeds = list(self.graph.inputs)[: len(flat)]
        metrics = self.spec.eval_metric_ops.values()
        self.variables, self.local = named_variables(self.graph, catcher, metrics, self.global_step)
        if mode == ModeKeys.EVAL:
            with self.graph.as_default(), tf.control_dependencies(self._counting()):
                self.loss = tf.identity(self.spec.loss)

    def _trace(
        self,
        model: Callable[[Any, Any], EstimatorSpec],
        flat: Sequence[Any],
        seed: int | None,
        catcher: VariableCatcher,
    ) -> Any:
        graph = tf.compat.v1.get_default_graph()
        graph.add_to_collection(tf.compat.v1.GraphKeys.GLOBAL_STEP, self.global_step)
        if seed is not None:
            tf.compat.v1.set_random_seed(seed)
        batch = tf.nest.pack_sequence_as(self._structure, flat, expand_composites=True)
        if self._mode != ModeKeys.PREDICT:
            batch = with_examples(batch)
        ordered: Any = AutomaticControlDependencies() if self._mode != ModeKeys.PREDICT else nullcontext()
        with ordered as order, catcher.catching(), filled_tables():
            before = self.global_step.read_value()
            if self._distribution is None:
                self.spec = model(batch[0], batch[1] if len(batch) > 1 else None)
            else:
                self.spec = replicated(self._distribution, model, batch, catcher)
            self._check()
            self.loss = self.spec.loss
            if self._mode == ModeKeys.TRAIN:
                self.global_step.assign(tf.maximum(self.global_step.read_value(), before + 1))
                self.loss = order.mark_as_return(self.loss)
        return self.loss

    def _check(self) -> None:
        if not isinstance(self.spec, EstimatorSpec):
            raise KindError(f"model_fn must give an EstimatorSpec. Received: {type(self.spec).__name__}")
        if self.spec.mode != self._mode:
            raise ArgumentError(f"model_fn must give a spec of the mode {self._mode!r}. Received: {self.spec.mode!r}")

    def _counting(self) -> list[Any]:
        """The operations that change the counts of metrics: what an evaluation does beside the loss."""
        handles = {id(variable.handle) for variable in self.local}
        inner = {id(placed) for outer, placed in self.graph.captures if id(outer) in handles}
        users = [op for op in self.graph.get_operations() if any(id(tensor) in inner for tensor in op.inputs)]
        return [operation for operation in users if operation.type != "ReadVariableOp"]

    def element(self, name: str) -> Any:
        """The tensor, operation or variable of a name, such as `loss`, `global_step`, `dense/kernel` or `add:0`.

        Raises:
            ArgumentError: There is none.
        """
        named = {"loss": self.spec.loss, **self.predictions, **self.variables}
        if named.get(name.removesuffix(":0")) is not None:
            return named[name.removesuffix(":0")]
        try:
            return self.graph.as_graph_element(name)
        except (KeyError, ValueError) as error:
            have = ", ".join(sorted(key for key, value in named.items() if value is not None))
            raise ArgumentError(f"a named value must be in the model. Received: {name!r}; there are {have}") from error

    @property
    def predictions(self) -> dict[str, Any]:
        """The predictions by name."""
        predictions = self.spec.predictions
        return dict(predictions) if isinstance(predictions, Mapping) else {"predictions": predictions}

    def function(self, fetches: Any) -> Callable[..., Any]:
        """A compiled function of a batch (flat tensors) that gives the values of tensors and runs what they need.

        Args:
            fetches: A structure of tensors and operations of `graph`.
        """
        pruned = self._whole.prune(self._feeds, fetches)
        signature = [tf.TensorSpec(feed.shape, feed.dtype) for feed in self._feeds]

        def call(*batch: Any) -> Any:
            """Around a pruned function, which prints its arguments into an error that it catches, at each call."""
            return pruned(*batch)

        return tf.function(call, input_signature=signature, autograph=False).get_concrete_function()

    def alone(self, fetch: Any) -> Any:
        """The value of a tensor that needs no batch.

        Raises:
            ValueError: It needs one.
        """
        return self._whole.prune([], fetch)()

    def flat(self, batch: tuple[Any, ...]) -> list[Any]:
        """A batch as the flat tensors that `function` takes.

        Raises:
            ArgumentError: It has another structure.
        """
        try:
            tf.nest.assert_same_structure(self._structure, batch, expand_composites=True)
        except (ValueError, TypeError) as error:
            raise ArgumentError(f"every batch must have the structure of the first. {error}") from error
        return tf.nest.flatten(batch, expand_composites=True)
