"""The loss of a Keras model on a batch, as its own `fit` and `evaluate` compute it."""

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import keras
import tensorflow as tf

from gristmill.errors import InputError

__all__ = ["call", "inputs_of", "inputs_only", "loss_of", "parts", "score_outputs"]


def loss_of(model: keras.Model, loss: Any = None, *, training: bool = True) -> Callable[[Any], tf.Tensor]:
    """A function from a batch, `(x, y)` or `(x, y, sample_weight)`, to the model's loss with its penalties.

    Args:
        model: The model; inputs are taken by name.
        loss: What `compile` takes; None is the loss that the model is compiled with.
        training: Whether the model is called to be trained.
    """
    owner = model
    if loss is not None:
        # Keras' own reading of losses, without compiling the user's model.
        owner = keras.Sequential()
        owner.compile(loss=loss, jit_compile=False)

    def compute(batch: Any) -> tf.Tensor:
        x, y, weights = parts(batch)
        x = inputs_of(model)(x)
        outputs = call(model, x, training)
        options = {"training": training} if _takes_training(owner.compute_loss) else {}
        total = owner.compute_loss(x=x, y=y, y_pred=outputs, sample_weight=weights, **options)
        return total if owner is model else total + sum(map(tf.reduce_sum, model.losses))

    return compute


def call(model: keras.Model, x: Any, training: bool) -> Any:
    """The model's outputs; `training` is passed on where the model takes it."""
    return model(x, training=training) if _takes_training(model.call) else model(x)


def _takes_training(function: Callable[..., Any]) -> bool:
    return "training" in inspect.signature(function).parameters


def parts(batch: Any) -> tuple[Any, Any, Any]:
    """A batch as `(x, y, sample_weight)`, None where it has no such part.

    Raises:
        InputError: It has more parts than three.
    """
    if isinstance(batch, list):
        batch = tuple(batch)
    if isinstance(batch, tuple) and not 1 <= len(batch) <= 3:
        raise InputError(f"a batch must be (x, y) or (x, y, sample_weight). Received: {len(batch)} parts")
    found: tuple[Any, Any, Any] = keras.utils.unpack_x_y_sample_weight(batch)
    return found


def inputs_of(model: keras.Model) -> Callable[[Any], Any]:
    """Picks a functional model's inputs out of a dict by name: Keras feeds them by their order."""
    inputs = getattr(model, "inputs", None)
    if not inputs or not isinstance(model, keras.Model):
        return lambda x: x
    names, structure = [one.name for one in inputs], getattr(model, "input", None)

    def pick(x: Any) -> Any:
        if not isinstance(x, Mapping):
            return x
        wanted = list(structure) if isinstance(structure, Mapping) else names
        missing = [name for name in wanted if name not in x]
        if missing:
            raise InputError(f"features must hold the inputs {', '.join(missing)}. Received: {', '.join(sorted(x))}")
        several = isinstance(structure, Mapping | list | tuple)
        return {name: x[name] for name in wanted} if several else x[names[0]]

    return pick


def inputs_only(model: keras.Model, batches: Iterable[Any]) -> Any:
    """Batches with those features alone that are inputs of the model, for Keras' own `fit`, which feeds by order."""
    pick = inputs_of(model)
    if isinstance(batches, tf.data.Dataset):
        return batches.map(lambda x, *rest: (pick(x), *rest))
    return ((pick(batch[0]), *batch[1:]) for batch in batches)


def score_outputs(model: keras.Model, batch: Any, outputs: Mapping[str, Any]) -> dict[str, float]:
    """The loss and metrics that a compiled model has for outputs that something else gave for a batch.

    Args:
        model: The model.
        batch: `(x, y)` or `(x, y, sample_weight)`.
        outputs: By the model's own names or keys; of any name where it has one output.
    """
    x, y, weights = parts(batch)
    structure = None if isinstance(model, keras.Sequential) else model.output
    if isinstance(structure, Mapping):
        found: Any = {name: outputs[name] for name in structure}
    elif isinstance(structure, list | tuple):
        found = [outputs[name] for name in model.output_names]
    else:
        (found,) = outputs.values()
    found = keras.tree.map_structure(keras.ops.convert_to_tensor, found)
    model.reset_metrics()
    loss = model.compute_loss(x=x, y=y, y_pred=found, sample_weight=weights)
    told = model.compute_metrics(x, y, found, weights)
    return {name: float(value) for name, value in told.items()} | {"loss": float(loss)}
