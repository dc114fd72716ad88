"""What `--distribute` and TF_CONFIG say, and what they may not say."""

import json

import pytest

from gristmill.errors import InputError
from gristmill.launch import Cluster, Processes, Spread, loopback

WORKERS = {"worker": ["a:1", "b:1"]}
SERVED = {"chief": ["a:1"], "worker": ["b:1"], "ps": ["c:1"]}


@pytest.mark.parametrize(
    ("text", "kind", "count", "processes"),
    [
        ("mirrored", "mirrored", None, False),
        ("mirrored:3", "mirrored", 3, False),
        ("multiworker:2", "multiworker", 2, True),
        ("parameter-server", "parameter-server", None, True),
        ("model-parallel:4", "model-parallel", 4, False),
    ],
)
def test_kinds_and_counts(text: str, kind: str, count: int | None, processes: bool) -> None:
    spread = Spread.parse(text)
    assert (spread.kind, spread.count, spread.has_processes) == (kind, count, processes)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("miror", "did you mean 'mirrored'"),
        ("mirrored:", "count from 1 on, such as mirrored:2. Received: 'mirrored:'"),
        ("mirrored:0", "count from 1 on"),
        ("multiworker:two", "count from 1 on"),
    ],
)
def test_what_is_no_distribution(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Spread.parse(text)


@pytest.mark.parametrize(
    ("cluster", "task", "place", "chief", "server"),
    [
        (WORKERS, ("worker", 0), 0, True, False),
        (WORKERS, ("worker", 1), 1, False, False),
        ({"chief": ["a:1"], "worker": ["b:1"]}, ("chief", 0), 0, True, False),
        ({"chief": ["a:1"], "worker": ["b:1"]}, ("worker", 0), 1, False, False),
        (SERVED, ("chief", 0), 0, True, False),
        (SERVED, ("worker", 0), 1, False, True),
        (SERVED, ("ps", 0), 0, False, True),
    ],
)
def test_the_place_in_a_cluster(
    cluster: dict[str, list[str]],
    task: tuple[str, int],
    place: int,
    chief: bool,
    server: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in Cluster(cluster, task).environment.items():
        monkeypatch.setenv(name, value)
    found = Cluster.from_environment()
    assert found == Cluster(cluster, task)
    assert (found.place, found.is_chief, found.is_server) == (place, chief, server)


@pytest.mark.parametrize("text", ["", " "])
def test_no_cluster(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_CONFIG", text)
    assert Cluster.from_environment() is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "TF_CONFIG must be JSON with `cluster`"),
        ("[]", "TF_CONFIG must be JSON with `cluster`"),
        (json.dumps({"cluster": WORKERS}), "TF_CONFIG must be JSON with `cluster`"),
        (json.dumps({"cluster": WORKERS, "task": {"type": "worker", "index": 2}}), "one of its cluster. Received: "),
        (json.dumps({"cluster": WORKERS, "task": {"type": "chief", "index": 0}}), "one of its cluster. Received: "),
    ],
)
def test_what_is_no_cluster(text: str, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(InputError, match=message):
        Cluster.from_environment()


@pytest.mark.parametrize(
    ("kind", "cluster", "message"),
    [
        ("multiworker", SERVED, "a cluster for multiworker must have workers"),
        ("parameter-server", WORKERS, "a cluster for parameter-server must have one chief, workers and ps"),
        ("multiworker", {"chief": ["a:1", "b:1"], "worker": ["c:1"]}, "a chief at most"),
    ],
)
def test_a_cluster_that_does_not_fit(kind: str, cluster: dict[str, list[str]], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Cluster(cluster, (next(iter(cluster)), 0)).check(kind)


def test_processes_on_this_machine_have_ports_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TF_CONFIG", raising=False)
    made = loopback("parameter-server", 2)
    assert [one.task for one in made] == [("chief", 0), ("ps", 0), ("worker", 0), ("worker", 1)]
    addresses = [address for all_ in made[0].members.values() for address in all_]
    assert len(set(addresses)) == 4
    assert all(address.startswith("127.0.0.1:") for address in addresses)
    assert [one.task for one in Processes("multiworker:3").make()] == [("worker", place) for place in range(3)]
    assert not Processes("mirrored:2").is_needed


def test_tf_config_tells_of_one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = Cluster(WORKERS, ("worker", 1))
    monkeypatch.setenv("TF_CONFIG", cluster.environment["TF_CONFIG"])
    assert Processes("multiworker").make() == [cluster]
    assert Processes("multiworker").is_needed
    with pytest.raises(InputError, match="a cluster for parameter-server"):
        Processes("parameter-server")
    monkeypatch.setenv("GRISTMILL_LAUNCHED", "1")
    assert not Processes("multiworker").is_needed
