"""What holds layers: their variables, once each, in the order in which the layers were made."""

from collections.abc import Iterable
from typing import Any

import keras

__all__ = ["Held"]


class Held:
    """Layers and what they hold; stores, scopes and templates are read in this one way."""

    @property
    def layers(self) -> list[keras.layers.Layer]:
        """The Keras layers, in the order in which they were made."""
        raise NotImplementedError

    @property
    def variables(self) -> list[keras.Variable]:
        """All variables, moving statistics and the state of random numbers included."""
        return _once(variable for layer in self.layers for variable in layer.variables)

    @property
    def trainable_variables(self) -> list[keras.Variable]:
        """What `GradientTape.gradient` and an optimizer take."""
        return _once(variable for layer in self.layers for variable in layer.trainable_variables)

    @property
    def non_trainable_variables(self) -> list[keras.Variable]:
        """Moving statistics, frozen weights and the state of random numbers."""
        return _once(variable for layer in self.layers for variable in layer.non_trainable_variables)

    @property
    def losses(self) -> list[Any]:
        """Scalars: what the regularizers say of the weights, and of each layer's latest output."""
        return [loss for layer in self.layers for loss in layer.losses]


def _once(variables: Iterable[keras.Variable]) -> list[keras.Variable]:
    return list({id(variable): variable for variable in variables}.values())
