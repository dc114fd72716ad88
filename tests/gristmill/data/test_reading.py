"""Batches for training: every row once an epoch, in an order of its own, and on from any place exactly."""

import json
import math
import os
import signal
import subprocess
import sys
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import tensorflow as tf

from gristmill.data.dataset import Dataset, arrow_type
from gristmill.data.manifest import FileEntry, Manifest
from gristmill.data.plan import Layout
from gristmill.data.reading import ReadState
from gristmill.data.reading.order import Windows, units
from gristmill.data.tfrecord import write_shard
from gristmill.errors import InputError
from gristmill.files import write_json_atomic
from gristmill.schema import Feature, Kind, Missing, Schema

FEATURES = (
    Feature(name="key", kind=Kind.ID, dtype="int64"),
    Feature(name="text", kind=Kind.TEXT, missing=Missing.KEEP),
    Feature(name="number", kind=Kind.NUMBER, missing=Missing.KEEP),
    Feature(name="words", kind=Kind.SEQUENCE, missing=Missing.KEEP),
    Feature(name="pair", kind=Kind.SEQUENCE, dtype="float32", shape=(2,), missing=Missing.KEEP),
    Feature(name="nested", kind=Kind.SEQUENCE, dtype="int64", shape=(None, None), missing=Missing.KEEP),
)
SCHEMA = Schema(features=FEATURES)
SHARD_ROWS = (1500, 0, 2100, 3, 1024)
ROWS = sum(SHARD_ROWS)


def row(key: int) -> dict[str, Any]:
    made: dict[str, Any] = {
        "key": key,
        "text": f"text {key}" * (key % 3),
        "number": key / 4,
        "words": [f"w{key}"] * (key % 4),
        "pair": [key / 2, -key / 2],
        "nested": [[key] * (i % 2) for i in range(key % 3)],
    }
    return {
        name: None if name != "key" and key % 7 == place else value for place, (name, value) in enumerate(made.items())
    }


def as_read(key: int) -> dict[str, Any]:
    """A row with what stands for missing values."""
    empty = {"text": "", "number": math.nan, "words": [], "pair": [math.nan] * 2, "nested": []}
    return {name: empty[name] if value is None else value for name, value in row(key).items()}


def make_dataset(folder: Path, layout: Layout) -> Dataset:
    schema = pa.schema([(feature.name, arrow_type(feature)) for feature in FEATURES])
    table = pa.Table.from_pylist([row(key) for key in range(ROWS)], schema)
    entries, start = [], 0
    for i, rows in enumerate(SHARD_ROWS):
        made = write_shard(folder / f"train-{i}{layout.suffix}", table.slice(start, rows), layout)
        entries.append(FileEntry(name=made.name, bytes=made.bytes, sha256=made.sha256, records=made.records))
        start += rows
    (folder / "statistics.json").write_text("{}")
    manifest = Manifest(
        app="made", code_version="1", fingerprint="f", options={}, layout=layout, info={}, record_schema=SCHEMA,
        splits={"train": tuple(entries), "test": ()}, tables={}, vocabularies={}, quarantine=(), sources=(),
        statistics=FileEntry(name="statistics.json", bytes=2, sha256=""),
    )  # fmt: skip
    write_json_atomic(folder / "manifest.json", manifest.model_dump(mode="json"))
    return Dataset(folder, manifest)


LAYOUTS = [
    Layout(kind="packed", rows=128),
    Layout(kind="packed", rows=1024, compression="none"),
    Layout(),
    Layout(compression="none"),
]


