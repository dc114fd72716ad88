"""One training loop under everything that trains."""

from gristmill.training.loop import Judge, Trained, train
from gristmill.training.step import Group, Step

__all__ = ["Group", "Judge", "Step", "Trained", "train"]
