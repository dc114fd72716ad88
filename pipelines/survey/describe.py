"""Figures of each feature of a dataset, as it keeps them, or of raw files, by one pass."""

from collections.abc import Sequence
from pathlib import Path

from gristmill.data.dataset import Dataset
from gristmill.data.reports import Description
from gristmill.errors import InputError, unknown_name
from gristmill.progress import Progress
from gristmill.schema import Schema
from pipelines.sources import expand_paths
from pipelines.survey.counting import count_files
from pipelines.survey.infer import infer
from pipelines.survey.sides import schema_named

__all__ = ["describe"]


def describe(
    what: Sequence[str | Path],
    *,
    splits: Sequence[str] = (),
    schema: Schema | str | None = None,
    progress: Progress | None = None,
) -> Description:
    """Describes a dataset folder, or files.

    Args:
        what: One dataset folder, or paths and globs of files.
        splits: The dataset's splits or side tables to describe; none for all.
        schema: What the files hold, or where that stands (as for `validate`); inferred from their first records where it is None.
        progress: Where to tell how it goes.

    Raises:
        InputError: There is no such dataset, split or file, or a file cannot be read.
        IntegrityError: A file of the dataset is missing, cut or changed.
    """
    if len(what) == 1 and Path(what[0]).is_dir():
        return describe_dataset(Dataset.open(what[0]), splits)
    if splits:
        raise InputError(f"--split stands with a dataset only. Received: {', '.join(map(str, what))}")
    paths = expand_paths(what)
    if isinstance(schema, str):
        schema = schema_named(schema)
    schema = schema or infer(paths, progress=progress).record_schema
    counted = count_files(paths, schema, progress)
    name = paths[0] if len(paths) == 1 else f"{paths[0]} and {len(paths) - 1} more"
    return Description(
        name, {"records": schema}, {"records": counted.statistics.summary()}, counted.read, counted.invalid
    )


def describe_dataset(dataset: Dataset, splits: Sequence[str] = ()) -> Description:
    """The figures that a dataset keeps of its splits and side tables."""
    manifest = dataset.manifest
    for split in splits:
        if split not in dataset.statistics:
            raise unknown_name("split or table", split, dataset.statistics)
    statistics = {name: found for name, found in dataset.statistics.items() if not splits or name in splits}
    tables = {name: table.record_schema for name, table in manifest.tables.items()}
    schemas = {name: tables.get(name, manifest.record_schema) for name in statistics}
    records = sum(next(iter(features.values()))["count"] for features in statistics.values() if features)
    return Description(str(dataset.path), schemas, statistics, records)
