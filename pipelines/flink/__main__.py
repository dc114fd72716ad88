"""Flink on this machine, by hand: `fetch` its jars, or `run` a cluster until it is interrupted.

python -m pipelines.flink fetch
python -m pipelines.flink run [SLOTS]      then: gristmill ingest ... --runner flink --runner-option=--flink_master=HOST:PORT
"""

import signal
import sys

from gristmill.errors import GristmillError
from pipelines.flink import fetch, local_cluster


def main(words: list[str]) -> int:
    """Does what the words say."""
    try:
        if words[:1] == ["fetch"]:
            print(f"Flink is in {fetch()}")
        elif words[:1] == ["run"]:
            with local_cluster(int(words[1]) if words[1:] else 2) as cluster:
                print(f"--flink_master={cluster.address}", flush=True)
                signal.sigwait({signal.SIGINT, signal.SIGTERM})
        else:
            print(__doc__)
            return 2
    except GristmillError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_status
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
