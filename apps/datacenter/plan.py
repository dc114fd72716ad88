"""The ingestion of telemetry: its steps are derived from all files together, then split by time."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict

from apps.datacenter.options import IngestOptions
from gristmill.data.plan import Derivation, IngestPlan, Source, TimeSplit
from gristmill.errors import InputError
from gristmill.schema import Feature, Kind, Role, Schema

__all__ = ["PLANT", "STEP_FEATURES", "make_plan"]

PLANT = "plant"
"""In the manifest's info: the plant's options, as JSON, of telemetry that a plant made."""

STEP_FEATURES = (
    Feature(name="site", kind=Kind.ID, role=Role.KEY),
    Feature(name="time", kind=Kind.TIME),
    Feature(name="segment", kind=Kind.NUMBER, dtype="int64", minimum=0, role=Role.KEY),
)
"""What every step has: its site, its beginning, and the number of the unbroken run of steps that it belongs to."""


def make_plan(sources: Mapping[str, Sequence[str]], options: IngestOptions) -> IngestPlan:
    """The plan for a user's files; their columns are looked at when it is run.

    Raises:
        InputError: A file is missing.
    """
    from pipelines.sources import expand_paths

    paths = expand_paths(sources.get("telemetry", ()))
    if not paths:
        raise InputError("--telemetry must name at least one file. Received: none")
    known = asdict(options)
    info = _plant(paths) | known.pop("data_info")
    return IngestPlan(
        app="datacenter",
        records=Source(name="telemetry", paths=tuple(paths), record_schema=Schema(features=STEP_FEATURES)),
        split=TimeSplit(key="site", order_by=("time",), fractions=(0.7, 0.15, 0.15)),
        shards=1,
        derivation=Derivation(function="apps.datacenter.telemetry.derive:derive_steps", options=known),
        info=info,
    )


def _plant(paths: Sequence[str]) -> dict[str, str]:
    """What telemetry that a plant wrote says of it; nothing of other files, or of several plants."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    told = set()
    for path in paths:
        with suppress(OSError, pa.ArrowInvalid):  # of a file that cannot be read ingestion tells
            told.add((pq.read_schema(path).metadata or {}).get(b"options", b"").decode())
    return {PLANT: told.pop()} if len(told) == 1 and "" not in told else {}
