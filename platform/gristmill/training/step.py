"""One training step: loss, gradients, and one optimizer for each group of variables, compiled as a whole."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf

from gristmill.errors import InputError
from gristmill.training.names import stable_names
from gristmill.training.scale import LossScale
from gristmill.training.spread import Distribution, current
from gristmill.training.values import raw

__all__ = ["Group", "Step"]


@dataclass(frozen=True)
class Group:
    """Variables that one optimizer trains."""

    optimizer: keras.optimizers.Optimizer
    variables: Sequence[Any]
    """Keras variables or `tf.Variable`s."""


class Step:
    """A compiled training step.

    Calling it with a batch applies one update and gives the loss as a scalar tensor, without waiting for it. A step whose
    loss is not finite updates nothing, and neither does any after it: `stopped` then tells its number.

    Args:
        loss: Takes the batch, runs the model with `training=True`, and gives a scalar.
        groups: Which optimizer trains which variables; every variable stands in one group.
        state: Variables beside the trained ones that the loss reads or changes, such as
            `model.non_trainable_variables`: moving statistics, and the seeds of dropout.
        jit_compile: Whether XLA compiles the step; batches must then keep their shapes.
        average: Decay of a moving average of all trained weights in [0, 1), or None for none. Step n uses no more than
            n / (n + 10), so that early weights do not linger.
        clip_norm: Gradients are scaled down to this norm, taken over all of them, where theirs is larger.
        scale_loss: Multiplies the loss by a number that is kept as large as float16 allows, so that small gradients do not
            vanish there; None does where the policy is `mixed_float16`.
        distribution: How its work is spread; None takes the one of the innermost open `distribution.using`. What cannot be
            compiled by XLA then is not.

    Attributes:
        groups: The groups that have variables.
        variables: The trained variables of all groups, in their order.
        state: The variables given as `state` that are not trained.

    Raises:
        InputError: A variable stands in two groups, one optimizer trains two, or `clip_norm` is not positive.
    """

    def __init__(
        self,
        loss: Callable[..., tf.Tensor],
        groups: Sequence[Group],
        *,
        state: Sequence[Any] = (),
        jit_compile: bool = False,
        average: float | None = None,
        clip_norm: float | None = None,
        scale_loss: bool | None = None,
        distribution: Distribution | None = None,
    ) -> None:
        self.loss = loss
        self.distribution = distribution or current()
        self.groups = [group for group in groups if group.variables]
        self.variables = [variable for group in self.groups for variable in group.variables]
        self._check(clip_norm)
        for group in self.groups:
            group.optimizer.build(list(group.variables))
        trained = {id(variable) for variable in self.variables}
        self.state = [variable for variable in state if id(variable) not in trained]
        self._clip_norm = clip_norm
        self._jit_compile = jit_compile = jit_compile and self.distribution.compiles
        self._average = average
        self._averages = [tf.Variable(raw(v), trainable=False) for v in self.variables] if average is not None else []
        self._scale = LossScale() if _scaled(scale_loss) else None
        self._done = tf.Variable(0, dtype=tf.int64, trainable=False)
        self._stopped = tf.Variable(0, dtype=tf.int64, trainable=False)
        self._added: list[tf.Variable] = []
        self._call = tf.function(self._update, jit_compile=jit_compile)
        self._add = tf.function(self._add_gradients, jit_compile=jit_compile)
        self._apply_added = tf.function(self._apply_mean, jit_compile=jit_compile)

    def _check(self, clip_norm: float | None) -> None:
        if len({id(variable) for variable in self.variables}) != len(self.variables):
            raise InputError("a variable must stand in one group only. Received: one that stands in several")
        if len({id(group.optimizer) for group in self.groups}) != len(self.groups):
            raise InputError("each group must have an optimizer of its own. Received: one that stands in several")
        if clip_norm is not None and not clip_norm > 0:
            raise InputError(f"clip_norm must be more than 0. Received: {clip_norm}")

    def __call__(self, *batches: Any) -> tf.Tensor:
        """Applies one update by the mean gradient of the batches; gives their mean loss before it."""
        if len(batches) == 1:
            return self._call(batches[0])
        if not self._added:
            self._added = [tf.Variable(tf.zeros_like(raw(v)), trainable=False) for v in self.variables]
        losses = tf.stack([self._add(batch) for batch in batches])
        return self._apply_added(losses)

    @property
    def done(self) -> int:
        """Updates that are done."""
        return int(self._done.numpy())

    @property
    def stopped(self) -> int | None:
        """The number (from 1) of the step whose loss was not finite."""
        return int(self._stopped.numpy()) or None

    @property
    def graph(self) -> Any:
        """The function of a single batch as TensorFlow traces it: `graph.get_concrete_function(batch)`."""
        return self._call

    def gradients(self, batch: Any) -> tuple[tf.Tensor, list[Any]]:
        """The loss of a batch, and its gradients by variable; None where the loss does not use one."""
        return self.distribution.gradients(self._gradients, batch)

    def _gradients(self, batch: Any) -> tuple[tf.Tensor, list[Any]]:
        with tf.GradientTape() as tape:
            loss = self.loss(batch)
            scaled = self._scale.scaled(loss) if self._scale else loss
        gradients = tape.gradient(scaled, [raw(variable) for variable in self.variables])
        return loss, self._scale.unscaled(gradients) if self._scale else gradients

    def _update(self, batch: Any) -> tf.Tensor:
        loss, gradients = self.gradients(batch)
        return self.apply(loss, gradients)

    def _add_gradients(self, batch: Any) -> tf.Tensor:
        loss, gradients = self.gradients(batch)
        for total, gradient in zip(self._added, gradients, strict=True):
            if gradient is not None:
                total.assign_add(tf.convert_to_tensor(gradient))
        return loss

    def _apply_mean(self, losses: tf.Tensor) -> tf.Tensor:
        count = tf.cast(tf.size(losses), tf.float32)
        loss = self.apply(tf.reduce_mean(losses), [total / tf.cast(count, total.dtype) for total in self._added])
        for total in self._added:
            total.assign(tf.zeros_like(total))
        return loss

    def apply(self, loss: tf.Tensor, gradients: list[Any]) -> tf.Tensor:
        """Updates where the loss is finite and no loss before it was not."""
        finite = tf.math.is_finite(loss)
        self._stopped.assign_add(tf.where(finite | (self._stopped > 0), tf.zeros_like(self._done), self._done + 1))
        good = tf.equal(self._stopped, 0)
        if self._scale:
            good &= self._scale.adapt(gradients)
        self._apply_if(good, gradients)
        self.distribution.settle(self.state)
        self._done.assign_add(1)
        return loss

    def _apply_if(self, good: tf.Tensor, gradients: list[Any]) -> None:
        """Branches, or under XLA, which would copy all variables at a branch, selects element by element."""
        if not self._jit_compile:
            tf.cond(good, lambda: self._apply(gradients), lambda: None)
            return
        changed = [*self.variables, *self._averages, *(v for group in self.groups for v in group.optimizer.variables)]
        before = [tf.identity(tf.convert_to_tensor(variable)) for variable in changed]
        self._apply(gradients)
        for variable, value in zip(changed, before, strict=True):
            variable.assign(tf.where(good, tf.convert_to_tensor(variable), value))

    def _apply(self, gradients: list[Any]) -> None:
        if self._clip_norm is not None:
            gradients, _ = tf.clip_by_global_norm(gradients, self._clip_norm)
        start = 0
        for group in self.groups:
            stop = start + len(group.variables)
            pairs = zip(gradients[start:stop], group.variables, strict=True)
            # A tensor of this branch, which the optimizer's reduction over replicas asks for.
            used = [(tf.identity(tf.convert_to_tensor(g)), variable) for g, variable in pairs if g is not None]
            group.optimizer.apply([gradient for gradient, _ in used], [variable for _, variable in used])
            start = stop
        if self._average is not None:
            count = tf.cast(self._done + 1, tf.float32)
            decay = tf.minimum(self._average, count / (count + 10.0))
            for mean, variable in zip(self._averages, self.variables, strict=True):
                mean.assign(mean * decay + raw(variable) * (1.0 - decay))

    def weights(self) -> list[Any]:
        """The weights to judge and keep as arrays: their moving average where there is one."""
        if self._averages:
            return [mean.numpy() for mean in self._averages]
        return self.live_weights()

    def live_weights(self) -> list[Any]:
        """The weights that training goes on with, as arrays."""
        return [variable.numpy() for variable in self.variables]

    def assign(self, weights: Sequence[Any]) -> None:
        """Puts weights into the model."""
        for variable, value in zip(self.variables, weights, strict=True):
            variable.assign(value)

    def named(self) -> dict[str, Any]:
        """All that a step reads and changes, by name: what a checkpoint must hold for the next step to be the same."""
        kept = [*self.variables, *self.state]
        named: dict[str, Any] = dict(zip(stable_names(kept), kept, strict=True))
        for number, group in enumerate(self.groups):
            named |= {f"optimizer_{number}/{place}": v for place, v in enumerate(group.optimizer.variables)}
        named |= {f"average/{place}": mean for place, mean in enumerate(self._averages)}
        if self._scale:
            named |= self._scale.named()
        return named | {"step": self._done, "stopped": self._stopped}

    def restore(self, tensors: Mapping[str, Any]) -> None:
        """Puts in what `named` gave, by name; names that are not of the step are passed over.

        Raises:
            InputError: A tensor is missing or has another shape: it is another model's. Nothing is changed then.
        """
        named = self.named()
        for name, variable in named.items():
            if name not in tensors:
                near = ", ".join(sorted(set(tensors) - set(named))[:10]) or "nothing else"
                raise InputError(f"the checkpoint must hold `{name}` of this model. Received: {near}")
            if tuple(tensors[name].shape) != tuple(variable.shape):
                raise InputError(
                    f"`{name}` must have the shape {tuple(variable.shape)} of this model. "
                    f"Received: {tuple(tensors[name].shape)} in the checkpoint"
                )
        for name, variable in named.items():
            variable.assign(tensors[name])
        self.distribution.restored(self.state)


def _scaled(scale_loss: bool | None) -> bool:
    if scale_loss is not None:
        return scale_loss
    return keras.config.dtype_policy().name == "mixed_float16"
