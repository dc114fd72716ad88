"""Starts the processes of a distributed training, and starts them again where one is lost; needs no TensorFlow."""

from gristmill.launch.cluster import Cluster, loopback
from gristmill.launch.kinds import MODEL_PARALLEL, MULTI_WORKER, PARAMETER_SERVER, Spread
from gristmill.launch.processes import Processes
from gristmill.launch.supervisor import end_with_parent, is_launched, supervise

__all__ = [
    "Cluster",
    "MODEL_PARALLEL",
    "MULTI_WORKER",
    "PARAMETER_SERVER",
    "Processes",
    "Spread",
    "end_with_parent",
    "is_launched",
    "loopback",
    "supervise",
]
