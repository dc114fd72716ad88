"""The layers by which a Keras model turns text or whole numbers into indices, which stay outside a lite file."""

import itertools
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import keras
    from numpy.typing import NDArray

__all__ = ["Lookup", "find_lookups", "without_lookups"]


class Lookup(NamedTuple):
    """A `StringLookup` or `IntegerLookup` on an input, and the tensor that it gives."""

    layer: Any
    tensor: Any

    def __call__(self, values: Any) -> "NDArray[Any]":
        """Indices of the values."""
        return np.asarray(self.layer(values))

    def vocabulary(self) -> bytes:
        """A line for each index, from 0; a line feed in a term is a space."""
        terms = (str(term).replace("\n", " ") for term in self.layer.get_vocabulary())
        return "".join(f"{term}\n" for term in terms).encode()


def find_lookups(model: "keras.Model") -> dict[str, Lookup]:
    """By input of a functional model, the lookup that alone reads it and has at most one index for what is not known."""
    names = {id(one): one.name for one in model.inputs}
    readers: dict[str, list[Lookup]] = {name: [] for name in names.values()}
    for node in itertools.chain(*model._nodes_by_depth.values()):
        for tensor in node.input_tensors:
            if id(tensor) in names:
                readers[names[id(tensor)]].append(Lookup(node.operation, node.output_tensors[0]))
    return {name: found[0] for name, found in readers.items() if len(found) == 1 and _is_table(found[0].layer)}


def without_lookups(model: "keras.Model", lookups: dict[str, Lookup]) -> "keras.Model":
    """The model from the indices on, its inputs a list in the same order; layers are shared."""
    import keras

    starts = [lookups[one.name].tensor if one.name in lookups else one for one in model.inputs]
    return keras.Model(starts, model.output)


def _is_table(layer: Any) -> bool:
    import keras

    kinds = (keras.layers.StringLookup, keras.layers.IntegerLookup)
    return isinstance(layer, kinds) and layer.output_mode == "int" and not layer.invert and layer.num_oov_indices <= 1
