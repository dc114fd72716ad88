"""Rows per CPU-second of the ingestion pipeline, against the same encoder without Beam (the limit) and Beam row by row."""

import resource
import shutil
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apache_beam as beam
import tensorflow as tf
from apache_beam.options.pipeline_options import PipelineOptions
from isal import isal_zlib
from pyarrow import csv

from bench.events import SCHEMA, make_csv, make_plan
from bench.inputs import Inputs
from bench.tables import note, show, spread
from gristmill.data.codec.encoder import encode_blocks
from gristmill.data.dataset import arrow_type
from gristmill.data.plan import Layout
from pipelines.ingest import ingest

__all__ = ["per_row", "plain", "run"]

_SAMPLE_ROWS = 20_000
_REPEATS = 3
_LAYOUTS = {
    "plain, gzip (the default)": Layout(),
    "plain, not compressed": Layout(compression="none"),
    "packed, gzip": Layout(kind="packed"),
}
_TYPES = {feature.name: arrow_type(feature) for feature in SCHEMA.features}


def run(inputs: Inputs) -> None:
    """Prints one table."""
    folder = inputs.folder / "ingest"
    folder.mkdir()
    sampled = min(_SAMPLE_ROWS, inputs.rows)
    whole, sample, single = (make_csv(folder / f"{count}.csv", count) for count in (inputs.rows, sampled, 1))
    ingest(make_plan(single), folder / "warm-up")
    plain(single, folder / "warm-up.tfrecord", Layout())
    per_row(single, folder / "warm-up-row")
    rows = [row for name, layout in _LAYOUTS.items() for row in _pair(name, layout, whole, folder, inputs.rows)]
    start_cpu, start_wall = _seconds(lambda: per_row(single, folder / "single"))
    row_cpu, row_wall = _seconds(lambda: per_row(sample, folder / "sample"))
    row_cpu, row_wall = (max(took, 1e-9) for took in (row_cpu - start_cpu, row_wall - start_wall))
    rate = sampled / row_cpu
    rows.append(_row("Beam row by row, tf.train.Example (less its start)", sampled, rate, sampled / row_wall, ""))
    show(
        "ingestion of a CSV with 8 columns",
        ["system", "rows", "rows per CPU-second", "rows per second", "share of the limit"],
        rows,
    )
    note(
        "ours checks types and ranges, splits, shuffles, counts statistics and vocabularies, hashes what it reads and writes"
    )
    note(
        f"medians of {_REPEATS} alternating runs; the limit reads with pyarrow, encodes, checksums, compresses and writes"
    )


def _pair(name: str, layout: Layout, whole: Path, folder: Path, rows: int) -> list[list[str]]:
    """Ours and the limit, in turns."""
    ours, limit = [], []
    for _ in range(_REPEATS):
        shutil.rmtree(folder / "dataset", ignore_errors=True)
        ours.append(_seconds(lambda: ingest(make_plan(whole, layout), folder / "dataset")))
        limit.append(_seconds(lambda: plain(whole, folder / "plain.tfrecord", layout)))
    shares = [theirs[0] / mine[0] for mine, theirs in zip(ours, limit, strict=True)]
    share = f"{statistics.median(shares):.2f} ({spread(shares, '.2f')})"
    return [
        _row(f"pipelines.ingest, {name}", rows, *_medians(rows, ours), share),
        _row(f"limit without Beam, {name}", rows, *_medians(rows, limit), "1"),
    ]


def _medians(rows: int, times: list[tuple[float, float]]) -> tuple[float, float]:
    """Rows per CPU-second and per second."""
    return rows / statistics.median(cpu for cpu, _ in times), rows / statistics.median(wall for _, wall in times)


def _row(name: str, rows: int, per_cpu: float, per_wall: float, share: str) -> list[str]:
    return [name, f"{rows:,}", f"{per_cpu:,.0f}", f"{per_wall:,.0f}", share]


def plain(source: Path, out: Path, layout: Layout) -> None:
    """Reads, encodes and writes one shard, with no check, split, statistics or hash."""
    options = csv.ConvertOptions(column_types=_TYPES)
    table = csv.read_csv(source, csv.ReadOptions(use_threads=False), convert_options=options)
    packer = isal_zlib.compressobj(1, isal_zlib.DEFLATED, 31)
    with open(out, "wb") as file:
        for block in encode_blocks(table, layout):
            file.write(packer.compress(block) if layout.compression == "gzip" else block.data)
        file.write(packer.flush() if layout.compression == "gzip" else b"")


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
    made: dict[str, Any] = dict(zip(SCHEMA.names, line.split(","), strict=True))
    for name in ("price", "score", "rate"):
        made[name] = float(made[name])
    for name in ("count", "time"):
        made[name] = int(made[name])
    return made


def _example(row: dict[str, Any]) -> bytes:
    made = tf.train.Example()
    for name, value in row.items():
        feature = made.features.feature[name]
        if isinstance(value, str):
            feature.bytes_list.value.append(value.encode())
        elif isinstance(value, float):
            feature.float_list.value.append(value)
        else:
            feature.int64_list.value.append(value)
    return bytes(made.SerializeToString())


def _seconds(work: Callable[[], Any]) -> tuple[float, float]:
    """CPU-seconds of this process with its children, and wall seconds."""

    def cpu() -> float:
        used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        return sum(one.ru_utime + one.ru_stime for one in used)

    start_cpu, start = cpu(), time.perf_counter()
    work()
    return cpu() - start_cpu, time.perf_counter() - start
