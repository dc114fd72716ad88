"""Trains a compiled Keras model with the loop: its own loss, optimizer, metrics and callbacks."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import keras

from gristmill.errors import InputError
from gristmill.training.callbacks import KerasCallbacks
from gristmill.training.judge import Judge
from gristmill.training.keras_loss import inputs_only, loss_of
from gristmill.training.loop import Trained, train
from gristmill.training.observer import Observer
from gristmill.training.scale import without_scale
from gristmill.training.spread import Whole, current
from gristmill.training.step import Group, Step

__all__ = ["evaluate", "fit"]

Epochs = Callable[[int, int], Iterable[Any]]


def fit(
    model: keras.Model,
    batches: Epochs,
    *,
    epochs: int,
    steps_per_epoch: int | None = None,
    validation: Callable[[], Iterable[Any]] | None = None,
    metric: str = "val_loss",
    greater_is_better: bool = False,
    patience: int | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    clip_norm: float | None = None,
    **options: Any,
) -> Trained:
    """Trains a compiled model; with validation it holds the best weights at the end, else the last.

    Args:
        model: Any Keras model, compiled with an optimizer and a loss.
        batches: Gives the batches of an epoch (from 0) from one (from 0) on, each `(x, y)` or `(x, y, weights)`, such as
            a `gristmill.data.supervised.Supervised`. Where `x` is a dict and the model has named inputs, these are taken
            from it by name and the rest is passed over.
        epochs: Epochs at most.
        steps_per_epoch: Batches an epoch, for the time left; None asks `len(batches)` where that has one.
        validation: Gives the validation batches.
        metric: What chooses the epoch: `val_loss`, or `val_` and the name of one of the model's metrics.
        greater_is_better: Whether more of it is better.
        patience: Epochs without a better one before training stops.
        callbacks: Keras callbacks.
        clip_norm: Gradients are scaled down to this norm.
        **options: See `gristmill.training.train`: checkpoints, accumulate, title, progress, log and others.

    Raises:
        InputError: The model is not compiled, a batch is not what it takes, or validation has no such metric.
        WorkError: The loss is not finite.
    """
    if not getattr(model, "compiled", False) or model.optimizer is None:
        raise InputError("the model must be compiled with an optimizer and a loss. Received: one that is not")
    _try(model, batches)
    optimizer, scale_loss = without_scale(model.optimizer)
    whole = current().spread(model)
    groups = [Group(optimizer, whole.variables)]
    loss = _in(whole, loss_of(model))
    step = Step(loss, groups, state=_state(model), clip_norm=clip_norm, scale_loss=scale_loss)
    steps = steps_per_epoch or (len(batches) if hasattr(batches, "__len__") else None)
    observers: list[Observer] = [_Gathering(whole), *options.pop("observers", ())]
    if callbacks:
        observers.append(KerasCallbacks(callbacks, model, epochs, steps))
    judge = None
    if validation is not None:

        def judged() -> dict[str, float]:
            whole.gather()
            return _judged(model, validation, metric)

        judge = Judge(judged, metric, greater_is_better, patience)
    return train(step, batches, epochs=epochs, steps_per_epoch=steps, judge=judge, observers=observers, **options)


class _Gathering(Observer):
    """Gives the model the values trained before anybody else looks at it."""

    def __init__(self, whole: Whole) -> None:
        self._whole = whole

    def epoch(self, epoch: int, step: int, figures: Mapping[str, float]) -> bool:
        """Ends nothing."""
        self._whole.gather()
        return False

    def end(self) -> None:
        """The weights that stay."""
        self._whole.gather()


def _in(whole: Whole, loss: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def bound(batch: Any) -> Any:
        with whole.bound():
            return loss(batch)

    return bound


def _state(model: keras.Model) -> list[Any]:
    """Variables that the loss reads or changes beside the trained ones: those of layers, and of the loss's own metrics."""
    return [*model.non_trainable_variables, *(v for metric in model.metrics for v in metric.variables)]


def _try(model: keras.Model, batches: Epochs) -> None:
    """Computes one loss, which builds what is not built yet, so that a batch that does not fit is told at once."""
    for batch in batches(0, 0):
        try:
            loss_of(model, training=False)(batch)
        except (ValueError, TypeError) as error:
            raise InputError(f"the model must take the batches. Received: {_shapes(batch)}; {error}") from error
        return
    raise InputError("there must be at least one batch. Received: none")


def evaluate(model: keras.Model, batches: Callable[[], Iterable[Any]]) -> dict[str, float]:
    """The loss and metrics of a compiled model, inputs taken by name as in `fit`.

    Raises:
        InputError: A batch is not what the model takes.
    """
    try:
        told = model.evaluate(inputs_only(model, batches()), return_dict=True, verbose=0)
    except (ValueError, TypeError) as error:
        raise InputError(f"the model must take the batches. Received: {error}") from error
    return {name: float(value) for name, value in told.items()}


def _judged(model: keras.Model, validation: Callable[[], Iterable[Any]], metric: str) -> dict[str, float]:
    found = {f"val_{name}": value for name, value in evaluate(model, validation).items()}
    if metric not in found:
        raise InputError(f"`metric` must be one of {', '.join(found)}. Received: {metric!r}")
    return found


def _shapes(batch: Any) -> str:
    told = keras.tree.map_structure(lambda value: f"{value.dtype.name}{list(value.shape)}", batch)
    return str(told)
