"""Watches the layers of a step: keeps what they gave, and finds the first that gave or took something bad."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from fnmatch import fnmatch
from typing import Any

import keras
import tensorflow as tf

from gristmill.eager.backward import first_bad_gradient
from gristmill.eager.found import Found, at, refused
from gristmill.eager.hook import Run, unheard
from gristmill.eager.lines import line_not_finite, users_line
from gristmill.eager.record import LayerOutput, seen
from gristmill.eager.values import bad, described, is_symbolic
from gristmill.errors import WorkError
from gristmill.training.values import leaves

__all__ = ["Watcher", "fits"]


class Watcher:
    """Hears of the layers of one step.

    Args:
        root: The model that is trained, whose own name is left out of the names of its layers.
        patterns: Which layers' outputs to keep: shell patterns of whole or last names.
        finite: Whether values must be finite.
        spoilt: What in the batch is not finite, which layers may take as missing values, but must not give on.
        rewind: Puts back the random state and the like of the step's begin, so that what runs again gives the same.
    """

    def __init__(
        self,
        root: Any = None,
        patterns: Sequence[str] = (),
        *,
        finite: bool = True,
        spoilt: str = "",
        rewind: Callable[[], None] = lambda: None,
    ) -> None:
        self.outputs: list[LayerOutput] = []
        self.names: list[str] = []
        self._root, self._patterns, self._finite = root, patterns, finite
        self._rewind, self._spoilt = rewind, spoilt
        self._inner: Found | None = None
        self._under: list[tuple[str, Run]] = []

    @contextmanager
    def inside(self, name: str, run: Run) -> Iterator[None]:
        """While the body runs, what is called is part of `run`, which computes it again."""
        self._under.append((name, run))
        try:
            yield
        finally:
            self._under.pop()

    def called(self, layer: keras.Operation, call: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """Runs a layer.

        Raises:
            Found: It took or gave NaN or infinity, or refused a shape.
        """
        inputs = (*args, *kwargs.values())

        def run() -> Any:
            return call(*args, **kwargs)

        around = self._under[-1][0] if self._under else ""
        name = around if layer is self._root else f"{around}/{layer.name}".lstrip("/")
        what = f"layer `{name or layer.name}` ({type(layer).__name__})"
        if not tf.executing_eagerly() or is_symbolic(inputs):
            with self.inside(name, run):
                return self._symbolic(what, run, inputs)
        self._check_inputs(what, inputs)
        with self.inside(name, run):
            outputs = self._eager(what, run, inputs)
        for place, value in leaves(outputs, ""):
            self.finite(f"the output{place} of {what}", value, run, inputs)
        if layer is not self._root:
            self._keep(name, outputs)
        return outputs

    def finite(self, what: str, value: Any, run: Run, came: Any) -> None:
        """Checks a value that `run` computed from what came.

        Raises:
            Found: It holds NaN or infinity.
        """
        wrong = bad(value) if self._finite else None
        if wrong:
            if self._spoilt and any(bad(leaf) for _, leaf in leaves(came, "")):
                raise Found(WorkError(f"{self._spoilt}; it first spoils {what}{at(users_line())}"), None)
            self._rewind()
            with unheard():
                line, cause = line_not_finite(run)
            text = f"{what} must be finite. Received: {wrong}, from {described(came)}{at(line or users_line())}"
            raise Found(WorkError(text), cause)

    def gradient(self, name: str, value: Any, run: Run) -> None:
        """Checks the gradient of a variable that `run` computed from a finite loss.

        Raises:
            Found: It holds NaN or infinity.
        """
        wrong = bad(value)
        if wrong:
            self._rewind()
            first, line = first_bad_gradient(run)
            reason = f"; on the way back {first}, the first that is not finite" if first else ""
            text = f"the gradient of `{name}` must be finite. Received: {wrong}, from a finite loss{reason}"
            raise Found(WorkError(text + at(line or users_line())), None)

    def _eager(self, what: str, run: Run, inputs: tuple[Any, ...]) -> Any:
        self._inner = None
        try:
            return run()
        except (ValueError, tf.errors.InvalidArgumentError) as error:
            raise self._inner or refused(what, inputs, error) from error

    def _symbolic(self, what: str, run: Run, inputs: tuple[Any, ...]) -> Any:
        """Runs a layer that Keras builds without values; Keras may go on after an error, so that it is only kept."""
        try:
            outputs = run()
        except (ValueError, tf.errors.InvalidArgumentError) as error:
            self._inner = self._inner or refused(what, inputs, error)
            raise
        self._inner = None
        return outputs

    def _check_inputs(self, what: str, inputs: tuple[Any, ...]) -> None:
        run: Callable[[], Any] = self._under[-1][1] if self._under else lambda: None
        for place, value in leaves(inputs, "input") if not self._spoilt else ():
            self.finite(f"what comes into {what} as {place}", value, run, inputs)

    def _keep(self, name: str, outputs: Any) -> None:
        self.names.append(name)
        if any(fits(name, pattern) for pattern in self._patterns):
            self.outputs += [seen(place, value) for place, value in leaves(outputs, name)]


def fits(name: str, pattern: str) -> bool:
    """Whether a shell pattern is of the whole or of the last part of a layer's name."""
    return fnmatch(name, pattern) or fnmatch(name.rpartition("/")[2], pattern)
