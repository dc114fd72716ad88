"""The process of one run: `python -m apps.datacenter.plant.worker FOLDER`, with the pickled job on standard input."""

import pickle
import sys
from pathlib import Path

from apps.datacenter.plant.engine import simulate
from apps.datacenter.plant.run import write_telemetry
from gristmill.errors import WorkError

__all__ = ["main"]


def main() -> None:
    """Runs the job, and leaves `telemetry.parquet` and `result.pickle` (None, or the error) in the folder."""
    folder = Path(sys.argv[1])
    options, controller = pickle.loads(sys.stdin.buffer.read())
    outcome: bytes
    try:
        write_telemetry(simulate(options, controller, folder), folder / "telemetry.parquet")
        outcome = pickle.dumps(None)
    except Exception as error:
        try:
            outcome = pickle.dumps(error)
            pickle.loads(outcome)
        except Exception:
            outcome = pickle.dumps(WorkError(f"{type(error).__name__}: {error}"))
    (folder / "result.pickle").write_bytes(outcome)


if __name__ == "__main__":
    main()
