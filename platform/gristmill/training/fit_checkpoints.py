"""Our checkpoints for training with Keras' own `fit`."""

from typing import Any

import keras

from gristmill.errors import InputError
from gristmill.training.checkpoints import Checkpoints
from gristmill.training.keras_loss import loss_of
from gristmill.training.scale import without_scale
from gristmill.training.step import Group, Step

__all__ = ["FitCheckpoints"]


class FitCheckpoints(keras.callbacks.Callback):
    """Saves after each epoch of `fit`; made anew, it puts what was saved last into the model.

    Batches that follow from the epoch's number then make training that was stopped the same to the last bit:

        saved = FitCheckpoints(model, Checkpoints(folder))
        for epoch in range(saved.epoch, 10):
            batches = inputs_only(model, data(epoch))
            model.fit(batches, initial_epoch=epoch, epochs=epoch + 1, shuffle=False, callbacks=[saved])

    Args:
        model: A model that is built and compiled.
        checkpoints: Where to save.

    Attributes:
        epoch: Epochs that are done.

    Raises:
        InputError: The model is not built or not compiled, or the checkpoints are another model's.
        IntegrityError: No checkpoint can be read.
    """

    def __init__(self, model: keras.Model, checkpoints: Checkpoints) -> None:
        super().__init__()
        if not model.built or not getattr(model, "compiled", False) or model.optimizer is None:
            raise InputError("the model must be built and compiled with an optimizer. Received: one that is not")
        self._optimizer, self._checkpoints = without_scale(model.optimizer)[0], checkpoints
        groups = [Group(model.optimizer, model.trainable_variables)]
        self._step = Step(loss_of(model), groups, state=model.non_trainable_variables, scale_loss=False)
        found, _ = checkpoints.latest()
        if found is not None:
            self._step.restore(found.tensors)
        self.epoch: int = found.notes["epochs"] if found else 0

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Saves."""
        self.epoch = epoch + 1
        self._checkpoints.save(int(self._optimizer.iterations), self._step.named(), {"epochs": self.epoch})
