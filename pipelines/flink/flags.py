"""The flags by which a pipeline runs on Flink: a given cluster, or one that is started on this machine for the run."""

import json
import os
import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from pipelines.flink.cluster import KEPT_SECONDS, job_server, local_cluster

__all__ = ["flink_flags"]

_MASTER = "--flink_master="


@contextmanager
def flink_flags(workers: int, options: Sequence[str], work: Path, counters: Path) -> Iterator[list[str]]:
    """Gives Beam's flags while a job server stands ready, and a cluster where the options name none.

    Args:
        workers: How many Python workers at the same time.
        options: Flags of the user; `--flink_master=HOST:PORT` names a cluster, whose nodes need this environment and
            the work folder at the same paths.
        work: Folder that all workers see; it takes the workers' start program.
        counters: Folder in which the workers tell their counters.
    """
    given = [option.removeprefix(_MASTER) for option in options if option.startswith(_MASTER)]
    others = [option for option in options if not option.startswith(_MASTER)]
    with ExitStack() as stack:
        ours = [] if given else [f"--environment_cache_millis={KEPT_SECONDS * 1000}"]
        master = given[-1] if given else stack.enter_context(local_cluster(workers)).address
        job, artifacts = stack.enter_context(job_server(master))
        yield [
            "--runner=PortableRunner",
            f"--job_endpoint={job}",
            f"--artifact_endpoint={artifacts}",
            f"--parallelism={workers}",
            "--environment_type=PROCESS",
            f"--environment_config={json.dumps({'command': str(_start_program(work, counters))})}",
            *ours,
            *others,
        ]


def _start_program(work: Path, counters: Path) -> Path:
    """Writes the program by which a node of the cluster starts a Python worker."""
    path = work / ".worker"
    known = {"PYTHONPATH": ":".join(place for place in sys.path if place), "GRISTMILL_COUNTERS": str(counters)}
    lines = [f"export {name}={shlex.quote(value)}" for name, value in known.items()]
    lines.append(f"cd {shlex.quote(os.getcwd())}")  # paths of sources may be relative
    path.write_text("\n".join(["#!/bin/sh", *lines, f'exec {shlex.quote(sys.executable)} -m pipelines.worker "$@"\n']))
    path.chmod(0o755)
    return path
