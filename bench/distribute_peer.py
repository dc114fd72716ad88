"""Trains one network in a process of its own and prints steps per second: `python -m bench.distribute_peer KIND`."""

import sys
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from gristmill.launch import Cluster, end_with_parent, is_launched
from gristmill.training import fit
from gristmill.training.distribution import Distribution, open_distribution, serve, using

__all__ = ["BATCH", "STEPS", "main"]

BATCH, STEPS = 512, 60
_EPOCHS = 8
_WIDTH, _UNITS, _CLASSES = 64, 1024, 10


class _Batches:
    def __init__(self) -> None:
        random = np.random.default_rng(0)
        rows = BATCH * STEPS
        inputs = random.normal(size=(rows, _WIDTH)).astype("float32")
        self._whole = tf.data.Dataset.from_tensor_slices((inputs, random.integers(0, _CLASSES, rows))).batch(BATCH)

    def __len__(self) -> int:
        return STEPS

    def __call__(self, epoch: int, start: int) -> Iterable[Any]:
        return self._whole.skip(start)


def main() -> None:
    """Prints the steps per second of each epoch but the first, where this process is the chief."""
    kind = sys.argv[1]
    cluster = Cluster.from_environment() if is_launched() else None
    if is_launched():
        end_with_parent()
    if cluster is not None and cluster.is_server:
        serve(cluster, lambda: False)
    distribution = Distribution() if kind == "none" else open_distribution(kind)
    seconds: list[float] = []
    with using(distribution):
        dense = keras.layers.Dense
        model = keras.Sequential(
            [keras.Input((_WIDTH,)), dense(_UNITS, "relu"), dense(_UNITS, "relu"), dense(_CLASSES)]
        )
        model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        fit(model, _Batches(), epochs=_EPOCHS, log=lambda **line: seconds.append(line["seconds"]))
    if distribution.is_chief:
        print(*(STEPS / (after - before) for before, after in pairwise(seconds)), flush=True)


if __name__ == "__main__":
    main()
