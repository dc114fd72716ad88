"""The part of a process that holds weights or computes steps for a chief."""

import time
from collections.abc import Callable

import tensorflow as tf

from gristmill.launch import PARAMETER_SERVER, Cluster

__all__ = ["serve"]

_LOOK_SECONDS = 1.0


def serve(cluster: Cluster, is_done: Callable[[], bool]) -> None:
    """Serves as the worker or parameter server that this process is, until the training is done.

    Args:
        cluster: From TF_CONFIG.
        is_done: Tells whether there is nothing left to do.

    Raises:
        InputError: The cluster is not one of a chief, workers and parameter servers.
    """
    cluster.check(PARAMETER_SERVER)
    kind, place = cluster.task
    server = tf.distribute.Server(
        tf.train.ClusterSpec(cluster.members), job_name=kind, task_index=place, protocol="grpc", start=True
    )
    while not is_done():
        time.sleep(_LOOK_SECONDS)
    del server