@pytest.fixture(scope="module", params=LAYOUTS, ids=lambda layout: f"{layout.kind}-{layout.compression}")
def dataset(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return make_dataset(tmp_path_factory.mktemp("dataset"), request.param)


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return make_dataset(tmp_path_factory.mktemp("dataset"), LAYOUTS[0])


def keys_of(batches: Any) -> list[list[int]]:
    return [batch["key"].numpy().tolist() for batch in batches]


def rows_of(batch: dict[str, Any]) -> list[dict[str, Any]]:
    columns = {name: _listed(value) for name, value in batch.items()}
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def _listed(value: Any) -> list[Any]:
    """A tensor as lists; a RaggedTensor's own `to_list` takes milliseconds a row."""
    if isinstance(value, tf.RaggedTensor):
        values = _listed(value.values)
        return [values[start:stop] for start, stop in pairwise(value.row_splits.numpy())]
    listed: list[Any] = value.numpy().tolist()
    return [text.decode() for text in listed] if value.dtype == tf.string else listed


def test_rows_come_as_they_were_written(dataset: Dataset) -> None:
    batches = list(dataset.batches("train", 100))
    assert [len(batch["key"]) for batch in batches] == [100] * (ROWS // 100) + [ROWS % 100]
    assert repr([row for batch in batches for row in rows_of(batch)]) == repr([as_read(key) for key in range(ROWS)])


def test_shuffled_rows_are_the_same_rows(dataset: Dataset) -> None:
    rows = [row for batch in dataset.batches("train", 100, seed=3) for row in rows_of(batch)]
    assert [row["key"] for row in rows] != list(range(ROWS))
    assert repr(sorted(rows, key=lambda row: row["key"])) == repr([as_read(key) for key in range(ROWS)])


def test_the_order_is_that_of_seed_and_epoch(packed: Dataset) -> None:
    first, second, other = (
        keys_of(packed.batches("train", 64, seed=seed, epochs=epochs)) for seed, epochs in ((1, 2), (1, 2), (2, 1))
    )
    assert first == second
    half = packed.batches_per_epoch("train", 64)
    assert len(first) == 2 * half
    assert first[:half] != first[half:]
    assert first[:half] != other
    assert sorted(key for batch in first[half:] for key in batch) == list(range(ROWS))


def test_batches_mix_rows_from_far_apart(packed: Dataset) -> None:
    batch = np.array(keys_of(packed.batches("train", 64, seed=0).take(1))[0])
    assert np.ptp(batch) > ROWS / 2
    assert np.abs(np.diff(batch)).mean() > ROWS / 10


@pytest.mark.parametrize(("seed", "drop"), [(5, False), (5, True), (None, False)])
def test_every_place_can_be_gone_on_from(
    packed: Dataset, seed: int | None, drop: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gristmill.data.reading.batches._WINDOW_ROWS", 1000)
    size = 150
    each = packed.batches_per_epoch("train", size, drop_remainder=drop)
    whole = keys_of(packed.batches("train", size, seed=seed, epochs=2, drop_remainder=drop))
    assert len(whole) == 2 * each
    for done in (0, 1, 5, 6, 7, each - 1, each, each + 8, 2 * each - 1):
        state = ReadState(**json.loads(json.dumps(asdict(ReadState(seed, size).after(done, each)))))
        rest = packed.batches("train", size, seed=seed, epochs=2, drop_remainder=drop, start=state)
        assert int(rest.cardinality()) == 2 * each - done
        assert keys_of(rest) == whole[done:]


def test_only_shards_that_are_needed_are_opened(packed: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    from gristmill.data.reading import cursor

    opened, read_shard = [], cursor.read_shard
    monkeypatch.setattr(
        cursor, "read_shard", lambda path, *args, **more: opened.append(path.name) or read_shard(path, *args, **more)
    )
    late = ReadState(None, 100, 0, ROWS // 100)
    assert len(keys_of(packed.batches("train", 100, start=late))) == 1
    assert opened == ["train-4.tfrecord.gz"]


def test_readers_beside_each_other_do_not_disturb(packed: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gristmill.data.reading.batches._WINDOW_ROWS", 500)
    batches = packed.batches("train", 100, seed=1)
    pairs = list(zip(batches, batches, strict=True))
    assert [keys_of([a]) for a, _ in pairs] == [keys_of([b]) for _, b in pairs]
    assert keys_of(batches.repeat(2)) == 2 * keys_of(batches)


def test_it_is_ordinary_tf_data(packed: Dataset) -> None:
    batches = packed.batches("train", 100, seed=1, drop_remainder=True)
    assert batches.element_spec["pair"].shape == (100, 2)
    assert batches.element_spec["words"].shape.as_list() == [100, None]
    single = batches.unbatch().filter(lambda row: row["key"] % 2 == 0).map(lambda row: row["key"]).shuffle(10).batch(7)
    found = [key for batch in single for key in batch.numpy().tolist()]
    assert sorted(found) == sorted(key for batch in keys_of(batches) for key in batch if key % 2 == 0)


def test_missing_values_are_told_on_request(packed: Dataset) -> None:
    for batch in packed.batches("train", 1000, seed=1, missing=True).take(2):
        for name in SCHEMA.names:
            expected = [row(key)[name] is None for key in batch["key"].numpy().tolist()]
            assert batch[f"__missing__/{name}"].numpy().tolist() == expected


def test_tensorflow_keeps_the_place_of_an_iterator(
    packed: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gristmill.data.reading.batches._WINDOW_ROWS", 500)
    expected = keys_of(packed.batches("train", 100, seed=1))
    iterator = iter(packed.batches("train", 100, seed=1))
    assert keys_of(next(iterator) for _ in range(7)) == expected[:7]
    path = tf.train.Checkpoint(iterator=iterator).save(str(tmp_path / "place"))
    other = iter(packed.batches("train", 100, seed=1))
    tf.train.Checkpoint(iterator=other).restore(path).assert_consumed()
    assert keys_of(other) == expected[7:]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ({"split": "tain"}, "unknown split 'tain'; did you mean 'train'"),
        ({"split": "test"}, "split 'test' has no records"),
        ({"batch_size": 0}, "batch_size must be at least 1"),
        ({"batch_size": ROWS + 1, "drop_remainder": True}, f"batch_size must be at most the {ROWS} records"),
        ({"epochs": 0}, "epochs must be at least 1"),
        ({"start": ReadState(1, 100)}, "must have seed=None and batch_size=100"),
        ({"start": ReadState(None, 64)}, "must have seed=None and batch_size=100"),
        ({"start": ReadState(None, 100, 0, 47)}, "an epoch has 47 batches"),
    ],
)
def test_what_cannot_be_read_is_refused(packed: Dataset, call: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        packed.batches(**{"split": "train", "batch_size": 100, **call})
    with pytest.raises(InputError, match="batch must be at least 0"):
        ReadState(None, 1, 0, -1)


def test_after_the_last_batch_nothing_is_left(packed: Dataset) -> None:
    each = packed.batches_per_epoch("train", 100)
    for done in (each, 3 * each + 1):
        rest = packed.batches("train", 100, start=ReadState(None, 100).after(done, each))
        assert int(rest.cardinality()) == 0
        assert keys_of(rest) == []


def test_a_cut_shard_is_named(packed: Dataset, tmp_path: Path) -> None:
    dataset = make_dataset(tmp_path, LAYOUTS[1])
    path = tmp_path / "train-2.tfrecord"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(tf.errors.OpError, match=r"IntegrityError: .*train-2\.tfrecord: record 2 is cut"):
        keys_of(dataset.batches("train", 100, seed=1))


def test_units_and_windows_cover_an_epoch_once() -> None:
    records = [5000, 0, 1, 1024] + [1500] * 40
    for seed in (None, 1):
        found = units(records, seed, 0)
        for shard, rows in enumerate(records):
            own = [unit for unit in found if unit.shard == shard]
            assert [unit.start for unit in own] == list(np.cumsum([0, *(unit.rows for unit in own)])[:-1])
            assert sum(unit.rows for unit in own) == rows
        for start in (1, 1024, 5001, sum(records) - 1):
            assert sum(unit.rows for unit in units(records, seed, 0, start)) == sum(records) - start
    for size, drop in ((7, False), (7, True), (10, False), (100, False), (3, True)):
        windows = Windows(100, size, drop, 25)
        parts = [windows[i] for i in range(windows.count)]
        assert [part.start for part in parts] == list(np.cumsum([0, *(part.rows for part in parts)])[:-1])
        assert sum(part.rows for part in parts) == (100 // size * size if drop else 100)
        places = [(i, k) for i, part in enumerate(parts) for k in range(part.batches)]
        assert [windows.find(batch) for batch in range(windows.batches)] == places


ENDING = """
import sys
from pathlib import Path
from gristmill.data.codec.compiled import compiled
from gristmill.data.dataset import Dataset
from gristmill.data.manifest import Manifest
from gristmill.data.reading import Reading, batches

@compiled
def spin(turns):
    value = 1
    for _ in range(turns):
        value ^= value << 13
        value ^= value >> 7
    return value

spin(1)
batches._WINDOW_ROWS, load = 1000, Reading._load
Reading._load = lambda self, index: (spin(300_000_000 * (index > 0)), load(self, index))[1]
path = Path(sys.argv[1])
iterator = iter(Dataset(path, Manifest.load(path)).batches("train", 100, seed=4))
next(iterator)
"""


@pytest.mark.slow
def test_a_process_ends_while_the_next_window_is_read(packed: Dataset) -> None:
    subprocess.run([sys.executable, "-c", ENDING, str(packed.path)], stderr=subprocess.DEVNULL, timeout=120, check=True)


PROGRAM = """
import json, sys
from dataclasses import asdict
from pathlib import Path
from gristmill.data.dataset import Dataset
from gristmill.data.manifest import Manifest
from gristmill.data.reading import ReadState
path, state = Path(sys.argv[1]), ReadState(**json.loads(sys.argv[2]))
dataset = Dataset(path, Manifest.load(path))
each = dataset.batches_per_epoch("train", 100)
for batch in dataset.batches("train", 100, seed=4, epochs=None, start=state):
    state = state.after(1, each)
    print(json.dumps([asdict(state), batch["key"].numpy().tolist()]), flush=True)
"""


@pytest.mark.slow
def test_a_killed_process_is_followed_by_the_next_batch(packed: Dataset) -> None:
    state, found = ReadState(4, 100), []
    for batches in (60, 12):
        with subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(packed.path), json.dumps(asdict(state))],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        ) as process:  # fmt: skip
            assert process.stdout
            for _ in range(batches):
                told, keys = json.loads(process.stdout.readline())
                found.append(keys)
            os.kill(process.pid, signal.SIGKILL)
        state = ReadState(**told)
    assert state == ReadState(4, 100, 1, 72 - packed.batches_per_epoch("train", 100))
    assert found == keys_of(packed.batches("train", 100, seed=4, epochs=2).take(72))
