"""A training step that several devices or processes share: each calls the model function on a batch of its own."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import keras
import tensorflow as tf

from gristmill import layers
from gristmill.estimator.errors import ArgumentError
from gristmill.estimator.heads.rows import summed_rows
from gristmill.estimator.naming import kept
from gristmill.estimator.spec import EstimatorSpec
from gristmill.estimator.variables import VariableCatcher, fresh_names, replica_scope
from gristmill.launch import PARAMETER_SERVER, Cluster, Spread
from gristmill.training.distribution import Mirrored, MultiWorker, ParameterServer, open_distribution, serve
from gristmill.training.distribution.parameter_server import count_whole
from gristmill.training.distribution.parts import added, scaled
from gristmill.training.spread import Distribution

__all__ = ["Server", "distribution_of", "grouped", "replicated"]

Model = Callable[[Any, Any], EstimatorSpec]


class Server(Distribution):
    """A worker or parameter server: it trains nothing by itself."""

    is_chief = False

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def serve(self, is_done: Callable[[], bool]) -> None:
        """Serves the chief until there is nothing left to do."""
        serve(self._cluster, is_done)


def distribution_of(given: Any, place: int) -> Distribution:
    """What `RunConfig(train_distribute=...)` means.

    Args:
        given: A `tf.distribute.Strategy`, a `Distribution`, its name such as `mirrored:2`, or None.
        place: The number of this process in the cluster.

    Raises:
        ArgumentError: Estimators cannot be trained so.
    """
    if given is None or type(given) is Distribution:
        return Distribution()
    cluster = Cluster.from_environment()
    if isinstance(given, str) and Spread.parse(given).kind == PARAMETER_SERVER and cluster and cluster.is_server:
        return Server(cluster)
    made = open_distribution(given) if isinstance(given, str) else given
    if isinstance(made, Mirrored | MultiWorker | ParameterServer):
        return made
    if isinstance(made, tf.distribute.ParameterServerStrategy):
        return ParameterServer(made, made.cluster_resolver.cluster_spec().num_tasks("ps"))
    if isinstance(made, type(tf.distribute.get_strategy())):
        return Distribution()
    if isinstance(made, tf.distribute.MultiWorkerMirroredStrategy):
        return MultiWorker(made, place)
    central = tf.distribute.experimental.CentralStorageStrategy
    if isinstance(made, tf.distribute.MirroredStrategy | tf.distribute.OneDeviceStrategy | central):
        return Mirrored(made.extended.worker_devices)
    raise ArgumentError(
        "train_distribute must be mirrored, multiworker or parameter-server, by name or as a strategy of tf.distribute; a "
        f"Keras model trains with `gristmill train --model FILE --distribute model-parallel` too. Received: {given!r}"
    )


def grouped(batches: "tf.data.Dataset", distribution: Distribution) -> "tf.data.Dataset":
    """Batches as a step takes them: as many as devices of this process, one after the other in a tuple.

    Where the last ones are too few, the first of them fills the places left.
    """
    if not isinstance(distribution, Mirrored) or distribution.replicas == 1:
        return batches
    count = distribution.replicas

    def group(*parts: Any) -> tf.data.Dataset:
        window = tf.data.Dataset.zip(parts)
        first = window.take(1)
        return tf.data.Dataset.zip(tuple(window.skip(k).take(1).concatenate(first).take(1) for k in range(count)))

    return batches.window(count).flat_map(group)


def replicated(distribution: Distribution, model: Model, batch: Any, catcher: VariableCatcher) -> EstimatorSpec:
    """Calls a model function on each device of this process; its optimizers get the mean of all gradients.

    The loss is the mean as well; what else the spec holds is the first device's. A loss is taken for a mean over its batch.

    Args:
        distribution: Devices and processes.
        model: Takes features and labels, and gives a spec of the mode TRAIN.
        batch: As `grouped` gives it.
        catcher: Has the variables, which all calls share by their names.

    Raises:
        ArgumentError: The model function trains without gradients, as trees do.
    """
    if isinstance(distribution, ParameterServer):
        with _handed_to(lambda gradients: gradients, counts_whole=True):
            return model(*_parts(batch))
    if isinstance(distribution, MultiWorker):
        spec = _over_processes(distribution, model, batch)
    elif isinstance(distribution, Mirrored) and distribution.replicas > 1:
        spec = _over_devices(distribution, model, batch, catcher)
    else:
        with tf.device(distribution.devices[0] if isinstance(distribution, Mirrored) else None):
            return model(*_parts(batch))
    if found := kept(tf.compat.v1.get_default_graph()):
        raise ArgumentError(
            f"what trains without gradients must train in one process, on one device. Received: {', '.join(found)}, with "
            f"{distribution.replicas} at once"
        )
    return spec


def _parts(batch: Any) -> tuple[Any, Any]:
    return batch[0], batch[1] if len(batch) > 1 else None


def _over_processes(distribution: MultiWorker, model: Model, batch: Any) -> EstimatorSpec:
    def mean(gradients: list[Any]) -> list[Any]:
        return distribution.reduced(gradients, mean=True)

    with _handed_to(mean):
        spec = model(*_parts(batch))
    return spec._replace(loss=distribution.reduced([spec.loss], mean=True)[0])


def _over_devices(distribution: Mirrored, model: Model, batches: Any, catcher: VariableCatcher) -> EstimatorSpec:
    """The first device is the last to be traced, so that its optimizers can wait for the gradients of all others."""
    share, kept, losses = 1.0 / distribution.replicas, list[list[list[Any]]](), []
    for place, (device, batch) in reversed(list(enumerate(zip(distribution.devices, batches, strict=True)))):
        own: list[list[Any]] = []

        def keep(gradients: list[Any], own: list[list[Any]] = own) -> list[Any] | None:
            own.append([scaled(gradient, share) for gradient in gradients])
            if len(kept) + 1 < distribution.replicas:
                return None
            call = len(own) - 1
            return [added(column) for column in zip(*(other[call] for other in kept), own[call], strict=True)]

        scope = tf.name_scope(replica_scope(place))
        with tf.device(device), scope, catcher.sharing(), fresh_names(), layers.Store(once=True), _handed_to(keep):
            spec = model(*_parts(batch))
        losses.append(spec.loss)
        kept.append(own)
    return spec._replace(loss=tf.add_n([tf.reshape(loss, []) for loss in losses]) * tf.cast(share, spec.loss.dtype))


@contextmanager
def _handed_to(take: Callable[[list[Any]], list[Any] | None], *, counts_whole: bool = False) -> Iterator[None]:
    """While open, optimizers hand their gradients to a function, and apply what it gives; nothing where that is None.

    Where several may count at once, Keras' are made to count their steps in one operation each.

    There is no other way into the optimizers that a user's model function makes.
    """
    keras_kind, old_kind = keras.optimizers.Optimizer, tf.compat.v1.train.Optimizer
    keras_apply, old_apply = keras_kind.apply, old_kind.apply_gradients
    within: list[Any] = []

    def taken(gradients: Sequence[Any]) -> list[Any] | None:
        found = take(list(gradients))
        return None if found is None else [summed_rows(gradient) for gradient in found]

    def apply(self: Any, grads: Any, trainable_variables: Any = None) -> Any:
        if within:  # an optimizer around another hands on what was taken
            return keras_apply(self, grads, trainable_variables)
        found = taken(grads)
        if found is None:
            return None
        if counts_whole:
            count_whole(self)
        within.append(self)
        try:
            return keras_apply(self, found, trainable_variables)
        finally:
            within.pop()

    def apply_gradients(self: Any, grads_and_vars: Any, *arguments: Any, **named: Any) -> Any:
        pairs = list(grads_and_vars)
        found = taken([gradient for gradient, _ in pairs])
        if found is None:
            return tf.no_op()
        return old_apply(self, list(zip(found, [v for _, v in pairs], strict=True)), *arguments, **named)

    own = "apply" in vars(keras_kind)
    keras_kind.apply, old_kind.apply_gradients = apply, apply_gradients
    try:
        yield
    finally:
        old_kind.apply_gradients = old_apply
        if own:
            keras_kind.apply = keras_apply
        else:
            del keras_kind.apply
