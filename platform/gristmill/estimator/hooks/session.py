"""What hooks may ask of the session that runs the model."""

from collections.abc import Mapping
from typing import Any, Protocol

__all__ = ["Coordinator", "HookSession"]


class HookSession(Protocol):
    """The variables and the graph of a model while it is trained, evaluated or asked for predictions."""

    @property
    def graph(self) -> Any:
        """The `tf.Graph` of the model; None where there is none."""

    @property
    def variables(self) -> Mapping[str, Any]:
        """The variables of the model by their names in a checkpoint."""
        ...

    def run(self, fetches: Any) -> Any:
        """Evaluates fetches outside of a step, any nesting of them, as NumPy values in the same structure.

        `"global_step"` and variables are read as they now stand; `"loss"` is that of the last step.
        Also called while `graph` is the default graph, by a hook's `before_run`.
        """

    def save(self, step: int) -> str:
        """Writes the checkpoint of a step and returns its name, `.../model.ckpt-STEP`."""


class Coordinator:
    """Carries a request to stop from a hook to the loop, outside of a run."""

    def __init__(self) -> None:
        self._stop = False

    def request_stop(self, ex: Any = None) -> None:
        """Asks for the end of the loop; raises `ex` where it is an exception."""
        if isinstance(ex, BaseException):
            raise ex
        self._stop = True

    def should_stop(self) -> bool:
        """Whether the end was asked for."""
        return self._stop
