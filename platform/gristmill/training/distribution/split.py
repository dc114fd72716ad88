"""A Keras model whose weights stand in parts on several devices while it is trained."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from typing import Any

import keras
import tensorflow as tf

from gristmill.training.names import stable_names
from gristmill.training.spread import Whole

__all__ = ["Placed", "SplitModel"]


class Placed:
    """A weight in parts along its last axis, one a device.

    Args:
        weight: The Keras variable; it keeps its value until `gather`.
        devices: Where the parts stand.
    """

    def __init__(self, weight: Any, devices: Sequence[str]) -> None:
        self.weight, self.devices = weight, tuple(devices)
        self.parts: list[tf.Variable] = []

    def make(self, name: str) -> None:
        """Makes the parts."""
        value = tf.convert_to_tensor(self.weight.value)
        for place, (device, part) in enumerate(zip(self.devices, _cut(value, len(self.devices)), strict=True)):
            with tf.device(device):
                label = name if len(self.devices) == 1 else f"{name}/part_{place}"
                self.parts.append(tf.Variable(part, name=label))

    def whole(self) -> tf.Tensor:
        """The parts together."""
        values = [part.read_value() for part in self.parts]
        return values[0] if len(values) == 1 else tf.concat(values, -1)


class SplitModel(Whole):
    """The model while its weights stand in parts.

    Args:
        model: A built model.
        weights: Its trainable variables.

    Attributes:
        variables: The parts, which a step trains in place of the model's own variables.
    """

    def __init__(self, model: keras.Model, weights: Sequence[Placed]) -> None:
        self.model, self._weights = model, weights
        for name, placed in zip(stable_names([one.weight for one in weights]), weights, strict=True):
            placed.make(name)
        super().__init__([part for placed in weights for part in placed.parts])
        self._calls = _calls(model, {id(placed.weight): placed for placed in weights})

    @contextmanager
    def bound(self) -> Iterator[None]:
        """While open, the model computes with the parts; what it changes beside the trained weights is kept."""
        mapping = [(placed.weight, placed.whole()) for placed in self._weights]
        with ExitStack() as stack:
            scope = stack.enter_context(keras.StatelessScope(state_mapping=mapping, collect_losses=True))
            for layer, call in self._calls:
                object.__setattr__(layer, "call", call)
                stack.callback(object.__delattr__, layer, "call")
            yield
        for variable in self._state():
            changed = scope.get_current_value(variable)
            if changed is not None:
                variable.assign(changed)

    def gather(self) -> None:
        """Gives the model's own variables the values of the parts."""
        for placed in self._weights:
            placed.weight.assign(placed.whole())

    def _state(self) -> list[Any]:
        metrics = [variable for metric in self.model.metrics for variable in metric.variables]
        return [*self.model.non_trainable_variables, *metrics]


def _cut(value: tf.Tensor, count: int) -> list[tf.Tensor]:
    if count == 1:
        return [value]
    size = value.shape[-1]
    bounds = [place * size // count for place in range(count + 1)]
    return tf.split(value, [stop - start for start, stop in pairwise(bounds)], -1)


def _calls(model: Any, placed: dict[int, Placed]) -> list[tuple[keras.Layer, Any]]:
    """What layers compute with in place of their own `call`."""
    made = []
    for layer in model._flatten_layers(include_self=False):
        own = [placed[id(weight)] for weight in layer.trainable_variables if id(weight) in placed]
        devices = {device for one in own for device in one.devices}
        if len(devices) == 1:
            made.append((layer, _on(devices.pop(), layer.call)))
        elif type(layer) is keras.layers.Dense and not layer.quantization_mode:
            made.append((layer, _dense(layer, placed[id(layer.kernel)])))
        elif type(layer) is keras.layers.Embedding and not layer.quantization_mode:
            made.append((layer, _embedding(layer, placed[id(layer.embeddings)])))
    return made


def _on(device: str, call: Any) -> Any:
    def placed(*arguments: Any, **named: Any) -> Any:
        with tf.device(device):
            return call(*arguments, **named)

    return placed


def _dense(layer: keras.layers.Dense, kernel: Placed) -> Any:
    def call(inputs: Any, training: Any = None) -> Any:
        outputs = []
        for device, part in zip(kernel.devices, kernel.parts, strict=True):
            with tf.device(device):
                outputs.append(keras.ops.matmul(inputs, tf.cast(part.read_value(), layer.compute_dtype)))
        whole = keras.ops.concatenate(outputs, -1)
        whole = keras.ops.add(whole, layer.bias) if layer.use_bias else whole
        return whole if layer.activation is None else layer.activation(whole)

    return call


def _embedding(layer: keras.layers.Embedding, table: Placed) -> Any:
    def call(inputs: Any) -> Any:
        outputs = []
        for device, part in zip(table.devices, table.parts, strict=True):
            with tf.device(device):
                outputs.append(keras.ops.take(part, keras.ops.cast(inputs, "int32"), axis=0))
        return keras.ops.cast(keras.ops.concatenate(outputs, -1), layer.compute_dtype)

    return call
