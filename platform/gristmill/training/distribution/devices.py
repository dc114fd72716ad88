"""The devices of this process that replicas and shards stand on."""

import tensorflow as tf

from gristmill.errors import InputError

__all__ = ["local_devices"]


def local_devices(count: int | None, name: str) -> list[str]:
    """The first so many GPUs or, where there is none, logical CPU devices, which are made if TensorFlow has not begun.

    Args:
        count: Devices; None takes all that there are.
        name: The distribution, for the error.

    Raises:
        InputError: There are fewer, and no more can be made.
    """
    gpus = tf.config.list_physical_devices("GPU")
    kind, there = ("gpu", len(gpus)) if gpus else ("cpu", _logical_cpus(count))
    if count is not None and there < count:
        why = "" if gpus else "; CPU devices can only be split before TensorFlow has computed anything"
        raise InputError(f"`{name}` needs {count} devices. Received: {there} of kind {kind.upper()}{why}")
    return [f"/{kind}:{place}" for place in range(count or there)]


def _logical_cpus(count: int | None) -> int:
    physical = tf.config.list_physical_devices("CPU")[0]
    if count is not None and count > 1:
        try:
            if len(tf.config.get_logical_device_configuration(physical) or [None]) < count:
                tf.config.set_logical_device_configuration(physical, [tf.config.LogicalDeviceConfiguration()] * count)
            return len(tf.config.get_logical_device_configuration(physical))
        except RuntimeError:
            return len(tf.config.list_logical_devices("CPU"))
    return max(1, len(tf.config.get_logical_device_configuration(physical) or [None]))
