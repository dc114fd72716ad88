"""Predicts what an ingestion will take, from two real ones over a small and a larger sample of the same sources."""

import os
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import yaml

from gristmill.data.execution import Execution
from gristmill.data.manifest import Manifest
from gristmill.data.plan import IngestPlan
from gristmill.data.reports import Estimate
from gristmill.errors import WorkError
from gristmill.progress import Progress, Silent
from pipelines.sample import cut_sample
from pipelines.sources import expand_paths, source_file
from pipelines.spans import SPAN_BYTES, unpacked_bytes

__all__ = ["estimate"]

_SHARE = 4
"""The small sample is this part of the larger one."""
_TERM_BYTES = 16
"""Memory of a term's byte in a vocabulary while its counts are merged."""
_POLL_SECONDS = 0.05


@dataclass(frozen=True)
class _Measured:
    """A real ingestion of a sample."""

    rows: int
    source: int
    """Bytes of the sample, unpacked."""
    wall: float
    cpu: float
    memory: int
    disk: int
    """Bytes of dataset and work folder at the peak."""
    dataset: int
    vocabulary: int


def estimate(
    plan: IngestPlan, execution: Execution | None = None, rows: int | None = None, progress: Progress | None = None
) -> Estimate:
    """Predicts time, memory and disk of an ingestion.

    Time and disk grow in line with the rows; the part that does not (the start) is told from the rest by the two
    samples, and the processors' time divided among the workers is the least that it can take. Memory stays as measured
    but for vocabularies, whose size is carried on by the power of the rows with which it grew between the samples
    (Heaps' law, https://en.wikipedia.org/wiki/Heaps%27_law).

    Args:
        plan: What would be ingested.
        execution: How it would be run; the samples are run so too.
        rows: Number of records to predict for; None takes those of the files, told from their bytes.
        progress: Where to show how far it is.

    Raises:
        InputError: A file cannot be read, or no record of the sample is good.
        WorkError: A sample could not be ingested.
    """
    how, shown = execution or Execution(), progress or Silent()
    files = expand_paths(plan.records.paths)
    total = sum(unpacked_bytes(source_file(path, columns=plan.records.columns)) for path in files)
    with tempfile.TemporaryDirectory(prefix="gristmill-estimate-") as folder, shown.task("ingest two samples"):
        larger = min(total, 2 * SPAN_BYTES * how.workers)
        _, small, large = (  # the first one finds what it needs on the disk, the others in memory
            _measure(plan, how, files, size, Path(folder) / name)
            for size, name in ((larger // _SHARE, "first"), (larger // _SHARE, "small"), (larger, "large"))
        )
    return _predict(small, large, rows or round(large.rows * total / large.source), how)


def _predict(small: _Measured, large: _Measured, rows: int, how: Execution) -> Estimate:
    def line(name: str) -> float:
        """What `name` comes to for `rows`, on the line through both samples."""
        first, second = getattr(small, name), getattr(large, name)
        if large.rows <= small.rows:
            return float(second * rows / large.rows)
        slope = max(0.0, (second - first) / (large.rows - small.rows))
        return float(second + slope * (rows - large.rows))

    return Estimate(
        rows=rows,
        workers=how.workers,
        seconds=max(line("wall"), line("cpu") / how.workers),
        cpu_seconds=line("cpu"),
        memory_bytes=round(large.memory + _TERM_BYTES * max(0.0, _vocabulary(small, large, rows) - large.vocabulary)),
        dataset_bytes=round(line("dataset")),
        peak_disk_bytes=round(line("disk")),
        sample_rows=large.rows,
    )


def _vocabulary(small: _Measured, large: _Measured, rows: int) -> float:
    import math

    if not small.vocabulary or small.rows >= large.rows:
        return float(large.vocabulary)
    power = math.log(large.vocabulary / small.vocabulary) / math.log(large.rows / small.rows)
    return float(large.vocabulary * (rows / large.rows) ** min(1.0, max(0.0, power)))


def _measure(plan: IngestPlan, how: Execution, files: list[str], size: int, folder: Path) -> _Measured:
    """Ingests a sample of about `size` bytes in a process of its own."""
    folder.mkdir()
    sample, source = cut_sample(files, size, folder, plan.records.columns)
    records = plan.records.model_copy(update={"paths": (sample,)})
    made = plan.model_copy(update={"records": records, "shards": None})
    (folder / "plan.yaml").write_text(yaml.safe_dump(made.model_dump(mode="json")))
    command = [
        sys.executable,
        "-m",
        "pipelines.ingest",
        "--plan",
        str(folder / "plan.yaml"),
        "--out",
        str(folder / "out"),
    ]
    command += ["--runner", how.runner, "--workers", str(how.workers)]
    command += [word for option in how.runner_options for word in ("--runner-option", option)]
    with open(folder / "log", "wb") as log:
        start = time.monotonic()
        process = subprocess.Popen(command, stdout=log, stderr=log)
        peak = _Peak(folder)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        wall, disk = time.monotonic() - start, peak.stop()
    if process.returncode:
        last = (folder / "log").read_text("utf-8", errors="replace").strip().splitlines()[-1:]
        raise WorkError(f"the sample could not be ingested: {''.join(last)}")
    manifest = Manifest.load(folder / "out")
    report = manifest.sources[0]
    return _Measured(
        rows=report.read,
        source=source,
        wall=wall,
        cpu=used.ru_utime + used.ru_stime,
        memory=used.ru_maxrss * 1024,
        disk=disk - Path(sample).stat().st_size,
        dataset=_bytes_under(folder / "out"),
        vocabulary=sum(entry.bytes for entry in manifest.vocabularies.values()),
    )


class _Peak:
    """The most bytes that a folder held while a process ran."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.most, self.over = folder, 0, threading.Event()
        self.thread = threading.Thread(target=self._watch)
        self.thread.start()

    def _watch(self) -> None:
        while not self.over.wait(_POLL_SECONDS):
            self.most = max(self.most, _bytes_under(self.folder))

    def stop(self) -> int:
        self.over.set()
        self.thread.join()
        return self.most


def _bytes_under(folder: Path) -> int:
    found = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                found += os.lstat(os.path.join(place, name)).st_size
            except OSError:
                continue
    return found
