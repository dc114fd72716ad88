"""One training loop under everything that trains."""

from gristmill.training.checkpoints import Checkpoint, Checkpoints
from gristmill.training.fit_checkpoints import FitCheckpoints
from gristmill.training.judge import Judge
from gristmill.training.keras_loss import inputs_only
from gristmill.training.keras_model import evaluate, fit
from gristmill.training.loop import Trained, train
from gristmill.training.observer import Observer
from gristmill.training.step import Group, Step
from gristmill.training.tensorboard import TensorBoard

__all__ = [
    "Checkpoint",
    "Checkpoints",
    "FitCheckpoints",
    "Group",
    "Judge",
    "Observer",
    "Step",
    "TensorBoard",
    "Trained",
    "evaluate",
    "fit",
    "inputs_only",
    "train",
]
