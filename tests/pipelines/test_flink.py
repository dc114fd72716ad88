"""A real Flink cluster on this machine: the same dataset as locally, also where a task manager or a worker is killed."""

import csv
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gristmill.data.execution import Execution
from gristmill.data.plan import IngestPlan
from gristmill.errors import InputError, WorkError
from gristmill.files import sha256_file
from pipelines import spans
from pipelines.flink import JARS, job_server, local_cluster
from pipelines.flink.cluster import Cluster
from pipelines.ingest import ingest

pytestmark = [
    pytest.mark.flink,
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(not JARS.is_dir(), reason="Flink is not there: run `make flink`"),
]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with local_cluster(2) as made:
        yield made


@pytest.fixture(autouse=True)
def short_spans(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spans, "SPAN_BYTES", 4000)
    monkeypatch.setattr(spans, "_CHUNK_BYTES", 1000)


def recommender(folder: Path) -> IngestPlan:
    """Events with duplicates, bad values and a table of items, split by the time of each user."""
    rows = [(f"u{n * n % 97}", f"i{n * 7 % 31}", n % 6, 1000 + n // 2) for n in range(3000)]
    with open(folder / "events.csv", "w", newline="") as file:
        csv.writer(file).writerows([("user", "item", "rating", "time"), *rows, *rows[:20]])
    lines = "".join(f'{{"item": "i{n}", "title": "Title, {n}", "tags": ["a", "t{n % 3}"]}}\n' for n in range(31))
    (folder / "items.jsonl").write_text(lines + '{"item": null}\n')
    features = [
        {"name": "user", "kind": "id"},
        {"name": "item", "kind": "id"},
        {"name": "rating", "kind": "number", "minimum": 1, "maximum": 5},
        {"name": "time", "kind": "time"},
    ]
    table = [
        {"name": "item", "kind": "id"},
        {"name": "title", "kind": "text", "missing": "keep"},
        {"name": "tags", "kind": "sequence", "missing": "keep"},
    ]
    return IngestPlan.model_validate(
        {
            "app": "made",
            "records": {
                "name": "events",
                "paths": [str(folder / "events.csv")],
                "unique": ["user", "item", "rating", "time"],
                "record_schema": {"features": features},
            },
            "split": {"kind": "time", "key": "user", "order_by": ["time", "item"]},
            "tables": [
                {
                    "name": "items",
                    "paths": [str(folder / "items.jsonl")],
                    "unique": ["item"],
                    "record_schema": {"features": table},
                }
            ],
            "shards": 3,
        }
    )


def translation(folder: Path) -> IngestPlan:
    """Pairs of sentences, some of them cut or twice, split by a hash of the source sentence."""
    lines = [f"the {n % 900} cats sit\tlos {n % 900} gatos, número {n}" for n in range(3000)]
    (folder / "pairs.tsv").write_text("\n".join(["en\tes", *lines, *lines[:9], "no translation\t"]) + "\n")
    features = [{"name": "source", "kind": "text", "column": "en"}, {"name": "target", "kind": "text", "column": "es"}]
    return IngestPlan.model_validate(
        {
            "app": "made",
            "records": {
                "name": "pairs",
                "paths": [str(folder / "pairs.tsv")],
                "unique": ["source", "target"],
                "record_schema": {"features": features},
            },
            "split": {"kind": "hash", "key": "source"},
            "shards": 3,
        }
    )


def files(dataset: Path) -> dict[str, str]:
    return {path.relative_to(dataset).as_posix(): sha256_file(path) for path in dataset.rglob("*") if path.is_file()}


def on_flink(cluster: Cluster) -> Execution:
    return Execution(runner="flink", workers=2, runner_options=(f"--flink_master={cluster.address}",))


def check_same(plan: IngestPlan, folder: Path, execution: Execution) -> None:
    local = ingest(plan, folder / "local")
    there = ingest(plan, folder / "flink", execution=execution)
    assert local.quarantined > 0 and len(local.files()) > 8
    assert local == there
    assert files(folder / "local") == files(folder / "flink")


def test_a_cluster_of_its_own_writes_the_same_bytes(tmp_path: Path) -> None:
    check_same(recommender(tmp_path), tmp_path, Execution(runner="flink", workers=2))


def test_a_given_cluster_writes_the_same_bytes(tmp_path: Path, cluster: Cluster) -> None:
    check_same(translation(tmp_path), tmp_path, on_flink(cluster))


def listening_elsewhere() -> set[str]:
    """Addresses but loopback on which Java listens; `0100007F` is 127.0.0.1."""
    rows = [line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]]
    return {row[1] for row in rows if row[3] == "0A" and not row[1].split(":")[0].endswith("0100007F")}


@pytest.mark.skipif(not Path("/proc/net").is_dir(), reason="looks for ports in /proc")
def test_no_port_is_open_to_the_network(cluster: Cluster) -> None:
    before = listening_elsewhere()
    with job_server(cluster.address):
        assert listening_elsewhere() <= before


def python_workers() -> list[int]:
    """Processes of Flink's Python workers on this machine."""
    found = []
    for place in Path("/proc").iterdir():
        if place.name.isdecimal():
            try:
                words = (place / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if b"pipelines.worker" in words:
                found.append(int(place.name))
    return found


def killing(which: Callable[[], list[int]], killed: list[int]) -> threading.Thread:
    """Kills one of these processes as soon as a Python worker is at work."""

    def kill() -> None:
        while not python_workers():
            time.sleep(0.05)
        time.sleep(1)
        killed.append(which()[0])
        os.kill(killed[0], signal.SIGKILL)

    thread = threading.Thread(target=kill, daemon=True)
    thread.start()
    return thread


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for processes in /proc")
@pytest.mark.parametrize("victim", ["worker", "task manager"])
def test_a_killed_process_changes_nothing(victim: str, tmp_path: Path) -> None:
    made = translation(tmp_path)
    ingest(made, tmp_path / "local")
    with local_cluster(2) as cluster:
        which = python_workers if victim == "worker" else lambda: [cluster.task_managers[0].pid]
        killed: list[int] = []
        thread = killing(which, killed)
        ingest(made, tmp_path / "flink", execution=on_flink(cluster))
        thread.join()
    assert killed
    assert files(tmp_path / "local") == files(tmp_path / "flink")


def test_a_failed_source_is_told_as_locally(tmp_path: Path, cluster: Cluster) -> None:
    made = translation(tmp_path)
    (tmp_path / "pairs.tsv").write_text("en\tde\na\tb\n")
    with pytest.raises(InputError, match="es") as local:
        ingest(made, tmp_path / "local")
    with pytest.raises(InputError) as there:
        ingest(made, tmp_path / "flink", execution=on_flink(cluster))
    assert str(local.value) == str(there.value)


def test_no_cluster_is_a_clear_error(tmp_path: Path) -> None:
    made = translation(tmp_path)
    with pytest.raises(WorkError, match=r"no Flink answers at 127\.0\.0\.1:1: "):
        ingest(
            made, tmp_path / "out", execution=Execution(runner="flink", runner_options=("--flink_master=127.0.0.1:1",))
        )
    assert not (tmp_path / "out").exists()
