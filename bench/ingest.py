"""Rows per CPU-second of the ingestion pipeline, against a plain loop without Beam (the limit) and Beam row by row."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apache_beam as beam
import numpy as np
import pyarrow as pa
import tensorflow as tf
from apache_beam.options.pipeline_options import PipelineOptions
from pyarrow import csv

from apps.recommend.options import IngestOptions
from apps.recommend.plan import make_plan
from bench.inputs import Inputs
from bench.tables import note, show
from gristmill.data.plan import Layout
from gristmill.data.tfrecord import write_shard
from pipelines.ingest import ingest

__all__ = ["make_csv", "per_row", "plain", "run"]

_SAMPLE_ROWS = 20_000
_TYPES = {"user": pa.string(), "item": pa.string(), "rating": pa.float32(), "time": pa.int64()}


def run(inputs: Inputs) -> None:
    """Prints one table."""
    folder = inputs.folder / "ingest"
    folder.mkdir()
    whole, sample, single = (
        make_csv(folder / f"{count}.csv", count) for count in (inputs.rows, min(_SAMPLE_ROWS, inputs.rows), 1)
    )
    sampled = min(_SAMPLE_ROWS, inputs.rows)
    ingest(make_plan({"interactions": [str(single)]}, IngestOptions()), folder / "warm-up")
    per_row(single, folder / "warm-up-row")
    cpu, wall = _seconds(lambda: ingest(make_plan({"interactions": [str(whole)]}, IngestOptions()), folder / "dataset"))
    limit_cpu, limit_wall = _seconds(lambda: plain(whole, folder / "plain.tfrecord.gz"))
    start_cpu, start_wall = _seconds(lambda: per_row(single, folder / "single"))
    row_cpu, row_wall = _seconds(lambda: per_row(sample, folder / "sample"))
    row_cpu, row_wall = (max(took, 1e-9) for took in (row_cpu - start_cpu, row_wall - start_wall))
    limit = inputs.rows / limit_cpu
    table = [
        ("pipelines.ingest: check, split, statistics, shards", inputs.rows, inputs.rows / cpu, inputs.rows / wall),
        ("limit: pyarrow, encoder, TFRecord, without Beam", inputs.rows, limit, inputs.rows / limit_wall),
        ("Beam row by row, tf.train.Example (less its start)", sampled, sampled / row_cpu, sampled / row_wall),
    ]
    show(
        "ingestion of a CSV with 4 columns",
        ["system", "rows", "rows per CPU-second", "rows per second", "share of the limit"],
        [
            [name, f"{rows:,}", f"{rate:,.0f}", f"{per_wall:,.0f}", f"{rate / limit:.3f}"]
            for name, rows, rate, per_wall in table
        ],
    )
    note("ours checks types, finds duplicates, sorts each user's events, counts vocabularies and hashes what it writes")


def make_csv(path: Path, rows: int) -> Path:
    """Interactions of `rows` / 100 users with 5,000 items, drawn with a fixed seed; no two have one time."""
    random = np.random.default_rng(0)
    columns = {
        "user": random.integers(max(1, rows // 100), size=rows),
        "item": (5000 * random.random(rows) ** 2).astype(np.int64),
        "rating": random.integers(1, 6, rows),
        "time": 1_000_000_000 + random.permutation(rows),
    }
    csv.write_csv(pa.table(columns), path, csv.WriteOptions(quoting_style="none"))
    return path


def plain(source: Path, out: Path) -> None:
    """Reads, types, encodes and writes one shard, with no check, split or statistics."""
    read = csv.read_csv(source, convert_options=csv.ConvertOptions(column_types=_TYPES))
    write_shard(out, read, Layout())


def per_row(source: Path, out: Path) -> None:
    """The customary pipeline: a line, a dict, an Example, a record at a time."""
    with beam.Pipeline(runner="FnApiRunner", options=PipelineOptions([])) as pipeline:
        _ = (
            pipeline
            | beam.io.ReadFromText(str(source), skip_header_lines=1)
            | beam.Map(_parse)
            | beam.Map(_example)
            | beam.io.WriteToTFRecord(str(out), file_name_suffix=".tfrecord.gz")
        )


def _parse(line: str) -> dict[str, Any]:
    user, item, rating, moment = line.split(",")
    return {"user": user, "item": item, "rating": float(rating), "time": int(moment)}


def _example(row: dict[str, Any]) -> bytes:
    made = tf.train.Example()
    made.features.feature["user"].bytes_list.value.append(row["user"].encode())
    made.features.feature["item"].bytes_list.value.append(row["item"].encode())
    made.features.feature["rating"].float_list.value.append(row["rating"])
    made.features.feature["time"].int64_list.value.append(row["time"])
    return bytes(made.SerializeToString())


def _seconds(work: Callable[[], Any]) -> tuple[float, float]:
    """CPU-seconds of all threads of this process, and wall seconds."""
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    return time.process_time() - cpu, time.perf_counter() - wall
