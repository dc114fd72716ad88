"""Where in the data a training run stands."""

from dataclasses import dataclass, replace
from typing import Self

from gristmill.errors import InputError

__all__ = ["ReadState"]


@dataclass(frozen=True)
class ReadState:
    """The next batch to read; `dataclasses.asdict` makes JSON of it, `ReadState(**value)` reads that.

    Attributes:
        seed: Seed of the shuffles; None is the written order.
        batch_size: Rows a batch.
        epoch: Passes that are done.
        batch: Batches of this pass that are done.
    """

    seed: int | None
    batch_size: int
    epoch: int = 0
    batch: int = 0

    def __post_init__(self) -> None:
        for name, least in (("batch_size", 1), ("epoch", 0), ("batch", 0)):
            if getattr(self, name) < least:
                raise InputError(f"{name} must be at least {least}. Received: {getattr(self, name)}")

    def after(self, batches: int, per_epoch: int) -> Self:
        """The state when so many more batches are done, `per_epoch` a pass."""
        passes, batch = divmod(self.batch + batches, per_epoch)
        return replace(self, epoch=self.epoch + passes, batch=batch)
