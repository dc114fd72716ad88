"""The members of the conformance suite: every estimator, and the layer functions of two model functions, a line each."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

import gristmill.estimator as tf_estimator
from gristmill import layers
from gristmill.data.batches import Batches
from gristmill.estimator import experimental
from gristmill.features import CategoryColumn, NumberColumn

ROWS, BATCH = 12, 4
LayerCall = tuple[str, Callable[[Any, bool], Any]]
"""The feature that a layer function reads, and the call, of the feature and of whether it trains."""
_random = np.random.default_rng(3)
FEATURES: dict[str, Any] = {
    "x": _random.normal(size=ROWS).astype(np.float32),
    "pair": _random.normal(size=(ROWS, 2)).astype(np.float32),
    "code": _random.integers(0, 3, ROWS),
    "word": _random.choice(["a", "b", "c"], ROWS),
    "tokens": np.array([[1, 2, 3], [4, -1, -1], [2, 2, -1]] * 4),
    "id": np.array([f"row {row}" for row in range(ROWS)]),
    "line": _random.normal(size=(ROWS, 6, 2)).astype(np.float32),
    "plane": _random.normal(size=(ROWS, 4, 5, 2)).astype(np.float32),
    "space": _random.normal(size=(ROWS, 4, 4, 4, 2)).astype(np.float32),
}
LABELS = {"number": FEATURES["x"] * 2 + 1, "two": np.arange(ROWS) % 2, "three": np.arange(ROWS) % 3}


@dataclass(frozen=True)
class Member:
    """One estimator, and what it is asked.

    Attributes:
        make: Makes it of a config, which holds the folder and the seed.
        labels: A key of `LABELS`.
        reads: Its features.
        steps: Steps of a first and of a second training.
        exact: Whether two trainings are one to the last bit.
        lite: The signature of its export that becomes a lite model; "model" takes its Keras model.
        no_lite: Why none does.
    """

    make: Callable[[tf_estimator.RunConfig], tf_estimator.Estimator]
    labels: str
    reads: tuple[str, ...] = ("x", "pair", "code")
    steps: tuple[int, int] = (2, 3)
    exact: bool = True
    lite: str = ""
    no_lite: str = ""

    @property
    def features(self) -> dict[str, Any]:
        return {name: FEATURES[name] for name in self.reads}

    def batches(self) -> Batches:
        return Batches(self.features, LABELS[self.labels], BATCH, seed=5)

    def given(self, batch: int = ROWS) -> Callable[[], tf.data.Dataset]:
        """Features only, `batch` examples at a time."""
        return lambda: tf.data.Dataset.from_tensor_slices(self.features).batch(batch)


fc = tf.feature_column
X, PAIR = fc.numeric_column("x"), fc.numeric_column("pair", shape=(2,))
CODE = fc.categorical_column_with_identity("code", 3)
WORD = fc.categorical_column_with_vocabulary_list("word", ["a", "b"], num_oov_buckets=1)
TOKENS = fc.embedding_column(fc.sequence_categorical_column_with_identity("tokens", 5), 2)
WIDE, DEEP = [X, PAIR, CODE], [X, PAIR, fc.embedding_column(CODE, 2)]
WORDS = [X, fc.indicator_column(WORD)]
OWN = [CategoryColumn("code", size=3, width=2), NumberColumn("x", mean=0.5, deviation=2.0)]
BOTH = {"linear_feature_columns": WIDE, "dnn_feature_columns": DEEP, "dnn_hidden_units": [4]}
NETWORK = {"dropout": 0.1, "batch_norm": True}
TREES = {"n_batches_per_layer": 3, "n_trees": 2, "max_depth": 2, "learning_rate": 0.3}


def own_function(features: Any, labels: Any, mode: str) -> tf_estimator.EstimatorSpec:
    """A model function of one's own: Keras layers with state, layer functions, and `minimize`."""
    training = mode == tf_estimator.ModeKeys.TRAIN
    hidden = layers.dense(features["pair"], 4, "relu", name="hidden")
    hidden = keras.layers.BatchNormalization()(hidden, training=training)
    outputs = layers.dense(layers.dropout(hidden, 0.1, training=training), 1)[:, 0]
    if mode == tf_estimator.ModeKeys.PREDICT:
        return tf_estimator.EstimatorSpec(mode, {"outputs": outputs})
    loss = tf.reduce_mean(tf.square(outputs - labels))
    step = tf.compat.v1.train.get_or_create_global_step()
    return tf_estimator.EstimatorSpec(
        mode, loss=loss, train_op=tf.compat.v1.train.AdamOptimizer(0.01).minimize(loss, step)
    )


