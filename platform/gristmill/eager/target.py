"""What is trained: any of the kinds of model, as one training step."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import keras
import tensorflow as tf

from gristmill.errors import InputError
from gristmill.training import Group, Step
from gristmill.training.keras_loss import call, inputs_of, loss_of, parts
from gristmill.training.names import path_of
from gristmill.training.scale import without_scale

__all__ = ["Target", "checked", "target"]


@runtime_checkable
class _Estimator(Protocol):
    """A canned estimator, which makes its own step."""

    network: Any

    def _training_step(self, batch: Any = None) -> Step: ...


@dataclass(frozen=True)
class Target:
    """A training step, and the model in it."""

    step: Step
    root: Any
    """The Keras model; None where the step is of any function."""

    @property
    def optimizers(self) -> list[keras.optimizers.Optimizer]:
        """Those of the step."""
        return [group.optimizer for group in self.step.groups]

    @property
    def names(self) -> list[str]:
        """A name for each variable of the step: its path in the model, numbered where several have the same."""
        start = f"{self.root.name}/" if self.root is not None else ""
        paths = [path_of(variable).removeprefix(start) for variable in self.step.variables]
        seen = [paths[:place].count(path) for place, path in enumerate(paths)]
        return [f"{path}#{count + 1}" if count else path for path, count in zip(paths, seen, strict=True)]

    def rewind(self) -> Callable[[], None]:
        """Gives what puts moving statistics and seeds back to what they are now."""
        kept = [(variable, tf.identity(variable.value)) for variable in self.step.state]

        def back() -> None:
            for variable, value in kept:
                variable.assign(value)

        return back

    @property
    def scaled(self) -> bool:
        """Whether the loss is scaled for float16, where gradients that are not finite belong to the work."""
        return "loss_scale/value" in self.step.named()


def checked(model: Any, loss: Any, optimizer: Any) -> None:
    """Checks what is to be trained, before there is data.

    Raises:
        InputError: It is none of the kinds, lacks a loss or an optimizer, or has ones of its own beside those given.
    """
    if isinstance(model, keras.Model):
        if type(model).train_step is not keras.Model.train_step:
            raise InputError("a model with a `train_step` of its own must be given as a `gristmill.training.Step`")
        compiled = getattr(model, "compiled", False)
        for name, given in (("loss", loss), ("optimizer", optimizer)):
            if given is None and not (compiled and (name == "loss" or model.optimizer is not None)):
                raise InputError(f"`{name}` must be given for a Keras model that is not compiled. Received: None")
    elif not isinstance(model, Step | _Estimator):
        kinds = "a Keras model, a gristmill.training.Step or an estimator"
        raise InputError(f"`model` must be {kinds}. Received: {model!r}")
    elif loss is not None or optimizer is not None:
        raise InputError("`loss` and `optimizer` must be None beside a step or an estimator, which has its own")


def target(model: Any, loss: Any, optimizer: Any, batch: Any) -> Target:
    """The training step of what `checked` let pass; a Keras model is built with the batch where it is not.

    Raises:
        InputError: The batch is none that a Keras model takes.
    """
    if isinstance(model, Step):
        return Target(model, None)
    if not isinstance(model, keras.Model):
        return Target(model._training_step(batch), model.network.model)
    if not model.built:
        call(model, inputs_of(model)(parts(batch)[0]), training=False)
    chosen = model.optimizer if optimizer is None else keras.optimizers.get(optimizer)
    inner, scale_loss = without_scale(chosen)
    groups, state = [Group(inner, model.trainable_variables)], model.non_trainable_variables
    return Target(Step(loss_of(model, loss), groups, state=state, scale_loss=scale_loss), model)
