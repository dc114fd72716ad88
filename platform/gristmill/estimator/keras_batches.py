"""Features and labels of an input function as a Keras model takes them, and its outputs as predictions by name."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras

from gristmill.estimator.errors import ArgumentError

__all__ = ["inputs_of", "labels_of", "output_names", "weighted"]


def weighted(features: Any) -> tuple[Any, Any]:
    """Features and sample weights: those of a dict of exactly `features` and `sample_weights`, else None for the weights."""
    if isinstance(features, Mapping) and set(features) == {"features", "sample_weights"}:
        return features["features"], features["sample_weights"]
    return features, None


def inputs_of(model: keras.Model, features: Any) -> Any:
    """Features in the structure of a model's inputs.

    Args:
        model: The model; where its inputs are not known, such as one of a class of the user's, features go in as they are.
        features: A tensor; a list, in the inputs' order; or a dict by the inputs' names, which may hold more. To a model
            with one input a dict of one feature may have any name.

    Raises:
        ArgumentError: An input is missing.
    """
    inputs = getattr(model, "inputs", None)
    if not inputs or not isinstance(features, Mapping):
        return list(features) if isinstance(features, tuple) else features
    structure = inputs[0] if isinstance(model, keras.Sequential) else model.input
    keys = list(structure) if isinstance(structure, Mapping) else None
    if keys is not None and set(keys) <= set(features):
        return {key: features[key] for key in keys}
    names = [one.name for one in inputs]
    if len(names) == len(features) == 1:
        return keras.tree.pack_sequence_as(structure, list(features.values()))
    missing = [name for name in names if name not in features]
    if missing:
        raise ArgumentError(
            f"features must hold the model's inputs, {', '.join(keys or names)}. "
            f"Received: {', '.join(map(str, features)) or 'none'}"
        )
    return keras.tree.pack_sequence_as(structure, [features[name] for name in names])


def output_names(model: keras.Model, outputs: Any) -> list[str]:
    """The names of a model's flat outputs: the layers that give them, or else keys, or `output_1` and so on."""
    if isinstance(model, keras.Sequential):
        return [model.layers[-1].name]
    if hasattr(model, "output_names"):
        return _distinct(model.output_names)
    if isinstance(outputs, Mapping):
        return sorted(outputs)
    return [f"output_{number}" for number in range(1, len(keras.tree.flatten(outputs)) + 1)]


def labels_of(labels: Any, outputs: Any, names: Sequence[str]) -> Any:
    """Labels in the structure of a model's outputs.

    Args:
        labels: A tensor; a list, in the outputs' order; or a dict by `names`, or by the outputs' own keys; None for none.
        outputs: What the model gave.
        names: What its flat outputs are called.

    Raises:
        ArgumentError: A label is missing.
    """
    if isinstance(labels, tuple):
        labels = list(labels)
    if not isinstance(labels, Mapping):
        return labels
    if isinstance(outputs, Mapping) and set(outputs) <= set(labels):
        return {key: labels[key] for key in outputs}
    missing = [name for name in names if name not in labels]
    if missing:
        raise ArgumentError(
            f"labels must hold the model's outputs, {', '.join(names)}. Received: {', '.join(map(str, labels)) or 'none'}"
        )
    return keras.tree.pack_sequence_as(outputs, [labels[name] for name in names])


def _distinct(names: Sequence[str]) -> list[str]:
    """Names, numbered from the second time on."""
    counts: dict[str, int] = {}
    made = []
    for name in names:
        number = counts.get(name, 0)
        counts[name] = number + 1
        made.append(f"{name}_{number}" if number else name)
    return made
