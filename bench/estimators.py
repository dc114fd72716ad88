"""Canned estimators under either API, one script for both: `python bench/estimators.py tensorflow DATA.npz` under TensorFlow 2.15.

Prints one JSON object: metrics by model and seed, and steps per second. Nothing of gristmill is imported under 2.15.
"""

import importlib
import json
import logging
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

__all__ = ["main"]

_API = {"tensorflow": "tensorflow.compat.v2.estimator", "gristmill": "gristmill.estimator"}
_BATCH, _STEPS = 128, 2000
_CACHED, _BLOCK, _BLOCKS = 200, 200, 22
"""Batches made before, and the blocks of steps that are timed; the first two are left out."""


def main(argv: list[str]) -> None:
    """Trains every model by every seed.

    Args:
        argv: `tensorflow` or `gristmill`, the data, the seeds joined by commas, and names of models to run.
    """
    import tensorflow as tf

    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    api, path, seeds = argv[0], argv[1], [int(seed) for seed in argv[2].split(",")]
    estimator = tf.estimator if api == "tensorflow" else importlib.import_module(_API[api])
    with np.load(path) as arrays:
        tables = {name: arrays[name] for name in arrays.files}
    made = _models(tf, tables)
    names = argv[3:] or list(made)
    result: dict[str, Any] = {"version": tf.__version__}
    for name in [name for name in names if name in made]:
        result[name] = [made[name](estimator, seed) for seed in seeds]
    if "speed" in names:
        result["speed"] = _speeds(tf, estimator, tables)
    print(json.dumps(result))


def _models(tf: Any, tables: dict[str, Any]) -> dict[str, Any]:
    """By name, what trains and evaluates a model by a seed."""
    adult, columns = _part(tables, "adult"), _columns(tf, _part(tables, "adult"))
    optimizers = tf.keras.optimizers.legacy if tf.__version__.startswith("2.15") else tf.keras.optimizers
    adam = optimizers.Adam

    def adult_model(make: Any) -> Any:
        return lambda api, seed: _run(tf, api, make, adult, seed, _STEPS)

    def numbers(data: str, steps: int, classes: int) -> Any:
        part = _part(tables, data)
        column = [tf.feature_column.numeric_column("x", shape=part["train/x"].shape[1:])]
        return lambda api, seed: _run(
            tf, api, lambda e, config: e.LinearClassifier(column, n_classes=classes, config=config), part, seed, steps
        )

    wide, deep = columns
    return {
        "adult linear, Ftrl": adult_model(lambda e, c: e.LinearClassifier(wide, config=c)),
        "adult DNN, Adagrad": adult_model(lambda e, c: e.DNNClassifier([100, 50], deep, config=c)),
        "adult DNN, Adam": adult_model(lambda e, c: e.DNNClassifier([100, 50], deep, optimizer=adam(1e-3), config=c)),
        "adult wide and deep": adult_model(
            lambda e, c: e.DNNLinearCombinedClassifier(
                linear_feature_columns=wide,
                dnn_feature_columns=deep,
                dnn_hidden_units=[100, 50],
                dnn_optimizer=adam(1e-3),
                config=c,
            )
        ),
        "breast cancer linear": numbers("cancer", 1000, 2),
        "digits linear": numbers("digits", 2000, 10),
    }


def _part(tables: dict[str, Any], data: str) -> dict[str, Any]:
    return {name.partition("/")[2]: table for name, table in tables.items() if name.startswith(f"{data}/")}


def _columns(tf: Any, part: dict[str, Any]) -> tuple[list[Any], list[Any]]:
    """Numbers standardised, categories by their vocabulary: as they are, and as indicators."""
    column = tf.feature_column
    numeric, categories = [], []
    for name in sorted(name.partition("/")[2] for name in part if name.startswith("train/") and name != "train/label"):
        values = part[f"train/{name}"]
        if values.dtype.kind == "U":
            categories.append(column.categorical_column_with_vocabulary_list(name, sorted(set(values.tolist()))))
        else:
            mean, deviation = float(values.mean()), float(values.std())
            numeric.append(column.numeric_column(name, normalizer_fn=lambda x, m=mean, d=deviation: (x - m) / d))
    return numeric + categories, numeric + [column.indicator_column(one) for one in categories]


def _input_fn(tf: Any, part: dict[str, Any], split: str, seed: int | None) -> Any:
    features = {n.partition("/")[2]: v for n, v in part.items() if n.startswith(f"{split}/") and n != f"{split}/label"}
    labels = part[f"{split}/label"]

    def input_fn() -> Any:
        data = tf.data.Dataset.from_tensor_slices((features, labels))
        if seed is None:
            return data.batch(1024)
        return data.shuffle(len(labels), seed=seed).repeat().batch(_BATCH)

    return input_fn


def _run(tf: Any, api: Any, make: Any, part: dict[str, Any], seed: int, steps: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        model = make(api, api.RunConfig(model_dir=folder, tf_random_seed=seed))
        model.train(_input_fn(tf, part, "train", seed), steps=steps)
        found = model.evaluate(_input_fn(tf, part, "test", None))
    return {name: float(found[name]) for name in ("accuracy", "auc", "average_loss") if name in found}


def _speeds(tf: Any, api: Any, tables: dict[str, Any]) -> dict[str, float]:
    """Steps per second by model and input, set-up left out: records shuffled one by one, and batches made before."""
    adult = _part(tables, "adult")
    wide, deep = _columns(tf, adult)
    categories = [column for column in wide if hasattr(column, "num_buckets")]
    numeric = [column for column in wide if not hasattr(column, "num_buckets")]
    embedded = numeric + [tf.feature_column.embedding_column(column, 8) for column in categories]
    makers = {
        "linear": lambda config: api.LinearClassifier(wide, config=config),
        "DNN": lambda config: api.DNNClassifier([100, 50], deep, config=config),
        "wide and deep": lambda config: api.DNNLinearCombinedClassifier(
            linear_feature_columns=wide, dnn_feature_columns=embedded, dnn_hidden_units=[100, 50], config=config
        ),
    }
    shuffled = _input_fn(tf, adult, "train", 0)
    inputs = {"records": shuffled, "batches": lambda: shuffled().take(_CACHED).cache().repeat()}
    return {
        f"{name}, {kind}": _speed(tf, api, make, input_fn)
        for name, make in makers.items()
        for kind, input_fn in inputs.items()
    }


def _speed(tf: Any, api: Any, make: Any, input_fn: Any) -> float:
    """Of a training's last steps: the median over blocks, which the event file tells."""
    with tempfile.TemporaryDirectory() as folder:
        config = api.RunConfig(model_dir=folder, tf_random_seed=0, log_step_count_steps=_BLOCK)
        make(config).train(input_fn, steps=_BLOCK * _BLOCKS + 1)
        found = [
            value.simple_value
            for path in Path(folder).glob("*tfevents*")
            for event in tf.compat.v1.train.summary_iterator(str(path))
            for value in event.summary.value
            if value.tag == "global_step/sec"
        ]
    return float(np.median(found[2:]))


if __name__ == "__main__":
    main(sys.argv[1:])
