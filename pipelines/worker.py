"""A Python worker process: what a runner starts to work on bundles, on this machine or on a node of a cluster.

It keeps to Beam's contract for workers (https://beam.apache.org/documentation/runtime/sdk-harness-config/), ends with the
process that started it, and tells its counters every second in a file of the folder
`GRISTMILL_COUNTERS`, where there is one.

python -m pipelines.worker --id ID --provision_endpoint HOST:PORT
"""

import argparse
import json
import os
import stat
import sys
import threading
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Works until the runner has nothing left to do."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--id", required=True)
    parser.add_argument("--provision_endpoint", required=True)
    known, _ = parser.parse_known_args(argv)
    _end_with_parent()
    import pipelines.stages  # noqa: F401  (the first bundle would wait for it)

    environment = _environment(known.id, known.provision_endpoint)
    from apache_beam.runners.worker.sdk_worker_main import create_harness

    from pipelines.watch import tell_counters

    folder = os.environ.get("GRISTMILL_COUNTERS")
    log, harness, _ = create_harness(environment)
    try:
        with tell_counters(Path(folder)) if folder else nullcontext():
            harness.run()
    finally:
        if log:
            log.close()
    return 0


def _environment(worker: str, endpoint: str) -> dict[str, str]:
    """What Beam's own start program hands to a worker as environment variables, asked of the runner."""
    import grpc
    from apache_beam.portability.api import beam_provision_api_pb2 as messages
    from apache_beam.portability.api import beam_provision_api_pb2_grpc as service
    from google.protobuf import json_format

    with grpc.insecure_channel(endpoint) as channel:
        stub = service.ProvisionServiceStub(channel)
        asked = messages.GetProvisionInfoRequest()
        info = stub.GetProvisionInfo(asked, metadata=[("worker_id", worker)], wait_for_ready=True, timeout=60).info
    options = json_format.MessageToDict(info.pipeline_options)
    return {
        "WORKER_ID": worker,
        "CONTROL_API_SERVICE_DESCRIPTOR": str(info.control_endpoint),
        "LOGGING_API_SERVICE_DESCRIPTOR": str(info.logging_endpoint),
        "RUNNER_CAPABILITIES": " ".join(info.runner_capabilities),
        "PIPELINE_OPTIONS": json.dumps({"beam:option:default_sdk_harness_log_level:v1": "WARNING"} | options),
    }


def _end_with_parent() -> None:
    """Ends this process at once when the one that started it is gone, so that nothing writes on after a crash.

    The parent holds the other end of standard input; where that is no pipe, Beam's control channel ends the worker.
    """
    if not stat.S_ISFIFO(os.fstat(sys.stdin.fileno()).st_mode):
        return

    def wait() -> None:
        while os.read(sys.stdin.fileno(), 1):
            pass
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


if __name__ == "__main__":
    raise SystemExit(main())
