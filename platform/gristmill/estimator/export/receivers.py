"""What an exported model takes: the tensors to feed, and the features that are made of them."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import tensorflow as tf

from gristmill.estimator.errors import ArgumentError

__all__ = ["ServingInputReceiver", "SupervisedInputReceiver", "TensorServingInputReceiver"]

_TENSORS = (tf.Tensor, tf.SparseTensor, tf.RaggedTensor)


class _ServingFields(NamedTuple):
    features: Any
    receiver_tensors: dict[str, Any]
    receiver_tensors_alternatives: dict[str, dict[str, Any]] | None


class ServingInputReceiver(_ServingFields):
    """What a `serving_input_receiver_fn` returns.

    Args:
        features: Dict of name (string or integer) -> tensor that the model is given; one tensor alone becomes
            `{"feature": tensor}`.
        receiver_tensors: Tensors to feed, by name; one alone is named `input`.
        receiver_tensors_alternatives: Name -> other tensors to feed, such as the parsed features in place of the
            records; each makes more signatures, named `NAME:KEY`.

    Raises:
        ArgumentError: If something is absent, a name is not a string, or a value is not a tensor.
    """

    __slots__ = ()

    def __new__(
        cls, features: Any, receiver_tensors: Any, receiver_tensors_alternatives: Mapping[str, Any] | None = None
    ) -> "ServingInputReceiver":
        """Checks the tensors and names those that came alone."""
        named = _named("features", features, "feature", (str, int))
        return super().__new__(
            cls, named, _receiver_tensors(receiver_tensors), _alternatives(receiver_tensors_alternatives)
        )


class TensorServingInputReceiver(_ServingFields):
    """What a `serving_input_receiver_fn` returns for a model whose features are one tensor, passed as it is.

    Args:
        features: The tensor.
        receiver_tensors: As in `ServingInputReceiver`.
        receiver_tensors_alternatives: As in `ServingInputReceiver`.

    Raises:
        ArgumentError: If `features` is not a tensor, or as `ServingInputReceiver`.
    """

    __slots__ = ()

    def __new__(
        cls, features: Any, receiver_tensors: Any, receiver_tensors_alternatives: Mapping[str, Any] | None = None
    ) -> "TensorServingInputReceiver":
        """Checks the tensors and names those that came alone."""
        if not isinstance(features, _TENSORS):
            raise ArgumentError(f"`features` must be a dense, sparse or ragged tensor. Received: features={features!r}")
        return super().__new__(
            cls, features, _receiver_tensors(receiver_tensors), _alternatives(receiver_tensors_alternatives)
        )


class _SupervisedFields(NamedTuple):
    features: Any
    labels: Any
    receiver_tensors: dict[str, Any]


class SupervisedInputReceiver(_SupervisedFields):
    """What a receiver function for training or evaluation returns.

    Args:
        features: Tensor, or dict of name -> tensor, passed as it is.
        labels: Tensor, or dict of name -> tensor, passed as it is.
        receiver_tensors: Tensors to feed, by name; one alone is named `input`.

    Raises:
        ArgumentError: As `ServingInputReceiver`.
    """

    __slots__ = ()

    def __new__(cls, features: Any, labels: Any, receiver_tensors: Any) -> "SupervisedInputReceiver":
        """Checks the tensors and names those that came alone."""
        _named("features", features, "feature", (str, int))
        _named("labels", labels, "label", (str, int))
        return super().__new__(cls, features, labels, _receiver_tensors(receiver_tensors))


def _named(argument: str, tensors: Any, single: str, keys: tuple[type, ...] = (str,)) -> dict[Any, Any]:
    """Checks tensors by name; one alone takes the name `single`."""
    if tensors is None:
        raise ArgumentError(f"`{argument}` must be given. Received: {argument}=None")
    named = tensors if isinstance(tensors, dict) else {single: tensors}
    for name, tensor in named.items():
        if not isinstance(name, keys):
            kinds = " or ".join(kind.__name__ for kind in keys)
            raise ArgumentError(f"a name in `{argument}` must be a {kinds}. Received: {name!r}")
        if not isinstance(tensor, _TENSORS):
            raise ArgumentError(
                f"`{argument}` must hold dense, sparse or ragged tensors. Received: {argument}[{name!r}]={tensor!r}"
            )
    return named


def _receiver_tensors(tensors: Any) -> dict[str, Any]:
    return _named("receiver_tensors", tensors, "input")


def _alternatives(alternatives: Any) -> dict[str, dict[str, Any]] | None:
    if alternatives is None:
        return None
    if not isinstance(alternatives, Mapping):
        raise ArgumentError(
            f"`receiver_tensors_alternatives` must be a dict. Received: receiver_tensors_alternatives={alternatives!r}"
        )
    argument = "receiver_tensors_alternatives"
    return {name: _named(f"{argument}[{name!r}]", tensors, "input") for name, tensors in alternatives.items()}
