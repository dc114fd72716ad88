"""The ingestion pipeline: files -> check -> arrange -> analyse + write -> dataset folder.

files -> read + check -> partition by key -> arrange -+-> write shards, tables
|                              |        +-> statistics, vocabularies
+-----------> rejected <-------+-> write quarantine

python -m pipelines.ingest --plan plan.yaml --out DATASET
"""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import apache_beam as beam
import pyarrow as pa
import yaml
from apache_beam.options.pipeline_options import PipelineOptions
from pydantic import ValidationError

from gristmill.data.manifest import Manifest
from gristmill.data.plan import IngestPlan
from gristmill.errors import GristmillError, InputError, WorkError
from pipelines import stages
from pipelines.coders import register_coders
from pipelines.finish import check_unchanged, finish, save_outcome
from pipelines.staging import Prepared, prepare

__all__ = ["build", "ingest", "main"]


def ingest(plan: IngestPlan, out: Path, report: Callable[[str], None] = lambda line: None) -> Manifest:
    """Runs a plan and gives the manifest of the dataset at `out`.

    Where `out` holds the dataset of the same sources and options already, nothing is done.

    Args:
        plan: What to read and how to check, split and write it.
        out: The dataset folder; a dataset that stands there is replaced when the new one is whole.
        report: Called with a line for each step.

    Raises:
        InputError: A source is missing, cut, empty or lacks a column, or `out` holds something else.
        WorkError: A file could not be written, or the counts do not add up; `out` stays as it was.
    """
    with prepare(plan, out) as prepared:
        if prepared.existing is not None:
            report(f"{out} is up to date: same sources, same options")
            return prepared.existing
        register_coders()
        try:
            with beam.Pipeline(runner="FnApiRunner", options=PipelineOptions([])) as pipeline:
                build(pipeline, prepared)
        except Exception as error:
            check_unchanged(prepared)
            last = str(error).strip().splitlines()[-1:]
            raise WorkError(f"{out} could not be written: {''.join(last) or type(error).__name__}") from error
        return finish(prepared)


def build(pipeline: beam.Pipeline, prepared: Prepared) -> None:
    """Wires the stages; the results of all of them meet in one outcome file in the work folder."""
    read = (
        pipeline
        | "files" >> beam.Create(prepared.files)
        | "spread" >> beam.Reshuffle()
        | "read and check"
        >> beam.ParDo(stages.ReadAndCheck(prepared))
        .with_outputs("rejected", "read", "failed", main="good")
        .with_output_types(tuple[tuple[int, int], pa.Table])
    )
    arranged = (
        read.good
        | "meet by partition" >> beam.GroupByKey()
        | "arrange" >> beam.ParDo(stages.Arrange(prepared)).with_outputs("rejected", main="splits")
    )
    written = arranged.splits | "write" >> beam.ParDo(stages.Write(prepared))
    statistics = (
        arranged.splits
        | "by split" >> beam.Map(lambda element: (element[0][:2], element))
        | "analyse" >> beam.CombinePerKey(stages.Analyse(prepared))
        | "name" >> beam.Map(stages.analysed)
    )
    quarantine = (
        (read.rejected, arranged.rejected)
        | "all rejected" >> beam.Flatten()
        | "meet by file" >> beam.GroupByKey()
        | "write quarantine" >> beam.ParDo(stages.WriteQuarantine(prepared))
    )
    _ = (
        (read.read, read.failed, written, quarantine, statistics)
        | "all outcomes" >> beam.Flatten()
        | "gather" >> beam.CombineGlobally(beam.combiners.ToListCombineFn())
        | "save outcome" >> beam.Map(save_outcome, prepared.work)
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the plan in a YAML file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plan", type=Path, required=True, help="an IngestPlan as YAML")
    parser.add_argument("--out", type=Path, required=True, help="the dataset folder to write")
    options = parser.parse_args(argv)
    try:
        plan = _load_plan(options.plan)
        manifest = ingest(plan, options.out, report=print)
    except GristmillError as error:
        print(f"error: {error}")
        return error.exit_status
    print(f"read {manifest.read} = written {manifest.written} + quarantined {manifest.quarantined}")
    return 0


def _load_plan(path: Path) -> IngestPlan:
    try:
        content: Any = yaml.safe_load(path.read_text("utf-8"))
        return IngestPlan.model_validate(content)
    except (OSError, yaml.YAMLError, ValidationError) as error:
        raise InputError(f"{path}: not a plan: {error}") from error


if __name__ == "__main__":
    raise SystemExit(main())
