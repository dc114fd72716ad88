"""Trains step by step, eagerly, and stops at the first bad value or shape."""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gristmill.eager.compiled import Compiled, compiled, norms, rates_of, recorded
from gristmill.eager.dump import Board, dumped
from gristmill.eager.forward import computed, spoilt
from gristmill.eager.found import Found
from gristmill.eager.hook import heard
from gristmill.eager.record import StepRecord
from gristmill.eager.target import Target, target
from gristmill.eager.values import as_tensors
from gristmill.eager.watch import Watcher, fits
from gristmill.errors import InputError, unknown_name

__all__ = ["steps"]


def steps(
    model: Any,
    data: Iterable[Any] | None = None,
    *,
    loss: Any = None,
    optimizer: Any = None,
    watch: bool | str | Sequence[str] = False,
    tensorboard: Path | str | None = None,
    tfdbg: Path | str | None = None,
) -> Iterator[StepRecord]:
    """Trains on each batch, nothing compiled; gives a record after each step, and ends with the data.

    A step that fails changes nothing: no weight, no moving statistics, no seed.

    Args:
        model: A loop of `eager.compiled`; or what is trained: a compiled Keras model; any other with `loss` and `optimizer`;
            a `gristmill.training.Step`, whose loss may be any function; or an estimator.
        data: Batches as the model takes them: `(x, y)` or `(x, y, sample_weight)` for a Keras model; None with a loop.
        loss: Of a Keras model, by name or as Keras takes it; wins over that of a compiled one.
        optimizer: Of a Keras model, in the same way.
        watch: Whether to tell every layer's output, or a shell pattern or several of the names of layers whose output to tell.
        tensorboard: Folder for the loss and the norms, as `tensorboard --logdir` shows them.
        tfdbg: Folder for every operation, as the TensorFlow debugger (version 2) reads them.

    Raises:
        InputError: The model is none of these, or has no loss or optimizer; a layer or the loss refuses what comes in, or a
            pattern fits no layer.
        WorkError: NaN or infinity, in this order, in a weight, what a layer took or gave, the loss, or a gradient; where it
            came in with the batch, that is told. (What a layer takes as a missing value, and does not give on, is none.)
            Both name the layer, what came in and the user's own line.
    """
    if isinstance(model, Compiled):
        if data is not None or loss is not None or optimizer is not None:
            raise InputError("`data`, `loss` and `optimizer` must be None beside a loop, which has its own")
        loop = model
    elif data is None:
        raise InputError("`data` must be given beside a model. Received: None")
    else:
        loop = compiled(model, data, loss=loss, optimizer=optimizer)
    patterns = ("*",) if watch is True else (watch,) if isinstance(watch, str) else tuple(watch or ())
    return _run(_Eager(loop, patterns), tensorboard, tfdbg)


def _run(eager: "_Eager", tensorboard: Path | str | None, tfdbg: Path | str | None) -> Iterator[StepRecord]:
    board = Board(tensorboard)
    try:
        with dumped(tfdbg):
            for number, batch in enumerate(map(as_tensors, eager.loop.data), 1):
                record = eager.step(number, batch)
                board.write(record)
                yield record
    finally:
        board.close()


@dataclass
class _Eager:
    loop: Compiled
    patterns: tuple[str, ...]
    trained: Target | None = field(default=None, init=False)

    def step(self, number: int, batch: Any) -> StepRecord:
        start = time.monotonic()
        try:
            trained = self.trained = self._checked(batch)
            rates, rewind = rates_of(trained), trained.rewind()
            watcher = Watcher(trained.root, self.patterns, spoilt=spoilt(batch), rewind=rewind)
            loss, gradients = computed(trained, watcher, batch, rewind)
        except Found as found:
            raise type(found.error)(f"step {number}: {found.error}") from found.cause
        if number == 1:
            self._check_patterns(watcher.names)
        sizes = norms(gradients)
        trained.step.apply(loss, gradients)
        return recorded(trained, number, loss, sizes, rates, start, watcher.outputs)

    def _checked(self, batch: Any) -> Target:
        """Makes the step at the first batch; checks its weights."""
        if self.trained is None:
            with heard(Watcher(self.loop.model, finite=False)):
                self.trained = target(self.loop.model, self.loop.loss, self.loop.optimizer, batch)
        for name, variable in zip(self.trained.names, self.trained.step.variables, strict=True):
            Watcher().finite(f"the weight `{name}`", variable.value, lambda: None, variable.value)
        return self.trained

    def _check_patterns(self, names: Sequence[str]) -> None:
        for pattern in self.patterns:
            if pattern != "*" and not any(fits(name, pattern) for name in names):
                raise unknown_name("layer", pattern, set(names))