def keras_model() -> keras.Model:
    inputs = keras.Input((2,), name="pair")
    hidden = keras.layers.Dense(4, activation="tanh", kernel_initializer=keras.initializers.GlorotUniform(1))(inputs)
    top = keras.layers.Dense(1, name="top", kernel_initializer=keras.initializers.GlorotUniform(2))
    model = keras.Model(inputs, top(keras.layers.Dropout(0.1, seed=3)(hidden)))
    model.compile("adam", "mse")
    return model


api = tf_estimator
TEXT = "the words of classes, and a look-up of strings, are in no LiteRT runtime"
LOOP = "the loop over time and its padding need operations that are in no LiteRT runtime"
ESTIMATORS = {
    "LinearClassifier": Member(lambda c: api.LinearClassifier(WIDE, config=c), "two", no_lite=TEXT),
    "LinearRegressor": Member(lambda c: api.LinearRegressor(WIDE, config=c), "number", lite="predict"),
    "LinearEstimator": Member(
        lambda c: api.LinearEstimator(api.MultiClassHead(3), OWN, config=c), "three", ("x", "code"), lite="model"
    ),
    "LinearSDCA": Member(
        lambda c: api.LinearClassifier([X, CODE], optimizer=experimental.LinearSDCA("id"), config=c),
        "two",
        ("x", "code", "id"),
        exact=False,  # its kernel takes examples in no fixed order
        no_lite=TEXT,
    ),
    "DNNClassifier": Member(lambda c: api.DNNClassifier([4], WORDS, config=c), "two", ("x", "word"), no_lite=TEXT),
    "DNNRegressor": Member(lambda c: api.DNNRegressor([4, 3], DEEP, config=c, **NETWORK), "number", lite="predict"),
    "DNNEstimator": Member(
        lambda c: api.DNNEstimator(api.PoissonRegressionHead(), [4], DEEP, config=c), "two", lite="predict"
    ),
    "DNNLinearCombinedClassifier": Member(
        lambda c: api.DNNLinearCombinedClassifier(
            linear_feature_columns=OWN, dnn_feature_columns=OWN, dnn_hidden_units=[4], n_classes=3, config=c
        ),
        "three",
        ("x", "code"),
        lite="model",
    ),
    "DNNLinearCombinedRegressor": Member(
        lambda c: api.DNNLinearCombinedRegressor(config=c, **BOTH), "number", lite="predict"
    ),
    "DNNLinearCombinedEstimator": Member(
        lambda c: api.DNNLinearCombinedEstimator(api.BinaryClassHead(), config=c, **BOTH), "two", no_lite=TEXT
    ),
    "BaselineClassifier": Member(lambda c: api.BaselineClassifier(config=c), "two", ("x",), no_lite=TEXT),
    "BaselineRegressor": Member(lambda c: api.BaselineRegressor(config=c), "number", ("x",), lite="predict"),
    "BaselineEstimator": Member(
        lambda c: api.BaselineEstimator(api.LogisticRegressionHead(), config=c), "two", ("x",), lite="predict"
    ),
    "RNNClassifier": Member(
        lambda c: experimental.RNNClassifier([TOKENS], units=[3], cell_type="gru", config=c),
        "two",
        ("tokens",),
        no_lite=LOOP,
    ),
    "RNNEstimator": Member(
        lambda c: experimental.RNNEstimator(api.RegressionHead(), [TOKENS], [X], units=[3], config=c),
        "number",
        ("tokens", "x"),
        no_lite=LOOP,
    ),
    "BoostedTreesClassifier": Member(
        lambda c: api.BoostedTreesClassifier([X, PAIR], config=c, **TREES),
        "two",
        ("x", "pair"),
        (6, 6),
        no_lite=TEXT,
    ),
    "BoostedTreesRegressor": Member(
        lambda c: api.BoostedTreesRegressor([X, PAIR], config=c, **TREES),
        "number",
        ("x", "pair"),
        (6, 6),
        lite="predict",
    ),
    "Estimator": Member(lambda c: api.Estimator(own_function, config=c), "number", ("pair",), lite="serving_default"),
    "from_keras": Member(
        lambda c: api.from_keras(keras_model(), config=c), "number", ("pair",), lite="serving_default"
    ),
}


