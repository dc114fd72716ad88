"""What the verbs do, as functions: train, evaluate and export any app, each on a run folder."""

from gristmill.workflow.distribute import helps, placement_of, serve_chief
from gristmill.workflow.evaluate import evaluate_run
from gristmill.workflow.export import export_run
from gristmill.workflow.keras_app import keras_app
from gristmill.workflow.look import look_at_steps
from gristmill.workflow.train import help_training, train_app

__all__ = [
    "evaluate_run",
    "export_run",
    "help_training",
    "helps",
    "keras_app",
    "look_at_steps",
    "placement_of",
    "serve_chief",
    "train_app",
]
