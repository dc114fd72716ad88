"""Who hears what the loop does."""

from collections.abc import Mapping, Sequence

__all__ = ["Observer"]


class Observer:
    """Hears what the loop does; overrides what it needs.

    Attributes:
        every_step: Whether it must hear of each step before the next; losses are otherwise read some steps together, so
            that no step waits for the one before.
    """

    every_step = False

    def begin(self) -> None:
        """Training begins, or goes on."""

    def begin_epoch(self, epoch: int) -> None:
        """An epoch (from 1) begins, or goes on."""

    def begin_step(self, step: int) -> None:
        """A step (from 1) begins; told where `every_step`."""

    def most(self, step: int) -> int:
        """Steps that may run after `step` before it must hear again, where it must hear of each and a step can be several."""
        return 1

    def looked(self, step: int, losses: Sequence[float]) -> bool | None:
        """The losses of the steps up to `step`, since the last call; True ends training there."""
        return None

    def epoch(self, epoch: int, step: int, figures: Mapping[str, float]) -> bool:
        """The figures of an epoch (from 1); True ends training."""
        return False

    def end(self) -> None:
        """Training has ended, and the model holds the weights that stay."""
