"""Keras callbacks on the training loop."""

from collections.abc import Mapping, Sequence

import keras

from gristmill.training.observer import Observer

__all__ = ["KerasCallbacks"]

_BATCH = ("on_train_batch_begin", "on_train_batch_end", "on_batch_begin", "on_batch_end")


class KerasCallbacks(Observer):
    """Calls Keras callbacks at the places where `fit` does; what they hold is not part of checkpoints.

    Each step waits for the one before only where a callback asks for batches. The figures of validation come as `val_...`.

    Args:
        callbacks: The callbacks.
        model: The model; `model.stop_training = True` ends training after the epoch.
        epochs: Epochs at most.
        steps: Steps an epoch.
    """

    def __init__(
        self, callbacks: Sequence[keras.callbacks.Callback], model: keras.Model, epochs: int, steps: int | None
    ) -> None:
        self._list = keras.callbacks.CallbackList(
            list(callbacks), add_history=True, model=model, epochs=epochs, steps=steps, verbose=0
        )
        self._model = model
        self._first = 0
        self._last: dict[str, float] = {}
        self.every_step = any(_asks_for_batches(callback) for callback in callbacks)

    def begin(self) -> None:
        """Calls `on_train_begin`."""
        self._model.stop_training = False
        self._list.on_train_begin()

    def begin_epoch(self, epoch: int) -> None:
        """Calls `on_epoch_begin`, which counts from 0."""
        self._first = 0
        self._list.on_epoch_begin(epoch - 1)

    def begin_step(self, step: int) -> None:
        """Calls `on_train_batch_begin`."""
        self._list.on_train_batch_begin(self._first)

    def looked(self, step: int, losses: Sequence[float]) -> None:
        """Calls `on_train_batch_end` for each loss."""
        if self.every_step:
            for loss in losses:
                self._list.on_train_batch_end(self._first, {"loss": loss})
                self._first += 1

    def epoch(self, epoch: int, step: int, figures: Mapping[str, float]) -> bool:
        """Calls `on_epoch_end`; training ends where a callback says so."""
        self._last = dict(figures)
        self._list.on_epoch_end(epoch - 1, dict(figures))
        return bool(self._model.stop_training)

    def end(self) -> None:
        """Calls `on_train_end`."""
        self._list.on_train_end(self._last)


def _asks_for_batches(callback: keras.callbacks.Callback) -> bool:
    return any(getattr(type(callback), name) is not getattr(keras.callbacks.Callback, name) for name in _BATCH)
