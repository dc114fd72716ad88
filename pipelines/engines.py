"""The runners of Beam on which a pipeline can run, chosen by name; those that lose data are refused with the reason."""

import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.fn_api_runner import fn_runner

from gristmill.data.execution import Execution
from gristmill.errors import InputError, unknown_name
from gristmill.progress import Task
from pipelines.processes import ProcessesRunner
from pipelines.watch import SECONDS, Watch, job_counters, told_counters, watched

__all__ = ["run_pipeline"]

_REFUSED = {
    "dask": "Beam's DaskRunner mixes up tagged outputs and loses all but one of several results, without an error",
    "pyspark": "beam-pyspark-runner loses data without an error; `spark` is Beam's own runner",
    "direct": "it tries to download Prism and then falls back to the local runner; use `local`",
    "prism": "it has to be downloaded when it runs; use `local`",
}


@dataclass(frozen=True)
class _Cluster:
    """A runner that hands the pipeline to a cluster."""

    runner: str
    options: Callable[[Execution], list[str]]


_CLUSTERS = {  # neither of them was run by us
    "spark": _Cluster("SparkRunner", lambda how: []),
    "dataflow": _Cluster("DataflowRunner", lambda how: [f"--num_workers={how.workers}"]),
}


def run_pipeline(
    how: Execution, build: Callable[[beam.Pipeline], None], task: Task, total_bytes: int, work: Path
) -> None:
    """Builds a pipeline on its runner, runs it to its end and tells how far it is.

    `local` is Beam's FnApiRunner, in this process or, with several workers, in processes. Measured with two on two cores:
    they are ready after 3.8 s, in which each imports Beam, Arrow and compiled code anew, where threads of one process
    need 0.1 s; 2M rows of 105 MB took 12.9 s in one process, 17.3 s in two and 11.8 s in two threads of one. Processes
    are what `workers` means all the same: each has its own memory, and one that dies takes down no other's work unseen.

    Args:
        how: Runner, workers and more flags for Beam.
        build: Puts the transforms into a pipeline.
        task: Where to tell how far it is.
        total_bytes: Bytes of all sources.
        work: Folder that all workers see.

    Raises:
        InputError: The runner is not known, or is refused.
        WorkError: Flink is not there or does not start.
    """
    watch = Watch(task, total_bytes)
    if how.runner == "local":
        _run_local(how, build, watch)
    elif how.runner == "flink":
        _run_on_flink(how, build, watch, work)
    elif how.runner in _CLUSTERS:
        _run_on_cluster(_CLUSTERS[how.runner], how, build, watch)
    elif how.runner.lower().removesuffix("runner") in _REFUSED:
        raise InputError(f"runner {how.runner!r} is refused: {_REFUSED[how.runner.lower().removesuffix('runner')]}")
    else:
        raise unknown_name("runner", how.runner, ["local", "flink", *_CLUSTERS])


def _run_local(how: Execution, build: Callable[[beam.Pipeline], None], watch: Watch) -> None:
    runner = fn_runner.FnApiRunner() if how.workers == 1 else ProcessesRunner(how.workers, SECONDS)
    with (
        watched(watch, in_process=how.workers == 1),
        beam.Pipeline(runner=runner, options=PipelineOptions([*how.runner_options])) as pipeline,
    ):
        build(pipeline)


def _run_on_flink(how: Execution, build: Callable[[beam.Pipeline], None], watch: Watch, work: Path) -> None:
    from pipelines.flink import flink_flags

    counters = work / ".counters"
    counters.mkdir()
    with flink_flags(how.workers, how.runner_options, work, counters) as flags:
        pipeline = beam.Pipeline(options=PipelineOptions(flags))
        build(pipeline)
        _wait(pipeline.run(), lambda _: told_counters(watch, counters))
    shutil.rmtree(counters)
    (work / ".worker").unlink()


def _run_on_cluster(cluster: _Cluster, how: Execution, build: Callable[[beam.Pipeline], None], watch: Watch) -> None:
    options = PipelineOptions([f"--runner={cluster.runner}", *cluster.options(how), *how.runner_options])
    pipeline = beam.Pipeline(options=options)
    build(pipeline)
    _wait(pipeline.run(), lambda result: watch.counted("job", job_counters(result)))


def _wait(result: Any, look: Callable[[Any], None]) -> None:
    """Waits for a job and looks at it meanwhile; one that failed raises."""
    over = threading.Event()

    def looking() -> None:
        while not over.wait(2 * SECONDS):
            look(result)

    thread = threading.Thread(target=looking, daemon=True)
    thread.start()
    try:
        result.wait_until_finish()
    finally:
        over.set()
        thread.join()
