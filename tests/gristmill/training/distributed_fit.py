"""Trains one small model in a process of its own: `python distributed_fit.py FOLDER KIND...`, each kind for itself."""

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from gristmill.launch import Cluster, end_with_parent, is_launched
from gristmill.training import Checkpoints, fit
from gristmill.training.distribution import Distribution, open_distribution, serve, using

EXAMPLES, BATCH, EPOCHS = 330, 64, 6
KILLED_EPOCH = 3
PLACEMENT: Mapping[str, int | str] = {"wide": 1, "words_.*": "split", ".*": 0}


def build() -> keras.Model:
    """A model with a table, a penalty and a metric."""
    numbers, words = keras.Input((6,), name="numbers"), keras.Input((2,), dtype="int32", name="words")
    table = keras.layers.Embedding(11, 5, name="words_table")(words)
    hidden = keras.layers.Concatenate()([numbers, keras.layers.Flatten()(table)])
    hidden = keras.layers.Dense(33, activation="relu", name="wide")(hidden)
    outputs = keras.layers.Dense(3, kernel_regularizer="l2", name="narrow")(hidden)
    model = keras.Model({"numbers": numbers, "words": words}, outputs)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.01), loss, metrics=["accuracy"])
    return model


class Batches:
    """The same batches in each process; the last of an epoch is smaller, and cannot be cut into equal parts."""

    def __init__(self, before: Any = None) -> None:
        random = np.random.default_rng(0)
        self._numbers = random.normal(size=(EXAMPLES, 6)).astype("float32")
        self._words = random.integers(0, 11, (EXAMPLES, 2)).astype("int32")
        self._labels = (self._numbers[:, 0] > 0).astype(int) + (self._words[:, 0] > 5)
        self._before = before

    def __len__(self) -> int:
        return (EXAMPLES + BATCH - 1) // BATCH

    def __call__(self, epoch: int, start: int) -> Iterable[Any]:
        if self._before is not None:
            self._before(epoch)
        whole = tf.data.Dataset.from_tensor_slices(({"numbers": self._numbers, "words": self._words}, self._labels))
        return whole.shuffle(EXAMPLES, seed=epoch).batch(BATCH).skip(start)


def killed_once(folder: Path) -> None:
    """Kills this process, the first time."""
    marker = folder / "killed"
    if not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)


def before_epoch(folder: Path, cluster: Cluster | None) -> Any:
    """What is done before an epoch: the second worker is killed."""

    def before(epoch: int) -> None:
        if cluster is None or epoch != KILLED_EPOCH:
            return
        if "ps" in cluster.members:
            (folder / "go").touch()
            while not (folder / "killed").exists():
                time.sleep(0.02)
        elif cluster.place == 1:
            killed_once(folder)

    return before


def serve_and_die(cluster: Cluster, folder: Path) -> None:
    """A server; the second worker is killed when the chief says so."""

    def watch() -> None:
        while not (folder / "go").exists():
            time.sleep(0.02)
        killed_once(folder)

    if cluster.task == ("worker", 1):
        threading.Thread(target=watch, daemon=True).start()
    serve(cluster, lambda: False)


def train(kind: str, folder: Path, cluster: Cluster | None) -> None:
    """Trains and writes weights and figures."""
    name, _, placed = kind.partition("+")
    distribution = Distribution()
    if name != "none":
        distribution = open_distribution(name, PLACEMENT if placed else None)
    keras.utils.set_random_seed(0)
    checkpoints = Checkpoints(folder / "checkpoints") if cluster else None
    with using(distribution):
        model = build()
        whole = distribution.spread(model)
        done = fit(
            model,
            Batches(before_epoch(folder, cluster)),
            epochs=EPOCHS,
            validation=lambda: Batches()(0, 0),
            checkpoints=checkpoints,
        )
    if distribution.is_chief:
        figures = {
            "steps": done.steps,
            "iterations": int(model.optimizer.iterations.numpy()),
            "best": done.best,
            "devices": [raw.device.rpartition("device:")[2] for raw in map(tf_variable, whole.variables)],
        }
        np.savez(folder / f"{kind}.npz", *[variable.numpy() for variable in model.weights])
        (folder / f"{kind}.json").write_text(json.dumps(figures))


def tf_variable(variable: Any) -> Any:
    """The `tf.Variable` of a Keras variable."""
    return getattr(variable, "value", variable) if isinstance(variable, keras.Variable) else variable


def main() -> None:
    """One process of a cluster, or all kinds that need one process."""
    folder, kinds = Path(sys.argv[1]), sys.argv[2:]
    cluster = Cluster.from_environment() if is_launched() else None
    if is_launched():
        end_with_parent()
    if cluster is not None and cluster.is_server:
        serve_and_die(cluster, folder)
    for kind in kinds:
        train(kind, folder, cluster)


main()
