"""How far a running pipeline is, from Beam's own counters: looked at while it runs, and told to a progress task.

counters of a worker in this process    looked at in its metric containers, which the stages name here
counters of worker processes            asked for by the local runner, whose answers are taken here
counters of workers on a cluster        told every second in files of a folder that all see: Flink tells them at the end only
counters of another job                 asked of the job by `job_counters`
"""

import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from apache_beam.metrics import Metrics, monitoring_infos
from apache_beam.metrics.execution import MetricsEnvironment
from apache_beam.metrics.metric import MetricsFilter
from apache_beam.metrics.metricbase import MetricName
from apache_beam.portability import common_urns
from apache_beam.runners.portability.fn_api_runner import fn_runner

from gristmill.errors import WorkError
from gristmill.files import write_atomic
from gristmill.progress import Task

__all__ = ["SECONDS", "Watch", "count", "job_counters", "tell_counters", "told_counters", "watched"]

NAMESPACE = "gristmill"
SECONDS = 0.5
"""Between two looks."""
_COUNTERS = ("rows", "bytes", "quarantined", "written")
_containers: dict[int, Any] = {}
"""Metric containers of the workers in this process, while somebody watches."""
_watching = threading.Event()


def count(name: str, amount: int) -> None:
    """Adds to one of our counters, from inside a stage."""
    Metrics.counter(NAMESPACE, name).inc(amount)
    Metrics.DelegatingCounter(MetricName(NAMESPACE, name), process_wide=True).inc(amount)
    if _watching.is_set():
        container = MetricsEnvironment.current_container()
        if container is not None:
            _containers[id(container)] = container


class Watch:
    """Sums the counters of all bundles and tells a task what is new.

    The task's total is the bytes of the sources twice: once for reading and checking them, once for arranging and
    writing their records.
    """

    def __init__(self, task: Task, total_bytes: int) -> None:
        self.task, self.total_bytes = task, total_bytes
        self.by_bundle: dict[Any, dict[str, int]] = {}
        self.told = 0.0
        self.start: float | None = None
        self.lock = threading.Lock()

    def counted(self, bundle: Any, counters: dict[str, int]) -> None:
        """Takes the counters of a bundle as they stand now."""
        with self.lock:
            known = self.by_bundle.setdefault(bundle, {})
            for name, value in counters.items():  # they fall back to zero when the bundle has ended
                known[name] = max(value, known.get(name, 0))
            self._tell()

    def _tell(self) -> None:
        sums = {name: sum(found.get(name, 0) for found in self.by_bundle.values()) for name in _COUNTERS}
        self.start = self.start or (time.monotonic() if sums["bytes"] else None)
        read = self.total_bytes if sums["written"] else min(sums["bytes"], self.total_bytes)
        done = read + self.total_bytes * min(1.0, sums["written"] / max(1, sums["rows"] - sums["quarantined"]))
        rate = read / 1e6 / max(time.monotonic() - (self.start or 0), SECONDS)
        what = f"{sums['written']:,} written" if sums["written"] else f"{rate:,.0f} MB/s"
        self.task.advance(
            max(0.0, done - self.told), f"{sums['rows']:,} rows, {what}, {sums['quarantined']:,} set aside"
        )
        self.told = max(self.told, done)


@contextmanager
def watched(watch: Watch, in_process: bool) -> Iterator[None]:
    """Tells the watch the counters of the local runner's workers while the body runs.

    The runner asks worker processes where it is given a frequency, but hands the answers to nobody; its requester takes
    a function for them. A worker in this process answers only when it is done, so its containers are looked at.
    """
    with _containers_looked_at(watch) if in_process else _answers_taken(watch):
        yield


@contextmanager
def _containers_looked_at(watch: Watch) -> Iterator[None]:
    over = threading.Event()
    thread = threading.Thread(target=_look, args=(watch, over), daemon=True)
    _watching.set()
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        _watching.clear()
        _containers.clear()


@contextmanager
def _answers_taken(watch: Watch) -> Iterator[None]:
    before = fn_runner.ProgressRequester
    fn_runner.ProgressRequester = _requester(watch.counted)
    try:
        yield
    finally:
        fn_runner.ProgressRequester = before


def _look(watch: Watch, over: threading.Event) -> None:
    while not over.wait(SECONDS):
        for place, container in list(_containers.items()):
            watch.counted(place, _named(container.get_cumulative().counters.items()))


def _named(counters: Any) -> dict[str, int]:
    made: dict[str, int] = {}
    for key, value in counters:
        if key.metric.namespace == NAMESPACE:
            made[key.metric.name] = made.get(key.metric.name, 0) + int(value)
    return made


def _requester(tell: Callable[[Any, dict[str, int]], None]) -> type:
    class Requester(fn_runner.ProgressRequester):
        def __init__(self, handler: Any, instruction: str, frequency: float | None) -> None:
            def answered(response: Any) -> None:
                tell(instruction, _of_infos(response.monitoring_infos))

            super().__init__(handler, instruction, frequency, answered)

    return Requester


def _of_infos(infos: Any) -> dict[str, int]:
    """Our counters among the monitoring infos of a bundle."""
    made: dict[str, int] = {}
    urn = common_urns.monitoring_info_specs.USER_SUM_INT64.spec.urn
    for info in infos:
        if info.urn == urn and info.labels["NAMESPACE"] == NAMESPACE:
            name = info.labels["NAME"]
            made[name] = made.get(name, 0) + monitoring_infos.extract_counter_value(info)
    return made


@contextmanager
def tell_counters(folder: Path) -> Iterator[None]:
    """Tells the counters of this process in a file of `folder` every second while the body runs."""
    path, over = folder / f"{secrets.token_hex(8)}.json", threading.Event()

    def tell() -> None:
        last: dict[str, int] = {}
        while True:
            ended = over.wait(1.0)
            infos = MetricsEnvironment.process_wide_container().to_runner_api_monitoring_infos(None)
            now = _of_infos(infos.values())
            if now != last and folder.is_dir():  # it is gone where the run was given up
                last = now
                with suppress(WorkError):
                    write_atomic(path, json.dumps(now).encode())
            if ended:
                return

    thread = threading.Thread(target=tell, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def told_counters(watch: Watch, folder: Path) -> None:
    """Tells the watch what the workers told in `folder`."""
    for path in folder.glob("*.json"):
        watch.counted(path.name, json.loads(path.read_bytes()))


def job_counters(result: Any) -> dict[str, int]:
    """Our counters of a job, as its runner tells them now."""
    made: dict[str, int] = {}
    for counter in result.metrics().query(MetricsFilter().with_namespace(NAMESPACE))["counters"]:
        name = counter.key.metric.name
        made[name] = made.get(name, 0) + (counter.attempted or counter.committed or 0)
    return made
