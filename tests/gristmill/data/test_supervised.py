"""Features and label out of a dataset."""

from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from gristmill.data.dataset import Dataset, arrow_type
from gristmill.data.manifest import FileEntry, Manifest
from gristmill.data.plan import Layout
from gristmill.data.supervised import Supervised
from gristmill.data.tfrecord import write_shard
from gristmill.errors import InputError
from gristmill.schema import Feature, Schema

ROWS = 10


def features(**label: Any) -> tuple[Feature, ...]:
    return (
        Feature(name="key", kind="id", role="key"),
        Feature(name="x", kind="number"),
        Feature(name="y", **({"kind": "category", "values": ("no", "yes"), "role": "label"} | label)),
        Feature(name="w", kind="number", role="weight"),
    )


def make_dataset(folder: Path, schema: tuple[Feature, ...], labels: list[Any]) -> Dataset:
    types = pa.schema([(feature.name, arrow_type(feature)) for feature in schema])
    rows = [{"key": str(i), "x": i / 2, "y": labels[i % len(labels)], "w": float(i)} for i in range(ROWS)]
    made = write_shard(folder / "train-0.tfrecord", pa.Table.from_pylist(rows, types), Layout(compression="none"))
    entry = FileEntry(name=made.name, bytes=made.bytes, sha256=made.sha256, records=made.records)
    manifest = Manifest(
        app="made", code_version="1", fingerprint="f", options={}, layout=Layout(compression="none"), info={},
        record_schema=Schema(features=schema), splits={"train": (entry,)}, tables={}, vocabularies={}, quarantine=(),
        sources=(), statistics=FileEntry(name="statistics.json", bytes=2, sha256=""),
    )  # fmt: skip
    return Dataset(folder, manifest)


def read(data: Supervised, epoch: int = 0, start: int = 0) -> list[Any]:
    return [(x["x"].numpy().tolist(), y.numpy().tolist()) for x, y, *_ in data(epoch, start)]


def test_labels_are_numbers_and_neither_they_nor_weights_are_features(tmp_path: Path) -> None:
    data = Supervised(make_dataset(tmp_path, features(), ["no", "yes"]), "train", 4)
    x, y, weight = next(iter(data()))
    assert list(x) == ["key", "x"]
    assert (x["x"].numpy().tolist(), y.numpy().tolist(), weight.numpy().tolist()) == (
        [0.0, 0.5, 1.0, 1.5],
        [0, 1, 0, 1],
        [0.0, 1.0, 2.0, 3.0],
    )
    assert (len(data), data.classes, data.label.name) == (3, ["no", "yes"], "y")


def test_a_label_that_is_a_number_stays(tmp_path: Path) -> None:
    data = Supervised(make_dataset(tmp_path, features(kind="number", values=None), [0.5, 2.5]), "train", 4)
    assert data.classes is None
    assert read(data)[0][1] == [0.5, 2.5, 0.5, 2.5]


def test_an_epoch_goes_on_from_any_batch(tmp_path: Path) -> None:
    data = Supervised(make_dataset(tmp_path, features(), ["no", "yes"]), "train", 4, seed=3)
    first, second = read(data, 1), read(data, 2)
    assert first != second
    assert sorted(chain(*(x for x, _ in first))) == [i / 2 for i in range(ROWS)]
    for start in range(3):
        assert read(data, 1, start) == first[start:]
    for x, y in first:
        np.testing.assert_array_equal(np.array(x) * 2 % 2, y)


def test_a_label_that_is_not_known_is_named(tmp_path: Path) -> None:
    data = Supervised(make_dataset(tmp_path, features(), ["no", "perhaps"]), "train", 4)
    with pytest.raises(Exception, match=r"the label `y` must be one of no, yes. Received:.*perhaps"):
        read(data)


def test_there_must_be_one_label(tmp_path: Path) -> None:
    dataset = make_dataset(tmp_path, features(role="feature"), ["no"])
    with pytest.raises(InputError, match=r"one feature of the role `label`. Received: none among key, x, y, w"):
        Supervised(dataset, "train", 4)
    assert Supervised(dataset, "train", 4, label="y").label.name == "y"
    with pytest.raises(InputError, match="'z'"):
        Supervised(dataset, "train", 4, label="z")
