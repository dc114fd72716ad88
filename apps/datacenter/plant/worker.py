"""The process of one run: `python -m apps.datacenter.plant.worker FOLDER`, with the pickled job on standard input.

Each simulated day it prints the number of its steps.
"""

import pickle
import sys
import traceback
from pathlib import Path

from apps.datacenter.plant.engine import simulate
from apps.datacenter.plant.run import write_telemetry
from gristmill.errors import GristmillError, WorkError

__all__ = ["main"]


def main() -> None:
    """Runs the job, and leaves `telemetry.parquet` and `result.pickle` (None, or the error) in the folder."""
    folder = Path(sys.argv[1])
    options, controller = pickle.loads(sys.stdin.buffer.read())
    failure: GristmillError | None = None
    try:
        write_telemetry(simulate(options, controller, folder, _report), folder / "telemetry.parquet")
    except GristmillError as error:
        failure = error
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        failure = WorkError(f"{type(error).__name__} in {place.filename}, line {place.lineno}: {error}")
    (folder / "result.pickle").write_bytes(pickle.dumps(failure))


def _report(steps: int) -> None:
    print(steps, flush=True)


if __name__ == "__main__":
    main()
