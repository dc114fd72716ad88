"""Products of floats with a matrix of 8-bit integers, with the floats in 16 bits, by operations that every runtime has.

Runtimes multiply fast by 8-bit weights where they round what comes in to 8 bits as well, with a scale for each row; that
changes what a model says. Here a row is split into two of 8 bits each first:

    x = least + step * (whole + rest)        step = (most - least) / 255

`whole` are whole numbers from 0 to 255, which that rounding leaves as they are; `rest`, from -1/2 to 1/2, it rounds to some
255ths. Both are multiplied together, as rows of one product, so that the weights are read once:

    x W = step * (whole W + rest W) + least * (sum of the rows of W)

Source: the splitting of Ozaki et al. 2012, https://doi.org/10.1007/s11075-011-9478-1, for the rounding of TensorFlow Lite's
"hybrid" products, https://ai.google.dev/edge/litert/models/post_training_quantization.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gristmill.lite.flatbuffer import Graph

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Products"]

_LEVELS = 255
_LEAST_STEP = 1e-30
"""Instead of the step of a row whose numbers are all the same."""
_BY_CHANNEL = 12
"""Version of a product whose weights have a scale for each channel."""


class _Split(NamedTuple):
    """A tensor in two parts, `[2 * n, ..., k]` for a tensor `[n, ..., k]`, and what they are of, `[n, ..., 1]`."""

    parts: int
    step: int
    least: int


class Products:
    """Replaces the products of one graph.

    Attributes:
        operations: What the graph is to compute, in order; `add` adds to it.
    """

    def __init__(self, graph: Graph) -> None:
        self.operations: list[Any] = []
        self._graph = graph
        self._splits: dict[tuple[int, bool], _Split] = {}

    def add(self, product: Any, weights: int, sums: "NDArray[np.float32]") -> bool:
        """Adds what gives the same as a product (FULLY_CONNECTED) with a matrix in floats.

        Args:
            product: The operation; its activation and bias stay as they are.
            weights: An int8 tensor `[out, k]` with a scale for each of `out`, that takes the place of its matrix.
            sums: Sums of the matrix over `k`.

        Returns:
            False where nothing was added, since the input has fewer than two dimensions.
        """
        graph, options = self._graph, product.builtinOptions
        given, out = int(product.inputs[0]), int(product.outputs[0])
        if len(graph.shape(given)) < 2:
            return False
        flat = not options.keepNumDims and len(graph.shape(given)) > 2
        if (given, flat) not in self._splits:
            self._splits[given, flat] = self._split(self._flat(given) if flat else given)
        split, shape = self._splits[given, flat], graph.shape(out)
        both = self._made(
            "FULLY_CONNECTED",
            [split.parts, weights, -1],
            _doubled(shape),
            "FullyConnectedOptions",
            version=_BY_CHANNEL,
            keepNumDims=options.keepNumDims,
            asymmetricQuantizeInputs=True,
        )
        halves = graph.tensor(b"whole", shape), graph.tensor(b"rest", shape)
        self._add("SPLIT", [graph.constant(b"axis", np.array(0, np.int32)), both], halves, "SplitOptions", numSplits=2)
        steps = self._made("MUL", [self._made("ADD", halves, shape), split.step], shape)
        terms = [steps, self._made("MUL", [split.least, graph.constant(b"sums", sums)], shape)]
        if len(product.inputs) > 2 and product.inputs[2] >= 0:
            terms = [self._made("ADD", terms, shape), int(product.inputs[2])]
        self._add("ADD", terms, [out], "AddOptions", fusedActivationFunction=options.fusedActivationFunction)
        return True

    def _flat(self, given: int) -> int:
        """A tensor `[..., k]` as `[n, k]`."""
        shape = self._graph.shape(given)
        rows = -1 if -1 in shape[:-1] else int(np.prod(shape[:-1]))
        wanted = np.array([-1, shape[-1]], np.int32)
        inputs = [given, self._graph.constant(b"shape", wanted)]
        return self._made("RESHAPE", inputs, (rows, shape[-1]), "ReshapeOptions", newShape=wanted)

    def _split(self, given: int) -> _Split:
        shape = self._graph.shape(given)
        one = (*shape[:-1], 1)
        axis = self._graph.constant(b"axis", np.array([len(shape) - 1], np.int32))
        least, most = (
            self._made(f"REDUCE_{end}", [given, axis], one, "ReducerOptions", keepDims=True) for end in ("MIN", "MAX")
        )
        step = self._made("MUL", [self._made("SUB", [most, least], one), self._number(1 / _LEVELS)], one)
        step = self._made("MAXIMUM", [step, self._number(_LEAST_STEP)], one, "MaximumMinimumOptions")
        levels = self._made("DIV", [self._made("SUB", [given, least], shape), step], shape)
        whole = self._made("ROUND", [levels], shape, "")
        rest = self._made("SUB", [levels, whole], shape)
        parts = self._made("CONCATENATION", [whole, rest], _doubled(shape), "ConcatenationOptions", axis=0)
        return _Split(parts, step, least)

    def _number(self, value: float) -> int:
        return self._graph.constant(b"number", np.array(value, np.float32))

    def _made(
        self, kind: str, inputs: Sequence[int], shape: tuple[int, ...], options: str | None = None, **values: Any
    ) -> int:
        """Adds an operation with one output and gives that."""
        made = self._graph.tensor(kind.lower().encode(), shape)
        self._add(kind, inputs, [made], f"{kind.capitalize()}Options" if options is None else options, **values)
        return made

    def _add(self, *arguments: Any, **values: Any) -> None:
        self.operations.append(self._graph.operation(*arguments, **values))


def _doubled(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of two tensors one after the other."""
    return (-1 if shape[0] < 0 else 2 * shape[0], *shape[1:])
