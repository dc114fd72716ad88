"""Runs a pipeline on this machine in several processes, by Beam's FnApiRunner with worker processes that are watched.

Beam's own `multi_processing` mode waits for ever when a worker is killed, and opens its ports to the network; what is
here differs from it in these two points and in the worker's command.
"""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import grpc
from apache_beam.portability.api import beam_fn_api_pb2
from apache_beam.runners.portability.fn_api_runner import FnApiRunner, worker_handlers
from apache_beam.transforms import environments

__all__ = ["ProcessesRunner"]

_URN = "gristmill:environment:process:v1"
_STOP_SECONDS = 10.0


class ProcessesRunner(FnApiRunner):
    """FnApiRunner with so many worker processes."""

    def __init__(self, workers: int, progress_seconds: float | None = None) -> None:
        super().__init__(_ProcessEnvironment(), progress_request_frequency=progress_seconds)
        self.workers = workers

    def run_via_runner_api(self, pipeline_proto: Any, options: Any) -> Any:
        """Runs the pipeline."""
        self._num_workers = self.workers
        with _on_loopback():
            return super().run_via_runner_api(pipeline_proto, options)


@environments.Environment.register_urn(_URN, None)
class _ProcessEnvironment(environments.Environment):
    """Where the stages run: in `python -m pipelines.worker`."""

    def __init__(self) -> None:
        super().__init__(environments.python_sdk_capabilities(), ())

    def to_runner_api_parameter(self, context: Any) -> tuple[str, None]:
        return _URN, None

    @staticmethod
    def from_runner_api_parameter(*unused: Any) -> "_ProcessEnvironment":
        return _ProcessEnvironment()


@worker_handlers.WorkerHandler.register_environment(_URN, None)
class _ProcessHandler(worker_handlers.GrpcWorkerHandler):
    """Starts one worker and waits for its end; one that ends before it is told to fails what it was working on."""

    def __init__(self, payload: None, state: Any, provision_info: Any, grpc_server: Any) -> None:
        super().__init__(state, provision_info, grpc_server)
        self.stopped = self.failed = False

    def start_worker(self) -> None:
        command = [sys.executable, "-m", "pipelines.worker", "--id", self.worker_id]
        command += ["--provision_endpoint", self.control_address]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, env=_environ())
        threading.Thread(target=self._wait, daemon=True).start()

    def _wait(self) -> None:
        status = self.process.wait()
        if not self.stopped:
            self._give_up(f"worker process {self.process.pid} {_ended(status)} before its work was done")

    def _give_up(self, message: str) -> None:
        """Fails the run: the other workers are ended too, as nothing will become of what they do."""
        for handler in list(self.control_handler._worker_manager._workers_by_id.values()):
            handler.stopped = handler.failed = True
            handler.process.kill()
            _fail_all(handler.control_conn, message)

    def close(self) -> None:
        """Tells the worker that there is no more work, and waits for its end."""
        self.stopped = True
        try:
            if self.failed:
                self.data_conn.close()
                self.process.wait()
            else:
                super().close()
        finally:
            assert self.process.stdin is not None
            self.process.stdin.close()

    def stop_worker(self) -> None:
        """Waits for the worker, whose control channel is closed by now."""
        try:
            self.process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def _environ() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}


def _ended(status: int) -> str:
    return f"was killed by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"


def _fail_all(connection: Any, message: str) -> None:
    """Fails what a worker was asked for, and all that it will be asked for."""

    def failed(request: Any) -> Any:
        answer = beam_fn_api_pb2.InstructionResponse(instruction_id=request.instruction_id, error=message)
        return worker_handlers.ControlFuture(request.instruction_id, answer)

    connection.push = failed
    for known, future in list(connection._futures_by_id.items()):
        future.set(beam_fn_api_pb2.InstructionResponse(instruction_id=known, error=message))


@contextmanager
def _on_loopback() -> Iterator[None]:
    """Ports that Beam would open on all interfaces are opened on loopback only: all its workers are on this machine."""
    make: Callable[..., Any] = grpc.server

    def server(*args: Any, **options: Any) -> Any:
        made = make(*args, **options)
        add = made.add_insecure_port
        made.add_insecure_port = lambda address: add(address.replace("[::]", "127.0.0.1"))
        return made

    with mock.patch.object(worker_handlers.grpc, "server", server):
        yield
