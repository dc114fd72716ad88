"""Canned models and their data, for tf.estimator 2.15 and gristmill.estimator alike."""

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

_random = np.random.default_rng(0)
_ROWS = 24
FEATURES = {
    "age": _random.uniform(18, 70, _ROWS).astype(np.float32),
    "place": _random.normal(size=(_ROWS, 2)).astype(np.float32),
    "work": _random.choice(["a", "b", "c", ""], _ROWS),
    "code": _random.integers(0, 5, _ROWS),
    "name": _random.choice(["x", "y", "z"], _ROWS),
}
LABELS = _random.integers(0, 2, _ROWS)


def input_fn() -> Any:
    return tf.data.Dataset.from_tensor_slices((FEATURES, LABELS)).repeat().batch(8)


def input_fn_once() -> Any:
    return tf.data.Dataset.from_tensor_slices((FEATURES, LABELS)).batch(8)


def optimizers(module: Any) -> Any:
    return module.keras.optimizers.legacy if module.__version__.startswith("2.15") else module.keras.optimizers


def columns() -> tuple[list[Any], list[Any]]:
    column = tf.feature_column
    age, place = column.numeric_column("age"), column.numeric_column("place", shape=(2,))
    ages = column.bucketized_column(age, [25.0, 40.0, 60.0])
    work = column.categorical_column_with_vocabulary_list("work", ["a", "b"], num_oov_buckets=1)
    code = column.categorical_column_with_identity("code", 5)
    name = column.categorical_column_with_hash_bucket("name", 7)
    wide = [place, ages, work, code, name, column.crossed_column([ages, "work"], 11)]
    deep = [place, column.indicator_column(work), column.embedding_column(code, 3), column.embedding_column(name, 2)]
    return wide, deep


def linear(api: Any, folder: str, _: Any) -> Any:
    return api.LinearClassifier(columns()[0], folder)


def linear_regressor(api: Any, folder: str, optimizer: Any) -> Any:
    return api.LinearRegressor(columns()[0], folder, optimizer=lambda: optimizer.Adam(0.01))


def dnn(api: Any, folder: str, _: Any) -> Any:
    return api.DNNClassifier([6, 4], columns()[1], folder, n_classes=3, batch_norm=True)


def dnn_regressor(api: Any, folder: str, optimizer: Any) -> Any:
    return api.DNNRegressor(
        [5], columns()[1], folder, optimizer=lambda: optimizer.RMSprop(0.01), activation_fn=tf.nn.tanh
    )


def combined(api: Any, folder: str, optimizer: Any) -> Any:
    wide, deep = columns()
    return api.DNNLinearCombinedClassifier(
        folder,
        linear_feature_columns=wide,
        dnn_feature_columns=deep,
        dnn_hidden_units=[4],
        dnn_optimizer=lambda: optimizer.Adam(0.01),
    )


MODELS: dict[str, Callable[[Any, str, Any], Any]] = {
    "linear": linear,
    "linear_regressor": linear_regressor,
    "dnn": dnn,
    "dnn_regressor": dnn_regressor,
    "combined": combined,
}