def layered(calls: dict[str, LayerCall], no_lite: str = "") -> Member:
    """An estimator that tells what each layer function gives, times a trained factor, so that all have something to train."""

    def model_fn(features: Any, labels: Any, mode: str) -> tf_estimator.EstimatorSpec:
        training = mode == tf_estimator.ModeKeys.TRAIN
        told = {
            name: call(features[read], training) * tf.Variable(2.0, name=f"{name}_factor")
            for name, (read, call) in calls.items()
        }
        if mode == tf_estimator.ModeKeys.PREDICT:
            return tf_estimator.EstimatorSpec(mode, told)
        means = [tf.reduce_mean(tf.reshape(one, [tf.shape(one)[0], -1]), axis=1) for one in told.values()]
        loss = tf.add_n([tf.reduce_mean(tf.square(mean - labels)) for mean in means])
        variables = tf.compat.v1.trainable_variables()
        step = keras.optimizers.Adam(0.1).apply_gradients(zip(tf.gradients(loss, variables), variables, strict=True))
        return tf_estimator.EstimatorSpec(mode, loss=loss, train_op=step)

    reads = tuple(sorted({read for read, _ in calls.values()}))
    return Member(lambda c: api.Estimator(model_fn, config=c), "number", reads, lite="serving_default", no_lite=no_lite)


LAYERS: dict[str, LayerCall] = {
    "dense": ("pair", lambda x, _: layers.dense(x, 3, "relu")),
    "dropout": ("pair", lambda x, training: layers.dropout(x, 0.5, training=training)),
    "flatten": ("plane", lambda x, _: layers.flatten(x)),
    "conv1d": ("line", lambda x, _: layers.conv1d(x, 3, 2)),
    "conv2d": ("plane", lambda x, _: layers.conv2d(x, 3, 2, strides=2, padding="same")),
    "conv3d": ("space", lambda x, _: layers.conv3d(x, 3, 2)),
    "separable_conv1d": ("line", lambda x, _: layers.separable_conv1d(x, 3, 2)),
    "separable_conv2d": ("plane", lambda x, _: layers.separable_conv2d(x, 3, 2, depth_multiplier=2)),
    "conv2d_transpose": ("plane", lambda x, _: layers.conv2d_transpose(x, 3, 2, strides=2)),
    "conv3d_transpose": ("space", lambda x, _: layers.conv3d_transpose(x, 3, 2)),
    "average_pooling1d": ("line", lambda x, _: layers.average_pooling1d(x, 2, 2)),
    "average_pooling2d": ("plane", lambda x, _: layers.average_pooling2d(x, 2, 1, padding="same")),
    "max_pooling1d": ("line", lambda x, _: layers.max_pooling1d(x, 2, 2)),
    "max_pooling2d": ("plane", lambda x, _: layers.max_pooling2d(x, 2, (1, 2))),
    "batch_normalization": ("plane", lambda x, training: layers.batch_normalization(x, training=training)),
}
POOLS: dict[str, LayerCall] = {
    "average_pooling3d": ("space", lambda x, _: layers.average_pooling3d(x, 2, 2)),
    "max_pooling3d": ("space", lambda x, _: layers.max_pooling3d(x, 2, 2)),
}
MEMBERS = ESTIMATORS | {
    "layers": layered(LAYERS),
    "layers in no lite model": layered(POOLS, "LiteRT has no pooling over three axes"),
}
