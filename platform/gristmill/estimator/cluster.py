"""The place of this process among the machines that train together, as the environment variable TF_CONFIG tells it."""

import json
import os
from collections.abc import Mapping
from typing import Any, NamedTuple

import tensorflow as tf

from gristmill.estimator.errors import ArgumentError, KindError

__all__ = ["Place", "TaskType", "place_of", "read_tf_config"]


class TaskType:
    """What a process of a cluster is for."""

    MASTER = "master"
    PS = "ps"
    WORKER = "worker"
    CHIEF = "chief"
    EVALUATOR = "evaluator"


class Place(NamedTuple):
    """One process of a cluster, or one that is alone."""

    cluster_spec: Any
    """`tf.train.ClusterSpec`; empty where the process is alone or evaluates."""
    task_type: str
    """A `TaskType`."""
    task_id: int
    """Its number among those of its type."""
    global_id_in_cluster: int | None
    """Its number among all: the chief is 0, then come the other types by name, then the parameter servers."""
    master: str
    """Address of its own server; empty where it needs none."""
    evaluation_master: str
    """Address of the server that evaluates."""
    num_ps_replicas: int
    """Parameter servers in the cluster."""
    num_worker_replicas: int
    """Workers in the cluster, the chief among them."""
    is_chief: bool
    """Whether it writes checkpoints and events."""
    service: dict[str, Any] | None
    """What TF_CONFIG says of the platform."""


def read_tf_config() -> dict[str, Any]:
    """Reads TF_CONFIG; without it, an empty dict.

    Raises:
        ArgumentError: If it is not a JSON object.
    """
    text = os.environ.get("TF_CONFIG") or "{}"
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        raise ArgumentError(f"TF_CONFIG must be JSON. Received: TF_CONFIG={text!r}") from error
    if not isinstance(found, dict):
        raise ArgumentError(f"TF_CONFIG must be a JSON object. Received: TF_CONFIG={text!r}")
    return found


def place_of(tf_config: Mapping[str, Any], chief_may_be_worker: bool = False) -> Place:
    """Finds the place that TF_CONFIG tells.

    Args:
        tf_config: Its content: `cluster` (type -> addresses) and `task` (`type`, `index`), both absent for a process
            that is alone.
        chief_may_be_worker: Whether the first worker is the chief in a cluster without one.

    Raises:
        ArgumentError: If cluster and task do not fit each other.
        KindError: If `service` is not an object.
    """
    service = tf_config.get("service")
    if service is not None and not isinstance(service, dict):
        raise KindError(f"`service` in TF_CONFIG must be an object. Received: service={service!r}")
    cluster = tf.train.ClusterSpec(tf_config.get("cluster", {}))
    task = tf_config.get("task", {})
    if not cluster:
        return _alone(task, tf_config, service)
    chief = _chief_type(cluster, chief_may_be_worker)
    task_type, task_id = _task_in(cluster, task)
    evaluation_master = ""
    if task_type == TaskType.EVALUATOR:
        if chief == TaskType.MASTER:
            raise ArgumentError("a cluster in TF_CONFIG with a `master` must have no evaluator. Received: evaluator")
        evaluation_master = tf_config.get("eval_session_master", "")
        return Place(tf.train.ClusterSpec({}), task_type, task_id, None, "", evaluation_master, 0, 0, False, service)
    counts = {name: len(addresses) for name, addresses in cluster.as_dict().items()}
    return Place(
        cluster_spec=cluster,
        task_type=task_type,
        task_id=task_id,
        global_id_in_cluster=_global_id(counts, chief, task_type, task_id),
        master=tf_config.get("session_master", _address(cluster, task_type, task_id)),
        evaluation_master=evaluation_master,
        num_ps_replicas=counts.get(TaskType.PS, 0),
        num_worker_replicas=sum(counts.get(name, 0) for name in {TaskType.WORKER, chief}),
        is_chief=task_type == chief and task_id == 0,
        service=service,
    )


def _alone(task: Mapping[str, Any], tf_config: Mapping[str, Any], service: dict[str, Any] | None) -> Place:
    task_type, task_id = task.get("type", TaskType.WORKER), int(task.get("index", 0))
    if task_type != TaskType.WORKER or task_id != 0:
        raise ArgumentError(
            "`task` in TF_CONFIG must be worker 0 where there is no `cluster`. "
            f"Received: type={task_type!r}, index={task_id}"
        )
    masters = tf_config.get("session_master", ""), tf_config.get("eval_session_master", "")
    return Place(tf.train.ClusterSpec({}), task_type, task_id, 0, *masters, 0, 1, True, service)


def _chief_type(cluster: Any, chief_may_be_worker: bool) -> str:
    jobs = cluster.jobs
    if TaskType.MASTER in jobs and TaskType.CHIEF in jobs:
        raise ArgumentError(f"`cluster` in TF_CONFIG must have a chief or a master, not both. Received: {jobs}")
    chief = TaskType.MASTER if TaskType.MASTER in jobs else TaskType.CHIEF
    if chief not in jobs and chief_may_be_worker and TaskType.WORKER in jobs:
        return TaskType.WORKER
    if chief not in jobs or len(cluster.job_tasks(chief)) != 1:
        raise ArgumentError(f"`cluster` in TF_CONFIG must have exactly one chief. Received: {cluster.as_dict()}")
    return chief


def _task_in(cluster: Any, task: Mapping[str, Any]) -> tuple[str, int]:
    task_type, index = task.get("type"), task.get("index")
    if not task_type or index is None:
        raise ArgumentError(f"`task` in TF_CONFIG must have a type and an index. Received: task={dict(task)}")
    task_id = int(index)
    known = task_type == TaskType.EVALUATOR or task_type in cluster.jobs
    count = None if task_type == TaskType.EVALUATOR or not known else len(cluster.job_tasks(task_type))
    if not known or task_id < 0 or (count is not None and task_id >= count):
        raise ArgumentError(
            f"`task` in TF_CONFIG must be one of its cluster. Received: type={task_type!r}, index={task_id}, "
            f"cluster={cluster.as_dict()}"
        )
    return task_type, task_id


def _address(cluster: Any, task_type: str, task_id: int) -> str:
    """The address of a task's server; one that is alone in its cluster needs none."""
    if cluster.num_tasks(cluster.jobs[0]) == 1 and len(cluster.jobs) == 1:
        return ""
    return f"grpc://{cluster.job_tasks(task_type)[task_id]}"


def _global_id(counts: Mapping[str, int], chief: str, task_type: str, task_id: int) -> int:
    order = sorted(counts, key=lambda name: (name != chief, name == TaskType.PS, name))
    return sum(counts[name] for name in order[: order.index(task_type)]) + task_id
