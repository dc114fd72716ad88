"""The process of one run: `python -m apps.datacenter.plant.worker`, with the pickled job and controller on standard input.

Each simulated day it prints the number of its steps, and ends where nobody reads them any more.
"""

import os
import pickle
import sys
import traceback

from apps.datacenter.plant.engine import simulate
from gristmill.errors import GristmillError, WorkError

__all__ = ["main"]


def main() -> None:
    """Runs the job, and leaves `rows.bin`, `changes.bin` and `result.pickle` (None, or the error) in its folder."""
    job, controller = pickle.load(sys.stdin.buffer), pickle.load(sys.stdin.buffer)
    failure: GristmillError | None = None
    try:
        rows, changes = simulate(job, controller, _report)
        (job.folder / "rows.bin").write_bytes(rows)
        (job.folder / "changes.bin").write_bytes(changes)
    except GristmillError as error:
        failure = error
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        failure = WorkError(f"{type(error).__name__} in {place.filename}, line {place.lineno}: {error}")
    (job.folder / "result.pickle").write_bytes(pickle.dumps(failure))


def _report(steps: int) -> None:
    try:
        print(steps, flush=True)
    except BrokenPipeError:  # whoever started the run is gone
        os._exit(1)


if __name__ == "__main__":
    main()
