"""How an estimator runs: where it keeps its files, how often it saves, and on which machines."""

import copy
import inspect
import os
from dataclasses import dataclass, field, fields
from typing import Any

import tensorflow as tf

from gristmill.estimator.cluster import Place, place_of, read_tf_config
from gristmill.estimator.errors import ArgumentError
from gristmill.training.spread import Distribution, current

__all__ = ["RunConfig"]

_UNSET: Any = object()
_SAVE_SECONDS = 600


@dataclass(frozen=True, eq=False)
class RunConfig:
    """How an estimator runs; cannot be changed, only replaced.

    The environment variable TF_CONFIG (JSON with `cluster`, `task` and `model_dir`) tells the place of this process.

    Raises:
        ArgumentError: If a value breaks its rule, or TF_CONFIG does not fit.
        KindError: If `service` in TF_CONFIG is not an object.
    """

    model_dir: Any = None
    """Folder of checkpoints and events; None leaves it to the estimator."""
    tf_random_seed: int | None = None
    """Seed of initial values and random operations; None draws one."""
    save_summary_steps: int | None = 100
    """Steps between summaries; 0 and None write none."""
    save_checkpoints_steps: int | None = _UNSET
    """Steps between checkpoints; not beside `save_checkpoints_secs`."""
    save_checkpoints_secs: int | None = _UNSET
    """Seconds between checkpoints; 600 where neither is given. With both None there are no checkpoints."""
    session_config: Any = None
    """A `tf.compat.v1.ConfigProto`; kept, but there is no session that it could configure."""
    keep_checkpoint_max: int | None = 5
    """Newest checkpoints to keep; 0 and None keep all."""
    keep_checkpoint_every_n_hours: float | None = 10000
    """Hours after which a checkpoint is kept besides."""
    log_step_count_steps: int | None = 100
    """Steps between lines of the log about loss and speed; None logs none."""
    train_distribute: Any = None
    """For training: `mirrored` (with a count: `mirrored:2`), `multiworker` or `parameter-server`, or such a strategy of
    `tf.distribute`. Each device or worker takes batches of its own."""
    device_fn: Any = None
    """Function of an operation, `op`, that gives its device."""
    protocol: str | None = None
    """Between machines: `grpc`, `grpc+verbs`, or None for the first."""
    eval_distribute: Any = None
    """`tf.distribute.Strategy` for evaluation; kept, but one device evaluates."""
    experimental_distribute: Any = None
    """Object with `train_distribute` and `eval_distribute`, in place of the two above."""
    experimental_max_worker_delay_secs: int | None = None
    """Most seconds that a worker waits before it begins."""
    session_creation_timeout_secs: float | None = 7200
    """Most seconds to wait for the other machines."""
    checkpoint_save_graph_def: bool = True
    """Whether the graph is written beside the checkpoints."""
    _place: Place = field(init=False, repr=False)

    def __post_init__(self) -> None:
        tf_config = read_tf_config()
        self._set("model_dir", _model_dir(self.model_dir, tf_config.get("model_dir")))
        neither = self.save_checkpoints_steps is _UNSET and self.save_checkpoints_secs is _UNSET
        if self.save_checkpoints_steps is _UNSET:
            self._set("save_checkpoints_steps", None)
        if self.save_checkpoints_secs is _UNSET:
            self._set("save_checkpoints_secs", _SAVE_SECONDS if neither else None)
        self._take_distribution()
        distributed = self.train_distribute is not None or type(current()) is not Distribution
        self._set("_place", place_of(tf_config, chief_may_be_worker=distributed))
        self._check()

    def __deepcopy__(self, memo: Any) -> "RunConfig":
        return self

    def replace(self, **kwargs: Any) -> "RunConfig":
        """Gives a copy with some arguments of the constructor changed; TF_CONFIG is not read again.

        To set one of `save_checkpoints_steps` and `save_checkpoints_secs` unsets the other.

        Args:
            **kwargs: Argument -> new value.

        Raises:
            ArgumentError: If a name is not an argument of the constructor, or a value breaks its rule.
        """
        allowed = [one.name for one in fields(self) if one.init]
        unknown = sorted(kwargs.keys() - set(allowed))
        if unknown:
            raise ArgumentError(f"only {', '.join(allowed)} may be replaced. Received: {', '.join(unknown)}")
        for one, other in (
            ("save_checkpoints_steps", "save_checkpoints_secs"),
            ("save_checkpoints_secs", "save_checkpoints_steps"),
        ):
            if kwargs.get(one) is not None:
                kwargs.setdefault(other, None)
        made = copy.copy(self)
        for name, value in kwargs.items():
            made._set(name, os.fspath(value) if name == "model_dir" and value is not None else value)
        made._check()
        return made

    def _set(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)

    def _take_distribution(self) -> None:
        """Takes the strategies out of `experimental_distribute`."""
        for name in ("train_distribute", "eval_distribute"):
            within = getattr(self.experimental_distribute, name, None)
            if within and getattr(self, name):
                raise ArgumentError(f"`{name}` must be given once. Received: it is in `experimental_distribute` too")
            self._set(name, getattr(self, name) or within)
        if getattr(self.experimental_distribute, "remote_cluster", None):
            raise ArgumentError("`remote_cluster` is not supported: start a process on each machine, with TF_CONFIG")

    def _check(self) -> None:
        if self.save_checkpoints_steps is not None and self.save_checkpoints_secs is not None:
            raise ArgumentError(
                "one of `save_checkpoints_steps` and `save_checkpoints_secs` may be given. Received: "
                f"save_checkpoints_steps={self.save_checkpoints_steps}, save_checkpoints_secs={self.save_checkpoints_secs}"
            )
        for name, holds, rule in _RULES:
            value = getattr(self, name)
            if value is not None and not holds(value):
                raise ArgumentError(f"`{name}` must be {rule}. Received: {name}={value!r}")

    @property
    def cluster_spec(self) -> Any:
        """`tf.train.ClusterSpec` of all machines; empty where there is one, and for an evaluator."""
        return self._place.cluster_spec

    @property
    def task_type(self) -> str:
        """What this process is for: `chief`, `master`, `worker`, `ps` or `evaluator`."""
        return self._place.task_type

    @property
    def task_id(self) -> int:
        """The number of this process among those of its type."""
        return self._place.task_id

    @property
    def global_id_in_cluster(self) -> int | None:
        """The number of this process among all; None for an evaluator."""
        return self._place.global_id_in_cluster

    @property
    def master(self) -> str:
        """Address of this process's server."""
        return self._place.master

    @property
    def evaluation_master(self) -> str:
        """Address of the server that evaluates."""
        return self._place.evaluation_master

    @property
    def num_ps_replicas(self) -> int:
        """Parameter servers in the cluster."""
        return self._place.num_ps_replicas

    @property
    def num_worker_replicas(self) -> int:
        """Workers in the cluster, the chief among them."""
        return self._place.num_worker_replicas

    @property
    def is_chief(self) -> bool:
        """Whether this process writes checkpoints and events."""
        return self._place.is_chief

    @property
    def service(self) -> dict[str, Any] | None:
        """What TF_CONFIG says of the platform."""
        return self._place.service


