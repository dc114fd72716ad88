"""What is refused: each error names the thing, the rule and what came."""

import re
from typing import Any

import numpy as np
import pytest

from gristmill import layers
from gristmill.errors import InputError

X = np.ones((2, 3), "float32")
IMAGE = np.ones((1, 4, 4, 1), "float32")
CASES: list[tuple[Any, str]] = [
    (lambda: layers.dense(X, -3), "dense 'dense': Received an invalid value for `units`, expected a positive integer"),
    (lambda: layers.dense(X, 2, activaton="relu"), "unknown argument of dense 'activaton'; did you mean 'activation'"),
    (lambda: layers.dense(X, 2, "rellu"), "unknown activation 'rellu'; did you mean 'relu'"),
    (lambda: layers.dense(X, 2, kernel_initializer="glorot"), "unknown initializer 'glorot'; did you mean 'glorot_"),
    (lambda: layers.dense(X, 2, bias_regularizer="l3"), "unknown regularizer 'l3'; did you mean 'l"),
    (lambda: layers.dense(X, 2, kernel_constraint="nonneg"), "unknown constraint 'nonneg'; did you mean 'non_neg'"),
    (lambda: layers.dense(X[0], 2), "layer 'dense' cannot take these inputs"),
    (lambda: layers.conv2d(X, 2, 3, name="c"), "layer 'c' cannot take these inputs"),
    (lambda: layers.conv2d(IMAGE, 2, 3, padding="best", name="c"), "conv2d 'c': The `padding` argument must be"),
    (lambda: layers.conv2d(IMAGE, 2, 5), "layer 'conv2d' cannot take these inputs"),
    (lambda: layers.dropout(X, 1.5), "dropout 'dropout': Invalid value received for argument `rate`"),
    (lambda: layers.dense(X, 2, name="a b"), "the name of a layer must be parts joined by '/'"),
    (lambda: layers.dense(X, 2, name=""), "Received: name=''"),
    (lambda: layers.dense(X, 2, name=3), "Received: name=3"),
    (lambda: layers.dense(X, 2, name="a", reuse="always"), "`reuse` must be True, False, None or layers.AUTO_REUSE"),
    (lambda: layers.dense(X, 2, reuse=True), "`reuse=True` of dense must come with the name"),
    (lambda: layers.dense(X, 2, name="a", reuse=True), "layer 'a' does not exist, and reuse=True only takes"),
    (lambda: layers.scope("a.b").__enter__(), "the name of a scope must be parts joined by '/'"),
    (lambda: layers.scope().__enter__(), "a scope needs a name"),
    (
        lambda: layers.batch_normalization(X, fused=True),
        "`fused` of batch_normalization must be left None: Keras chooses",
    ),
    (lambda: layers.batch_normalization(X, virtual_batch_size=2), "normalize parts of the batch one by one"),
    (lambda: layers.batch_normalization(X, adjustment=len), "scale and shift the outputs with `keras.ops`"),
    (lambda: layers.batch_normalization(X, axis=[0, 1]), "`axis` of batch_normalization must be one axis"),
]


@pytest.mark.parametrize(("call", "text"), CASES, ids=[text for _, text in CASES])
def test_bad_input_is_refused(call: Any, text: str) -> None:
    with pytest.raises(InputError, match=re.escape(text)):
        call()
    assert layers.current_store().layers == []


def test_a_missing_argument_is_pythons_own_error_with_the_function_named() -> None:
    with pytest.raises(TypeError, match="conv2d: missing a required argument: 'kernel_size'"):
        layers.conv2d(IMAGE, 2)


def test_left_at_their_defaults_arguments_without_counterpart_are_taken() -> None:
    outputs = layers.batch_normalization(X, fused=False, virtual_batch_size=None, adjustment=None, renorm=False)
    assert outputs.shape == X.shape
