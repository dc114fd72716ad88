"""The variables of a traced model function: made at once, named as tf.estimator named them, and told from local ones."""

import random
import re
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from itertools import count
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras.src.backend.common import global_state

from gristmill import layers
from gristmill.estimator.errors import ArgumentError
from gristmill.estimator.lifting import computed, is_symbolic
from gristmill.estimator.naming import given_names, kept
from gristmill.training.values import raw

__all__ = [
    "GLOBAL_STEP",
    "VariableCatcher",
    "fresh_names",
    "model_scope",
    "named_variables",
    "new_global_step",
    "replica_scope",
    "seeded",
]

GLOBAL_STEP = "global_step"

_LOCAL = {tf.compat.v1.GraphKeys.LOCAL_VARIABLES, tf.compat.v1.GraphKeys.METRIC_VARIABLES}
_KERAS_NAMES = "object_name_uids"
_REPLICA = re.compile(r"gristmill_replica_\d+[/_]")


class VariableCatcher:
    """Makes the variables that a traced function asks for, outside of the trace, and keeps a list of them.

    A first value that is a tensor of the trace is computed at once, which is possible where no batch enters it.

    Attributes:
        made: The variables, in the order in which they were made.
        local: Ids of those that no checkpoint holds, such as the counts of metrics.
    """

    def __init__(self) -> None:
        self.made: list[tf.Variable] = []
        self.local: set[int] = set()
        self._names: set[str] = set()
        self._by_call: dict[tuple[str, int], tf.Variable] = {}
        self._asked: Counter[str] | None = None

    @contextmanager
    def sharing(self) -> Iterator[None]:
        """While open, what an earlier `sharing` has made is given again: the same number of the same name.

        Raises:
            ArgumentError: It is asked for in another shape: the model function does not do the same in each call.
        """
        self._asked = Counter()
        try:
            yield
        finally:
            self._asked = None

    @contextmanager
    def catching(self) -> Iterator[None]:
        """While open, every new `tf.Variable` is caught, those of Keras among them."""
        with tf.variable_creator_scope(self._create):
            yield

    def _create(self, next_creator: Any, **options: Any) -> Any:
        if self._asked is None:
            return self._made(next_creator, **options)
        name = options.get("name") or "Variable"
        call = (name, self._asked[name])
        self._asked[name] += 1
        if call not in self._by_call:
            self._by_call[call] = self._made(next_creator, **options)
        elif not _fits(options, self._by_call[call]):
            raise ArgumentError(
                f"model_fn must make the same variables in each call. Received: `{name}` of another shape than "
                f"{tuple(self._by_call[call].shape)}"
            )
        return self._by_call[call]

    def _made(self, next_creator: Any, **options: Any) -> Any:
        first = options.get("initial_value")
        if is_symbolic(first):
            options["initial_value"] = computed(first, "the first value of a variable")
        if not tf.executing_eagerly():
            options["name"] = self._new_name(options.get("name") or "Variable")
        with tf.init_scope():
            variable = next_creator(**options)
        if not any(variable is known for known in self.made):
            self.made.append(variable)
        if _LOCAL & set(options.get("collections") or ()):
            self.local.add(id(variable))
        return variable

    def _new_name(self, name: str) -> str:
        """The name, numbered where a variable of the same scope has it."""
        scope = tf.compat.v1.get_default_graph().get_name_scope()
        start = f"{scope}/" if scope else ""
        made = _free(name, {full.removeprefix(start) for full in self._names if full.startswith(start)})
        self._names.add(start + made)
        return made


@contextmanager
def fresh_names() -> Iterator[None]:
    """While open, Keras numbers its layers from the start, so that each call of a model function gives the same names."""
    before = global_state.get_global_attribute(_KERAS_NAMES)
    global_state.set_global_attribute(_KERAS_NAMES, None)
    try:
        yield
    finally:
        global_state.set_global_attribute(_KERAS_NAMES, before)


@contextmanager
def seeded(seed: int | None) -> Iterator[None]:
    """While open, first values are drawn from a seed; the random states of Python and NumPy are put back after it."""
    if seed is None:
        yield
        return
    python, numpy = random.getstate(), np.random.get_state()
    keras.utils.set_random_seed(seed)
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)


def replica_scope(place: int) -> str:
    """The name scope of one of several calls of a model function in a trace; it stands in no name of a variable."""
    return f"gristmill_replica_{place}/"


def new_global_step() -> tf.Variable:
    """Steps done, int64, outside of any trace."""
    with tf.init_scope():
        return tf.Variable(0, dtype=tf.int64, trainable=False, name=GLOBAL_STEP)


@contextmanager
def model_scope(catcher: VariableCatcher, seed: int | None) -> Iterator[None]:
    """What stands around a model function, both outside of its trace and in it."""
    with ExitStack() as stack:
        for context in (seeded(seed), fresh_names(), catcher.catching(), layers.Store(once=True)):
            stack.enter_context(context)
        yield


def named_variables(
    graph: Any, catcher: VariableCatcher, metrics: Iterable[Any], global_step: tf.Variable
) -> tuple[dict[str, tf.Variable], list[tf.Variable]]:
    """What a checkpoint of a traced model function holds, by name, and the variables that it does not hold.

    Args:
        graph: The graph of the trace.
        catcher: Has the variables that were made.
        metrics: What the function gave as metrics, whose counts are not kept.
        global_step: Steps done.
    """
    captured = {
        id(handle) for handle in graph.external_captures
    }  # `graph.variables` are also those that were only read
    read = [variable for variable in graph.variables if id(variable.handle) in captured]
    used = {id(variable): variable for variable in [*catcher.made, *read]}
    used.pop(id(global_step), None)
    counts = {id(raw(v)) for metric in metrics if hasattr(metric, "update_state") for v in metric.variables}
    local = [variable for variable in used.values() if id(variable) in counts | catcher.local]
    named, given = {GLOBAL_STEP: global_step}, given_names(graph)
    for variable in used.values():
        if not any(variable is one for one in local):
            base = given.get(id(variable)) or variable.name.partition(":")[0]
            base = _REPLICA.sub("", base)
            named[_free(base, named)] = variable
    return named | kept(graph), local


def _fits(options: Mapping[str, Any], variable: tf.Variable) -> bool:
    """Whether a variable has the shape that is asked for, as far as that is known."""
    first = options.get("initial_value")
    shape = options.get("shape")
    if shape is None:
        shape = getattr(first, "shape", None)
    return shape is None or bool(tf.TensorShape(shape).is_compatible_with(variable.shape))


def _free(base: str, taken: Container[str]) -> str:
    """The name, numbered where it is taken."""
    names = (base if number == 0 else f"{base}_{number}" for number in count())
    return next(name for name in names if name not in taken)