def _model_dir(given: Any, in_tf_config: str | None) -> str | None:
    given = None if given is None else os.fspath(given)
    if in_tf_config == "":
        raise ArgumentError("`model_dir` in TF_CONFIG must be non-empty. Received: model_dir=''")
    if given and in_tf_config and given != in_tf_config:
        raise ArgumentError(
            f"`model_dir` must be that of TF_CONFIG, {in_tf_config!r}, where both are given. Received: model_dir={given!r}"
        )
    return given if given is not None else in_tf_config


def _takes_op(device_fn: Any) -> bool:
    return callable(device_fn) and list(inspect.signature(device_fn).parameters) == ["op"]


def _is_local_strategy(strategy: Any) -> bool:
    return not isinstance(strategy, tf.distribute.experimental.ParameterServerStrategy)


_RULES: tuple[tuple[str, Any, str], ...] = (
    ("model_dir", bool, "non-empty"),
    ("tf_random_seed", lambda value: isinstance(value, int), "an integer"),
    ("save_summary_steps", lambda value: value >= 0, "0 or more"),
    ("save_checkpoints_steps", lambda value: value >= 0, "0 or more"),
    ("save_checkpoints_secs", lambda value: value >= 0, "0 or more"),
    ("session_config", lambda value: isinstance(value, tf.compat.v1.ConfigProto), "a tf.compat.v1.ConfigProto"),
    ("keep_checkpoint_max", lambda value: value >= 0, "0 or more"),
    ("keep_checkpoint_every_n_hours", lambda value: value > 0, "more than 0"),
    ("log_step_count_steps", lambda value: value > 0, "more than 0"),
    ("train_distribute", _is_local_strategy, "a strategy without parameter servers, such as MirroredStrategy"),
    ("eval_distribute", _is_local_strategy, "a strategy without parameter servers, such as MirroredStrategy"),
    ("device_fn", _takes_op, "a function of one argument, `op`"),
    ("protocol", lambda value: value in ("grpc", "grpc+verbs"), "grpc or grpc+verbs"),
    ("experimental_max_worker_delay_secs", lambda value: isinstance(value, int), "an integer"),
    ("session_creation_timeout_secs", lambda value: value > 0, "more than 0"),
)
