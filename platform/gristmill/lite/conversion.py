"""Converts SavedModels to .tflite files in another process, and refuses a file that lost its weights."""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gristmill.errors import IntegrityError, WorkError, unknown_name
from gristmill.lite.bundle import check_names, write_bundle
from gristmill.lite.formats import FORMATS
from gristmill.lite.weights import check_weights

__all__ = ["Job", "convert", "convert_all", "convert_jobs"]

_QUIET = {"CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3"}
_TAIL_LINES = 15
_STARTED = re.compile(r"^converting (.+)$", re.MULTILINE)
_FOREIGN_OPERATION = re.compile(r"'tf\.(\w+)' op is neither a custom op nor a flex op")


@dataclass(frozen=True)
class Job:
    """One SavedModel to convert.

    Attributes:
        saved_model: Its folder; all its signatures are converted.
        outputs: Per format of `FORMATS` the .tflite file to write.
        assets: What travels in each file, by name (see `gristmill.lite.bundle`).
        minimum_share: Smallest share of the weights that a file may hold (see `check_weights`).

    Raises:
        InputError: if a format is not known, or if the name of an asset is not a plain relative path.
    """

    saved_model: Path
    outputs: Mapping[str, Path]
    assets: Mapping[str, bytes] = field(default_factory=dict)
    minimum_share: float = 0.9

    def __post_init__(self) -> None:
        for name in self.outputs:
            if name not in FORMATS:
                raise unknown_name("lite format", name, FORMATS)
        check_names(self.assets)


def convert(saved_model: Path, out: Path, lite_format: str, assets: Mapping[str, bytes] | None = None) -> Path:
    """Converts one SavedModel to one file; see `convert_jobs`, which shares the 10 s of start-up."""
    convert_jobs([Job(saved_model, {lite_format: out}, assets or {})])
    return out


def convert_all(
    saved_model: Path,
    out_dir: Path,
    stem: str,
    formats: Sequence[str],
    assets: Mapping[str, bytes] | None = None,
) -> dict[str, Path]:
    """Converts one SavedModel to `out_dir/STEM-FORMAT.tflite` for each format, in one process.

    Returns:
        The files by format. Errors are those of `convert_jobs`.
    """
    outputs = {name: out_dir / f"{stem}-{name}.tflite" for name in formats}
    convert_jobs([Job(saved_model, outputs, assets or {})])
    return outputs


def convert_jobs(jobs: Sequence[Job]) -> None:
    """Converts all jobs in one process, with builtin operations only.

    All is converted and checked before the first file is written; each file is written to a temporary name,
    synced and renamed.

    Raises:
        IntegrityError: if a folder is not a SavedModel.
        WorkError: if the converter fails; names the operations that no LiteRT runtime has, if that is why.
        ParityError: if a converted file lost its weights.
    """
    for job in jobs:
        if not (job.saved_model / "saved_model.pb").is_file():
            raise IntegrityError(f"{job.saved_model.name} is not a SavedModel: saved_model.pb is missing")
    with tempfile.TemporaryDirectory(prefix="gristmill-lite-") as scratch:
        converted = _run(jobs, Path(scratch))
    for job, models in zip(jobs, converted, strict=True):
        for name, model in models.items():
            job.outputs[name].parent.mkdir(parents=True, exist_ok=True)
            write_bundle(job.outputs[name], model, job.assets)


def _run(jobs: Sequence[Job], scratch: Path) -> list[dict[str, bytes]]:
    """Runs the process; returns, per job and format, the flatbuffer, with its weights checked."""
    places = [_places(job, scratch / str(index)) for index, job in enumerate(jobs)]
    request = [
        {
            "saved_model": str(job.saved_model),
            "outputs": {name: str(place) for name, place in outputs.items()},
        }
        for job, outputs in zip(jobs, places, strict=True)
    ]
    weights = _start(scratch / "report.json", json.dumps(request))
    converted = [{name: place.read_bytes() for name, place in outputs.items()} for outputs in places]
    for job, expected, models in zip(jobs, weights, converted, strict=True):
        for name, model in models.items():
            check_weights(model, expected, job.outputs[name].name, job.minimum_share)
    return converted


def _places(job: Job, scratch: Path) -> dict[str, Path]:
    places = {name: scratch / name / out.name for name, out in job.outputs.items()}
    for place in places.values():
        place.parent.mkdir(parents=True)
    return places


def _start(report: Path, request: str) -> list[int]:
    environment = os.environ | _QUIET | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-m", "gristmill.lite.converter", str(report)]
    process = subprocess.run(command, input=request, capture_output=True, text=True, env=environment, check=False)
    if process.returncode or not report.exists():
        raise _failure(process.stderr, process.returncode)
    weights: list[int] = json.loads(report.read_text())
    return weights


def _failure(log: str, status: int) -> WorkError:
    what = (_STARTED.findall(log) or ["the SavedModel"])[-1]
    operations = sorted(set(_FOREIGN_OPERATION.findall(log)))
    if operations:
        return WorkError(
            f"{what} cannot be converted: no LiteRT runtime has the operations "
            f"{', '.join(operations)}; keep them outside the exported signatures"
        )
    tail = "\n".join(log.strip().splitlines()[-_TAIL_LINES:])
    return WorkError(f"{what} cannot be converted (exit status {status}):\n{tail}")
