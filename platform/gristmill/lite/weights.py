"""Counts the weights in a .tflite file, to refuse one that lost them on the way.

The converter writes a model whose variables nobody tracks without an error: every weight becomes a variable
that is never set. The layout is that of https://ai.google.dev/edge/litert (schema.fbs).
"""

import math
import struct

from gristmill.errors import IntegrityError, ParityError

__all__ = ["check_weights", "count_weights"]


def count_weights(model: bytes, name: str = "the model") -> int:
    """Counts the elements of all constant float and 8-bit tensors; a buffer that tensors share counts once.

    Args:
        model: The flatbuffer.
        name: What to call it in an error.

    Raises:
        IntegrityError: if the bytes are not a TFLite flatbuffer.
    """
    from ai_edge_litert import schema_py_generated as schema

    kinds = schema.TensorType
    weight_types = {kinds.FLOAT16, kinds.FLOAT32, kinds.FLOAT64, kinds.INT4, kinds.INT8, kinds.UINT8}
    sizes: dict[int, int] = {}
    try:
        root = schema.Model.GetRootAs(model, 0)
        for graph in map(root.Subgraphs, range(root.SubgraphsLength())):
            for tensor in map(graph.Tensors, range(graph.TensorsLength())):
                constant = root.Buffers(tensor.Buffer()).DataLength() > 0
                if constant and tensor.Type() in weight_types:
                    sizes[tensor.Buffer()] = math.prod(map(tensor.Shape, range(tensor.ShapeLength())))
    except (struct.error, AttributeError, IndexError, TypeError) as error:
        raise IntegrityError(f"{name} is not a whole TFLite file: {error}") from error
    return sum(sizes.values())


def check_weights(model: bytes, expected: int, name: str, minimum_share: float = 0.9) -> None:
    """Refuses a converted model that holds too few of its weights.

    Args:
        model: The flatbuffer.
        expected: Float weights that the signatures of the float model read; of equal tensors one, and no
            tensor that has one value everywhere.
        name: What to call the file in the error.
        minimum_share: Smallest share of `expected` to accept. It is below 1 because the converter folds
            constants: a normalization into the layer before it, a slice of a table into its rows.

    Raises:
        ParityError: if the file holds less.
    """
    found = count_weights(model, name)
    if found < minimum_share * expected:
        raise ParityError(
            f"{name} is refused: it holds {found:,} of the {expected:,} weights that its "
            f"signatures read (at least {minimum_share:.0%} are needed)"
        )
