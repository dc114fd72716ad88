"""How the work of a step is spread: here not at all; the kinds of distribution override what they do otherwise."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import keras

    from gristmill.training.checkpoints import Checkpoint
    from gristmill.training.step import Step

__all__ = ["Distribution", "Gradients", "Whole", "current", "using"]

Gradients = tuple[Any, list[Any]]
"""A loss, and its gradients by variable; None where the loss does not use one."""


class Whole:
    """A model that computes with its own variables.

    Attributes:
        variables: What a step trains.
    """

    def __init__(self, variables: Sequence[Any]) -> None:
        self.variables = list(variables)

    @contextmanager
    def bound(self) -> Iterator[None]:
        """While open, the model computes with them."""
        yield

    def gather(self) -> None:
        """Gives the model's own variables the values trained."""


class Distribution:
    """One device, one process.

    Attributes:
        name: As `--distribute` has it.
        replicas: How many parts of a batch are computed beside each other.
        is_chief: Whether this process judges, saves and writes.
        compiles: Whether XLA can compile a whole step.
    """

    name = "none"
    replicas = 1
    is_chief = True
    compiles = True

    @contextmanager
    def scope(self) -> Iterator[None]:
        """Stands around what makes models, optimizers and steps."""
        yield

    def gradients(self, compute: Callable[[Any], Gradients], batch: Any) -> Gradients:
        """The loss and gradients of a whole batch, by a function that computes those of a part of it."""
        return compute(batch)

    def settle(self, state: Sequence[Any]) -> None:
        """Makes variables that are not trained, such as moving statistics, the same in all processes; done in each step."""
        return

    def share(self, make: Callable[[], Any]) -> Any:
        """What a function of the chief's gives, a JSON value, in every process."""
        return make()

    def begin(self, step: "Step", found: "Checkpoint | None") -> "Checkpoint | None":
        """The checkpoint to go on from, in every process; without one, all begin with the chief's values."""
        return found

    def restored(self, state: Sequence[Any]) -> None:
        """Told when variables that are not trained hold what the chief saved."""

    def all_true(self) -> Callable[[Any], Any]:
        """A function of a bool tensor: whether it is true in all processes."""
        return lambda value: value

    def input_context(self) -> Any:
        """Which of several inputs this process reads, a `tf.distribute.InputContext`; None where there is one."""
        return None

    def same(self, variables: Mapping[str, Any]) -> None:
        """Gives variables, by name, the chief's values."""
        return

    def spread(self, model: "keras.Model") -> "Whole":
        """A model's trainable variables and where it computes; only devices that share a model do otherwise."""
        return Whole(model.trainable_variables)

    def stepping(self, step: "Step", accumulate: int) -> Any:
        """What the loop calls in place of the step."""
        return step


_open: list[Distribution] = [Distribution()]


def current() -> Distribution:
    """The distribution of the innermost open `using`."""
    return _open[-1]


@contextmanager
def using(distribution: Distribution) -> Iterator[Distribution]:
    """While open, models, optimizers and steps that are made are distributed so.

    Args:
        distribution: Such as `open_distribution("mirrored:2")`.
    """
    _open.append(distribution)
    try:
        with distribution.scope():
            yield distribution
    finally:
        _open.remove(distribution)
