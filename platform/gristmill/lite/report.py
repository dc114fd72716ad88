"""One record per lite file: what it is, how near the float model, how fast."""

import hashlib
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from gristmill.errors import IntegrityError
from gristmill.lite.latency import Latency
from gristmill.lite.parity import Difference

__all__ = ["LiteRecord", "record_file"]


class LiteRecord(BaseModel):
    """What is known of one lite file; goes to JSON with `model_dump_json` and comes back equal."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings")

    file: str
    """Name of the .tflite file."""
    format: str
    """One of `FORMATS`."""
    bytes: int
    """Size of the file, assets included."""
    sha256: str
    """Hash of the file, assets included."""
    metrics: dict[str, float] = {}
    """Quality on held-out rows, by name of the metric."""
    agreement: float | None = None
    """Share of the float model's top items that it gives too, 0 to 1."""
    differences: dict[str, Difference] = {}
    """Difference from the float model on the same rows, by output."""
    latency: Latency | None = None
    """Time of one call."""


def record_file(
    path: Path,
    lite_format: str,
    *,
    metrics: dict[str, float] | None = None,
    agreement: float | None = None,
    differences: dict[str, Difference] | None = None,
    latency: Latency | None = None,
) -> LiteRecord:
    """Makes the record of a file on disk, with its size and hash.

    Raises:
        IntegrityError: if the file cannot be read.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise IntegrityError(f"{path.name} cannot be read: {error}") from error
    return LiteRecord(
        file=path.name,
        format=lite_format,
        bytes=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        metrics=metrics or {},
        agreement=agreement,
        differences=differences or {},
        latency=latency,
    )
