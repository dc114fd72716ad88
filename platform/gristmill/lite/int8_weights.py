"""Weights in 8-bit integers, arithmetic in 32-bit float: a quarter of the size, and exact where the weights allow it.

An int8 tensor and a DEQUANTIZE operation take the place of each large constant; runtimes do this once, when they load
the file. Weights that `round_to_int8` rounded lose nothing by it.

In loops named `DRAFT`, whose results a model checks by itself, matrices are multiplied in 8-bit integers: runtimes round what
comes in to 8 bits, with a scale for each row, and read a quarter of the bytes.
"""

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["DRAFT", "LEAST", "round_to_int8", "store_in_int8"]

DRAFT = "draft"
"""Name of the loops, given to `tf.while_loop`, in which matrices may be multiplied in 8-bit integers."""
LEAST = 1024
"""Constants with fewer elements stay as they are."""
_MOST = 127
_DRAFTS = re.compile(rf"{DRAFT}(_\d+)?_body\d*".encode())
"""Names of the bodies of these loops in a file."""
_DEQUANTIZE_BY_CHANNEL, _PRODUCT_BY_CHANNEL = 5, 12
"""Versions of operations that take a scale for each channel."""


class _Stored(NamedTuple):
    """Where a constant's whole numbers are, and what they are to be multiplied by along which axis."""

    buffer: int
    axis: int
    scales: "NDArray[np.float32]"


def round_to_int8(weights: "ArrayLike", axis: int = -1) -> "NDArray[np.float32]":
    """Weights `[..., channels, ...]` rounded to 255 steps of equal size for each channel, from its largest weight's size.

    Args:
        weights: Finite numbers.
        axis: Where the channels stand: the last axis of a Dense kernel, the first of a table of embeddings.
    """
    values = np.asarray(weights, np.float32)
    steps, scales = _steps(values, axis % values.ndim)
    return steps * scales


def _steps(values: "NDArray[np.float32]", axis: int) -> "tuple[NDArray[np.float32], NDArray[np.float32]]":
    """Whole numbers from -127 to 127, and the size of a step of each channel, with as many dimensions."""
    others = tuple(i for i in range(values.ndim) if i != axis)
    scales = np.abs(values).max(others, keepdims=True) / np.float32(_MOST)
    scales = np.where(scales > 0, scales, np.float32(1))
    return np.rint(values / scales), scales


def store_in_int8(model: bytes) -> bytes:
    """A flatbuffer with float32 constants as one with int8 constants, which it turns into floats when it is loaded.

    Constants of at least two dimensions and `LEAST` elements are stored so, with channels along the axis where that
    loses least.
    """
    from ai_edge_litert import schema_py_generated as schema

    root = schema.ModelT.InitFromObj(schema.Model.GetRootAs(model, 0))
    dequantize = _code(schema, root, schema.BuiltinOperator.DEQUANTIZE, _DEQUANTIZE_BY_CHANNEL)
    stored: dict[int, _Stored] = {}
    for graph in root.subgraphs:
        added = []
        draft = _DRAFTS.fullmatch(graph.name)
        for index, tensor in enumerate(list(graph.tensors)):
            if not _is_large(schema, root, tensor):
                continue
            if tensor.buffer not in stored:
                stored[tensor.buffer] = _store(schema, root, tensor)
            graph.tensors.append(_int8_tensor(schema, tensor, stored[tensor.buffer]))
            if draft and stored[tensor.buffer].axis == 0:
                _multiply_in_int8(schema, root, graph, index)
            if _is_read(graph, index):
                added.append(_dequantize(schema, dequantize, len(graph.tensors) - 1, index))
            tensor.buffer = 0
        graph.operators = added + list(graph.operators)
    for number in stored:
        root.buffers[number].data = None
    builder = schema.flatbuffers.Builder(len(model))
    builder.Finish(root.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _is_read(graph: Any, index: int) -> bool:
    """Whether an operation takes a tensor, or the graph gives it."""
    read = (operator.inputs for operator in graph.operators if operator.inputs is not None)
    return index in graph.outputs or any(index in inputs for inputs in read)


def _is_large(schema: Any, root: Any, tensor: Any) -> bool:
    """Whether a tensor is a constant to store in int8."""
    data = root.buffers[tensor.buffer].data
    large = tensor.shape is not None and len(tensor.shape) >= 2 and np.prod(tensor.shape) >= LEAST
    return bool(large and tensor.type == schema.TensorType.FLOAT32 and data is not None and len(data))


def _store(schema: Any, root: Any, tensor: Any) -> _Stored:
    """Adds a buffer with a constant's whole numbers."""
    values = np.frombuffer(bytes(root.buffers[tensor.buffer].data), np.float32).reshape(tensor.shape)
    axis, steps, scales = _best(values)
    buffer = schema.BufferT()
    buffer.data = np.frombuffer(steps.astype(np.int8).tobytes(), np.uint8)
    root.buffers.append(buffer)
    return _Stored(len(root.buffers) - 1, axis, scales.ravel())


def _best(values: "NDArray[np.float32]") -> "tuple[int, NDArray[np.float32], NDArray[np.float32]]":
    """Axis of the channels, whole numbers and scales, of the axis with the smallest error."""
    tried = [(axis, *_steps(values, axis)) for axis in range(values.ndim)]
    return min(tried, key=lambda one: float(np.abs(one[1] * one[2] - values).sum()))


def _multiply_in_int8(schema: Any, root: Any, graph: Any, weights: int) -> None:
    """Makes the products with a matrix take its last added tensor, which holds whole numbers."""
    for operator in graph.operators:
        kind = root.operatorCodes[operator.opcodeIndex].builtinCode
        if kind == schema.BuiltinOperator.FULLY_CONNECTED and operator.inputs[1] == weights:
            operator.inputs = np.array([operator.inputs[0], len(graph.tensors) - 1, *operator.inputs[2:]], np.int32)
            operator.builtinOptions.asymmetricQuantizeInputs = True
            operator.opcodeIndex = _code(schema, root, kind, _PRODUCT_BY_CHANNEL)


def _code(schema: Any, root: Any, kind: int, version: int) -> int:
    """The index of an operation of a version, added where it is not there yet."""
    for index, code in enumerate(root.operatorCodes):
        if (code.builtinCode, code.version) == (kind, version):
            return index
    made = schema.OperatorCodeT()
    made.builtinCode = made.deprecatedBuiltinCode = kind
    made.version = version
    root.operatorCodes.append(made)
    return len(root.operatorCodes) - 1


def _int8_tensor(schema: Any, tensor: Any, stored: _Stored) -> Any:
    made = schema.TensorT()
    made.shape, made.hasRank, made.type = tensor.shape, tensor.hasRank, schema.TensorType.INT8
    made.name, made.buffer = tensor.name + b"/int8", stored.buffer
    made.quantization = schema.QuantizationParametersT()
    made.quantization.scale = stored.scales
    made.quantization.zeroPoint = np.zeros(len(stored.scales), np.int64)
    made.quantization.quantizedDimension = stored.axis
    return made


def _dequantize(schema: Any, code: int, source: int, target: int) -> Any:
    made = schema.OperatorT()
    made.opcodeIndex = code
    made.inputs, made.outputs = np.array([source], np.int32), np.array([target], np.int32)
    made.builtinOptionsType = schema.BuiltinOptions.DequantizeOptions
    made.builtinOptions = schema.DequantizeOptionsT()
    return made
