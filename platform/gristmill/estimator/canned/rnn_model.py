"""The recurrent network of canned estimators: sequence columns in, logits out, with the names that 2.15 gave its variables."""

from collections.abc import Callable, Iterable
from typing import Any

import keras
import tensorflow as tf

from gristmill.estimator.columns import SequenceInput
from gristmill.estimator.errors import ArgumentError

__all__ = ["USE_DEFAULT", "RNNModel", "checked_layer_fn"]

USE_DEFAULT: Any = object()
"""Says that a kind of cell was not given."""

_NAME = "rnn_model"
_SIMPLE = "simple_rnn"
_CELLS = {
    "gru": keras.layers.GRUCell,
    "lstm": keras.layers.LSTMCell,
    _SIMPLE: keras.layers.SimpleRNNCell,
}
_LAYERS = {"gru": keras.layers.GRU, "lstm": keras.layers.LSTM, _SIMPLE: keras.layers.SimpleRNN}


class RNNModel:
    """Gives the logits of features, from a recurrent layer over the steps of time and a dense layer.

    Args:
        layer_fn: Makes the recurrent layer.
        units: Logits an example, or a step.
        sequence_columns: What it reads of each step of an example.
        context_columns: What it reads of an example, repeated at each step.
    """

    def __init__(self, layer_fn: Callable[[], Any], units: int, sequence_columns: Any, context_columns: Any) -> None:
        self._inputs = SequenceInput(sequence_columns, context_columns or ())
        self._layer = layer_fn()
        self._logits = keras.layers.Dense(units, name="logits")

    def __call__(self, features: Any, training: bool) -> tuple[Any, Any]:
        """Reads a batch; the first call makes the variables.

        Returns:
            Logits, `[batch, units]` after the last step that is no padding, or `[batch, time, units]` where the layer
            returns sequences; and `[batch, time]` bool, true where a step is no padding.

        Raises:
            ArgumentError: A feature is missing, or its column cannot read it.
        """
        inputs, lengths = self._inputs(features, training)
        mask = tf.sequence_mask(lengths, tf.shape(inputs)[1])
        _build(self._layer, inputs)
        outputs = self._layer(inputs, mask=mask, training=training)
        _build(self._logits, outputs)
        return self._logits(outputs), mask

    @property
    def trained(self) -> dict[str, Any]:
        """The variables that training changes, by the names that 2.15 gave them."""
        inputs = {
            name: one for name, one in zip(self._inputs.names, self._inputs.variables, strict=True) if one.trainable
        }
        weights = [*self._layer.trainable_variables, *self._logits.trainable_variables]
        return inputs | {weight.path: weight.value for weight in weights}


def checked_layer_fn(
    units: int | Iterable[int] | None,
    cell_type: Any,
    rnn_cell_fn: Callable[[], Any] | None,
    return_sequences: bool,
) -> Callable[[], Any]:
    """What makes a recurrent layer.

    Args:
        units: Widths of stacked cells; one number makes Keras' own layer of the kind.
        cell_type: `simple_rnn`, `lstm`, `gru`, or a function that makes a cell from its `units`.
        rnn_cell_fn: Makes the cell, or a list of cells to stack, instead of the other two.
        return_sequences: Whether the outputs of all steps are given, not of the last only.

    Raises:
        ArgumentError: Both or neither of `units` and `rnn_cell_fn` are given, or one breaks its rule.
    """
    if rnn_cell_fn is not None:
        if units or cell_type is not USE_DEFAULT:
            raise ArgumentError(
                f"units and cell_type must not be specified when using rnn_cell_fn. Received: units={units}, "
                f"cell_type={None if cell_type is USE_DEFAULT else cell_type!r}"
            )
        return lambda: keras.layers.RNN(rnn_cell_fn(), return_sequences=return_sequences)
    kind = _SIMPLE if cell_type is USE_DEFAULT else cell_type
    make = _CELLS.get(kind, kind) if isinstance(kind, str) else kind
    if not callable(make):
        raise ArgumentError(
            f"`cell_type` must be one of {', '.join(sorted(_CELLS))}, or a class of cells. Received: {cell_type!r}"
        )
    if isinstance(units, int) and units > 0 and cell_type in _LAYERS:
        return lambda: _LAYERS[cell_type](units, return_sequences=return_sequences)
    widths = [units] if isinstance(units, int) else list(units or ())
    if not widths or any(not isinstance(width, int) or width < 1 for width in widths):
        raise ArgumentError(
            f"`units` must be at least one positive integer, or rnn_cell_fn be given. Received: units={units}"
        )

    def stacked() -> Any:
        cells = [_checked_cell(make(units=width)) for width in widths]
        return keras.layers.RNN(cells if len(cells) > 1 else cells[0], return_sequences=return_sequences)

    return stacked


def _checked_cell(cell: Any) -> Any:
    if not hasattr(cell, "call") or not hasattr(cell, "state_size"):
        raise ArgumentError(f"a cell must have `call` and `state_size`, as Keras' cells have. Received: {cell!r}")
    return cell


def _build(layer: Any, inputs: Any) -> None:
    """Makes a layer's variables outside of any trace, so that their names do not depend on what is in it."""
    if not layer.built:
        with tf.init_scope(), keras.name_scope(_NAME):
            layer.build((*[None] * (inputs.shape.rank - 1), inputs.shape[-1]))
