"""Opens a distribution by its name on the devices of this machine, or the cluster of TF_CONFIG."""

from collections.abc import Mapping
from functools import cache

import tensorflow as tf

from gristmill.errors import InputError
from gristmill.launch import MODEL_PARALLEL, MULTI_WORKER, PARAMETER_SERVER, Cluster, Spread
from gristmill.training.distribution.mirrored import Mirrored
from gristmill.training.distribution.model_parallel import ModelParallel
from gristmill.training.distribution.multi_worker import MultiWorker
from gristmill.training.distribution.parameter_server import ParameterServer
from gristmill.training.spread import Distribution

__all__ = ["devices", "open_distribution"]


def open_distribution(text: str, placement: Mapping[str, int | str] | None = None) -> Distribution:
    """The distribution of a name, to be handed to `using`; before anything else has started TensorFlow.

    Args:
        text: `mirrored`, `multiworker`, `parameter-server` or `model-parallel`; the first and the last with the number of
            devices behind a colon, such as `mirrored:2`, without it all GPUs or two parts of the CPU. The others take their
            cluster, and the place of this process in it, from TF_CONFIG.
        placement: Of layers, with `model-parallel`; see `ModelParallel`.

    Raises:
        InputError: The name is not known, there are not so many devices, TF_CONFIG is missing or does not fit, or a
            placement is given with another distribution.
    """
    spread = Spread.parse(text)
    if placement and spread.kind != MODEL_PARALLEL:
        raise InputError(f"layers are placed with {MODEL_PARALLEL}. Received: a placement with {text}")
    if spread.kind == MODEL_PARALLEL:
        return ModelParallel(devices(spread.count), placement)
    if spread.kind not in (MULTI_WORKER, PARAMETER_SERVER):
        return Mirrored(devices(spread.count))
    cluster = Cluster.from_environment()
    if cluster is None:
        raise InputError(f"{spread.kind} needs the environment variable TF_CONFIG. Received: none")
    cluster.check(spread.kind)
    if spread.kind == PARAMETER_SERVER and cluster.is_server:
        raise InputError(f"the chief trains, and others call `serve`. Received: {cluster.task}")
    return _connected(spread.kind)


@cache
def _connected(kind: str) -> Distribution:
    """What a process is connected to, which it can be once."""
    cluster = Cluster.from_environment()
    assert cluster is not None
    gpus = tf.config.list_physical_devices("GPU")
    if len(gpus) > 1:
        tf.config.set_visible_devices(gpus[:1], "GPU")  # each process of a cluster has one
    resolver = tf.distribute.cluster_resolver.TFConfigClusterResolver()
    if kind == MULTI_WORKER:
        return MultiWorker(tf.distribute.MultiWorkerMirroredStrategy(resolver), cluster.place)
    return ParameterServer(tf.distribute.ParameterServerStrategy(resolver), len(cluster.members["ps"]))


def devices(count: int | None) -> list[str]:
    """Names of so many devices: GPUs where there are any, else equal parts of the CPU.

    Raises:
        InputError: There are not so many GPUs, or TensorFlow has started with fewer parts of the CPU.
    """
    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        wanted = count or len(gpus)
        if wanted > len(gpus):
            raise InputError(f"there must be {wanted} GPUs. Received: {len(gpus)}")
        return [f"/GPU:{place}" for place in range(wanted)]
    wanted = count or 2
    cpu = tf.config.list_physical_devices("CPU")[0]
    if wanted > len(tf.config.get_logical_device_configuration(cpu) or [cpu]):
        try:
            tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * wanted)
        except RuntimeError as error:
            raise InputError(
                f"devices must be chosen before TensorFlow computes anything. Received: {wanted} parts of the CPU, after it did"
            ) from error
    return [f"/CPU:{place}" for place in range(wanted)]
