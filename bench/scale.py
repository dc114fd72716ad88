"""Ingestion of 1, 10 and 50 million rows in processes of their own: time, peak memory and disk, beside the estimate."""

import os
import subprocess
import sys
import time
from pathlib import Path

import yaml

from bench.events import make_csv, make_plan
from bench.inputs import Inputs
from bench.tables import note, show
from gristmill.data.manifest import Manifest
from gristmill.data.plan import IngestPlan
from pipelines.estimate import estimate

__all__ = ["run"]


def run(inputs: Inputs) -> None:
    """Prints one table."""
    folder = inputs.folder / "scale"
    folder.mkdir()
    rows = []
    for count in inputs.scale:
        source = make_csv(folder / f"{count}.csv", count)
        plan = make_plan(source)
        expected = estimate(plan, rows=count, progress=inputs.progress)
        wall, cpu, memory = _measured(plan, folder)
        manifest = Manifest.load(folder / "out")
        size = sum(entry.bytes for entry in manifest.files())
        rows.append(
            [
                f"{count:,}",
                f"{wall:.1f}",
                f"{expected.seconds:.1f}",
                f"{cpu:.1f}",
                f"{1e6 * wall / count:.2f}",
                f"{memory / 2**20:,.0f}",
                f"{expected.memory_bytes / 2**20:,.0f}",
                f"{size / 2**20:,.0f}",
                f"{expected.dataset_bytes / 2**20:,.0f}",
            ]
        )
        source.unlink()
        subprocess.run(["rm", "-r", str(folder / "out")], check=True)
    columns = [
        "rows", "seconds", "estimated", "CPU-seconds", "us a row", "peak MiB", "estimated MiB", "dataset MiB", "estimated dataset",
    ]  # fmt: skip
    show("ingestion of 8 columns on one worker, a process a run, start included", columns, rows)
    note(f"the plan's bound of memory: {make_plan(Path()).memory_bytes / 2**20:,.0f} MiB")


def _measured(plan: IngestPlan, folder: Path) -> tuple[float, float, int]:
    """Wall seconds, CPU-seconds and peak bytes of one ingestion."""
    (folder / "plan.yaml").write_text(yaml.safe_dump(plan.model_dump(mode="json")))
    command = ["-m", "pipelines.ingest", "--plan", str(folder / "plan.yaml"), "--out", str(folder / "out")]
    start = time.monotonic()
    process = subprocess.Popen([sys.executable, *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise AssertionError(f"the ingestion ended with {process.returncode}")
    return time.monotonic() - start, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024
