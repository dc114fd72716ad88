"""A task that needs crosses: what a user does with an item, remembered by the wide half. `python -m examples.wide_and_deep`.

Made data: whether a user takes an item depends on the very pair, which only a cross can remember, and on a smooth function
of two numbers, which only a network can learn. So each half alone falls short of both together.
"""

import argparse
import tempfile
from typing import Any

import numpy as np
import tensorflow as tf

import gristmill.estimator as tf_estimator

__all__ = ["estimators", "input_fn", "main", "make"]

_IDS = 100
Arrays = dict[str, Any]


def make(count: int, seed: int = 0) -> tuple[Arrays, Arrays]:
    """Records with `user`, `item`, `hour` and `price`, and the label `taken`: to train, and a quarter as many to test."""
    random = np.random.default_rng(seed)
    tastes = random.normal(0, 2, (_IDS, _IDS))

    def records(size: int) -> Arrays:
        user, item = random.integers(0, _IDS, size), random.integers(0, _IDS, size)
        hour, price = random.uniform(-1, 1, size), random.uniform(-1, 1, size)
        logit = tastes[user, item] + 3 * np.sin(3 * hour) * price
        taken = random.uniform(size=size) < 1 / (1 + np.exp(-logit))
        numbers = {"hour": hour.astype(np.float32), "price": price.astype(np.float32)}
        return {"user": user, "item": item, **numbers, "taken": taken.astype(np.int64)}

    return records(count), records(count // 4)


def estimators(folder: str) -> dict[str, Any]:
    """The wide half alone, the network alone, and both together."""
    column = tf.feature_column
    ids = [column.categorical_column_with_identity(name, _IDS) for name in ("user", "item")]
    numbers = [column.numeric_column(name) for name in ("hour", "price")]
    wide = [*ids, column.crossed_column(["user", "item"], 20 * _IDS * _IDS)]
    deep = [*numbers, *(column.embedding_column(one, 8) for one in ids)]

    def ftrl() -> Any:
        return tf.keras.optimizers.Ftrl(0.5)

    def adam() -> Any:
        return tf.keras.optimizers.Adam(1e-3)

    return {
        "wide": tf_estimator.LinearClassifier([*wide, *numbers], f"{folder}/wide", optimizer=ftrl),
        "deep": tf_estimator.DNNClassifier([64, 32], deep, f"{folder}/deep", optimizer=adam),
        "wide and deep": tf_estimator.DNNLinearCombinedClassifier(
            f"{folder}/both", wide, ftrl, deep, adam, dnn_hidden_units=[64, 32]
        ),
    }


def input_fn(arrays: Arrays, training: bool) -> Any:
    """A function that gives the records as batches."""

    def give() -> tf.data.Dataset:
        features = {name: values for name, values in arrays.items() if name != "taken"}
        data = tf.data.Dataset.from_tensor_slices((features, arrays["taken"]))
        return data.shuffle(len(arrays["taken"]), seed=0).repeat().batch(256) if training else data.batch(1024)

    return give


def main() -> None:
    """Trains and evaluates each, and prints their AUC."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--records", type=int, default=200_000)
    options.add_argument("--steps", type=int, default=3000)
    given = options.parse_args()
    train, test = make(given.records)
    with tempfile.TemporaryDirectory() as folder:
        for name, estimator in estimators(folder).items():
            estimator.train(input_fn(train, training=True), steps=given.steps)
            print(f"{name:<14} AUC {estimator.evaluate(input_fn(test, training=False))['auc']:.4f}")


if __name__ == "__main__":
    main()
