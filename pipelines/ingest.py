"""The ingestion pipeline: files -> check -> part by key -> arrange -> count + write -> dataset folder.

spans of files -> read + check -+-> parts by partition -> arrange -+-> shards, tables, statistics
                                |                                  |
                                +-----------> rejected <-----------+-> quarantine

Through Beam travels where the records lie; the records themselves lie in files of the work folder, which every worker
must see.

python -m pipelines.ingest --plan plan.yaml --out DATASET
"""

import argparse
import os
import shutil
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import apache_beam as beam
import yaml
from pydantic import ValidationError

from gristmill.data.execution import Execution
from gristmill.data.manifest import Manifest
from gristmill.data.plan import IngestPlan
from gristmill.errors import GristmillError, InputError, WorkError
from gristmill.progress import Lines, Progress, Silent, Task
from pipelines import stages
from pipelines.derive import derive
from pipelines.engines import run_pipeline
from pipelines.finish import finish
from pipelines.limit import Limit
from pipelines.staging import Prepared, prepare
from pipelines.unchanged import check_unchanged

__all__ = ["build", "ingest", "load_plan", "main"]


def ingest(
    plan: IngestPlan, out: Path, progress: Progress | None = None, execution: Execution | None = None
) -> Manifest:
    """Runs a plan and gives the manifest of the dataset at `out`.

    Where `out` holds the dataset of the same sources and options already, nothing is done; where it holds some of the
    files, only the others are read and added. In a split by hash the old shards stay as they are; in one by time the
    old records are taken from them and arranged anew, so that a key's last records are its last ones again.

    Args:
        plan: What to read and how to check, split and write it.
        out: The dataset folder; a dataset that stands there is replaced when the new one is whole.
        progress: Where to show how far it is.
        execution: Runner, workers and the limit of the quarantine.

    Raises:
        InputError: A source is missing, cut, empty or lacks a column, too many records are set aside, or `out` holds
            something else.
        WorkError: A file could not be written, or the counts do not add up; `out` stays as it was.
    """
    shown, how = progress or Silent(), execution or Execution()
    limit = Limit.parse(how.max_quarantined)
    try:
        with prepare(plan, out, limit) as prepared:
            if prepared.existing is not None:
                shown.line(f"{out} is up to date: same sources, same options")
                return prepared.existing
            if prepared.note:
                shown.line(prepared.note)
            if plan.derivation:
                with shown.task(f"make the records of {plan.records.name}") as task:
                    prepared = derive(prepared, how, task)
            _take_over(prepared)
            size = sum(file.found.bytes for file in prepared.files)
            with shown.task(f"ingest into {out}", total=2 * size) as task:
                _run(prepared, how, task, size)
                return finish(prepared)
    except OSError as error:
        raise WorkError(f"{out} could not be written: {error}") from error


def _run(prepared: Prepared, how: Execution, task: Task, size: int) -> None:
    try:
        run_pipeline(how, partial(build, prepared=prepared), task, size, prepared.work)
    except GristmillError:
        raise
    except Exception as error:
        check_unchanged(prepared)
        last = str(error).strip().splitlines()[-1:]
        raise WorkError(f"{prepared.out} could not be written: {''.join(last) or type(error).__name__}") from error


def _take_over(prepared: Prepared) -> None:
    """Puts what stays of the dataset into the work folder, as links where the disk allows it."""
    if prepared.base is None:
        return
    base = prepared.base
    made_anew = [base.statistics, *base.vocabularies.values(), *base.states.values()]
    if prepared.rearranges:
        made_anew += [shard for shards in base.splits.values() for shard in shards]
    for entry in base.files():
        if entry in made_anew:
            continue
        target = prepared.work / entry.name
        target.parent.mkdir(exist_ok=True)
        try:
            os.link(prepared.out / entry.name, target)
        except OSError:
            shutil.copyfile(prepared.out / entry.name, target)


def build(pipeline: beam.Pipeline, prepared: Prepared) -> None:
    """Wires the stages; the results of all of them meet in one outcome file in the work folder.

    Grouping by a key of one's own spreads the portions as `Reshuffle` does and gathers the results as `CombineGlobally`
    does, with a fifth of the transforms, whose set-up costs as much as reading half a million records.
    """
    read = (
        pipeline
        | "spans of files" >> beam.Create(list(enumerate(stages.portions(prepared))), reshuffle=False)
        | "spread" >> beam.GroupByKey()
        | "read and check" >> beam.ParDo(stages.ReadAndCheck(prepared)).with_outputs("rejected", "told", main="parts")
    )
    parts = read.parts
    if prepared.rearranges:
        held = pipeline | "what is held" >> beam.Create(stages.all_partitions(prepared), reshuffle=False)
        parts = (parts, held) | "held and new" >> beam.Flatten()
    written = (
        parts
        | "meet by partition" >> beam.GroupByKey()
        | "write partition" >> beam.ParDo(stages.WritePartition(prepared)).with_outputs("rejected", main="told")
    )
    quarantine = (
        (read.rejected, written.rejected)
        | "all rejected" >> beam.Flatten()
        | "meet by file" >> beam.GroupByKey()
        | "write quarantine" >> beam.ParDo(stages.WriteQuarantine(prepared))
    )
    _ = (
        (read.told, written.told, quarantine)
        | "all told" >> beam.Flatten()
        | "gather" >> beam.GroupByKey()
        | "save outcome" >> beam.ParDo(stages.SaveOutcome(prepared))
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the plan in a YAML file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plan", type=Path, required=True, help="an IngestPlan as YAML")
    parser.add_argument("--out", type=Path, required=True, help="the dataset folder to write")
    parser.add_argument("--runner", default="local", help="local, flink, spark or dataflow")
    parser.add_argument("--workers", type=int, default=1, help="processes that work at the same time")
    parser.add_argument("--runner-option", action="append", default=[], help="a flag for Beam; may be repeated")
    parser.add_argument("--max-quarantined", help="the most records set aside, such as 1%% or 100")
    options = parser.parse_args(argv)
    try:
        how = Execution(
            runner=options.runner,
            workers=options.workers,
            runner_options=tuple(options.runner_option),
            max_quarantined=options.max_quarantined,
        )
        manifest = ingest(load_plan(options.plan), options.out, Lines(), how)
    except GristmillError as error:
        print(f"error: {error}")
        return error.exit_status
    print(f"read {manifest.read} = written {manifest.written} + quarantined {manifest.quarantined}")
    return 0


def load_plan(path: Path) -> IngestPlan:
    """Reads a plan; `InputError` says which field breaks which rule."""
    try:
        content: Any = yaml.safe_load(path.read_text("utf-8"))
        return IngestPlan.model_validate(content)
    except (OSError, yaml.YAMLError, ValidationError) as error:
        raise InputError(f"{path}: not a plan: {error}") from error


if __name__ == "__main__":
    raise SystemExit(main())
