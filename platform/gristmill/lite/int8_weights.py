"""Weights in 8-bit integers, a quarter of the size; what is computed with them is what floats would give.

Products with a matrix are computed in 8-bit integers, with what comes in as 16 bits; see `gristmill.lite.products`. For other
operations an int8 tensor and a DEQUANTIZE operation take the place of each large constant, and runtimes turn it into floats
once. Weights that `round_to_int8` rounded lose nothing by it.
"""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gristmill.lite.flatbuffer import File, Graph
from gristmill.lite.products import Products
from gristmill.lite.rounding import steps_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["LEAST", "LEAST_PRODUCT", "store_in_int8"]

LEAST = 1024
"""Constants with fewer elements stay as they are."""
LEAST_PRODUCT = 32_768
"""Products with a matrix of fewer elements are computed in floats: preparing what comes in would take longer."""
_LEAST_CHANNEL = 16
"""Elements of a channel, whose scale and zero point take 12 bytes."""
_BY_CHANNEL = 5
"""Version of DEQUANTIZE that takes a scale for each channel."""


class _Stored(NamedTuple):
    """Where a constant's whole numbers are, and what they are to be multiplied by along which axis."""

    buffer: int
    axis: int
    scales: "NDArray[np.float32]"
    sums: "NDArray[np.float32]"
    """Of the constant, over all axes but the first."""


def store_in_int8(model: bytes) -> bytes:
    """A flatbuffer with float32 constants as one with int8 constants.

    Constants of at least two dimensions and `LEAST` elements are stored so, with channels along the axis where that
    loses least.
    """
    file = File(model)
    stored: dict[int, _Stored] = {}
    for graph in file.graphs:
        found: dict[int, tuple[int, _Stored]] = {}
        for index, tensor in enumerate(list(graph.tensors)):
            values = file.floats(tensor)
            if values is None or values.ndim < 2 or values.size < LEAST:
                continue
            if tensor.buffer not in stored:
                stored[tensor.buffer] = _store(file, values)
            found[index] = (_int8_tensor(graph, tensor, stored[tensor.buffer]), stored[tensor.buffer])
        _multiply_in_int8(graph, found)
        for index in found:
            graph.tensors[index].buffer = 0
        graph.operations = [
            graph.operation("DEQUANTIZE", [new], [index], "DequantizeOptions", version=_BY_CHANNEL)
            for index, (new, _) in found.items()
            if graph.is_read(index)
        ] + graph.operations
    for number in stored:
        file.root.buffers[number].data = None
    return file.content()


def _store(file: File, values: "NDArray[np.float32]") -> _Stored:
    """Adds a buffer with a constant's whole numbers."""
    axis, steps, scales = _best(values)
    sums = (steps * scales).sum(tuple(range(1, values.ndim)), np.float64)
    return _Stored(file.buffer(steps.astype(np.int8)), axis, scales.ravel(), sums.astype(np.float32))


def _best(values: "NDArray[np.float32]") -> "tuple[int, NDArray[np.float32], NDArray[np.float32]]":
    """Axis of the channels, whole numbers and scales, of the axis with the smallest error among those with large channels."""
    axes = [axis for axis, channels in enumerate(values.shape) if values.size >= _LEAST_CHANNEL * channels]
    tried = [(axis, *steps_of(values, axis)) for axis in axes or [int(np.argmin(values.shape))]]
    return min(tried, key=lambda one: float(np.abs(one[1] * one[2] - values).sum()))


def _int8_tensor(graph: Graph, tensor: Any, stored: _Stored) -> int:
    made = graph.tensor(tensor.name + b"/int8", tensor.shape, stored.buffer, "INT8")
    quantization = graph.tensors[made].quantization = graph.file.schema.QuantizationParametersT()
    quantization.scale = stored.scales
    quantization.zeroPoint = np.zeros(len(stored.scales), np.int64)
    quantization.quantizedDimension = stored.axis
    return made


def _multiply_in_int8(graph: Graph, found: dict[int, tuple[int, _Stored]]) -> None:
    """Replaces products with large matrices, given by tensor with the int8 tensor that takes its place."""
    products = Products(graph)
    product = graph.file.schema.BuiltinOperator.FULLY_CONNECTED
    large = {
        index: (new, stored.sums)
        for index, (new, stored) in found.items()
        if stored.axis == 0 and np.prod(graph.shape(new)) >= LEAST_PRODUCT
    }
    for operation in graph.operations:
        weights = int(operation.inputs[1]) if graph.file.kind(operation) == product else -1
        if not (weights in large and products.add(operation, *large[weights])):
            products.operations.append(operation)
    graph.operations = products.operations
