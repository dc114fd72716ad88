"""A Flink cluster on this machine: a job manager, two task managers and Beam's job server, each a process, on loopback."""

import json
import re
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from gristmill.errors import WorkError
from pipelines.flink.jars import find_jars
from pipelines.flink.loopback import CORE_JAR, write_loopback_jar

__all__ = ["Cluster", "KEPT_SECONDS", "job_server", "local_cluster"]

KEPT_SECONDS = 5
"""How long a Python worker waits for the next stage; a job that lost one starts again after that, with a new one."""
_RESTART_SECONDS = KEPT_SECONDS + 3
_START_SECONDS = 120.0
_TASK_MANAGERS = 2
_ENTRY = "org.apache.flink.runtime"
_OPENED = (
    "java.util",
    "java.lang",
    "java.net",
    "java.io",
    "java.nio",
    "java.lang.reflect",
    "java.time",
    "java.util.concurrent",
)
"""Packages of Java that Flink looks into (its own `env.java.opts.all`)."""
_CONFIGURATION = """
jobmanager.rpc.address: 127.0.0.1
jobmanager.rpc.port: {rpc}
jobmanager.bind-host: 127.0.0.1
rest.address: 127.0.0.1
rest.bind-address: 127.0.0.1
rest.port: {rest}
taskmanager.host: 127.0.0.1
taskmanager.bind-host: 127.0.0.1
taskmanager.numberOfTaskSlots: {slots}
cluster.evenly-spread-out-slots: true
classloader.resolve-order: parent-first
restart-strategy.type: fixed-delay
restart-strategy.fixed-delay.attempts: 5
restart-strategy.fixed-delay.delay: {restart} s
taskmanager.network.sort-shuffle.min-buffers: 64
heartbeat.interval: 1000
heartbeat.timeout: 10000
io.tmp.dirs: {folder}
"""
_TASK_MANAGER_MEMORY = {
    "framework.heap.size": "128m",
    "task.heap.size": "256m",
    "framework.off-heap.size": "128m",
    "task.off-heap.size": "0m",
    "managed.size": "128m",
    "network.min": "128m",
    "network.max": "128m",
    "jvm-metaspace.size": "256m",
    "jvm-overhead.min": "128m",
    "jvm-overhead.max": "128m",
}


@dataclass(frozen=True)
class Cluster:
    """A cluster that runs."""

    address: str
    """HOST:PORT of the job manager, as `--flink_master` takes it."""
    task_managers: tuple[subprocess.Popen[bytes], ...]


@contextmanager
def local_cluster(slots: int) -> Iterator[Cluster]:
    """Runs a cluster while the body runs; each task manager has so many slots, so that one can take over from another.

    Raises:
        WorkError: It does not start.
    """
    with tempfile.TemporaryDirectory(prefix="gristmill-flink-") as name, ExitStack() as stack:
        folder, rest = Path(name), _free_port()
        settings = {"rpc": _free_port(), "rest": rest, "slots": slots, "folder": folder, "restart": _RESTART_SECONDS}
        (folder / "flink-conf.yaml").write_text(_CONFIGURATION.format(**settings))
        arguments = [f"{_ENTRY}.entrypoint.StandaloneSessionClusterEntrypoint", "--configDir", name]
        manager = stack.enter_context(_java(folder / "job-manager.log", 256, arguments))
        workers = tuple(
            stack.enter_context(_java(folder / f"task-manager-{i}.log", 512, _task_manager(folder, i)))
            for i in range(_TASK_MANAGERS)
        )
        _wait(lambda: _task_managers(f"127.0.0.1:{rest}") == _TASK_MANAGERS, folder, (manager, *workers))
        yield Cluster(f"127.0.0.1:{rest}", workers)


@contextmanager
def job_server(master: str) -> Iterator[tuple[str, str]]:
    """Runs Beam's job server for the cluster at `master`; gives its endpoints for jobs and for artifacts.

    Raises:
        WorkError: It does not start, or no Flink answers at `master`.
    """
    if _task_managers(master) is None:
        raise WorkError(f"no Flink answers at {master}: --flink_master must be HOST:PORT of a job manager that runs")
    with tempfile.TemporaryDirectory(prefix="gristmill-jobs-") as name:
        log = Path(name) / "job-server.log"
        arguments = ["org.apache.beam.runners.flink.FlinkJobServerDriver", "--flink-master", master]
        arguments += ["--artifacts-dir", name, "--job-host", "127.0.0.1"]
        arguments += [word for kind in ("job", "artifact", "expansion") for word in (f"--{kind}-port", "0")]
        with _java(log, 256, arguments) as process:
            found: dict[str, str] = {}

            def ready() -> bool:
                for kind in ("JobService", "ArtifactStagingService"):
                    if told := re.search(rf"{kind} started on \S+:(\d+)", log.read_text("utf-8", "replace")):
                        found[kind] = f"127.0.0.1:{told[1]}"
                return len(found) == 2

            _wait(ready, Path(name), (process,))
            yield found["JobService"], found["ArtifactStagingService"]


def _task_manager(folder: Path, index: int) -> list[str]:
    settings = {f"taskmanager.memory.{key}": value for key, value in _TASK_MANAGER_MEMORY.items()}
    settings |= {"taskmanager.resource-id": f"task-manager-{index}", "taskmanager.cpu.cores": "1.0"}
    words = [word for key, value in settings.items() for word in ("-D", f"{key}={value}")]
    return [f"{_ENTRY}.taskexecutor.TaskManagerRunner", "--configDir", str(folder), *words]


@contextmanager
def _java(log: Path, megabytes: int, arguments: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    """Runs a Java program from the jars while the body runs."""
    loopback = write_loopback_jar(find_jars() / CORE_JAR, log.with_suffix(".jar"))
    guard = shutil.which("setpriv")  # of Linux: the program is killed when this process is gone
    command = [guard, "--pdeathsig", "KILL", "--"] if guard else []
    command += ["java", f"-Xmx{megabytes}m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
    command += ["-Dorg.slf4j.simpleLogger.showDateTime=true"]
    command += [f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in _OPENED]
    command += ["-cp", f"{loopback}:{find_jars()}/*", *arguments]
    with open(log, "wb") as out:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=log.parent)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _free_port() -> int:
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        return int(made.getsockname()[1])


def _task_managers(master: str) -> int | None:
    """How many task managers a cluster has; None where nothing answers."""
    try:
        with urllib.request.urlopen(f"http://{master}/overview", timeout=10) as answer:
            return int(json.load(answer)["taskmanagers"])
    except (OSError, ValueError, KeyError):
        return None


def _wait(ready: Callable[[], bool], folder: Path, processes: tuple[subprocess.Popen[bytes], ...]) -> None:
    end = time.monotonic() + _START_SECONDS
    while not ready():
        if time.monotonic() > end or any(process.poll() is not None for process in processes):
            logs = [path.read_text("utf-8", "replace") for path in sorted(folder.glob("*.log"))]
            said = [line for log in logs for line in log.splitlines() if "ERROR" in line or "Caused by" in line]
            raise WorkError(f"Flink does not start: {said[-1] if said else f'no answer in {_START_SECONDS:.0f} s'}")
        time.sleep(0.2)
