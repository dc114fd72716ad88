"""One call of a layer function: the layer is found or made, then run on the inputs."""

from typing import Any

import keras
import tensorflow as tf
from keras import ops

from gristmill.errors import InputError
from gristmill.layers.claim import claim, release
from gristmill.layers.request import requested
from gristmill.layers.sameness import check_width
from gristmill.layers.store import current_place
from gristmill.layers.switch import SwitchedBatchNormalization, SwitchedDropout, check_scalar, either

__all__ = ["run"]


def run(function: str, kind: type[keras.layers.Layer], arguments: dict[str, Any]) -> Any:
    """Finds or makes the layer that a function's arguments ask for, and gives its outputs.

    Args:
        function: The name of the function called.
        kind: The Keras class that does the work.
        arguments: All arguments of the function, `inputs`, `name` and, where it has them, `reuse` and `training` too.

    Raises:
        InputError: A name, an argument or the inputs break a rule; a layer that could not run is not kept.
    """
    inputs, training = arguments["inputs"], arguments.get("training")
    request = requested(function, kind, arguments, keras.backend.is_keras_tensor(training))
    place = current_place()
    with place.store.lock:
        path, layer, made = claim(place, request)
        if made:
            try:
                return _outputs(path, layer, inputs, training)
            except BaseException:
                release(place, path)
                raise
    check_width(path, layer, inputs)
    return _outputs(path, layer, inputs, training)


def _outputs(path: str, layer: keras.layers.Layer, inputs: Any, training: Any) -> Any:
    try:
        return _in_mode(layer, inputs, training)
    except ValueError as error:
        raise InputError(f"layer {path!r} cannot take these inputs: {error}") from error


def _in_mode(layer: keras.layers.Layer, inputs: Any, training: Any) -> Any:
    """The outputs in a training mode that is a bool, None, or a tensor that is known now, later, or by the model."""
    if keras.backend.is_keras_tensor(training):
        check_scalar(training)
        if not isinstance(layer, SwitchedBatchNormalization | SwitchedDropout):
            raise InputError(
                f"`training` of layer {layer.name!r} must be a tensor from its first call on, to be one later. "
                "Received: a tensor, after a bool"
            )
        return layer(inputs, switch=training)
    if tf.is_symbolic_tensor(training):
        check_scalar(training)
        inputs = ops.convert_to_tensor(inputs)
        if not layer.built:
            layer.build(inputs.shape)
        return either(training, lambda on: layer(inputs, training=on))
    mode = {} if training is None else {"training": bool(training)}
    return layer(inputs, **mode)
