"""Several processes, on one machine or many: each computes a part of every batch and all apply the same update."""

import io
import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from gristmill.training.checkpoints import Checkpoint
from gristmill.training.distribution.collectives import Collectives
from gristmill.training.distribution.parts import part_of, scaled
from gristmill.training.names import path_of
from gristmill.training.spread import Distribution, Gradients
from gristmill.training.values import raw

if TYPE_CHECKING:
    from gristmill.training.step import Step

__all__ = ["MultiWorker"]

_SEEDS = "seed_generator_state"
_APART = 0x9E3779B9
"""Between the seeds of two processes."""
_NOTES = "notes"


class MultiWorker(Distribution):
    """Synchronous: a step is the step of one process but for the order in which numbers are added.

    Every process reads the same batches and computes its part; gradients are added up over the network. The chief alone
    judges and saves, and tells the others what to begin with, so that they need no folder in common.

    Args:
        strategy: Has connected the processes, one replica in each.
        place: Which process this is, from 0, the chief.
    """

    name = "multiworker"
    compiles = False

    def __init__(self, strategy: tf.distribute.MultiWorkerMirroredStrategy, place: int) -> None:
        self.strategy, self.place = strategy, place
        self.replicas, self.is_chief = strategy.num_replicas_in_sync, place == 0
        self._collectives = Collectives(self.replicas)
        self._sums: dict[int, Any] = {}

    def gradients(self, compute: Callable[[Any], Gradients], batch: Any) -> Gradients:
        """This process' by its examples, added up over all."""
        part, share = part_of(batch, self.place, self.replicas)
        loss, gradients = compute(part)
        loss, *summed = self.reduced([scaled(value, share) for value in (loss, *gradients)])
        return loss, summed

    def reduced(self, values: Sequence[Any], mean: bool = False) -> list[Any]:
        """The sums or means of tensors, and of rows of gradients, over all processes; None stays."""
        sums = self._collectives.sums(values)
        return [scaled(value, 1.0 / self.replicas) for value in sums] if mean else sums

    def settle(self, state: Sequence[Any]) -> None:
        """Takes the mean of moving statistics."""
        moving = [variable for variable in map(raw, state) if variable.dtype.is_floating]
        for variable, value in zip(moving, self.reduced([v.read_value() for v in moving], mean=True), strict=True):
            variable.assign(value)

    def share(self, make: Callable[[], Any]) -> Any:
        """What the function gives in the chief, where alone it is called."""
        return json.loads(self._from_chief(lambda: json.dumps(make()).encode()))

    def all_true(self) -> Callable[[Any], Any]:
        """One compiled function, so that all processes mean the same exchange wherever they call it."""

        def agreed(value: Any) -> Any:
            return self.reduced([tf.cast(value, tf.int32)])[0] == self.replicas

        return tf.function(
            agreed, input_signature=[tf.TensorSpec([], tf.bool)], autograph=False
        ).get_concrete_function()

    def input_context(self) -> tf.distribute.InputContext:
        """Which of the inputs of all processes this one reads."""
        return tf.distribute.InputContext(self.replicas, self.place, self.replicas)

    def same(self, variables: Mapping[str, Any]) -> None:
        """Gives variables the chief's values."""
        told = self._checkpoint_of_chief(lambda: _values(variables))
        for name, variable in variables.items():
            variable.assign(told.tensors[name])

    def begin(self, step: "Step", found: Checkpoint | None) -> Checkpoint | None:
        """The chief's checkpoint, or its first values."""
        told = self._checkpoint_of_chief(lambda: found or _values(step.named()))
        if told.notes:
            return told
        step.restore(told.tensors)
        return None

    def restored(self, state: Sequence[Any]) -> None:
        """Draws other random numbers in each process."""
        for variable in state:
            if path_of(variable).endswith(_SEEDS):
                seeds = variable.numpy()
                seeds[0] = (int(seeds[0]) + self.place * _APART) % 2**32
                variable.assign(seeds)

    def _checkpoint_of_chief(self, make: Callable[[], Checkpoint]) -> Checkpoint:
        return _unpacked(self._from_chief(lambda: _packed(make())))

    def _from_chief(self, make: Callable[[], bytes]) -> bytes:
        """Bytes of the chief's, as a sum to which the others add zeros."""
        text = make() if self.is_chief else b""
        size = int(self._summed(np.array([len(text)], np.int32))[0])
        return self._summed(np.frombuffer(text.ljust(_room(size), b"\0"), np.int32)).tobytes()[:size]

    def _summed(self, numbers: Any) -> Any:
        if numbers.size not in self._sums:
            self._sums[numbers.size] = tf.function(lambda values: self.reduced([values])[0], autograph=False)
        return self._sums[numbers.size](tf.constant(numbers)).numpy()


def _room(size: int) -> int:
    """Bytes in which so many are sent: a power of two, so that few sizes occur."""
    return int(2 ** max(10, (size - 1).bit_length()))


def _values(variables: Mapping[str, Any]) -> Checkpoint:
    """What variables hold, as a checkpoint without notes."""
    return Checkpoint(0, {name: variable.numpy() for name, variable in variables.items()}, {})


def _packed(checkpoint: Checkpoint) -> bytes:
    packed = io.BytesIO()
    notes = json.dumps({"step": checkpoint.step, "notes": dict(checkpoint.notes)}).encode()
    names = sorted(checkpoint.tensors)
    arrays: dict[str, Any] = {f"tensor_{place}": _plain(checkpoint.tensors[name]) for place, name in enumerate(names)}
    arrays |= {_NOTES: np.frombuffer(notes, np.uint8), "names": np.array(names or [""])}
    np.savez(packed, allow_pickle=False, **arrays)
    return packed.getvalue()


def _unpacked(text: bytes) -> Checkpoint:
    found: Mapping[str, Any] = np.load(io.BytesIO(text), allow_pickle=False)
    notes = json.loads(found[_NOTES].tobytes())
    tensors = {str(name): found[f"tensor_{place}"] for place, name in enumerate(found["names"]) if name}
    return Checkpoint(notes["step"], tensors, notes["notes"])


def _plain(value: Any) -> Any:
    """As NumPy can write it: bfloat16 as float32."""
    array = np.asarray(value)
    return array.astype(np.float32) if array.dtype.name == "bfloat16" else array
