"""The readers that `read` measures: each gives shuffled batches, epoch after epoch; `python -m bench.read_systems` runs one.

A reader runs in a process of its own: in the first round an epoch that is compared, then one that warms up, then those
that are measured.
"""

import json
import os
import pickle
import resource
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bench.rows import NUMBERS, TEXTS, digest, table_of

__all__ = ["BATCH_ROWS", "SYSTEMS", "measure"]

Batches = Iterable[Mapping[str, Any]]
BATCH_ROWS = 1024
_EPOCHS = 6
_SECONDS = 8
_STEP_BATCHES = 100


def plain_tf(folder: Path, epochs: int) -> Batches:
    """The best practice of tf.data: serialised records are shuffled, batched, and then parsed together."""
    import tensorflow as tf

    from bench.events import SCHEMA
    from bench.read_files import paths
    from gristmill.data.codec import parse_spec

    spec, packed = parse_spec(SCHEMA), "GZIP" if folder.name.endswith("gzip") else ""
    files = tf.data.Dataset.from_tensor_slices(paths(folder)).shuffle(100, seed=1)
    records = files.interleave(
        lambda path: tf.data.TFRecordDataset(path, packed), num_parallel_calls=tf.data.AUTOTUNE, deterministic=False
    )
    batches = records.shuffle(100_000, seed=1).batch(BATCH_ROWS)
    parsed = batches.map(lambda batch: tf.io.parse_example(batch, spec), tf.data.AUTOTUNE)
    return parsed.repeat(epochs).prefetch(tf.data.AUTOTUNE)


def packed_tf(folder: Path, epochs: int) -> Batches:
    """Packs read by tf.data's own operations: several parsed at once, their rows permuted, cut into batches."""
    import tensorflow as tf

    from bench.events import SCHEMA
    from bench.read_files import paths

    packed = "GZIP" if folder.name.endswith("gzip") else ""
    spec = {feature.name: tf.io.RaggedFeature(feature.dtype, row_splits_dtype=tf.int64) for feature in SCHEMA.features}

    def parse(records: Any) -> Any:
        values = {name: ragged.flat_values for name, ragged in tf.io.parse_example(records, spec).items()}
        order = tf.random.shuffle(tf.range(tf.shape(values["time"])[0]))
        return {name: tf.gather(value, order) for name, value in values.items()}

    files = tf.data.Dataset.from_tensor_slices(paths(folder)).shuffle(100, seed=1)
    records = files.interleave(lambda path: tf.data.TFRecordDataset(path, packed), cycle_length=8)
    return records.batch(64).map(parse).rebatch(BATCH_ROWS).repeat(epochs).prefetch(2)


def ours(folder: Path, epochs: int) -> Batches:
    """Ours, of any layout."""
    from bench.read_files import dataset

    batches: Batches = dataset(folder).batches("train", BATCH_ROWS, seed=1, epochs=epochs)
    return batches


def parquet(folder: Path, epochs: int) -> Batches:
    """All rows into memory, one shuffle of them, and arrays of NumPy a batch."""
    import pyarrow.parquet as pq

    for epoch in range(epochs):
        table = pq.read_table(folder)
        table = table.take(np.random.default_rng(epoch).permutation(table.num_rows)).combine_chunks()
        for batch in table.to_batches(BATCH_ROWS):
            yield {name: batch.column(name).to_numpy(zero_copy_only=False) for name in table.column_names}


def grain(folder: Path, epochs: int) -> Batches:
    """A record a row, at random out of the files; batches are columns of NumPy."""
    from grain import MapDataset, sources

    from bench.read_files import paths

    source = sources.ArrayRecordDataSource(paths(folder))
    for epoch in range(epochs):
        yield from MapDataset.source(source).shuffle(seed=epoch).batch(BATCH_ROWS, batch_fn=_columns).to_iter_dataset()


