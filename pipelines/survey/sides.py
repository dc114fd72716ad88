"""The two sides of a comparison: a dataset, some of its splits, or raw files, each as statistics."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from gristmill.data.dataset import Dataset
from gristmill.data.plan import ORDER_FEATURES
from gristmill.errors import InputError, unknown_name
from gristmill.progress import Progress
from gristmill.schema import Schema
from pipelines.analyse import Statistics
from pipelines.sources import expand_paths
from pipelines.survey.counting import count_files
from pipelines.survey.infer import columns_of, infer

__all__ = ["Side", "dataset_side", "open_sides", "schema_named"]


@dataclass(frozen=True)
class Side:
    """Records to compare: what they hold, and what was counted of them."""

    name: str
    schema: Schema
    statistics: Statistics
    records: int
    note: str = ""


def open_sides(a: str, b: str, progress: Progress | None = None) -> tuple[Side, Side]:
    """Opens both sides: each a dataset folder, `FOLDER:SPLIT`, or a file or glob.

    Files are read by the other side's schema, or by one inferred from A where both are files.

    Raises:
        InputError: One is not there, is no dataset or file, or has no such split.
    """
    opened = {text: _open_dataset(text) for text in (a, b)}
    sides = {text: dataset_side(*found) for text, found in opened.items() if found}
    if a in sides and b in sides:
        return sides[a], sides[b]
    schemas = [_source_schema(*found) for found in opened.values() if found]
    schema = schemas[0] if schemas else infer([a], progress=progress).record_schema
    first, second = (
        replace(sides[text], schema=schema) if text in sides else _file_side(text, schema, progress) for text in (a, b)
    )
    return first, second


def schema_named(text: str) -> Schema:
    """The schema in a YAML file, or what the sources of a dataset hold (`FOLDER`), or its side table (`FOLDER:TABLE`)."""
    found = _open_dataset(text)
    return _source_schema(*found) if found else Schema.load(Path(text))


def _open_dataset(text: str) -> tuple[Dataset, tuple[str, ...]] | None:
    """The dataset and the splits that a text names, or None where it names no folder."""
    folder, colon, split = text.rpartition(":")
    if Path(text).is_dir():
        return Dataset.open(text), ()
    if colon and Path(folder).is_dir():
        return Dataset.open(folder), (split,)
    return None


def dataset_side(dataset: Dataset, splits: Sequence[str] = ()) -> Side:
    """Some splits of a dataset together (all without any named), or one of its side tables.

    Statistics that the dataset keeps are taken; otherwise its records are read, a shard at a time.
    """
    manifest = dataset.manifest
    _check_names(dataset, splits)
    tables = [name for name in splits if name in manifest.tables]
    if tables and len(splits) > 1:
        raise InputError(f"a side table is compared by itself. Received: {', '.join(splits)}")
    schema = manifest.tables[tables[0]].record_schema if tables else manifest.record_schema
    whole = Statistics.of(schema)
    for name in splits or manifest.splits:
        whole.merge(_counted(dataset, name, schema))
    name = f"{dataset.path}:{'+'.join(splits)}" if splits else str(dataset.path)
    return Side(name, schema, whole, _records(whole))


def _check_names(dataset: Dataset, splits: Sequence[str]) -> None:
    known = [*dataset.manifest.splits, *dataset.manifest.tables]
    for split in splits:
        if split not in known:
            raise unknown_name("split or table", split, known)


def _counted(dataset: Dataset, name: str, schema: Schema) -> Statistics:
    if name in dataset.manifest.states:
        return Statistics.from_bytes((dataset.path / dataset.manifest.states[name].name).read_bytes())
    if name in dataset.manifest.tables:
        return Statistics.of(schema).add(dataset.table(name))
    counted = Statistics.of(schema)
    for table in dataset.read_shards(name):
        counted.add(table)
    return counted


def _source_schema(dataset: Dataset, splits: Sequence[str] = ()) -> Schema:
    """What the source files of a dataset (or of one of its side tables) hold: its schema without what a split adds."""
    manifest = dataset.manifest
    _check_names(dataset, splits)
    tables = [name for name in splits if name in manifest.tables]
    if tables:
        return manifest.tables[tables[0]].record_schema
    by_time = manifest.options.get("split", {}).get("kind") == "time"
    kept = [f for f in manifest.record_schema.features if not (by_time and f.name in ORDER_FEATURES)]
    return Schema(features=tuple(kept))


def _file_side(text: str, schema: Schema, progress: Progress | None) -> Side:
    paths = expand_paths([text])
    columns = set.intersection(*(set(columns_of(path)[0]) for path in paths))
    found = Schema(features=tuple(feature for feature in schema.features if feature.source_column in columns))
    if not found.features:
        raise InputError(f"{text}: none of the columns to compare is there: {', '.join(schema.names)}")
    counted = count_files(paths, found, progress)
    note = f"{text}: {counted.invalid} of {counted.read} records break a rule and are not counted"
    return Side(text, found, counted.statistics, _records(counted.statistics), note if counted.invalid else "")


def _records(statistics: Statistics) -> int:
    return max((feature.count for feature in statistics.features.values()), default=0)