def array_record(folder: Path, epochs: int) -> Batches:
    """As grain, but a batch of records is asked for in one call."""
    from array_record.python.array_record_data_source import ArrayRecordDataSource

    from bench.read_files import paths

    source = ArrayRecordDataSource(paths(folder))
    for epoch in range(epochs):
        order = np.random.default_rng(epoch).permutation(len(source))
        for start in range(0, len(order), BATCH_ROWS):
            yield _columns(source.__getitems__(order[start : start + BATCH_ROWS].tolist()))


def memmap(folder: Path, epochs: int) -> Batches:
    """Numbers only: rows gathered at random out of mapped files."""
    columns = {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in NUMBERS}
    for epoch in range(epochs):
        order = np.random.default_rng(epoch).permutation(len(columns["time"]))
        for start in range(0, len(order), BATCH_ROWS):
            rows = order[start : start + BATCH_ROWS]
            yield {name: column[rows] for name, column in columns.items()}


SYSTEMS: dict[str, tuple[Callable[[Path, int], Batches], str]] = {
    "ours, packed": (ours, "packed-none"),
    "ours, packed, gzip": (ours, "packed-gzip"),
    "ours, plain": (ours, "plain-none"),
    "ours, plain, gzip": (ours, "plain-gzip"),
    "tf.data best practice": (plain_tf, "plain-none"),
    "tf.data best practice, gzip": (plain_tf, "plain-gzip"),
    "tf.data on packs": (packed_tf, "packed-none"),
    "Parquet to NumPy": (parquet, "parquet"),
    "grain, array_record": (grain, "array_record"),
    "array_record, a batch a call": (array_record, "array_record"),
    "NumPy memmap gather, numbers only": (memmap, "memmap"),
}
"""Each reader, and the folder of its files."""


def measure(batches_of: Callable[[int], Batches], batches: int, *, compared: bool) -> dict[str, Any]:
    """Rows, CPU-seconds with those of child processes, seconds, and where it is asked for what the rows were.

    Args:
        batches_of: Gives the batches of so many epochs.
        batches: Batches an epoch.
        compared: Whether an epoch is read first to tell what its rows are.
    """
    told: dict[str, Any] = {}
    if compared:
        table = table_of([_arrays(batch) for batch in batches_of(1)])
        told = {"all": digest(table), "numbers": digest(table.select(list(NUMBERS)))}
    drain = _drain(batches_of(1 + _EPOCHS))
    _until(drain, batches)
    cpu, wall = _cpu_seconds(), time.perf_counter()
    rows = _until(drain, _EPOCHS * batches)
    return told | {"rows": rows, "cpu": _cpu_seconds() - cpu, "wall": time.perf_counter() - wall}


def _until(drain: Callable[[int], int], batches: int) -> int:
    """Rows of so many batches, or of those that came in `_SECONDS`."""
    rows, done, start = 0, 0, time.perf_counter()
    while done < batches and time.perf_counter() - start < _SECONDS:
        step = min(_STEP_BATCHES, batches - done)
        rows, done = rows + drain(step), done + step
    return rows


def _drain(batches: Any) -> Callable[[int], int]:
    """Takes a number of batches and gives that of their rows; from tf.data inside a function, as `fit` does."""
    iterator = iter(batches)
    if not hasattr(batches, "element_spec"):
        return lambda count: sum(len(next(iterator)["time"]) for _ in range(count))
    import tensorflow as tf

    @tf.function
    def drain(count: Any) -> Any:
        rows = tf.constant(0)
        for _ in tf.range(count):
            rows += tf.size(next(iterator)["time"])
        return rows

    return lambda count: int(drain(tf.constant(count)))


def _arrays(batch: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value.numpy() if hasattr(value, "numpy") else value for name, value in batch.items()}


def _columns(records: Sequence[bytes]) -> dict[str, Any]:
    rows = map(pickle.loads, records)
    return dict(zip((*TEXTS, *NUMBERS), map(np.array, zip(*rows, strict=True)), strict=True))


def _cpu_seconds() -> float:
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


if __name__ == "__main__":
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    reader, kind = SYSTEMS[sys.argv[1]]
    place = Path(sys.argv[2]) / kind
    print(json.dumps(measure(lambda epochs: reader(place, epochs), int(sys.argv[3]), compared="compared" in sys.argv)))
